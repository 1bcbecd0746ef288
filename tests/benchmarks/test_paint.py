"""What is compared of paintings by optimisation: losses, points at equal content, and what is kept of earlier runs."""

import pytest

pytest.importorskip("torch")

import torch

import paint_quality
from impasto.networks.perceptual import load_features
from impasto.optimisation.recipe import Recipe


@pytest.fixture(scope="module")
def features():
    return paint_quality.features_of(load_features("builtin"))


def test_a_photograph_has_no_content_loss_and_a_painting_no_style_loss(features):
    photograph, painting = torch.rand(2, 1, 3, 112, 128).unbind()
    judge = paint_quality.TeacherLosses(features, photograph, painting)
    for content, style in judge(photograph).values():
        assert content == pytest.approx(0, abs=1e-6)
        assert style > 1e-4
    for content, style in judge(painting).values():
        assert content > 1e-4
        assert style == pytest.approx(0, abs=1e-6)


def test_the_losses_inside_do_not_see_the_borders(features):
    photograph, painting = torch.rand(2, 1, 3, 112, 128).unbind()
    framed = photograph.clone()
    framed[..., :2, :] = 0
    losses = paint_quality.TeacherLosses(features, photograph, painting)(framed)
    assert losses["inside"][0] < 0.2 * losses["whole"][0]


def test_plain_optimisation_lowers_the_style_loss_at_some_content_loss(features):
    photograph, painting = torch.rand(2, 1, 3, 112, 128).unbind()
    steps = []
    painted = paint_quality.optimise_plainly(
        features, photograph, painting, 4, 10.0, lambda _, count: steps.append(count)
    )
    judge = paint_quality.TeacherLosses(features, photograph, painting)
    assert steps == [1, 2, 3, 4]
    assert judge(painted)["whole"][1] < judge(photograph)["whole"][1]


def test_points_are_interpolated_logarithmically_and_beyond_the_last_two():
    points = [(0.4, 0.01), (0.2, 0.04)]
    assert paint_quality.interpolated(points, 0.2) == pytest.approx(0.04)
    assert paint_quality.interpolated(points, 0.3) == pytest.approx(0.02)
    assert paint_quality.interpolated(points, 0.6) == pytest.approx(0.0025)


def test_options_of_a_recipe_are_numbers_words_and_layers():
    given = dict(
        map(paint_quality.recipe_option, ["tv_weight=0.05", "coarse_style_loss=gram", "style_layers=relu1_1:2"])
    )
    assert given == {"tv_weight": 0.05, "coarse_style_loss": "gram", "style_layers": "relu1_1:2"}
    assert Recipe(**given).style_layers == {"relu1_1": 2.0}


def test_what_was_measured_is_read_from_the_file_and_not_measured_again(tmp_path):
    file = tmp_path / "results.jsonl"
    assert paint_quality.Results(file)("one", lambda: {"seconds": 1.0}) == {"seconds": 1.0}
    again = paint_quality.Results(file)
    assert again("one", lambda: pytest.fail("measured again")) == {"seconds": 1.0}
    assert again("two", lambda: {"seconds": 2.0}) == {"seconds": 2.0}
