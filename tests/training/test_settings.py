import re

import pytest

pytest.importorskip("torch")

from impasto.errors import TrainingError
from impasto.training.fit import FitSettings
from impasto.training.learn import LearnSettings


@pytest.mark.parametrize("kind", [FitSettings, LearnSettings])
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("crop", 100, "The crop is 100 pixels; give a multiple of 8."),
        ("crop", 32, "crop is 32; give a whole number of at least 64."),
        ("batch", 0, "batch is 0; give a whole number of at least 1."),
        ("steps", 2.5, "steps is 2.5; give a whole number of at least 1."),
        ("steps", "many", "steps is 'many'; give a whole number of at least 1."),
        ("style_weight", float("nan"), "style_weight is nan; give a number of at least 0."),
        ("style_scale", 11, "style_scale is 11; give a number from 0.1 to 10."),
        ("seed", -1, "seed is -1; give a whole number of at least 0."),
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
        (LearnSettings, "patience", 0),
        (LearnSettings, "average", 1.5),
    ):
        with pytest.raises(TrainingError, match=f"^{name} is "):
            kind(**{name: value})
    assert FitSettings(patience=0, minutes=None, threads=None, style_weight=12).crop == 224
    assert LearnSettings(style_scale=2).crop == 192
