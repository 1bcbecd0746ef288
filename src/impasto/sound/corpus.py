"""The frames that a mosaic is made of: those of a style's recording, where it sounds tonal in twelve transpositions.

The samples of each transposition are kept, which is little; spectra are computed for those frames that are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.sound import bands
from impasto.sound.mosaic import batches
from impasto.sound.resampling import resample
from impasto.sound.spectrogram import OVERLAP, Samples, Spectra, frame_length, spectra_of

SEMITONES = (*range(-6, 0), *range(1, 6))
"""Transpositions beside the recording as it is: with them every note is at hand."""
_SOFTEST = 0.01  # share of the loudest frame's magnitude below which a frame is left out as silence
_ENVELOPE_BANDS = 40  # bands of the smooth envelope (formants) that a transposition keeps
_ENVELOPE_GAIN = 0.05, 20.0  # factors by which a bin is changed to keep it, at least and at most
_BATCH = 512  # frames whose spectra are computed at a time


@dataclass(frozen=True)
class _Copy:
    """One transposition of one stretch of a recording.

    Attributes:
        samples: C x N.
        envelopes: T x :data:`_ENVELOPE_BANDS` factors by which magnitudes are changed; ``None`` leaves them.
    """

    samples: Samples
    envelopes: NDArray[np.float32] | None


class Corpus:
    """The frames of a style at one rate.

    Args:
        stretches: of the recording, each C x N samples that belong together, at least a frame long.
        rate: samples a second.
        weight: how much this style counts beside others.
        transposed: whether there are transposed copies.

    Attributes:
        powers: K x B powers in the bands of all frames, by which those that match are found.
    """

    def __init__(self, stretches: Sequence[Samples], rate: int, weight: float, *, transposed: bool) -> None:
        self.rate, self.length, self.weight = rate, frame_length(rate), weight
        self._copies: list[_Copy] = []
        places: list[NDArray[np.int64]] = []
        found: list[NDArray[np.float32]] = []
        for samples in stretches:
            envelope = self._envelope(samples)
            for semitones in (0, *SEMITONES) if transposed else (0,):
                factor = 2 ** (semitones / 12)
                copy = self._copy(samples, envelope, factor)
                if copy is None:
                    continue
                starts = np.arange(0, copy.samples.shape[1] - self.length + 1, self.length // OVERLAP)
                index = np.full(len(starts), len(self._copies), np.int64)
                places.append(np.stack([index, starts], axis=1))
                self._copies.append(copy)
                found.append(self._powers(places[-1]))
        self._places, powers = np.concatenate(places), np.concatenate(found)
        loud = np.sqrt(powers.sum(axis=1))
        used = loud >= _SOFTEST * loud.max()
        self._places, self.powers = self._places[used], powers[used]

    def __len__(self) -> int:
        return len(self._places)

    def _envelope(self, samples: Samples) -> NDArray[np.float32]:
        """The smooth envelope of each frame: T x :data:`_ENVELOPE_BANDS` mean powers."""
        starts = np.arange(0, samples.shape[1] - self.length + 1, self.length // OVERLAP)
        return np.concatenate(
            [
                bands.band_powers(
                    bands.power_of([_spectra_at(channel, starts[part], self.length) for channel in samples]),
                    self.rate,
                    self.length,
                    _ENVELOPE_BANDS,
                )
                for part in batches(len(starts), _BATCH)
            ]
        )

    def _copy(self, samples: Samples, envelope: NDArray[np.float32], factor: float) -> _Copy | None:
        """A transposition of a stretch; ``None`` where that is shorter than a frame."""
        if factor == 1:
            return _Copy(samples, None)
        shifted = resample(samples, self.rate, round(self.rate / factor))
        if shifted.shape[1] < self.length:
            return None
        own = self._envelope(shifted)
        there = (np.arange(len(own)) * factor).round().astype(int).clip(0, len(envelope) - 1)
        gain = np.sqrt((envelope[there] + 1e-12) / (own + 1e-12)).clip(*_ENVELOPE_GAIN)
        return _Copy(shifted, np.asarray(gain, np.float32))

    def _powers(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Mean powers in the bands of frames at places: K x B."""
        parts = [
            bands.band_powers(
                bands.power_of([self._spectra(places[part], channel) for channel in range(self.channels)]),
                self.rate,
                self.length,
            )
            for part in batches(len(places), _BATCH)
        ]
        return np.concatenate(parts)

    @property
    def channels(self) -> int:
        """Channels of the recording."""
        return len(self._copies[0].samples)

    def magnitudes(self, frames: NDArray[np.intp]) -> NDArray[np.float32]:
        """Magnitudes of frames, the root mean square of their channels: K x B."""
        out = np.empty((len(frames), self.length // 2 + 1), np.float32)
        for part in batches(len(frames), _BATCH):
            places = self._places[frames[part]]
            out[part] = np.sqrt(bands.power_of([self._spectra(places, index) for index in range(self.channels)]))
        return out

    def spectra(self, frames: NDArray[np.intp], channel: int) -> Spectra:
        """Spectra of frames of one channel, K x B; one channel more than the recording has is its first again."""
        return self._spectra(self._places[frames], channel % self.channels)

    def _spectra(self, places: NDArray[np.int64], channel: int) -> Spectra:
        """Spectra at places, pairs of copy and first sample."""
        out = np.empty((len(places), self.length // 2 + 1), np.complex64)
        for index in np.unique(places[:, 0]):
            mine, copy = places[:, 0] == index, self._copies[index]
            starts = places[mine, 1]
            spectra = _spectra_at(copy.samples[channel], starts, self.length)
            if copy.envelopes is not None:
                gains = copy.envelopes[starts // (self.length // OVERLAP)]
                spectra *= bands.to_bins(gains, self.rate, self.length, _ENVELOPE_BANDS)
            out[mine] = spectra
        return out


def _spectra_at(samples: NDArray[np.float32], starts: NDArray[np.int64], length: int) -> Spectra:
    """Spectra of frames that begin at given samples."""
    frames = samples[starts[:, None] + np.arange(length)]
    return spectra_of(np.ascontiguousarray(frames).reshape(-1), length)[::OVERLAP]
