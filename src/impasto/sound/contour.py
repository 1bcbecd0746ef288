"""The loudness contour: the content's rhythm put back onto what was made of it, as the sound streams by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.sound.spectrogram import Samples

_SECONDS = 0.024  # seconds of the window over which loudness is taken: finer than a frame, which hides its pre-echo
_FLOOR = 10 ** (-55 / 20)  # share of the highest loudness below which there is silence
_MOST = 10 ** (24 / 20)  # factor by which a sound is made louder at most


def smooth(power: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The mean of C x N numbers under a Hann window of an odd width, for those that it covers: C x (N - width + 1).

    The window is a sum of three exponentials, so that running sums do the work whatever its width is.
    """
    turn = np.exp(2j * np.pi * np.arange(power.shape[-1]) / width)
    sums = []
    for values in (power.astype(np.float64), power * turn):
        running = np.cumsum(values, axis=-1)
        running = np.concatenate([np.zeros_like(running[..., :1]), running], axis=-1)
        sums.append(running[..., width:] - running[..., :-width])
    places = np.arange(sums[0].shape[-1])
    ripple = (sums[1] * np.exp(-2j * np.pi * (places + (width - 1) / 2) / width)).real
    return np.asarray((sums[0] + ripple) / width, np.float32)


def window_width(rate: int) -> int:
    """Samples of the window over which loudness is taken; odd."""
    return int(rate * _SECONDS) // 2 * 2 + 1


def loudest(samples: Samples, rate: int) -> float:
    """The highest root mean square over the window in any channel of C x N samples."""
    width = window_width(rate)
    if samples.shape[-1] < width:
        return float(np.sqrt(np.square(samples).mean(axis=-1).max(initial=0)))
    return float(np.sqrt(max(0.0, smooth(np.square(samples), width).max(initial=0))))


class Contour:
    """Gives a stream of sound the loudness contour of another, block by block.

    Args:
        rate: samples a second.
        peak: the highest root mean square of the content, as :func:`loudest` has it.
        amount: 1: exactly the content's contour; 0: none of it.
        channels: C of both.
    """

    def __init__(self, rate: int, peak: float, amount: float, channels: int) -> None:
        self.width, self.floor, self.amount = window_width(rate), max(peak * _FLOOR, 1e-9), amount
        half = np.zeros((channels, self.width // 2), np.float32)
        self._content, self._result = half, half.copy()

    def push(self, content: Samples, result: Samples) -> Samples:
        """Take the next samples of both, C x N; give out those whose surroundings are known, a few fewer at first."""
        self._content = np.concatenate([self._content, content], axis=1)
        self._result = np.concatenate([self._result, result], axis=1)
        count = self._content.shape[1] - self.width + 1
        if count <= 0:
            return self._result[:, :0]
        out = self._shaped(count)
        self._content, self._result = self._content[:, count:], self._result[:, count:]
        return out

    def flush(self) -> Samples:
        """The last samples, with silence after them."""
        silence = np.zeros((len(self._content), self.width // 2), np.float32)
        return self.push(silence, silence)

    def _shaped(self, count: int) -> Samples:
        """``count`` samples from half a window behind the first one on, with their loudness changed."""
        half = self.width // 2
        wanted, there = (
            np.sqrt(np.maximum(smooth(np.square(item), self.width), 0)) for item in (self._content, self._result)
        )
        gain = np.minimum(np.maximum(wanted, self.floor) / np.maximum(there, self.floor), _MOST) ** self.amount
        gain *= np.minimum(1, wanted / self.floor)  # what is silent stays so
        return np.asarray(self._result[:, half : half + count] * gain, np.float32)
