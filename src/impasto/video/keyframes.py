"""Keyframes: which styles hold at which time of a video."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, cast

from impasto.errors import InputError
from impasto.options import say_value
from impasto.styles.blending import Styles, load_weighted, normalise_weights
from impasto.styles.style import Style

WeightedStyles = list[tuple[Style, float]]
"""Styles and their weights."""


class Keyframes:
    """Which blend of styles holds at which time; between two times it fades from one to the other.

    Args:
        always: styles of the whole video, or of its start where ``at`` names later ones.
        at: time in seconds from the video's start to the styles that hold then.

    Raises:
        InputError: no style is given, two are given for the start, or a time is negative or not finite.
        StyleError: no such style.
    """

    def __init__(self, always: Styles | None, at: Mapping[float, Styles] | None = None) -> None:
        for time in cast("Iterable[object]", at or ()):
            if isinstance(time, bool) or not isinstance(time, Real):
                raise InputError(f"A style starts at a number of seconds, not at {say_value(time)}; give one.")
        points = {float(time): normalise_weights(load_weighted(styles)) for time, styles in (at or {}).items()}
        if always is not None and always != []:
            if 0.0 in points:
                raise InputError("There are two styles for the start; leave out --style, or --style-at 0.")
            points[0.0] = normalise_weights(load_weighted(always))
        if not points:
            raise InputError("No style is given; name one, for example starry-night.")
        for time in points:
            if not 0 <= time < math.inf:  # NaN fails this comparison, too
                raise InputError(f"A style cannot start at {time} seconds; give 0 or more.")
        self.times = sorted(points)
        self.blends = [points[time] for time in self.times]

    @property
    def first(self) -> WeightedStyles:
        """The styles at the start."""
        return self.blends[0]

    @property
    def name(self) -> str:
        """The names of the styles at the start, for a file's name."""
        return "+".join(Path(style.name).name for style, _ in self.first)

    def described(self) -> list[Any]:
        """Times, styles and weights as plain values, which change whenever the result would."""
        return [
            (time, *identity(style), weight)
            for time, blend in zip(self.times, self.blends, strict=True)
            for style, weight in blend
        ]

    def at(self, seconds: float) -> tuple[WeightedStyles, bool]:
        """The styles at a time in seconds, with weights that sum to 1, and whether they change just then."""
        index = bisect_right(self.times, seconds) - 1
        if index < 0 or index == len(self.times) - 1:
            return self.blends[max(index, 0)], False
        before, after = self.blends[index], self.blends[index + 1]
        share = (seconds - self.times[index]) / (self.times[index + 1] - self.times[index])
        styles = {identity(style): style for style, _ in [*before, *after]}
        earlier, later = _shares(before), _shares(after)
        mixed = {key: (1 - share) * earlier.get(key, 0.0) + share * later.get(key, 0.0) for key in styles}
        return [(styles[key], weight) for key, weight in mixed.items() if weight > 0], earlier != later


def identity(style: Style) -> tuple[str, str]:
    """What tells a style from every other style: its name, and a hash of its numbers, since names may repeat."""
    return style.name, hashlib.sha256(style.scale.tobytes() + style.shift.tobytes()).hexdigest()


def _shares(blend: WeightedStyles) -> dict[tuple[str, str], float]:
    """The weight of each style in a blend; those of a style that the blend names several times are summed."""
    shares: dict[tuple[str, str], float] = {}
    for style, weight in blend:
        shares[identity(style)] = shares.get(identity(style), 0.0) + weight
    return shares
