"""What has to be known of the whole content before its first block is restyled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from impasto.errors import InputError
from impasto.sound import bands
from impasto.sound.contour import loudest
from impasto.sound.loudness import weighted_power
from impasto.sound.recording import SoundSource
from impasto.sound.spectrogram import Samples, frame_length, spectra_of
from impasto.sound.statistics import Colouring, Frames, colouring_of
from impasto.sound.tonality import tonality

_CHUNK_SECONDS = 4  # seconds of content that are looked at at a time
_TONAL_CHUNKS = 8  # chunks whose tonality is measured, at most: it takes time, and a part tells
SILENCE = 1e-6
"""Loudest root mean square below which a sound is silent."""


@dataclass(frozen=True)
class Analysis:
    """What is known of a whole content.

    Attributes:
        samples: how many it has at the working rate.
        loud: level of its loud frames; see :func:`impasto.sound.bands.reference`.
        colouring: how it is coloured.
        tonality: its share of energy that stays at a pitch.
        peak: its highest root mean square; see :func:`impasto.sound.contour.loudest`.
        loudness: its mean power as ears weigh it.
    """

    samples: int
    loud: float
    colouring: Colouring
    tonality: float
    peak: float
    loudness: float

    @property
    def silent(self) -> bool:
        """Whether nothing sounds."""
        return self.peak < SILENCE


def chunks(blocks: Iterator[Samples], size: int, overlap: int) -> Iterator[Samples]:
    """Blocks joined to chunks of ``size`` samples; each begins with the last ``overlap`` samples of the one before."""
    held: list[Samples] = []
    count = 0
    fresh = False  # whether there is anything that no chunk had
    for block in blocks:
        held.append(block)
        count, fresh = count + block.shape[1], fresh or block.shape[1] > 0
        while count >= size:
            joined = np.concatenate(held, axis=1)
            yield joined[:, :size]
            held, count = [joined[:, size - overlap :]], count - size + overlap
            fresh = count > overlap
    if fresh:
        yield np.concatenate(held, axis=1)


def analyse(source: SoundSource, rate: int, progress: Callable[[int], None]) -> Analysis:
    """Read the whole content once.

    Args:
        source: the content.
        rate: the working rate.
        progress: called with the samples that were read.

    Raises:
        InputError: there is no sample.
    """
    length = frame_length(rate)
    frames, tonal, power = Frames(), [], 0.0
    peak, count, due = 0.0, 0, 1
    for number, chunk in enumerate(chunks(source.blocks(rate), _CHUNK_SECONDS * rate, length), 1):
        overlap = length if number > 1 else 0
        count += chunk.shape[1] - overlap
        peak = max(peak, loudest(chunk, rate))
        whole = np.pad(chunk, [(0, 0), (0, max(0, length - chunk.shape[1]))])
        spectrum = bands.power_of([spectra_of(channel, length) for channel in whole])
        frames.add(bands.band_powers(spectrum, rate, length))
        power += weighted_power(chunk[:, overlap:], rate)
        if number == due and spectrum.any():
            # Chunks 1, 2, 3, ... of a short sound, fewer and fewer of a long one, so that it costs little more.
            tonal.append((tonality(np.sqrt(spectrum), rate, length), float(spectrum.sum())))
            due = number + 1 if number < _TONAL_CHUNKS else 2 * number
        progress(count)
    if not count:
        raise InputError(
            f"There is no sample in {source.name}; give a file with some sound.", key="no_sound_in", name=source.name
        )
    powers = frames.all()
    loud = bands.reference(powers)
    energy = sum(weight for _, weight in tonal)
    return Analysis(
        samples=count,
        loud=loud,
        colouring=colouring_of(bands.levels(powers, loud)),
        tonality=sum(value * weight for value, weight in tonal) / energy if energy else 0.0,
        peak=peak,
        loudness=power / count,
    )
