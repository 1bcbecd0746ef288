import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from impasto.errors import InputError  # noqa: E402
from impasto.memory import parse_size  # noqa: E402
from impasto.optimisation import coarse_to_fine, planning  # noqa: E402
from impasto.optimisation.optimiser import Optimiser  # noqa: E402
from impasto.optimisation.planning import Planner  # noqa: E402
from impasto.optimisation.recipe import Recipe  # noqa: E402
from impasto.optimisation.scales import scale_sizes  # noqa: E402
from impasto.optimisation.state import OptimisationState  # noqa: E402
from impasto.optimisation.style_pictures import StylePicture  # noqa: E402


def rough(height=40, width=56, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def stripes(height=64, width=64):
    y, x = np.mgrid[:height, :width]
    wave = np.sin((x + y) / 2.0)[..., None] * np.float32([0.5, -0.3, 0.2]) + 0.5
    return wave.astype(np.float32)


CONTENT = np.linspace(0.2, 0.8, 64 * 48 * 3, dtype=np.float32).reshape(48, 64, 3)
QUICK = Recipe(iterations=4, scales=2)


def optimiser(recipe=QUICK, *styles):
    return Optimiser(styles or [StylePicture(stripes())], recipe)


def test_scales_halve_down_from_the_full_size():
    assert scale_sizes(682, 1024, 3) == [(170, 256), (341, 512), (682, 1024)]
    assert scale_sizes(682, 1024, 1) == [(682, 1024)]
    assert scale_sizes(20, 30, 5) == [(20, 30)]
    for height, width in scale_sizes(682, 1024):
        assert height / width == pytest.approx(2 / 3, rel=0.02)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_loss_falls_and_the_callback_sees_it(optimizer):
    seen = []
    recipe = Recipe(iterations=12, scales=2, optimizer=optimizer)
    result = optimiser(recipe).paint(CONTENT, callback=seen.append)
    assert result.rgb.shape == CONTENT.shape
    assert 0 <= result.rgb.min() <= result.rgb.max() <= 1
    assert [progress.iteration for progress in seen] == list(range(1, 25))
    assert seen[-1].iterations == 24
    assert seen[-1].share == 1
    assert seen[0].size == (32, 24)
    assert seen[-1].size == (64, 48)
    assert seen[-1].loss < (0.9 if optimizer == "lbfgs" else 0.97) * seen[12].loss
    assert seen[-1].loss == pytest.approx(sum(v for name, v in seen[-1].parts.items() if "/" not in name), rel=0.2)
    assert seen[0].picture().shape == (48, 64, 3)
    assert not np.array_equal(result.rgb, CONTENT)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("stop", [3, 6])
def test_interrupted_and_resumed_is_the_same_as_not_interrupted(tmp_path, optimizer, stop):
    recipe = Recipe(iterations=5, scales=2, optimizer=optimizer)
    whole = optimiser(recipe).paint(CONTENT)

    def interrupt(progress):
        if progress.iteration == stop:
            raise KeyboardInterrupt

    first = optimiser(recipe).paint(CONTENT, callback=interrupt)
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
    second = optimiser().paint(CONTENT, resume=first.state, callback=lambda progress: sizes.append(progress.size))
    assert sizes == [(64, 48)] * 4
    assert second.losses[-1] < first.losses[-1]


def interrupted(recipe, stop, **how):
    def interrupt(progress):
        if progress.iteration == stop:
            raise KeyboardInterrupt

    return optimiser(recipe).paint(CONTENT, callback=interrupt, **how)


def test_iterations_are_counted_on_over_resumed_runs():
    seen = []
    state = optimiser().paint(CONTENT, resume=interrupted(QUICK, 5).state, callback=seen.append).state
    assert [progress.iteration for progress in seen] == [6, 7, 8]
    assert seen[-1].iterations == state.count == 8
    assert optimiser().paint(CONTENT, resume=state).state.count == 12


def test_another_objective_gets_a_fresh_optimiser_on_the_picture_so_far(tmp_path):
    """A remembered loss of other weights would let no step pass."""
    optimiser(Recipe(iterations=12, scales=1)).paint(CONTENT).state.save(tmp_path / "state")
    for other in (
        optimiser(Recipe(iterations=12, scales=1, content_weight=10.0)),
        optimiser(Recipe(iterations=12, scales=1, style_loss="gram", style_layers={"relu1_1": 1, "relu2_1": 1})),
        optimiser(Recipe(iterations=12, scales=1), StylePicture(rough())),
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


def test_what_an_objective_is():
    one = optimiser().objective_hash
    same = dataclasses.replace(QUICK, iterations=9, scales=0, history=3, learning_rate=0.1, colors="match", seed=4)
    assert optimiser(same).objective_hash == one
    left, right = np.eye(64, dtype=np.float32), 1 - np.eye(64, dtype=np.float32)
    others = [
        optimiser(dataclasses.replace(QUICK, tv_weight=0.2)),
        optimiser(dataclasses.replace(QUICK, colors="match-before")),
        optimiser(dataclasses.replace(QUICK, dream={"relu3_1": 1.0})),
        optimiser(QUICK, StylePicture(stripes()), StylePicture(rough(), weight=2.0)),
        optimiser(QUICK, StylePicture(stripes()), StylePicture(rough(), weight=3.0)),
        optimiser(QUICK, StylePicture(stripes(), mask=left)),
        optimiser(QUICK, StylePicture(stripes(), mask=right)),
    ]
    assert len({one, *(other.objective_hash for other in others)}) == 8


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
        optimiser(recipe).paint(CONTENT, callback=lambda progress: seen.append(progress.parts["style"]))
        return seen

    assert painted(1, "wasserstein") == painted(1, "gram")
    assert painted(2, "wasserstein")[:3] != painted(2, "gram")[:3]


def test_blends_lie_between_their_styles():
    one, other = StylePicture(stripes()), StylePicture(rough(64, 64))
    alone = optimiser(QUICK, one).paint(CONTENT).rgb
    same = optimiser(QUICK, one, StylePicture(stripes(), weight=3.0)).paint(CONTENT).rgb
    assert np.abs(alone - same).max() < 1e-3
    assert np.abs(alone - optimiser(QUICK, one, other).paint(CONTENT).rgb).max() > 1e-2


def test_masks_keep_each_style_to_its_part_and_the_photograph_elsewhere():
    left = np.zeros((48, 64), np.float32)
    left[:, :32] = 1
    result = optimiser(QUICK, StylePicture(stripes(), mask=left)).paint(CONTENT).rgb
    assert np.abs(result[:, 34:] - CONTENT[:, 34:]).max() < 1e-6
    assert np.abs(result[:, :30] - CONTENT[:, :30]).max() > 0.02
    both = optimiser(QUICK, StylePicture(stripes(), mask=left), StylePicture(rough())).paint(CONTENT).rgb
    assert np.abs(both[:, 40:] - CONTENT[:, 40:]).max() > 0.02


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


def test_a_given_start_and_an_extra_loss():
    """What video needs: the previous frame, and a pull towards it."""
    start = rough(48, 64)
    held = Recipe(iterations=12, scales=1)
    far = optimiser(held).paint(CONTENT, init=start).rgb
    target = torch.from_numpy(start.transpose(2, 0, 1)[None])
    near = optimiser(held).paint(CONTENT, init=start, extra=lambda x: 1000 * ((x - target) ** 2).mean()).rgb
    assert np.abs(near - start).mean() < 0.8 * np.abs(far - start).mean()


def test_an_optimiser_looks_at_its_styles_once():
    one = optimiser(Recipe(iterations=1, scales=1))
    one.paint(CONTENT)
    known = dict(one.targets._measured)
    one.paint(rough(48, 64))
    assert one.targets._measured.keys() == known.keys()


def test_styles_are_matched_to_each_photograph_before_it_is_painted():
    """Frames of a video often lie in the same place in memory, one after the other."""
    recipe = Recipe(iterations=2, scales=1, colors="match-before")
    one, frame = optimiser(recipe), np.empty_like(CONTENT)
    for photograph in (CONTENT, 1 - CONTENT**2):
        frame[:] = photograph
        assert np.array_equal(one.paint(frame).rgb, optimiser(recipe).paint(photograph).rgb)
    assert not one.targets._measured  # nor does what is kept grow from frame to frame


def test_smaller_budgets_mean_smaller_tiles_and_histories():
    one = optimiser()

    def plan(**options):
        recipe = Recipe(**options)
        return Planner(one.network, one.planner.taps, recipe, one.planner.device).plan(4000, 6000)

    assert plan(optimizer="adam", max_memory=2**36).tile == 0
    small, large = (plan(optimizer="adam", max_memory=size * 2**30) for size in (4, 8))
    assert 0 < small.tile < large.tile
    assert small.bytes <= 4 * 2**30
    cut = plan(optimizer="lbfgs", max_memory=6 * 2**30, history=20)
    assert cut.cut
    assert 1 <= cut.history < 20
    with pytest.raises(InputError, match=r"take at least .* GB") as refused:
        plan(max_memory=2**29)
    named = str(refused.value).partition(" GB")[0].split()[-1]
    assert plan(max_memory=parse_size(f"{named}G")).tile  # what the sentence asks for is enough


def test_a_large_style_picture_counts_and_is_named_where_it_does_not_fit():
    small, large = (optimiser(Recipe(iterations=1, style_scale=scale)).estimate(256, 256) for scale in (1, 16))
    assert large.bytes > small.bytes + 200 * 2**20
    assert large.seconds > 2 * small.seconds
    assert small.seconds >= 1
    for given, option in (({"style_scale": 60}, "--style-scale 60"), ({"style_size": 15360}, "--style-size 15360")):
        with pytest.raises(InputError, match=f"15360 x 15360 pixels by {option}, takes at least"):
            optimiser(Recipe(max_memory="1G", **given)).paint(rough(256, 256))


def test_the_deepest_layer_counts_wherever_it_stands():
    one, other = (
        optimiser(Recipe(content_layers={content: 1}, style_layers={style: 1}))
        for content, style in (("relu5_1", "relu1_1"), ("relu1_1", "relu5_1"))
    )
    assert one.plan(512, 512).bytes > 0.8 * other.plan(512, 512).bytes


def test_what_is_free_is_asked_once_and_not_while_painting_takes_of_it(monkeypatch):
    asked = iter([10**10])
    monkeypatch.setattr(planning, "free", lambda: next(asked))
    one = optimiser(Recipe(iterations=1, scales=2))
    one.estimate(48, 64)
    one.paint(CONTENT)


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
