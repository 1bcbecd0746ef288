import numpy as np
import pytest

from impasto.motion.retime import FASTEST, SLOWEST, match_beats, retime, warp
from impasto.motion.walker import Walk, make_walk


@pytest.mark.parametrize("tempo", [88, 100, 115])
def test_steps_fall_on_the_beats(tempo):
    """The walker steps 96 times a minute."""
    clip = make_walk(Walk(cadence=0.8), 12.0)
    result = retime(clip, np.arange(0.3, 20, 60 / tempo))
    assert result.hits_before < 0.6
    assert result.hits_after > 0.9
    assert result.clip.joints == clip.joints
    assert result.clip.frame_time == clip.frame_time
    speed = 96 / tempo
    assert result.clip.seconds == pytest.approx(12.0 * speed, rel=0.05)


@pytest.mark.parametrize("tempo", [60, 75, 130, 160, 220])
def test_the_speed_stays_within_a_quarter_and_changes_smoothly(tempo):
    result = retime(make_walk(Walk(cadence=0.8), 8.0), np.arange(0.3, 20, 60 / tempo))
    assert result.speeds.min() >= SLOWEST - 1e-9
    assert result.speeds.max() <= FASTEST + 1e-9
    assert np.abs(np.diff(result.speeds)).max() < 0.1
    assert result.hits_after >= result.hits_before


def test_what_is_on_the_beat_stays():
    beats = np.arange(0.5, 10, 0.5)
    times, speeds = warp(match_beats(beats, beats), 10.0, 0.1)
    assert times == pytest.approx(np.arange(len(times)) * 0.1, abs=0.01)
    assert speeds == pytest.approx(1, abs=0.02)


def test_beats_that_cannot_meet_are_left_out():
    assert match_beats(np.array([1.0]), np.array([5.0])) == []
    assert match_beats(np.array([]), np.array([1.0])) == []
    pairs = match_beats(np.array([1.0, 1.1, 2.0]), np.array([1.0, 2.0]))
    assert pairs == [(1.0, 1.0), (2.0, 2.0)]


def test_without_beats_nothing_changes():
    still = make_walk(Walk(stride=0.0, arm_swing=0.0, knee_lift=0.0), 2.0)
    result = retime(still, np.arange(0.3, 5, 0.5))
    assert result.clip is still
