"""The most varied seconds of a recording: what a mosaic is made of has to fit into memory, and into a style file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from impasto.sound import bands
from impasto.sound.recording import SoundSource
from impasto.sound.spectrogram import Samples, frame_length, padded, spectra_of

MOST_SECONDS = 30
"""Seconds of a recording that are used at most."""
_PIECE_SECONDS = 3  # seconds of a piece: long enough for runs of frames, short enough that many fit
_SOFTEST = 1e-4  # share of the loudest piece's power below which a piece is silence


def pieces(source: SoundSource, rate: int) -> Iterator[Samples]:
    """A sound as pieces of C x N samples that are :data:`_PIECE_SECONDS` long but the last."""
    size = _PIECE_SECONDS * rate
    held: list[Samples] = []
    count = 0
    for block in source.blocks(rate):
        held.append(block)
        count += block.shape[1]
        while count >= size:
            joined = np.concatenate(held, axis=1)
            yield joined[:, :size]
            held, count = [joined[:, size:]], count - size
    if count:
        yield np.concatenate(held, axis=1)


def most_varied(source: SoundSource, rate: int, seconds: float = MOST_SECONDS) -> list[Samples]:
    """The stretches of a sound that differ most from one another, in their order; neighbours are joined.

    The first is the one that is most like the whole; each further one is that which is least like those before.

    Args:
        source: the sound; it is read twice where it is longer than ``seconds``.
        rate: samples a second of the result.
        seconds: how long the stretches are together, at most.
    """
    wanted = max(1, int(seconds / _PIECE_SECONDS))
    described, held = [], []
    for piece in pieces(source, rate):
        described.append(_description(piece, rate))
        if len(described) <= wanted:
            held.append(piece)
    if len(described) <= wanted or not described:
        return [np.concatenate(held, axis=1)] if held else []
    del held
    chosen = _spread(np.stack(described), wanted)
    stretches: list[list[Samples]] = []
    before = -2
    for index, piece in enumerate(pieces(source, rate)):
        if index in chosen:
            if index == before + 1:
                stretches[-1].append(piece)
            else:
                stretches.append([piece])
            before = index
    return [np.concatenate(parts, axis=1) for parts in stretches]


def _description(piece: Samples, rate: int) -> NDArray[np.float32]:
    """What a piece is like: its power, then mean and deviation of the levels of its bands."""
    length = frame_length(rate)
    spectra = [spectra_of(padded(channel, length), length) for channel in piece]
    powers = bands.band_powers(bands.power_of(spectra), rate, length)
    levels = bands.levels(powers, bands.reference(powers))
    return np.concatenate([[powers.mean()], levels.mean(axis=0), levels.std(axis=0)]).astype(np.float32)


def _spread(described: NDArray[np.float32], count: int) -> set[int]:
    """Indices of ``count`` descriptions that are far from one another; silent ones come last."""
    power, features = described[:, 0], described[:, 1:]
    silent = power < _SOFTEST * power.max()
    nearest = np.linalg.norm(features - features[~silent].mean(axis=0), axis=1)
    first = int(np.argmin(np.where(silent, np.inf, nearest)))
    chosen = [first]
    distance = np.linalg.norm(features - features[first], axis=1)
    while len(chosen) < count:
        distance[chosen] = -np.inf
        following = int(np.argmax(np.where(silent & np.isfinite(distance), -1.0, distance)))
        chosen.append(following)
        distance = np.minimum(distance, np.linalg.norm(features - features[following], axis=1))
    return set(chosen)
