"""Dance to music: a movement is played a little faster or slower, so that its beats fall on those of a track."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from impasto.motion.beats import hit_rate, movement_beats
from impasto.motion.body import see_body
from impasto.motion.clip import Clip
from impasto.motion.quaternions import Array

FASTEST, SLOWEST = 1.25, 0.75
"""How many times as fast a movement is played, at most and at least."""
_INNER = 0.9  # share of the way to both limits that two beats may ask for, so that the speed can change smoothly
_BACK_BEATS, _BACK_TRACK = 6, 10  # how many beats of movement and track may be left out between two that meet
_CHANGE = 1.5  # how much a change of speed weighs, as squared logarithm, against a beat that is met
_PACE = 1.0  # how much a speed other than the movement's own weighs, as squared logarithm, against a beat that is met
_KNOT_SECONDS = 0.1  # seconds between the places of the track at which the speed is told
_MOST_KNOTS = 1500
_SMOOTH = 0.02  # how much a change of speed from knot to knot weighs against a second of being late
_ROUNDS = 150  # iterations of the solver


@dataclass(frozen=True, eq=False)
class Retimed:
    """A movement on a track's beats.

    Attributes:
        clip: the result, with as many frames a second.
        beats: times of the result's kinematic beats, in seconds.
        hits_before: share of the movement's beats that fell on the track's before.
        hits_after: and of the result's.
        speeds: how many times as fast each frame of the result is played.
    """

    clip: Clip
    beats: Array = field(repr=False)
    hits_before: float
    hits_after: float
    speeds: Array = field(repr=False)


def retime(clip: Clip, track: Array, mapping: dict[str, str] | None = None) -> Retimed:
    """Play a movement so that its beats fall on those of a track.

    Args:
        clip: the movement, which begins with the track.
        track: beats of the track, in seconds.
        mapping: part of the body to joint, where names do not tell.
    """
    beats = movement_beats(see_body(clip, mapping))
    pairs = match_beats(beats, track)
    times, speeds = warp(pairs, clip.seconds, clip.frame_time)
    moved = clip.resampled(times, clip.frame_time) if len(pairs) else clip
    after = movement_beats(see_body(moved, mapping))
    if hit_rate(after, track) < hit_rate(beats, track):  # it was on the beat already
        moved, after, speeds = clip, beats, np.ones(clip.frames)
    return Retimed(moved, after, hit_rate(beats, track), hit_rate(after, track), speeds)


def match_beats(beats: Array, track: Array) -> list[tuple[float, float]]:
    """Which beat of a movement comes to which of a track: as many as can be, at speeds within the limits.

    Args:
        beats: of the movement, in seconds, rising.
        track: of the track, in seconds, rising.

    Returns:
        Pairs of times, rising in both.
    """
    low, high = 1 - _INNER * (1 - SLOWEST), 1 + _INNER * (FASTEST - 1)
    score = np.full((len(beats), len(track)), -np.inf)
    pace = np.ones_like(score)
    came = np.full((*score.shape, 2), -1)
    for i, beat in enumerate(beats):
        # From the beginning: both start together.
        with np.errstate(divide="ignore"):
            speed = beat / track
        open_ = (speed >= low) & (speed <= high)
        score[i, open_] = 1 - _PACE * np.log(speed[open_]) ** 2
        pace[i, open_] = speed[open_]
        reachable = np.flatnonzero((track >= beat / FASTEST - 1e-9) & (track <= beat / SLOWEST + 1e-9))
        first = max(i - _BACK_BEATS, 0)
        for j in reachable:
            back = max(j - _BACK_TRACK, 0)
            earlier = score[first:i, back:j]
            if not earlier.size or not np.isfinite(earlier).any():
                continue
            speed = (beat - beats[first:i, None]) / (track[j] - track[None, back:j])
            fits = (speed >= low) & (speed <= high)
            with np.errstate(divide="ignore", invalid="ignore"):
                change = np.log(speed / pace[first:i, back:j]) ** 2
                value = earlier + 1 - _CHANGE * change - _PACE * np.log(speed) ** 2
            value = np.where(fits, value, -np.inf)
            row, column = divmod(int(np.argmax(value)), value.shape[1])
            if value[row, column] > score[i, j]:
                score[i, j], pace[i, j] = value[row, column], speed[row, column]
                came[i, j] = first + row, back + column
    if not np.isfinite(score).any():
        return []
    place = tuple(int(n) for n in np.unravel_index(int(np.argmax(score)), score.shape))
    pairs = []
    while place[0] >= 0:
        pairs.append((float(beats[place[0]]), float(track[place[1]])))
        place = tuple(int(n) for n in came[place])
    return pairs[::-1]


def warp(pairs: list[tuple[float, float]], seconds: float, frame_time: float) -> tuple[Array, Array]:
    """Which time of the movement each frame of the result shows, and how fast it is played there.

    The speed changes smoothly along the track, meets the pairs as well as it can, and never leaves the limits.

    Args:
        pairs: times of movement and track that are to meet.
        seconds: length of the movement.
        frame_time: seconds from frame to frame.

    Returns:
        Two arrays with as many numbers as the result has frames.
    """
    longest = seconds / SLOWEST
    step = max(_KNOT_SECONDS, longest / _MOST_KNOTS)
    knots = np.arange(0, longest + step, step)
    count = len(knots)
    system = np.zeros((len(pairs), count))
    for row, (_, at) in enumerate(pairs):  # the integral of the speed up to a time
        place = min(at / step, count - 1.001)
        whole = int(place)
        system[row, :whole] += 0.5
        system[row, 1 : whole + 1] += 0.5
        share = place - whole
        system[row, whole] += share - share**2 / 2
        system[row, whole + 1] += share**2 / 2
    system *= step
    wanted = np.array([beat for beat, _ in pairs])
    bend = np.diff(np.eye(count), axis=0)
    normal = system.T @ system + _SMOOTH * bend.T @ bend + 1e-4 * np.eye(count)
    right = system.T @ wanted + 1e-4
    # Alternating directions (ADMM): a least squares problem, then the limits, until both agree.
    weight = 0.05
    solve = np.linalg.inv(normal + weight * np.eye(count))
    inside, dual = np.ones(count), np.zeros(count)
    for _ in range(_ROUNDS):
        free = solve @ (right + weight * (inside - dual))
        inside = np.clip(free + dual, SLOWEST, FASTEST)
        dual += free - inside
    reached = np.concatenate([[0.0], np.cumsum((inside[1:] + inside[:-1]) / 2 * step)])
    end = float(np.interp(seconds - frame_time, reached, knots))
    times = np.arange(int(end / frame_time + 1e-6) + 1) * frame_time
    # Within a step the speed changes evenly, so that the time is a parabola.
    place = np.minimum((times / step).astype(int), count - 2)
    share = times / step - place
    slope = inside[place + 1] - inside[place]
    return reached[place] + step * (inside[place] * share + slope * share**2 / 2), inside[place] + slope * share
