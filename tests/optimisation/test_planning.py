import copy

import pytest

pytest.importorskip("torch")

from impasto.errors import InputError
from impasto.memory import parse_size
from impasto.optimisation import planning
from impasto.optimisation.planning import Planner
from impasto.optimisation.recipe import Recipe
from optimisation.samples import CONTENT, optimiser, rough


def test_smaller_budgets_mean_smaller_tiles_and_histories():
    one = optimiser()

    def plan(**options):
        recipe = Recipe(**options)
        return Planner(one.network, one.planner.taps, recipe, one.planner.device).plan(4000, 6000)

    assert plan(optimizer="adam", max_memory=2**36).tile == 0
    small, large = (plan(optimizer="adam", max_memory=size * 2**30) for size in (5, 8))
    assert 0 < small.tile < large.tile
    assert small.bytes <= 5 * 2**30
    cut = plan(optimizer="lbfgs", max_memory=7 * 2**30, history=20)
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


def test_devices_that_share_a_picture_need_less_each_and_workers_of_one_device_more(monkeypatch):
    one = optimiser()
    elsewhere = copy.deepcopy(one.network).to("meta")
    recipe = Recipe(max_memory=2**40)

    def plan(*copies, recipe=recipe):
        return Planner(one.network, one.planner.taps, recipe, one.planner.device, copies).plan(4000, 4000)

    alone, shared, workers = plan(), plan(elsewhere), plan(one.network)
    assert shared.bytes < 0.7 * alone.bytes < alone.bytes < workers.bytes
    little = Recipe(max_memory=shared.bytes)
    assert plan(recipe=little).tile > 0
    assert plan(elsewhere, recipe=little).tile == 0
    # Of what is free, the device counts that has least.
    asked = []
    monkeypatch.setattr(planning, "_half_of_free_memory", lambda device: asked.append(device) or 10**9 * len(asked))
    assert Planner(one.network, one.planner.taps, Recipe(), one.planner.device, [elsewhere]).budget == 10**9
    assert len(asked) == 2


def test_features_are_computed_in_bfloat16_where_all_devices_have_it(monkeypatch):
    one = optimiser()
    for has in (True, False):
        monkeypatch.setattr(planning, "has_bfloat16", lambda device, has=has: has)
        planner = Planner(one.network, one.planner.taps, one.recipe, one.planner.device)
        assert planner.tiled(0).half is has
        assert planner.measure_seconds_per_pixel() > 0
