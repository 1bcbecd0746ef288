"""Several styles and their weights, as callers write them, made into one style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import InputError, StyleError
from impasto.options import say_value
from impasto.pictures.conversion import Source, is_held
from impasto.styles.catalogue import load_style
from impasto.styles.style import Style, StyleLike

WeightedStyleLike = StyleLike | Source | tuple[StyleLike | Source, float]
"""A style, a name, a path, or a picture in memory, alone or with its weight."""
Styles = WeightedStyleLike | Iterable[WeightedStyleLike] | Mapping[Any, float]
"""One style, or several to blend; of a mapping, the values are the weights."""


def blend(styles: Sequence[tuple[Style, float]]) -> Style:
    """The weighted mean of styles.

    Args:
        styles: pairs of style and weight; weights are brought to sum 1.

    Raises:
        StyleError: styles of different networks, a negative weight, or weights that sum to 0.
    """
    styles = normalise_weights(styles)
    first = styles[0][0]
    for style, _ in styles[1:]:
        if style.network != first.network:
            bringing = next((item.name for item, _ in styles if item.embedded is not None), None)
            why = f"{bringing} brings a network of its own" if bringing else "they belong to different networks"
            raise StyleError(
                f"{first.name} and {style.name} cannot be blended because {why}; blend styles of one network, "
                "for example bundled ones and what impasto learn makes without --deep.",
                key="cannot_blend",
                first=first.name,
                second=style.name,
            )
    if len(styles) == 1:
        return first
    shares = np.array([share for _, share in styles], np.float32)
    return Style(
        name="+".join(style.name for style, _ in styles),
        scale=shares @ np.stack([style.scale for style, _ in styles]),
        shift=shares @ np.stack([style.shift for style, _ in styles]),
        network=first.network,
        embedded=first.embedded,
        grain_share=sum(share * style.grain_share for style, share in styles),
        metadata={"blend": "+".join(f"{style.name}:{share:g}" for style, share in styles)},  # two may have one name
        sources=tuple(part._replace(weight=share * part.weight) for style, share in styles for part in style.parts),
    )


def parse_style(text: str) -> tuple[str, float]:
    """``NAME[:WEIGHT]`` to name and weight; only a last colon followed by a number is a weight."""
    head, colon, tail = text.rpartition(":")
    if colon and head:
        try:
            return head, float(tail)
        except ValueError:
            pass
    return text, 1.0


def load_blend(styles: Styles) -> Style:
    """One style from whatever names it: a style, ``NAME[:WEIGHT]``, or several of these to blend."""
    return blend(load_weighted(styles))


def load_weighted(styles: Styles) -> list[tuple[Style, float]]:
    """Styles and their weights, loaded, from whatever names them: see :func:`load_blend`."""
    pairs: list[tuple[Style, float]] = []
    for item in as_style_list(styles):
        style, weight = item if isinstance(item, tuple) else parse_style(item) if isinstance(item, str) else (item, 1)
        if not isinstance(style, str | Path | Style):
            raise StyleError(
                "A picture is no style yet: have impasto.learn_style learn it, or give it to impasto.stylize, which "
                "learns it once."
            )
        pairs.append((load_style(style), float(weight)))
    return pairs


def as_style_list(styles: Styles) -> list[WeightedStyleLike]:
    """One or several styles as a list, nothing loaded yet.

    Raises:
        InputError: one is nothing that names a style, or its weight is no number.
    """
    items: list[Any]
    if isinstance(styles, Mapping):
        items = list(styles.items())
    elif isinstance(styles, str | Path | Style) or is_held(styles) or _is_pair(styles):
        items = [styles]
    else:
        items = list(styles) if isinstance(styles, Iterable) else [styles]
    for item in items:
        style, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, 1)
        if not (isinstance(style, str | Path | Style) or is_held(style)):
            raise InputError(
                f"A style is a name, a style file or a picture, not {say_value(style)}; give one, or several with "
                'weights, as {"scream": 2, "udnie": 1}.'
            )
        try:
            float(weight)
        except (TypeError, ValueError, OverflowError) as error:
            name = style if isinstance(style, str | Path) else getattr(style, "name", None) or "a picture"
            raise InputError(f"The weight of {name} is {say_value(weight)}; give a number.") from error
    return items


def _is_pair(styles: object) -> bool:
    """Whether something is one style and its weight, as a tuple."""
    return isinstance(styles, tuple) and len(styles) == 2 and isinstance(styles[1], Real)


def normalise_weights(styles: Sequence[tuple[Style, float]]) -> list[tuple[Style, float]]:
    """Styles with their weights brought to sum 1.

    Raises:
        StyleError: no style, a negative weight, or weights that sum to 0.
    """
    if not styles:
        raise StyleError("No style is given; name one, for example starry-night.")
    total = checked_total([weight for _, weight in styles], "--style scream:2 --style udnie:1")
    return [(style, weight / total) for style, weight in styles]


def checked_total(weights: Sequence[float], example: str) -> float:
    """The sum of the weights of styles.

    Args:
        weights: of pictures, or of sounds.
        example: weights that could be given, for the error's sentence.

    Raises:
        StyleError: a weight is negative, or the sum is 0 or no number.
    """
    total = sum(weights)
    if any(weight < 0 for weight in weights) or not 0 < total < float("inf"):
        raise StyleError(f"Style weights must be 0 or more and not all 0, for example {example}.", key="zero_weights")
    return total
