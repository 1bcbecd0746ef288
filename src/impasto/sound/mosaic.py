"""A mosaic: frames of the content rebuilt as sums of the style's frames (Driedger and others 2015, "Let it Bee").

The activations are those of a non-negative factorisation whose frames are given. Between its steps they are pressed
towards what sounds like the style: no frame again and again, few at a time, and runs that go on as in the recording.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

_STEPS = 20
_REACH = 3  # frames to either side: within which a frame is not repeated, and along which runs are continued
VOICES = 10
"""Frames of the style that may sound at once."""
_PRUNED_AFTER = 4  # steps after which frames that are hardly used are left out, which halves the time
_KEPT_SHARE, _KEPT_AT_LEAST = 1 / 4, 1500
_TINY = 1e-12


def activate(target: Matrix, frames: Matrix, seed: int, voices: int = VOICES) -> tuple[NDArray[np.intp], Matrix]:
    """Find how loud each frame of the style sounds at each frame of the content.

    Args:
        target: T x B magnitudes to be rebuilt.
        frames: K x B magnitudes of the style's frames in the order of time, each of about sum 1.
        seed: of the random beginning.
        voices: frames that may sound at once.

    Returns:
        The indices of the frames that are used, ascending, K' of them; and their activations, K' x T.
    """
    wanted = np.ascontiguousarray(target.T)
    random = np.random.default_rng(seed)
    kept = np.arange(len(frames))
    sums = frames.sum(axis=1, keepdims=True)
    activations = random.random((len(frames), wanted.shape[1]), np.float32) * np.float32(0.5) + np.float32(0.5)
    for step in range(_STEPS):
        if step == _PRUNED_AFTER and len(kept) > _KEPT_AT_LEAST:
            chosen = _most_used(activations * sums)
            kept, frames, activations, sums = kept[chosen], frames[chosen], activations[chosen], sums[chosen]
        if step:
            press(activations, sums, np.float32(1 - step / _STEPS), voices)
        rebuilt = frames.T @ activations
        activations *= frames @ (wanted / (rebuilt + _TINY))
        activations /= sums
    return kept, activations


def press(activations: Matrix, sums: Matrix, factor: np.float32, voices: int = VOICES) -> None:
    """Press activations towards what sounds like the style, in place.

    Args:
        activations: K x T.
        sums: K x 1: how loud each frame is at an activation of 1.
        factor: in [0, 1], by which what should not sound is lowered.
        voices: frames that may sound at once.
    """
    loudness = activations * sums
    peak = loudness.copy()
    for shift in range(1, _REACH + 1):
        np.maximum(peak[:, shift:], loudness[:, :-shift], out=peak[:, shift:])
        np.maximum(peak[:, :-shift], loudness[:, shift:], out=peak[:, :-shift])
    repeated = loudness < peak
    activations[repeated] *= factor
    loudness[repeated] *= factor
    del peak, repeated
    if len(loudness) > voices:
        least = np.partition(loudness, len(loudness) - voices, axis=0)[len(loudness) - voices]
        activations[loudness < least] *= factor
    run = activations.copy()
    for shift in range(1, min(_REACH + 1, *activations.shape)):
        run[shift:, shift:] += activations[:-shift, :-shift]
        run[:-shift, :-shift] += activations[shift:, shift:]
    np.divide(run, 2 * _REACH + 1, out=activations)


def _most_used(loudness: Matrix) -> NDArray[np.intp]:
    """The indices of the frames that sound loudest at some time, with their neighbours."""
    count = max(_KEPT_AT_LEAST, int(len(loudness) * _KEPT_SHARE))
    used = np.zeros(len(loudness), bool)
    best = np.argpartition(loudness.max(axis=1), -count // (2 * _REACH + 1))[-count // (2 * _REACH + 1) :]
    for shift in range(-_REACH, _REACH + 1):
        used[(best + shift).clip(0, len(used) - 1)] = True
    rest = np.where(used, -1, loudness.max(axis=1))
    more = count - int(used.sum())
    if more > 0:
        used[np.argpartition(rest, -more)[-more:]] = True
    return np.flatnonzero(used)


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size`` that cover ``count``."""
    for first in range(0, count, size):
        yield slice(first, min(count, first + size))
