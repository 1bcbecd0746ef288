"""Numbers over time: smoothing, and stretches of frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.motion.quaternions import Array

_REACH = 3.0  # standard deviations at which a Gaussian is cut off


def smooth(values: Array, frames: float) -> Array:
    """Values smoothed by a Gaussian along time; beyond the ends they are mirrored about their last value.

    Args:
        values: F x ..., time first.
        frames: standard deviation of the Gaussian in frames.
    """
    reach = min(int(np.ceil(_REACH * frames)), len(values) - 1)
    if reach < 1:
        return values
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    kernel /= kernel.sum()
    # Mirrored about the end itself, so that a straight line stays one.
    before, after = 2 * values[:1] - values[reach:0:-1], 2 * values[-1:] - values[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, values, after])
    flat = padded.reshape(len(padded), -1)
    columns = [np.convolve(column, kernel, "valid") for column in flat.T]
    return np.stack(columns, axis=1).reshape(values.shape)


def velocity(values: Array, rate: float) -> Array:
    """Change a second, F x ..., of values at ``rate`` frames a second; of one frame 0."""
    return np.asarray(np.gradient(values, axis=0) * rate) if len(values) > 1 else np.zeros_like(values)


def stretches(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where flags are set without a gap: first frame, and the frame behind the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
