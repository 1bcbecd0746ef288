import re

import pytest

pytest.importorskip("torch")

from impasto.errors import TrainingError
from impasto.learning.settings import LearnSettings
from impasto.training.settings import FitSettings


@pytest.mark.parametrize("kind", [FitSettings, LearnSettings])
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("crop", 100, "The crop 100 is out of range; give a multiple of 8 that is at least 64."),
        ("crop", 32, "The crop 32 is out of range; give a multiple of 8 that is at least 64."),
        ("batch", 0, "The batch 0 is out of range; give a whole number of at least 1."),
        ("steps", 2.5, "The steps 2.5 is out of range; give a whole number of at least 1."),
        ("steps", "many", "The option steps takes a whole number of at least 1, not the text 'many'."),
        ("style_weight", float("nan"), "The style weight nan is out of range; give a number of 0 or more."),
        ("style_scale", 11, "The style scale 11 is out of range; give a number from 0.1 to 10."),
        ("seed", -1, "The seed -1 is out of range; give a whole number of 0 or more."),
        ("content_weight", float("inf"), "The content weight inf is out of range; give a number of 0 or more."),
        ("content_layers", {}, "No content layers are left; to switch the loss off, give --content-weight 0."),
        ("style_layers", {"relu1_1": 0}, "No style layers are left; to switch the loss off, give --style-weight 0."),
        ("style_layers", {"relu1_1": "x"}, "The weight x of relu1_1 is out of range; give a number of 0 or more."),
        ("style_layers", "relu1_1:x", "relu1_1:x is no layer with a weight; write it as relu3_1:0.5."),
        ("style_layers", 3, "The style layers 3 are no layers; give names, such as relu3_1:0.5,relu4_1."),
        ("scales", 5, "The scales 5 are out of range; give two numbers of at least 1, the smaller one first."),
        (
            "scales",
            (2, 1),
            "The scales (2, 1) are out of range; give two numbers of at least 1, the smaller one first.",
        ),
        ("learning_rat", 1, "There is no option learning_rat; did you mean learning_rate?"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(kind, name, value, words):
    with pytest.raises(TrainingError, match=f"^{re.escape(words)}$"):
        kind.from_mapping({name: value})


def test_each_has_its_own_bounds():
    for kind, name, value in (
        (FitSettings, "warmup", 0),
        (FitSettings, "minutes", 0),
        (FitSettings, "threads", 0),
        (LearnSettings, "crops", 0),
        (LearnSettings, "average", 1.5),
    ):
        with pytest.raises(TrainingError, match=f"The {name} .* is out of range"):
            kind(**{name: value})
    assert FitSettings(patience=0, minutes=None, threads=None, style_weight=12).crop == 224
    assert LearnSettings(style_scale=2).crop == 192


def test_layers_and_scales_are_taken_as_a_settings_file_writes_them():
    found = FitSettings.from_mapping({"content_layers": ["relu4_1"], "scales": [1.0, 2.0]})
    assert found.content_layers == {"relu4_1": 1.0}
    assert found.scales == (1.0, 2.0)
