"""How a sound is coloured: mean and covariance of its band levels, and the map from one sound's to another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.arithmetic import transport_matrix
from impasto.sound import bands
from impasto.sound.bands import Bands

_ACTIVE = 6.0  # nepers of mean level below the 95th percentile within which a frame counts as no silence
_REGULARISATION = 0.05  # added to the variances, in square nepers: bands that hardly move are not blown up
MOST_FRAMES = 100_000
"""Frames of which statistics are taken at most: 40 minutes; of longer sounds every second, fourth, ... frame."""


@dataclass(frozen=True)
class Colouring:
    """Mean and covariance of the levels of the bands, each frame's mean taken off since loudness is no colour.

    Attributes:
        mean: B numbers, in nepers of power.
        covariance: B x B.
        spectrum: B numbers: the logarithms of the mean power, in which loud frames count more.
    """

    mean: NDArray[np.float32]
    covariance: NDArray[np.float32]
    spectrum: NDArray[np.float32]


class Frames:
    """Rows that are kept of a stream, as many as :data:`MOST_FRAMES` and evenly spread however long it is."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.float32]] = []
        self._stride, self._seen, self._kept = 1, 0, 0

    def add(self, rows: NDArray[np.float32]) -> None:
        """Take the next rows of the stream, T x B."""
        first = -self._seen % self._stride
        self._seen += len(rows)
        kept = rows[first :: self._stride].astype(np.float32)
        self._rows.append(kept)
        self._kept += len(kept)
        if self._kept > MOST_FRAMES:
            self._rows = [np.concatenate(self._rows)[::2]]
            self._stride, self._kept = 2 * self._stride, len(self._rows[0])

    def all(self) -> NDArray[np.float32]:
        """The rows that are kept, T x B."""
        return np.concatenate(self._rows)


def active_frames(levels: Bands) -> NDArray[np.bool_]:
    """Which frames are no silence."""
    loudness = levels.mean(axis=1)
    active: NDArray[np.bool_] = loudness >= np.percentile(loudness, 95) - _ACTIVE
    return active


def colouring_of(levels: Bands) -> Colouring:
    """Mean and covariance of the active frames of a sound."""
    active = levels[active_frames(levels)]
    shape = (active - active.mean(axis=1, keepdims=True)).astype(np.float64)
    mean = shape.mean(axis=0)
    covariance = (shape - mean).T @ (shape - mean) / len(shape)
    spectrum = np.log(np.exp(active.astype(np.float64)).mean(axis=0))
    return Colouring(mean.astype(np.float32), covariance.astype(np.float32), spectrum.astype(np.float32))


def at_rate(colouring: Colouring, rate: int) -> Colouring:
    """The colouring in those bands alone that a sound of a rate has."""
    count = bands.count_at(rate)
    if count >= len(colouring.mean):
        return colouring
    centring = np.eye(count, dtype=np.float32) - np.float32(1 / count)
    mean = colouring.mean[:count]
    covariance = centring @ colouring.covariance[:count, :count] @ centring
    return Colouring(mean - mean.mean(), covariance, colouring.spectrum[:count])


def blend(colourings: Sequence[tuple[Colouring, float]]) -> Colouring:
    """The mean of colourings by shares that sum to 1."""
    return Colouring(
        sum(np.float32(share) * item.mean for item, share in colourings),  # type: ignore[arg-type]
        sum(np.float32(share) * item.covariance for item, share in colourings),  # type: ignore[arg-type]
        np.log(sum(np.float32(share) * np.exp(item.spectrum) for item, share in colourings)),
    )


class Transport:
    """The map that moves one Gaussian onto another with the least change (optimal transport).

    Args:
        content: what the levels have.
        style: what they shall have.
    """

    def __init__(self, content: Colouring, style: Colouring) -> None:
        a, b = (
            item.covariance.astype(np.float64) + _REGULARISATION * np.eye(len(item.mean)) for item in (content, style)
        )
        self.matrix = transport_matrix(a, b).astype(np.float32)
        self.content, self.style = content.mean, style.mean

    def change(self, levels: Bands, reach: int = 0) -> Bands:
        """What is to be added to the levels of frames, T x B; the frames' mean levels stay.

        Args:
            levels: of the frames.
            reach: bands to either side over which the change is smoothed, so that it does not lift single partials.
        """
        shape = levels - levels.mean(axis=1, keepdims=True)
        moved = self.style + (shape - self.content) @ self.matrix
        change = np.asarray(moved - shape, np.float32)
        return smoothed(change, reach)


def smoothed(curves: Bands, reach: int) -> Bands:
    """Curves over bands, T x B, each value the mean of those up to ``reach`` bands to either side."""
    if not reach:
        return curves
    kernel = np.hanning(2 * reach + 3)[1:-1].astype(np.float32)
    around = np.pad(curves, [(0, 0), (reach, reach)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * reach + 1, axis=1)
    return np.asarray(windows @ (kernel / kernel.sum()), np.float32)
