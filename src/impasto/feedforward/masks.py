"""Masks: where a style applies, and where strength applies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import Source, as_picture
from impasto.pictures.picture import to_samples, to_unit_range
from impasto.styles.blending import load_blend, parse_style
from impasto.styles.style import Style, StyleLike

MaskLike = Source
"""A file, a PIL image or an array: H x W or H x W x 3; white is fully, black not at all, grey in between."""

Mask = NDArray[np.uint8]


def read_mask(mask: MaskLike, max_pixels: int, *, may_be_black: bool = False) -> Mask:
    """A mask as H x W, uint8: its luminance, and nothing where it is transparent.

    Args:
        max_pixels: refuse a larger one.
        may_be_black: take one that is black all over, too, as those of some frames of a video are.

    Raises:
        InputError: it cannot be read, or is black all over.
    """
    name = f"The mask {mask}" if isinstance(mask, (str, Path)) else "The mask"
    if isinstance(mask, np.ndarray) and mask.dtype == bool:
        mask = mask.astype(np.uint8) * 255
    picture = as_picture(mask, max_pixels=max_pixels, compact=1)
    levels = np.empty(picture.rgb.shape[:2], np.uint8)
    for row in range(0, len(levels), 256):  # so that the temporaries stay small
        part = picture.rows(row, row + 256)
        grey = to_unit_range(part.rgb).mean(axis=2)
        opacity = 1 if part.alpha is None else to_unit_range(part.alpha)
        levels[row : row + 256] = to_samples(grey * opacity, levels.dtype)
    if not (may_be_black or levels.any()):
        raise InputError(f"{name} is black all over, so nothing would be painted; white is where it applies.")
    return levels


def parse_masks(texts: Iterable[str]) -> tuple[Path | None, dict[str, Path]]:
    """The command line's ``STYLE=FILE`` and ``FILE``: the mask of the strength, and masks by style.

    Raises:
        InputError: two masks for the same.
    """
    strength: Path | None = None
    by_style: dict[str, Path] = {}
    for text in texts:
        style, equals, file = text.partition("=")
        if equals and not Path(text).exists():
            if style in by_style:
                raise InputError(f"There are two masks for {style}; give one, in which all of its parts are white.")
            by_style[style] = Path(file)
        elif strength is not None:
            raise InputError(f"There are two masks for the strength, {strength} and {text}; give one.")
        else:
            strength = Path(text)
    return strength, by_style


def split_by_mask(
    styles: Sequence[StyleLike | tuple[StyleLike, float]], names: Iterable[str]
) -> tuple[dict[str, Style], Style | None]:
    """The styles that have a mask, by name, and the blend of those that have none.

    Args:
        styles: as :func:`impasto.styles.blending.load_blend` takes them.
        names: the styles that have a mask, as they are called in ``styles``.

    Raises:
        InputError: a mask's style is not among the styles.
    """
    called: dict[str, list[StyleLike | tuple[StyleLike, float]]] = {}
    for item in styles:
        called.setdefault(_name(item), []).append(item)
    for name in names:
        if name not in called:
            raise InputError(
                f"The mask for {name} has no style: add --style {name}, or take one of {', '.join(called)}."
            )
    masked = {name: load_blend(called.pop(name)) for name in names}
    rest = [item for items in called.values() for item in items]
    return masked, load_blend(rest) if rest else None


def _name(item: StyleLike | tuple[StyleLike, float]) -> str:
    if isinstance(item, tuple):
        item = item[0]
    if isinstance(item, Style):
        return item.name
    return parse_style(item)[0] if isinstance(item, str) else str(item)


def fit_mask(mask: Mask, size: tuple[int, int], original: tuple[int, int], *others: tuple[int, int]) -> Mask:
    """A mask in the size of what is painted.

    Args:
        mask: of that size, or of one of the following.
        size: what is painted, which may be larger than the result.
        original: the picture as it was read.
        others: the result.

    Raises:
        InputError: it has another.
    """
    own = mask.shape[1], mask.shape[0]
    if own == size:
        return mask
    if own not in (original, *others):
        raise InputError(
            f"A mask has {own[0]} x {own[1]} pixels and the picture {original[0]} x {original[1]}; "
            "give one of the picture's size."
        )
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))
