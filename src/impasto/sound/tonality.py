"""How tonal a sound is: the share of its energy that stays at a pitch, as that of strings does and of rain does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NEIGHBOURHOOD = 31  # frames, and bins, over which medians are taken
_MARGIN = 2.0  # how much a bin has to be louder than its surroundings in pitch than in time
_HIGHEST = 6000.0  # Hz: above that partials are few
TONAL = 0.35
"""From this share on a recording has notes to play: rain, crickets, speech and drums have less, instruments more."""
PARTLY_TONAL = 0.2
"""From this share on a content has notes to be played, such as the pitch of a voice: rain and drums have less."""


def tonality(magnitudes: NDArray[np.float32], rate: int, length: int) -> float:
    """The share of energy in the harmonic part, in [0, 1] (medians after Fitzgerald 2010).

    Args:
        magnitudes: T x B, T of a few seconds.
        rate: samples a second.
        length: samples of a frame.
    """
    shown = magnitudes[:, : max(_NEIGHBOURHOOD, int(_HIGHEST * length / rate))]
    energy = np.square(shown)
    if not energy.any():
        return 0.0
    lasting, spread = np.square(_median(shown)), np.square(_median(shown.T).T * _MARGIN)
    share = lasting / (lasting + spread + 1e-20)
    return float((energy * np.square(share)).sum() / energy.sum())


def _median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median of each value's neighbourhood along the first axis."""
    half = _NEIGHBOURHOOD // 2
    around = np.pad(values, [(half, half), (0, 0)], mode="reflect" if len(values) > half else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, _NEIGHBOURHOOD, axis=0)
    median: NDArray[np.float32] = np.partition(windows, half, axis=-1)[..., half]
    return median
