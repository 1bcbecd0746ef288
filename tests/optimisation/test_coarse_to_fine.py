import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch")

from impasto.errors import InputError
from impasto.optimisation import coarse_to_fine
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.state import OptimisationState
from impasto.optimisation.style_pictures import StylePicture
from optimisation.samples import CONTENT, QUICK, optimiser, rough


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("stop", [3, 6])
def test_interrupted_and_resumed_is_the_same_as_not_interrupted(tmp_path, optimizer, stop):
    recipe = Recipe(iterations=5, scales=2, optimizer=optimizer)
    whole = optimiser(recipe).paint(CONTENT)

    def interrupt(progress):
        if progress.iteration == stop:
            raise KeyboardInterrupt

    first = optimiser(recipe).paint(CONTENT, progress=interrupt)
    assert first.interrupted
    assert first.rgb.shape == CONTENT.shape
    first.state.save(tmp_path / "state")
    second = optimiser(recipe).paint(CONTENT, resume=OptimisationState.load(tmp_path / "state"))
    assert len(second.losses) == 10 - stop
    assert np.abs(second.rgb - whole.rgb).max() < 5e-3  # a shown picture is clipped, rounding grows


def test_a_run_interrupted_between_two_scales_goes_on(monkeypatch):
    recipe = Recipe(iterations=3, scales=2)
    whole = optimiser(recipe).paint(CONTENT)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(coarse_to_fine, "resize_tensor", interrupt)
        first = optimiser(recipe).paint(CONTENT)
    assert first.interrupted
    assert first.rgb.shape == CONTENT.shape
    assert (first.state.scale, first.state.done) == (0, 3)
    second = optimiser(recipe).paint(CONTENT, resume=first.state)
    assert second.losses == pytest.approx(whole.losses[3:], rel=1e-3)


def test_a_finished_run_gets_more_iterations_at_full_size():
    first = optimiser().paint(CONTENT)
    sizes = []
    second = optimiser().paint(CONTENT, resume=first.state, progress=lambda progress: sizes.append(progress.size))
    assert sizes == [(64, 48)] * 4
    assert second.losses[-1] < first.losses[-1]


def interrupted(recipe, stop, **how):
    def interrupt(progress):
        if progress.iteration == stop:
            raise KeyboardInterrupt

    return optimiser(recipe).paint(CONTENT, progress=interrupt, **how)


def test_iterations_are_counted_on_over_resumed_runs():
    seen = []
    state = optimiser().paint(CONTENT, resume=interrupted(QUICK, 5).state, progress=seen.append).state
    assert [progress.iteration for progress in seen] == [6, 7, 8]
    assert seen[-1].iterations == state.count == 8
    assert optimiser().paint(CONTENT, resume=state).state.count == 12


def test_another_objective_gets_a_fresh_optimiser_on_the_picture_so_far(tmp_path):
    """A remembered loss of other weights would let no step pass."""
    optimiser(Recipe(iterations=12, scales=1)).paint(CONTENT).state.save(tmp_path / "state")
    for other in (
        optimiser(Recipe(iterations=12, scales=1, content_weight=0.3)),
        optimiser(Recipe(iterations=12, scales=1, style_loss="gram", style_layers={"relu1_1": 1, "relu2_1": 1})),
        optimiser(Recipe(iterations=24, scales=1), StylePicture(rough())),
    ):
        state = OptimisationState.load(tmp_path / "state")
        state.tensors["picture"].clamp_(0, 1)  # as a picture to start from is
        anew = other.paint(CONTENT, init=state.tensors["picture"][0].permute(1, 2, 0).numpy())
        resumed = other.paint(CONTENT, resume=state)
        assert resumed.losses == pytest.approx(anew.losses, rel=1e-4)
        assert resumed.losses[-1] < 0.97 * resumed.losses[0]


def test_a_state_of_before_objectives_were_kept_counts_as_another(tmp_path):
    one = optimiser(Recipe(iterations=12, scales=1))
    one.paint(CONTENT).state.save(tmp_path / "state")
    known, old = (
        OptimisationState.load(tmp_path / "state"),
        dataclasses.replace(OptimisationState.load(tmp_path / "state"), objective=""),
    )
    assert not np.array_equal(one.paint(CONTENT, resume=known).rgb, one.paint(CONTENT, resume=old).rgb)


def test_resuming_something_else_says_so(tmp_path):
    state = optimiser().paint(CONTENT).state
    with pytest.raises(InputError, match=r"64 x 48 pixels and this one has 64 x 40"):
        optimiser().paint(CONTENT[:40], resume=state)
    with pytest.raises(InputError, match="painted another photograph; give that one"):
        optimiser().paint(CONTENT[::-1], resume=state)
    (tmp_path / "bad").write_bytes(b"nothing")
    with pytest.raises(InputError, match="no state to resume from"):
        OptimisationState.load(tmp_path / "bad")


def test_the_scales_before_the_last_have_a_style_loss_of_their_own():
    def painted(scales, coarse):
        seen = []
        recipe = Recipe(iterations=3, scales=scales, style_loss="gram", coarse_style_loss=coarse)
        optimiser(recipe).paint(CONTENT, progress=lambda progress: seen.append(progress.parts["style"]))
        return seen

    assert painted(1, "wasserstein") == painted(1, "gram")
    assert painted(2, "wasserstein")[:3] != painted(2, "gram")[:3]


def test_change_does_not_compare_one_scale_with_another():
    assert np.isnan(optimiser(Recipe(iterations=8, scales=2)).paint(CONTENT).change)
    assert 0 < optimiser(Recipe(iterations=11, scales=1)).paint(CONTENT).change < 1


def test_the_tolerance_ends_a_scale_early():
    recipe = Recipe(iterations=60, scales=1, stop_tolerance=0.5)
    assert 10 < len(optimiser(recipe).paint(CONTENT).losses) < 60


@pytest.mark.parametrize("init", ["content", "noise", "gray"])
def test_starts_and_seeds(init):
    recipe = Recipe(iterations=1, scales=1, init=init, learning_rate=1e-6, seed=3)
    first, second = (optimiser(recipe).paint(CONTENT).rgb for _ in range(2))
    assert np.array_equal(first, second)
    if init == "content":
        assert np.abs(first - CONTENT).max() < 1e-3
    if init == "gray":
        assert np.abs(first - 0.5).max() < 1e-3
    if init == "noise":
        other = optimiser(Recipe(iterations=1, scales=1, init=init, learning_rate=1e-6, seed=4)).paint(CONTENT).rgb
        assert np.abs(first - other).max() > 0.02
