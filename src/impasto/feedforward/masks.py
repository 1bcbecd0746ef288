"""Which style applies where: masks as the command line and callers name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from impasto.errors import InputError
from impasto.styles.blending import WeightedStyleLike, load_blend, parse_style
from impasto.styles.style import Style


def parse_masks(texts: Iterable[str]) -> tuple[Path | None, dict[str, Path]]:
    """Read masks as the command line names them.

    Args:
        texts: ``STYLE=FILE`` for where a style applies, ``FILE`` for where the strength applies. A text with an equals
            sign that is the name of a file is that file.

    Returns:
        The mask of the strength, or ``None``, and masks by style.

    Raises:
        InputError: there are two masks for one style, or two for the strength.
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

    Returns:
        The masked styles by name, and the blend of the others; ``None`` where all styles have a mask.

    Raises:
        InputError: a mask's style is not among the styles.
        StyleError: there is no style at all, or no such style.
    """
    by_name: dict[str, list[WeightedStyleLike]] = {}
    for item in styles:
        by_name.setdefault(_name(item), []).append(item)
    for name in names:
        if name not in by_name:
            raise InputError(
                f"The mask for {name} has no style: add --style {name}, or take one of {', '.join(by_name)}."
            )
    masked = {name: load_blend(by_name.pop(name)) for name in names}
    rest = [item for items in by_name.values() for item in items]
    return masked, load_blend(rest) if rest or not masked else None


def blend_to_name(masked: Mapping[str, Style], rest: Style | None) -> Style:
    """The style that results are named after.

    Args:
        masked: styles that have a mask.
        rest: the blend of the styles without a mask, if there are any.

    Returns:
        The only style, or the first one under the joined names of all, with the weights of those without a mask.
    """
    styles = [*masked.values(), *([] if rest is None else [rest])]
    if len(styles) == 1:
        return styles[0]
    weights = {} if rest is None or "blend" not in rest.metadata else {"blend": rest.metadata["blend"]}
    return replace(styles[0], name="+".join(style.name for style in styles), metadata=weights)


def _name(item: WeightedStyleLike) -> str:
    """What a style is called in the names of masks: as the caller wrote it."""
    if isinstance(item, tuple):
        item = item[0]
    if isinstance(item, Style):
        return item.given_as or item.name
    return parse_style(item)[0] if isinstance(item, str) else str(item) if isinstance(item, Path) else ""
