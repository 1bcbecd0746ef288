"""Which style applies where: masks as the command line and callers name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from impasto.errors import InputError
from impasto.styles.blending import WeightedStyleLike, load_blend, parse_style
from impasto.styles.style import Style


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


def split_by_mask(styles: Sequence[WeightedStyleLike], names: Iterable[str]) -> tuple[dict[str, Style], Style | None]:
    """The styles that have a mask, by name, and the blend of those that have none.

    Args:
        styles: as :func:`impasto.styles.blending.load_blend` takes them.
        names: the styles that have a mask, as they are called in ``styles``.

    Raises:
        InputError: a mask's style is not among the styles.
    """
    called: dict[str, list[WeightedStyleLike]] = {}
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


def _name(item: WeightedStyleLike) -> str:
    """What a style is called in the names of masks: as the caller wrote it."""
    if isinstance(item, tuple):
        item = item[0]
    if isinstance(item, Style):
        return item.given_as or item.name
    return parse_style(item)[0] if isinstance(item, str) else str(item)
