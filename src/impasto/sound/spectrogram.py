"""Short-time spectra: samples to overlapping frames and back."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Sound: C x N samples in [-1, 1], one row a channel."""
Spectra = NDArray[np.complex64]
"""T frames x B bins."""

_FRAME_SECONDS = 4096 / 44100  # long enough for the partials of a low note, short enough for a drum
OVERLAP = 4  # frames that cover each sample
_SHORTEST = 64  # samples of the shortest frame, at very low rates


@cache
def frame_length(rate: int) -> int:
    """Samples of a frame at a rate: about 93 ms, of small prime factors, and a multiple of :data:`OVERLAP`."""
    wanted = max(_SHORTEST, rate * _FRAME_SECONDS)
    powers = range(16)
    sizes = [2**a * 3**b * 5**c for a in powers if a > 1 for b in powers[:6] for c in powers[:5]]
    return int(min(sizes, key=lambda size: abs(size - wanted)))


@cache
def window(length: int) -> Samples:
    """The periodic Hann window of a length."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


def spectra_of(samples: NDArray[np.float32], length: int) -> Spectra:
    """Spectra of frames that lie side by side without what is beyond either end.

    Args:
        samples: N samples of one channel, at least ``length``.
        length: samples of a frame; the next frame begins a fourth of that later.

    Returns:
        T x (length / 2 + 1); a sine of amplitude 1 has a peak of about 1/2.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: length // OVERLAP]
    spectra = np.fft.rfft(frames * window(length), axis=1)  # NumPy before 2 makes this complex128
    return (spectra * (2 / length)).astype(np.complex64)


def padded(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Samples with silence around them, so that each is covered by :data:`OVERLAP` frames."""
    hop = length // OVERLAP
    after = length - hop + -samples.shape[-1] % hop
    edges = [(0, 0)] * (samples.ndim - 1) + [(length - hop, after)]
    return np.pad(samples, edges)


def samples_of(spectra: Spectra, length: int, count: int) -> NDArray[np.float32]:
    """Samples of frames made of :func:`padded` samples: the inverse of :func:`spectra_of`.

    Args:
        spectra: T x B.
        length: samples of a frame.
        count: samples to give back.
    """
    hop = length // OVERLAP
    frames = np.fft.irfft(spectra, length, axis=1).astype(np.float32) * window(length)
    parts = frames.reshape(len(frames), OVERLAP, hop)
    out = np.zeros((len(frames) + OVERLAP - 1, hop), np.float32)
    for part in range(OVERLAP):
        out[part : part + len(frames)] += parts[:, part]
    scale = length / 2 / (OVERLAP * 3 / 8)  # the squares of the windows that cover a sample sum to 3/8 of their number
    return (out.reshape(-1)[length - hop :][:count] * scale).astype(np.float32)
