import numpy as np
import pytest

from impasto.sound import bands, statistics
from impasto.sound.statistics import Colouring, Frames, Transport, active_frames, at_rate, blend, colouring_of


def levels(seed, count=2000):
    random = np.random.default_rng(seed)
    mixed = random.standard_normal((count, 8)) @ random.standard_normal((8, 8)) + 3 * random.standard_normal(8)
    return mixed.astype(np.float32)


def test_transport_gives_the_mean_and_the_covariance_of_the_style():
    content, style = (colouring_of(levels(seed)) for seed in (1, 2))
    mine = levels(1)
    moved = mine + Transport(content, style).change(mine)
    shape = moved - moved.mean(axis=1, keepdims=True)
    assert np.allclose(shape.mean(axis=0), style.mean, atol=0.3)
    assert np.allclose(np.cov(shape.T), style.covariance, atol=0.15 * np.abs(style.covariance).max())


def test_a_sound_is_not_changed_towards_itself():
    mine = levels(1)
    assert np.abs(Transport(colouring_of(mine), colouring_of(mine)).change(mine)).max() < 1e-2


def test_silence_is_not_active():
    assert active_frames(np.array([[0.0], [-1], [-20], [-2]])).tolist() == [True, True, False, True]


def test_a_lower_rate_has_the_lower_bands_alone():
    whole = colouring_of(np.random.default_rng(0).standard_normal((500, bands.COUNT)).astype(np.float32))
    part = at_rate(whole, 8000)
    assert len(part.mean) == bands.count_at(8000) < bands.COUNT
    assert part.mean.mean() == pytest.approx(0, abs=1e-6)
    assert at_rate(whole, 48000) is whole


def test_a_blend_is_the_mean_by_shares():
    one, other = (Colouring(*(np.full(shape, value, np.float32) for shape in (2, (2, 2), 2))) for value in (0, 4))
    assert blend([(one, 0.75), (other, 0.25)]).mean.tolist() == [1, 1]


def test_frames_of_a_long_sound_are_thinned_evenly(monkeypatch):
    monkeypatch.setattr(statistics, "MOST_FRAMES", 100)
    frames = Frames()
    for first in range(0, 1000, 7):
        frames.add(np.arange(first, min(1000, first + 7), dtype=np.float32)[:, None])
    kept = frames.all()[:, 0]
    assert 50 <= len(kept) <= 100
    assert set(np.diff(kept)) == {16}
