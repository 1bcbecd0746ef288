"""Style pictures: what ``impasto.paint`` takes as styles and masks, read and checked. Needs no torch."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.files import is_file
from impasto.learning.settings import LearnSettings
from impasto.optimisation.recipe import DEFAULTS
from impasto.pictures import messages
from impasto.pictures.conversion import Source, as_picture
from impasto.pictures.masks import read_mask
from impasto.pictures.picture import to_unit_range
from impasto.pictures.resampling import fill_transparent
from impasto.styles.blending import Styles, as_style_list, parse_style
from impasto.styles.catalogue import bundled_names, catalogue_names
from impasto.styles.suitability import style_picture_warning
from impasto.styles.textures import bundled_texture, has_texture

log = messages.logger(__name__)

Array = NDArray[np.float32]
Masks = Mapping[Any, Source]  # by a style's path, file name, stem (str) or index (int)


@dataclass(frozen=True)
class StylePicture:
    """A picture whose style is wanted.

    Attributes:
        rgb: H x W x 3 in [0, 1].
        weight: relative to the other styles of the same region.
        mask: h x w in [0, 1] of any size, where the style applies; styles with the very same array share a region.
            ``None``: wherever no mask is.
        name: what it is called in messages and in names of results; a file's name.
        side: longer side in pixels at which it is measured for a result of any size, so that strokes are as large as
            the fast path's; 0: it is as large as the result.
        bundled: whether it is the texture of the bundled style of its name.
    """

    rgb: Array
    weight: float = 1.0
    mask: Array | None = None
    name: str = ""
    side: int = 0
    bundled: bool = False


def trained_shrinking(rgb: Array) -> float:
    """The share of the size of a picture, H x W x 3, at which the network is taught its style: at most 1."""
    share: float = min(1.0, LearnSettings().style_size / min(rgb.shape[:2]))
    return share


def trained_side(rgb: Array) -> int:
    """The longer side in pixels at which the network is taught the style of a picture, H x W x 3."""
    side: int = max(1, round(max(rgb.shape[:2]) * trained_shrinking(rgb)))
    return side


def bundled_style_picture(name: str, weight: float = 1.0) -> StylePicture:
    """The texture of a bundled style as a style picture.

    Raises:
        InputError: the weight is out of range.
    """
    rgb = as_picture(bundled_texture(name)).rgb
    return StylePicture(rgb, _checked_weight(weight), name=name, side=trained_side(rgb), bundled=True)


def read_styles(
    style: Styles,
    masks: Masks | None = None,
    *,
    max_pixels: int = DEFAULTS.max_pixels,
) -> list[StylePicture]:
    """Read style pictures of all kinds that :func:`impasto.paint` takes, with their weights and masks.

    The name of a bundled style stands for its texture. Styles of weight 0 are left out. Logs a warning about one that
    has hardly any strokes to take over.

    Args:
        style: as for :func:`impasto.paint`.
        masks: as for :func:`impasto.paint`.
        max_pixels: larger pictures and masks are refused before they are decoded.

    Raises:
        InputError: a picture or mask cannot be read or used, a weight is out of range, or a mask has no style.
    """
    given: list[Any] = as_style_list(style)
    items: list[tuple[Source, float]] = [item if isinstance(item, tuple) else _split_weight(item) for item in given]
    styles = []
    for index, (source, weight) in enumerate((source, float(weight)) for source, weight in items):
        if isinstance(source, str) and has_texture(source) and not is_file(source):
            styles.append(bundled_style_picture(source, weight))
            continue
        name = Path(source).name if isinstance(source, str | Path) else f"style {index + 1}"
        picture = as_picture(source, max_pixels=max_pixels)
        rgb = fill_transparent(picture.rgb, picture.alpha) if picture.alpha is not None else picture.rgb
        warning = style_picture_warning(rgb)
        if warning:
            with messages.about(name):
                messages.warn(log, warning)
        styles.append(StylePicture(rgb, _checked_weight(weight), name=name))
    by_place: dict[str, Array] = {}  # each mask is read once, so that styles with the same mask share a region
    for key, source in (masks or {}).items():
        index = _index_of(key, [source for source, _ in items])
        place = str(source) if isinstance(source, str | Path) else str(id(source))
        if place not in by_place:
            by_place[place] = to_unit_range(read_mask(source, max_pixels))
        if styles[index].mask is not None:
            raise InputError(f"There are two masks for {styles[index].name}; give one, in which all parts are white.")
        styles[index] = replace(styles[index], mask=by_place[place])
    if styles and not any(style.weight for style in styles):
        raise InputError("The weights of all styles are 0; give at least one more than that.")
    return [style for style in styles if style.weight]


def blend_name(styles: Sequence[StylePicture]) -> str:
    """What results are named after: ``waves+scream`` for waves.png and scream.jpg."""
    return "+".join(Path(style.name).stem for style in styles)


def _split_weight(item: Source) -> tuple[Source, float]:
    """Split ``"picture.jpg:2"`` into its path and 2: only a last colon followed by a number is a weight.

    Raises:
        InputError: the text after the last colon of a file is no number, or the text names a learnt style, or
            nearly a bundled one.
    """
    if not isinstance(item, str) or is_file(item):
        return item, 1.0
    name, weight = parse_style(item)
    head, _, tail = name.rpartition(":")
    if is_file(head):
        raise InputError(f"The weight {tail!r} of {head} is no number; write it as {head}:2.")
    if is_file(name) or has_texture(name):
        return name, weight
    if name in (*bundled_names(), *catalogue_names()):
        raise InputError(
            f"{name} is a style without a picture, and painting by optimisation takes a picture file or the name of a "
            f"bundled style; paint with it by impasto apply --style {name}."
        )
    if near := difflib.get_close_matches(name, [style for style in bundled_names() if has_texture(style)], n=1):
        raise InputError(f"There is neither a file nor a bundled style {name}; did you mean {near[0]}?")
    return name, weight


def _checked_weight(weight: float) -> float:
    """The weight of a style.

    Raises:
        InputError: it is out of range.
    """
    if not 0 <= weight < math.inf:
        raise InputError(f"The weight {weight:g} of a style is out of range; give a number of 0 or more.")
    return weight


def _index_of(key: str | int, sources: Sequence[Source]) -> int:
    """Find the style that a mask's key names: by index, path, file name or stem.

    Raises:
        InputError: there is none.
    """
    if isinstance(key, int) and 0 <= key < len(sources):
        return key
    paths = [Path(source) if isinstance(source, str | Path) else None for source in sources]
    for index, path in enumerate(paths):
        if path is not None and str(key) in (str(path), path.name, path.stem):
            return index
    known = ", ".join(path.name if path else str(index) for index, path in enumerate(paths))
    raise InputError(f"There is no style {key} for the mask; give one of {known}.")
