"""The phase of a gait: where in its step a walking body is, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from impasto.arithmetic import smooth_step
from impasto.motion import quaternions
from impasto.motion.body import Body
from impasto.motion.quaternions import Array
from impasto.motion.series import smooth

HARMONICS = 6
"""Harmonics of the step that a style keeps."""
_SLOWEST, _FASTEST = 0.3, 2.5  # steps of one foot a second
_BAND = (0.5, 1.6)  # multiples of the step's frequency between which a swing counts as the step's own
_EDGE = 0.15  # share of the frequency over which the band fades
_FEWEST_STEPS = 1.25  # steps of one foot that tell a phase, at least
# Weight against the first harmonic of a mean step, in shares of the step's frames; it grows as the harmonic squared.
_RIDGE = 0.08
_STANDING = (0.15, 0.45)  # shares of the usual swing: up to the first a body stands, from the second on it walks
_FEWEST_WAY = 0.12  # leg lengths of swing (standard deviation) of what steps at all


@dataclass(frozen=True, eq=False)
class Gait:
    """The phase of a gait.

    Attributes:
        phase: F angles; at 0 the left foot is farthest ahead of the right one.
        walking: F shares: 1 where it walks, 0 where it stands.
        frequency: steps of the left foot a second.
        coherence: share of the feet's movement that the phase explains, 0 to 1.
    """

    phase: Array = field(repr=False)
    walking: Array = field(repr=False)
    frequency: float
    coherence: float


def find_gait(body: Body) -> Gait | None:
    """The gait of a body; ``None``: it does not step, or not often enough."""
    if not body.has_feet or body.clip.frames < 8:
        return None
    ahead = quaternions.rotate(quaternions.about_axis(1, body.heading), np.array([0.0, 0.0, 1.0]))
    apart = body.positions[:, body.joints["left-foot"]] - body.positions[:, body.joints["right-foot"]]
    signal = np.sum(apart * ahead, axis=1) / body.leg
    return gait_of_signal(signal - signal.mean(), body.clip.rate)


def gait_of_signal(signal: Array, rate: float) -> Gait | None:
    """The phase of how far the left foot is ahead of the right one.

    Args:
        signal: F numbers in leg lengths, mean 0.
        rate: frames a second.
    """
    if signal.std() < _FEWEST_WAY:
        return None
    size = 1 << int(np.ceil(np.log2(8 * len(signal))))
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal) + 2)[1:-1], size))
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    within = (frequencies >= _SLOWEST) & (frequencies <= _FASTEST)
    if not within.any():
        return None
    frequency = float(frequencies[within][np.argmax(spectrum[within])])
    if frequency * len(signal) / rate < _FEWEST_STEPS:
        return None
    # Its first and last steps are repeated beyond the ends, so that the phase goes on as it was.
    period = round(rate / frequency)
    period = min(period, len(signal))
    repeats = 4
    padded = np.concatenate([np.tile(signal[:period], repeats), signal, np.tile(signal[-period:], repeats)])
    spectrum = np.fft.fft(padded)
    relative: Array = np.fft.fftfreq(len(padded), 1 / rate).astype(np.float64) / frequency
    low, high = _BAND
    band = smooth_step(relative, low - _EDGE, low + _EDGE) * (1 - smooth_step(relative, high - _EDGE, high + _EDGE))
    analytic = np.fft.ifft(2 * spectrum * np.where(relative > 0, band, 0.0))
    analytic = analytic[repeats * period : repeats * period + len(signal)]
    swing = smooth(np.abs(analytic), 0.25 * rate)
    walking = smooth_step(swing / float(np.percentile(swing, 75)), *_STANDING)
    coherence = 1 - float(np.sum(walking * (signal - analytic.real) ** 2) / np.sum(walking * signal**2))
    return Gait(np.unwrap(np.angle(analytic)), walking, frequency, coherence)


def harmonics_at(phase: Array) -> Array:
    """F x (1 + 2 HARMONICS): the constant, then cosine and sine of each harmonic."""
    orders = np.arange(1, HARMONICS + 1)
    angles = phase[:, None] * orders
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(len(phase), -1)
    return np.concatenate([np.ones((len(phase), 1)), waves], axis=1)


def fit_harmonics(values: Array, gait: Gait) -> Array:
    """What a step looks like on average, (1 + 2 HARMONICS) x D, of values F x D."""
    basis = harmonics_at(gait.phase)
    weighted = basis * gait.walking[:, None]
    orders = np.concatenate([[0], np.repeat(np.arange(1, HARMONICS + 1), 2)])
    steps = max(float(gait.phase[-1] - gait.phase[0]) / (2 * np.pi), 1.0)  # few steps tell less of quick movements
    ridge = _RIDGE / steps * max(gait.walking.sum(), 1.0) * orders**2 + 1e-9
    return np.asarray(np.linalg.solve(weighted.T @ basis + np.diag(ridge), weighted.T @ values))
