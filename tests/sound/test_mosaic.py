import numpy as np

from impasto.sound import mosaic
from impasto.sound.mosaic import activate, press


def frames(count=40, bins=30):
    random = np.random.default_rng(3)
    made = random.random((count, bins), np.float32) ** 6
    return made / made.sum(axis=1, keepdims=True)


def test_a_content_made_of_the_frames_in_their_order_is_found_again():
    mine = frames()
    target = np.concatenate([mine[5:20], mine[25:35]])
    used, activations = activate(target, mine, 0)
    rebuilt = activations.T @ mine[used]
    assert np.abs(rebuilt - target).sum() / target.sum() < 0.3
    found = used[activations.argmax(axis=0)]
    assert np.mean(found == [*range(5, 20), *range(25, 35)]) > 0.8


def test_silence_activates_nothing_and_a_seed_gives_the_same():
    target = np.zeros((4, 30), np.float32)
    assert not activate(target, frames(), 0)[1].any()
    one, other, third = (activate(frames()[:9], frames(), seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


def test_pressing_lowers_repetition_and_crowds_and_lengthens_runs():
    activations = np.zeros((30, 20), np.float32)
    activations[10, 5:9] = [1, 2, 1, 1]
    press(activations, np.ones((30, 1), np.float32), np.float32(0.1))
    assert activations[10].argmax() == 6
    assert activations[11, 7] > activations[11, 6]  # the frame after the loudest comes after it


def test_frames_that_are_hardly_used_are_left_out(monkeypatch):
    monkeypatch.setattr(mosaic, "_KEPT_AT_LEAST", 20)
    mine = frames(120)
    used, activations = activate(mine[40:50], mine, 0)
    assert len(used) == len(activations) == 30
    assert set(range(40, 50)) <= set(used.tolist())
