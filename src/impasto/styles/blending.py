"""Several styles and their weights, as callers write them, made into one style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import InputError, StyleError
from impasto.styles.catalogue import load_style
from impasto.styles.style import Style, StyleLike

WeightedStyleLike = StyleLike | tuple[StyleLike, float]
"""A style, a name or a path, alone or with its weight."""
Styles = StyleLike | Iterable[WeightedStyleLike]
"""One style, or several to blend."""


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
                "for example bundled ones and what impasto learn makes without --deep."
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
        if isinstance(item, tuple):
            pairs.append((load_style(item[0]), float(item[1])))
        elif isinstance(item, str):
            name, weight = parse_style(item)
            pairs.append((load_style(name), weight))
        else:
            pairs.append((load_style(item), 1.0))
    return pairs


def as_style_list(styles: Styles) -> list[WeightedStyleLike]:
    """One or several styles as a list, nothing loaded yet.

    Raises:
        InputError: one is nothing that names a style, or its weight is no number.
    """
    if isinstance(styles, Mapping):
        raise InputError('Styles and weights are not given as a dict, but as [("scream", 3), ("udnie", 1)].')
    several = isinstance(styles, Iterable) and not isinstance(styles, (str, bytes, Path, Style))
    items: list[Any] = list(styles) if several else [styles]  # type: ignore[arg-type]
    for item in items:
        style, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, 1)
        if not isinstance(style, (str, Path, Style)):
            raise InputError(
                "A style is a name, a style file or a picture's path, alone or in a pair with its weight, not "
                f"{type(style).__name__}; write a picture to a file first, or paint with impasto.paint, which takes "
                "it as it is."
            )
        try:
            float(weight)
        except (TypeError, ValueError) as error:
            raise InputError(f"The weight of {style} is {weight!r}; give a number.") from error
    return items


def normalise_weights(styles: Sequence[tuple[Style, float]]) -> list[tuple[Style, float]]:
    """Styles with their weights brought to sum 1.

    Raises:
        StyleError: no style, a negative weight, or weights that sum to 0.
    """
    if not styles:
        raise StyleError("No style is given; name one with --style, for example --style starry-night.")
    total = sum(weight for _, weight in styles)
    if any(weight < 0 for _, weight in styles) or not 0 < total < float("inf"):
        raise StyleError("Style weights must be 0 or more and not all 0, for example --style scream:2 --style udnie:1.")
    return [(style, weight / total) for style, weight in styles]
