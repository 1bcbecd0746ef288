"""Bands of pitch as ears have them (mel): what is in each, and curves over bands spread to bins.

The bands do not depend on the rate, so that what is known of them holds for sounds of other rates: a sound has those
whose centres lie below half of its rate.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from impasto.sound.spectrogram import Spectra

COUNT = 64
"""Bands from 0 Hz to :data:`HIGHEST`."""
HIGHEST = 24000.0
"""Hz: what is above is heard by nobody."""
# Share of the loudest frames' mean power a band that is added before the logarithm: what is softer is silence.
_FLOOR = 1e-5
Bands = NDArray[np.float32]
"""T frames x B bands."""


@cache
def edges(count: int) -> NDArray[np.float64]:
    """The edges of bands in Hz: band i reaches from edge i over i + 1, its centre, to i + 2."""
    mel = np.linspace(0, 2595 * np.log10(1 + HIGHEST / 700), count + 2)
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


@cache
def count_at(rate: int, count: int = COUNT) -> int:
    """How many of the bands a sound of a rate has."""
    return max(2, int((edges(count)[1:-1] < rate / 2).sum()))


@cache
def weights(rate: int, length: int, count: int = COUNT) -> NDArray[np.float32]:
    """Triangles over bins, each of sum 1: B x (length / 2 + 1).

    A band that is narrower than a bin takes the bins next to its centre.

    Args:
        rate: samples a second.
        length: samples of a frame.
        count: bands up to :data:`HIGHEST`, of which a sound has those below half its rate.
    """
    low, middle, high = (edges(count)[shift : shift + count_at(rate, count), None] for shift in range(3))
    step = rate / length
    bins = np.arange(length // 2 + 1) * step
    low, high = np.minimum(low, middle - step), np.maximum(high, middle + step)
    triangles = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)).clip(0)
    return np.asarray(triangles / triangles.sum(axis=1, keepdims=True), np.float32)


def band_powers(power: NDArray[np.float32], rate: int, length: int, count: int = COUNT) -> Bands:
    """The mean power a bin in each band, T x B.

    Args:
        power: of T frames, T x (length / 2 + 1).
        rate, length, count: as for :func:`weights`.
    """
    return np.asarray(power @ weights(rate, length, count).T, np.float32)


def reference(powers: Bands) -> float:
    """The level of a sound's loud frames, to which its levels are related."""
    return float(np.percentile(powers.mean(axis=1), 95)) + 1e-20


def levels(powers: Bands, loud: float) -> Bands:
    """Natural logarithms of powers in bands, related to the level of the loud frames."""
    return np.asarray(np.log(powers / np.float32(loud) + np.float32(_FLOOR)), np.float32)


def power_of(channels: list[Spectra]) -> NDArray[np.float32]:
    """The mean power of channels, T x bins; channels of opposite sign do not cancel as they would in their mean."""
    power = np.square(np.abs(channels[0]))
    for other in channels[1:]:
        power += np.square(np.abs(other))
    return np.asarray(power / np.float32(len(channels)))


@cache
def _spread(rate: int, length: int, count: int) -> NDArray[np.float32]:
    """The matrix that interpolates values at the centres of bands to bins: B x (length / 2 + 1)."""
    used = count_at(rate, count)
    bins = np.arange(length // 2 + 1) * (rate / length)
    at = np.interp(bins, edges(count)[1 : used + 1], np.arange(used))
    return np.asarray(np.maximum(0, 1 - np.abs(at[None] - np.arange(used)[:, None])), np.float32)


def to_bins(curve: Bands, rate: int, length: int, count: int = COUNT) -> NDArray[np.float32]:
    """A curve over bands as one over bins, T x (length / 2 + 1).

    Args:
        curve: of T frames, T x B.
        rate, length, count: as for :func:`weights`.
    """
    return np.asarray(curve @ _spread(rate, length, count), np.float32)
