"""Styles that change over time."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.repaint import Styles
from impasto.styles import Style, shared_out, weighted

Weighted = list[tuple[Style, float]]


class Keyframes:
    """Which blend of styles holds at which time; between two times it fades from one to the other.

    Args:
        always: styles of the whole video, or of its start where ``at`` names later ones.
        at: seconds to styles, each as ``always``.

    Raises:
        InputError: neither is given, or a time is negative.
        StyleError: no such style.
    """

    def __init__(self, always: Styles | None, at: Mapping[float, Styles] | None = None) -> None:
        points = {float(time): shared_out(weighted(styles)) for time, styles in (at or {}).items()}
        if always is not None and always != []:
            points.setdefault(0.0, shared_out(weighted(always)))
        if not points:
            raise InputError("No style is given; name one with --style, for example --style starry-night.")
        if min(points) < 0:
            raise InputError(f"A style cannot start at {min(points)} seconds; give 0 or more.")
        self.times = sorted(points)
        self.blends = [points[time] for time in self.times]

    @property
    def first(self) -> Weighted:
        """The styles at the start."""
        return self.blends[0]

    @property
    def name(self) -> str:
        """The names of the styles at the start, for a file's name."""
        return "+".join(Path(style.name).name for style, _ in self.first)

    def described(self) -> list[Any]:
        """Everything that a result depends on, in plain values."""
        return [
            (time, style.name, hashlib.sha256(style.scale.tobytes() + style.shift.tobytes()).hexdigest(), weight)
            for time, blend in zip(self.times, self.blends, strict=True)
            for style, weight in blend
        ]

    def at(self, seconds: float) -> tuple[Weighted, bool]:
        """The styles at a time, weights summing to 1, and whether they are changing just then."""
        index = bisect_right(self.times, seconds) - 1
        if index < 0 or index == len(self.times) - 1:
            return self.blends[max(index, 0)], False
        before, after = self.blends[index], self.blends[index + 1]
        share = (seconds - self.times[index]) / (self.times[index + 1] - self.times[index])
        mixed: dict[str, tuple[Style, float]] = {}
        for styles, part in ((before, 1 - share), (after, share)):
            for style, weight in styles:
                known = mixed.get(style.name, (style, 0.0))[1]
                mixed[style.name] = (style, known + part * weight)
        same = all(dict(_named(before)).get(name) == weight for name, weight in _named(after))
        return [pair for pair in mixed.values() if pair[1] > 0], not same


def _named(styles: Weighted) -> list[tuple[str, float]]:
    return [(style.name, weight) for style, weight in styles]
