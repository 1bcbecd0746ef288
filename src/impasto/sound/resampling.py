"""Samples at another rate, by FFmpeg's resampler, and names for layouts of channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from impasto.extras import pyav
from impasto.sound.spectrogram import Samples

_USUAL = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_BLOCK = 1 << 16  # samples that are given to the resampler at a time


def usual_layout(channels: int) -> str:
    """FFmpeg's name of the usual layout of so many channels."""
    return _USUAL.get(channels, f"{channels}C")


def low_frequency_channels(layout: str) -> list[int]:
    """Indices of the channels that carry low frequencies only (LFE)."""
    channels = pyav("Sound", "sound").AudioLayout(layout).channels
    return [index for index, channel in enumerate(channels) if channel.name.startswith("LFE")]


class Stream:
    """Brings a stream of C x N samples to another rate, block by block.

    Args:
        rate: of the stream, samples a second.
        wanted: of the result.
        channels: C.
    """

    def __init__(self, rate: int, wanted: int, channels: int) -> None:
        self._rate, self._channels = rate, channels
        self._resamplers: list[Any] = []
        if rate != wanted:
            av = pyav("Sound", "sound")
            # One for each channel: FFmpeg's has no layouts for some numbers of channels.
            self._resamplers = [av.AudioResampler(format="fltp", layout="mono", rate=wanted) for _ in range(channels)]

    def push(self, samples: Samples) -> Samples:
        """Take the next samples; give out those that are ready."""
        if not self._resamplers:
            return samples
        return self._made([self._frame(channel) for channel in samples])

    def flush(self) -> Samples:
        """The last samples."""
        return self._made([None] * len(self._resamplers))

    def _frame(self, channel: Samples) -> Any:
        """Samples of one channel as PyAV's frame."""
        block = np.ascontiguousarray(channel[None], np.float32)
        frame = pyav().AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate = self._rate
        return frame

    def _made(self, frames: list[Any]) -> Samples:
        """What the resamplers make of one frame a channel."""
        if not frames or (frames[0] is not None and not frames[0].samples):
            return np.zeros((self._channels, 0), np.float32)
        parts = [
            [made.to_ndarray()[0] for made in resampler.resample(frame)]
            for resampler, frame in zip(self._resamplers, frames, strict=True)
        ]
        if not parts[0]:
            return np.zeros((self._channels, 0), np.float32)
        return np.stack([np.concatenate(channel) for channel in parts])


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """C x N samples at another rate, as long in seconds.

    Args:
        samples: C x N.
        rate: of ``samples``, a second.
        wanted: of the result, a second.
    """
    if rate == wanted or not samples.shape[1]:
        return samples
    count = round(samples.shape[1] * wanted / rate)
    stream = Stream(rate, wanted, len(samples))
    blocks = [stream.push(samples[:, first : first + _BLOCK]) for first in range(0, samples.shape[1], _BLOCK)]
    out = np.concatenate([*blocks, stream.flush()], axis=1)[:, :count]
    return np.pad(out, [(0, 0), (0, count - out.shape[1])])
