import numpy as np
import pytest

torch = pytest.importorskip("torch")

from impasto.optimisation import planning  # noqa: E402
from impasto.optimisation.optimiser import Optimiser  # noqa: E402
from impasto.optimisation.recipe import Recipe  # noqa: E402
from optimisation.samples import CONTENT, optimiser, rough  # noqa: E402


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_loss_falls_and_progress_sees_it(optimizer):
    seen = []
    recipe = Recipe(iterations=12, scales=2, optimizer=optimizer)
    result = optimiser(recipe).paint(CONTENT, progress=seen.append)
    assert result.rgb.shape == CONTENT.shape
    assert 0 <= result.rgb.min() <= result.rgb.max() <= 1
    assert [progress.iteration for progress in seen] == list(range(1, 25))
    assert seen[-1].iterations == 24
    assert seen[-1].share == 1
    assert seen[0].size == (32, 24)
    assert seen[-1].size == (64, 48)
    assert seen[-1].loss < 0.97 * seen[12].loss
    assert seen[-1].loss == pytest.approx(sum(v for name, v in seen[-1].parts.items() if "/" not in name), rel=0.2)
    assert seen[0].picture().shape == (48, 64, 3)
    assert not np.array_equal(result.rgb, CONTENT)


def test_a_given_start_and_an_extra_loss():
    """What video needs: the previous frame, and a pull towards it."""
    start = rough(48, 64)
    held = Recipe(iterations=12, scales=1)
    far = optimiser(held).paint(CONTENT, init=start).rgb
    target = torch.from_numpy(start.transpose(2, 0, 1)[None])
    near = optimiser(held).paint(CONTENT, init=start, extra=lambda x: 1000 * ((x - target) ** 2).mean()).rgb
    assert np.abs(near - start).mean() < 0.8 * np.abs(far - start).mean()


def test_deep_dreaming_without_a_style():
    recipe = Recipe(iterations=6, scales=1, dream={"relu3_1": 1.0}, content_weight=0.0)
    result = Optimiser([], recipe).paint(CONTENT)
    assert result.losses[-1] < result.losses[0] < 0


@pytest.mark.parametrize("layer", ["relu3_1", "relu5_1"])
def test_a_dream_of_weight_1_is_seen_and_does_not_run_wild(photo, layer):
    before = np.asarray(photo, np.float32) / 255
    dreamt = Optimiser([], Recipe(iterations=20, scales=1, dream={layer: 1.0})).paint(before).rgb
    assert 0.02 < np.abs(dreamt - before).mean() < 0.2
    assert np.mean((dreamt < 0.01) | (dreamt > 0.99)) < 0.2


def test_two_workers_paint_what_one_paints(monkeypatch):
    monkeypatch.setattr(planning, "has_bfloat16", lambda device: False)  # or rounding alone would move pixels by 1e-3
    content = CONTENT.repeat(2, 0).repeat(2, 1)
    one, two = (optimiser(Recipe(iterations=4, device=device)).paint(content) for device in ("cpu", "cpu,cpu"))
    assert np.abs(two.rgb - one.rgb).max() < 1e-4
    assert two.losses == pytest.approx(one.losses, rel=1e-4)


def test_each_device_has_one_copy_of_the_network():
    three = optimiser(Recipe(device="cpu,cpu,cpu"))
    assert [copy is three.network for copy in three.planner.copies] == [True, True]
    assert three.planner.devices == 1
    assert three.planner.tiled(0).networks == (three.network,) * 3
