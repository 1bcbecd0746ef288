"""Loudness as ears weigh it (K-weighting of ITU-R BS.1770), and a limiter that keeps peaks below full scale."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from impasto.sound.spectrogram import Samples

CEILING = 10 ** (-1 / 20)
"""The highest sample of a result: 1 dB below full scale."""
_SHELF = 1681.97, 3.99984, 0.70718  # Hz, dB and quality of the filter that stands for the head
_CUT = 38.1355, 0.50033  # Hz and quality of the filter that leaves out what is too low to be heard
_LOOK_AHEAD = 0.005  # seconds that the limiter begins before a peak, and lets go after it


@cache
def _weighting(rate: int, count: int) -> NDArray[np.float64]:
    """The power response of K-weighting at the bins of a Fourier transform of ``count`` samples."""
    hertz = np.fft.rfftfreq(count, 1 / rate)
    s = 1j * np.maximum(hertz, 1e-3)
    centre, gain, quality = _SHELF
    high, band = 10 ** (gain / 20), 10 ** (gain / 20 * 0.4996667741545416)
    shelf = (high * s**2 + band * centre / quality * s + centre**2) / (s**2 + centre / quality * s + centre**2)
    low, cut_quality = _CUT
    cut = s**2 / (s**2 + low / cut_quality * s + low**2)
    return np.asarray(np.abs(shelf * cut) ** 2)


def weighted_power(samples: Samples, rate: int) -> float:
    """The sum of the squares of C x N samples, K-weighted, averaged over channels."""
    size = 1 << 15
    total = 0.0
    for first in range(0, samples.shape[1], size):
        block = samples[:, first : first + size]
        spectrum = np.abs(np.fft.rfft(block, size, axis=1)) ** 2
        spectrum[:, 1:-1] *= 2
        total += float((spectrum @ _weighting(rate, size)).mean()) / size
    return total


class Limiter:
    """Scales a stream of sound, and turns it down for a moment wherever it would pass :data:`CEILING`.

    Args:
        rate: samples a second.
        gain: factor for all samples.
        channels: of the stream; all are turned down together.
    """

    def __init__(self, rate: int, gain: float, channels: int) -> None:
        self.gain, self.reach = gain, max(1, int(rate * _LOOK_AHEAD))
        self._held = np.zeros((channels, 2 * self.reach), np.float32)

    def push(self, samples: Samples) -> Samples:
        """Take the next samples; give out those whose surroundings are known, a few fewer at first."""
        held = np.concatenate([self._held, samples * np.float32(self.gain)], axis=1)
        count = held.shape[1] - 4 * self.reach
        if count <= 0:
            self._held = held
            return held[:, :0]
        out = held[:, 2 * self.reach : 2 * self.reach + count] * self._turned_down(held, count)
        self._held = held[:, count:]
        return out

    def flush(self) -> Samples:
        """The last samples."""
        return self.push(np.zeros((len(self._held), 2 * self.reach), np.float32))

    def _turned_down(self, held: Samples, count: int) -> NDArray[np.float32]:
        """The factors for ``count`` samples from twice the reach on: the lowest around, smoothed over as long."""
        peak = np.abs(held).max(axis=0)
        if peak.max() <= CEILING:
            return np.ones(count, np.float32)
        width = 2 * self.reach + 1
        needed = np.minimum(1, CEILING / np.maximum(peak, 1e-9)).astype(np.float32)
        lowest = np.lib.stride_tricks.sliding_window_view(needed, width).min(axis=1)
        kernel = np.hanning(width + 2)[1:-1]
        smooth = np.convolve(lowest, kernel / kernel.sum(), "valid")
        return np.asarray(smooth[:count] * 0.9999, np.float32)  # the sum of the kernel is 1 but for rounding
