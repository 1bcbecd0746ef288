"""Beats: of a movement, where it slows down, and of a track of music."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impasto.motion.body import Body
from impasto.motion.quaternions import Array
from impasto.motion.series import smooth, velocity

TOLERANCE = 0.07  # seconds that a beat of the movement may be away from one of the track and still falls on it
_SPEED_SECONDS = 0.08  # standard deviation of the Gaussian over the speed of the limbs
_DEPTH = 0.1  # share of the usual speed by which a beat is slower than what is before and after it, at least
_SHALLOWEST = 0.03  # leg lengths a second by which a beat is slower than what is before and after it, at least
_NEAREST = 0.2  # seconds between two beats of a movement, at least
_ENDS = ("hand", "foot", "lower-arm", "shin", "toe")  # joints whose speed counts, of both sides, and the head

_HOP = 0.01  # seconds between two frames of a track, about
_WINDOW = 0.046  # seconds of a frame's window
_EARLY = 0.011  # seconds by which an onset shows before it is in the middle of its window
_BANDS = 40
_LOWEST, _HIGHEST = 40.0, 10000.0  # hertz
_TEMPI = (50.0, 220.0)  # beats a minute
_USUAL_TEMPO, _OCTAVES = 115.0, 0.9  # beats a minute that are likely, and standard deviation about them in octaves
_CLEAR = 0.2  # clarity of a pulse from which on it is one
_STEADY = 100.0  # how much a change of tempo weighs against a strong onset (Ellis 2007)


def movement_beats(body: Body) -> Array:
    """Times in seconds at which a body slows down: its kinematic beats."""
    speed = limb_speed(body)
    rate = body.clip.rate
    usual = float(speed.mean())
    inner = (speed[1:-1] <= speed[:-2]) & (speed[1:-1] < speed[2:])
    found: list[int] = []
    minima = np.flatnonzero(inner) + 1
    for index, frame in enumerate(minima):
        before = minima[index - 1] if index else 0
        after = minima[index + 1] if index + 1 < len(minima) else len(speed) - 1
        peak = min(speed[before : frame + 1].max(), speed[frame : after + 1].max())
        if peak - speed[frame] < max(_DEPTH * usual, _SHALLOWEST):
            continue
        if found and frame - found[-1] < _NEAREST * rate:
            if speed[frame] < speed[found[-1]]:
                found[-1] = int(frame)
            continue
        found.append(int(frame))
    return np.array(found, dtype=np.float64) / rate


def limb_speed(body: Body) -> Array:
    """F: how fast the limbs go in the mean, as seen from the hips, in leg lengths a second."""
    hips = body.positions[:, [body.joints["left-thigh"], body.joints["right-thigh"]]].mean(1)
    names = [f"{side}-{end}" for side in ("left", "right") for end in _ENDS] + ["head"]
    joints = [body.joints[name] for name in names if name in body.joints]
    rate = body.clip.rate
    along = body.positions[:, joints] - (hips * np.array([1.0, 0.0, 1.0]))[:, None]
    speeds = np.linalg.norm(velocity(along, rate), axis=2).mean(axis=1) / body.leg
    return smooth(speeds, _SPEED_SECONDS * rate)


def hit_rate(beats: Array, track: Array) -> float:
    """Share of a movement's beats that fall on a beat of the track; 0 where there are none.

    Args:
        beats: of the movement, in seconds.
        track: beats of the track, in seconds.
    """
    within = beats[(beats >= track[0] - TOLERANCE) & (beats <= track[-1] + TOLERANCE)] if len(track) else beats[:0]
    if not len(within):
        return 0.0
    return float(np.mean(np.abs(within[:, None] - track[None]).min(axis=1) <= TOLERANCE))


@dataclass(frozen=True)
class Pulse:
    """The beats of music.

    Attributes:
        beats: their times in seconds; empty where nothing has a pulse.
        clarity: how alike the onsets of one beat and of the next four are, up to 1; music with a steady beat has above
            0.3, speech, rain and music that takes its time below 0.17.
    """

    beats: Array
    clarity: float

    @property
    def is_clear(self) -> bool:
        """Whether the music has a steady beat."""
        return self.clarity > _CLEAR


def find_pulse(samples: Array, rate: int) -> Pulse:
    """The beats of music.

    Onsets are rises of energy in bands; the tempo is the strongest of their periods that is likely; the beats are the
    onsets on which a steady pulse of that tempo falls best, found by dynamic programming (Ellis 2007).

    Args:
        samples: N numbers from -1 to 1, mono.
        rate: samples a second.
    """
    hop = max(round(_HOP * rate), 1)
    if len(samples) < 2 * rate:
        return Pulse(np.zeros(0), 0.0)
    onsets = _onset_strength(samples - samples.mean(), rate, hop)
    if onsets.max() <= 0:
        return Pulse(np.zeros(0), 0.0)
    period, clarity = _period(onsets)
    score = onsets.copy()
    before = np.full(len(onsets), -1)
    steps = np.arange(max(int(period / 2), 1), int(2 * period) + 1)
    cost = _STEADY * np.log(steps / period) ** 2
    for frame in range(steps[0], len(onsets)):
        reach = steps[: np.searchsorted(steps, frame, "right")]
        candidates = score[frame - reach] - cost[: len(reach)]
        best = int(np.argmax(candidates))
        if candidates[best] > 0:
            score[frame] += candidates[best]
            before[frame] = frame - reach[best]
    last = len(score) - int(period)
    frame = max(last, 0) + int(np.argmax(score[max(last, 0) :]))
    found = []
    while frame >= 0:
        found.append(frame)
        frame = int(before[frame])
    beats = np.array(found[::-1])
    # Before the first and behind the last onset there is no music to beat to.
    heard = np.flatnonzero(onsets > 0.3 * np.percentile(onsets[beats], 75))
    beats = beats[(beats >= heard[0] - 3) & (beats <= heard[-1] + 3)]
    return Pulse(np.asarray(beats * (hop / rate) + _EARLY), clarity)


def _onset_strength(samples: Array, rate: int, hop: int) -> Array:
    """How much louder music becomes in its bands, every ``hop`` samples, in standard deviations."""
    window = int(_WINDOW * rate)
    padded = np.pad(samples, (window // 2, window))
    count = (len(samples) + hop - 1) // hop
    edges = np.geomspace(_LOWEST, min(_HIGHEST, 0.45 * rate), _BANDS + 1) * window / rate
    edges = np.unique(edges.round().astype(int))
    shape = np.hanning(window)
    energies = np.empty((count, len(edges) - 1))
    for first in range(0, count, 1000):  # in pieces, so that an hour of music needs little memory
        frames = np.arange(first, min(first + 1000, count))
        pieces = padded[frames[:, None] * hop + np.arange(window)] * shape
        power = np.abs(np.fft.rfft(pieces, axis=1)) ** 2
        sums = np.concatenate([np.zeros((len(frames), 1)), np.cumsum(power, axis=1)], axis=1)
        energies[frames] = sums[:, edges[1:]] - sums[:, edges[:-1]]
    floor = 1e-6 * max(float(energies.max()), 1e-12)
    rises = np.maximum(np.diff(np.log(energies + floor), axis=0, prepend=np.log(energies[:1] + floor)), 0).mean(axis=1)
    rises = smooth(rises, 2.0)
    rises = np.maximum(rises - smooth(rises, 0.6 / _HOP), 0.0)
    spread = float(rises.std())
    return rises / spread if spread > 1e-6 else np.zeros(count)


def _period(onsets: Array) -> tuple[float, float]:
    """Frames from beat to beat, and how clear the pulse is; see :class:`Pulse`."""
    size = 1 << int(np.ceil(np.log2(2 * len(onsets))))
    spectrum = np.fft.rfft(onsets - onsets.mean(), size)
    alike = np.fft.irfft(np.abs(spectrum) ** 2, size)[: len(onsets)]
    slow, fast = 60 / _TEMPI[0] / _HOP, 60 / _TEMPI[1] / _HOP
    lags = np.arange(int(fast), min(int(slow), (len(onsets) - 1) // 2) + 1)
    octaves = np.log2(lags * _HOP * _USUAL_TEMPO / 60)
    doubled = 0.5 * alike[2 * lags]
    likely = np.exp(-0.5 * (octaves / _OCTAVES) ** 2)
    score = (alike[lags] + doubled) * likely
    period = int(lags[np.argmax(score)])
    times = [lag for lag in range(period, 5 * period, period) if lag < len(onsets) // 2]
    clarity = [alike[lag] / alike[0] * len(onsets) / (len(onsets) - lag) for lag in times]
    return float(period), float(np.mean(clarity))
