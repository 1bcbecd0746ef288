import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from impasto.networks import losses  # noqa: E402
from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.optimisation.feature_tiles import TiledFeatures  # noqa: E402
from impasto.optimisation.objective import Objective, Region  # noqa: E402
from impasto.optimisation.recipe import Recipe  # noqa: E402

NETWORK = load_features()
DOUBLE = load_features().double()


def picture(height, width, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def objective(recipe, content, tile=0, weights=None, extra=None, network=NETWORK, workers=1):
    tiled = TiledFeatures(network, recipe.taps(network.taps, styled=True), tile, [network] * (workers - 1))
    regions = [Region(tiled.moments(picture(70, 60, 1).to(content)), weights)]
    if weights is not None:
        regions.append(Region(tiled.moments(picture(50, 80, 2).to(content) ** 2), 1 - weights))
    return Objective(tiled, content, regions, recipe, extra)


RECIPES = [
    Recipe(),
    Recipe(style_loss="gram", tv_weight=2.0),
    Recipe(style_loss="covariance", loss="smooth-l1"),
    Recipe(style_loss="wasserstein", pooling="average"),
    Recipe(style_loss="mean", normalize_gradients=True, dream={"relu3_1": 0.5}),
    Recipe(style_layers={"relu3_1": 1.0}, content_layers={"relu2_2": 1.0}),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=range(len(RECIPES)))
def test_tiles_change_nothing(recipe):
    """Loss and gradient within 1e-4, with masks and sides that are no multiples of anything."""
    height, width = 149, 203
    content, now, mask = picture(height, width), 1.1 * picture(height, width, 3), picture(height, width, 4)[0, 0]
    whole = objective(recipe, content, 0, mask)(now)
    tiled = objective(recipe, content, 64, mask)(now)
    assert tiled.loss == pytest.approx(whole.loss, rel=1e-4)
    assert (tiled.gradient - whole.gradient).norm() < 1e-4 * whole.gradient.norm()
    assert tiled.parts.keys() == whole.parts.keys()


@pytest.mark.parametrize("tile", [0, 64])
@pytest.mark.parametrize("recipe", [RECIPES[2], RECIPES[4]])
def test_two_workers_give_the_loss_and_the_gradient_of_one(recipe, tile):
    height, width = 149, 203
    content, now, mask = picture(height, width), 1.1 * picture(height, width, 3), picture(height, width, 4)[0, 0]
    one = objective(recipe, content, 0, mask)(now)
    two = objective(recipe, content, tile, mask, workers=2)(now)
    assert two.loss == pytest.approx(one.loss, rel=1e-4)
    assert (two.gradient - one.gradient).norm() < 1e-4 * one.gradient.norm()
    assert two.parts == pytest.approx(one.parts, rel=1e-3)
    again = objective(recipe, content, tile, mask, workers=2)(now)
    assert torch.equal(two.gradient, again.gradient)


@settings(max_examples=12, deadline=None)
@given(
    height=st.integers(1, 120),
    width=st.integers(1, 120),
    tile=st.sampled_from([0, 16, 48]),
    workers=st.integers(1, 3),
)
@example(height=110, width=26, tile=16, workers=1)
@example(height=3, width=30, tile=0, workers=3)
def test_tiles_change_nothing_at_any_size(height, width, tile, workers):
    # In double precision, or one of a pooling's ties falls the other way now and then, and its gradient elsewhere.
    recipe = Recipe(style_loss="gram")  # the root in Wasserstein's amplifies rounding where there is only one position
    content, now = picture(height, width).double(), picture(height, width, 3).double()
    whole = objective(recipe, content, network=DOUBLE)(now)
    tiled = objective(recipe, content, tile, network=DOUBLE, workers=workers)(now)
    assert tiled.loss == pytest.approx(whole.loss, rel=1e-9)
    assert (tiled.gradient - whole.gradient).norm() <= 1e-9 * whole.gradient.norm()


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if not recipe.normalize_gradients])
def test_the_gradient_is_that_of_the_loss(recipe):
    content, now, mask = picture(40, 56), 1.1 * picture(40, 56, 3), picture(40, 56, 4)[0, 0]
    judge = objective(recipe, content, 0, mask)
    evaluation = judge(now)
    direction = evaluation.gradient / evaluation.gradient.norm()
    change = (judge(now + 0.005 * direction).loss - judge(now - 0.005 * direction).loss) / 0.01
    assert change == pytest.approx(float((evaluation.gradient * direction).sum()), rel=0.02)


def test_losses_are_those_of_the_definition():
    content, now = picture(64, 48), picture(64, 48, 3)
    layers = dict.fromkeys(Recipe().style_layers, 1.0)
    recipe = Recipe(style_loss="gram", content_weight=2.0, style_weight=3.0, style_layers=layers)
    parts = objective(recipe, content)(now).parts
    tiled = TiledFeatures(NETWORK, ["relu5_1"])

    def seen(x):
        (tile,) = tiled.tiles(*tiled.mirror(x).shape[2:])
        found = NETWORK(tiled.mirror(x), NETWORK.taps)
        return {tap: tile.crop(features, NETWORK.stride(tap)).permute(2, 0, 1)[None] for tap, features in found.items()}

    features, wanted, style = seen(now), seen(content), seen(picture(70, 60, 1))
    expected = [losses.style_loss(losses.gram(features[tap]), losses.gram(style[tap])) for tap in layers]
    assert parts["style"] == pytest.approx(3 * float(torch.stack(expected).mean()), rel=1e-3)
    assert parts["content"] == pytest.approx(
        2 * float(losses.content_loss(features["relu4_1"], wanted["relu4_1"])), rel=1e-3
    )


def test_at_its_own_content_and_style_nothing_is_left_to_do():
    content = picture(64, 64)
    recipe = Recipe(tv_weight=0)
    tiled = TiledFeatures(NETWORK, recipe.taps(NETWORK.taps, styled=True))
    evaluation = Objective(tiled, content, [Region(tiled.moments(content))], recipe)(content)
    assert evaluation.parts["content"] == 0
    assert abs(evaluation.loss) < 1e-3 * recipe.style_weight


def test_normalised_gradients_have_the_size_of_their_weights():
    def gradient(weight):
        layers = {"relu1_1": 1.0}
        recipe = Recipe(
            normalize_gradients=True,
            content_layers=layers,
            style_layers=layers,
            content_weight=weight,
            style_weight=3 * weight,
            tv_weight=0,
        )
        return objective(recipe, picture(32, 32))(picture(32, 32, 3)).gradient

    assert torch.allclose(gradient(2.0), 2 * gradient(1.0), rtol=1e-3, atol=1e-3)


def test_an_extra_loss_is_added_with_its_gradient():
    content, now = picture(32, 32), picture(32, 32, 3)
    plain = objective(Recipe(), content)(now)
    pulled = objective(Recipe(), content, extra=lambda x: ((x - 0.5) ** 2).sum())(now)
    assert pulled.parts["extra"] == pytest.approx(float(((now - 0.5) ** 2).sum()))
    assert torch.allclose(pulled.gradient - plain.gradient, 2 * (now - 0.5), atol=1e-4)
