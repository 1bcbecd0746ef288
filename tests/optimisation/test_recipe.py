import dataclasses

import numpy as np
import pytest

from impasto.errors import InputError
from impasto.optimisation.recipe import DEFAULTS, Recipe


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style_weight": -1}, "style weight -1 is out of range"),
        ({"content_weight": float("nan")}, "content weight nan"),
        ({"style_loss": "gramm"}, "did you mean gram?"),
        ({"optimizer": "sgd"}, "give one of adam, lbfgs"),
        ({"colors": "original"}, "colour mode original"),
        ({"iterations": -5}, "iterations -5"),
        ({"scales": 40}, "scales 40"),
        ({"style_layers": {}}, "--style-weight 0"),
        ({"style_layers": {"relu1_1": 0.0}}, "No style layers"),
        ({"content_layers": {"relu4_1": -1}}, "weight -1 of relu4_1"),
        ({"dream": {"relu4_1": float("inf")}}, "weight inf"),
        ({"dream": {"relu4_1": "2"}}, "weight 2 of relu4_1"),
        ({"iterations": "5"}, "iterations takes a whole number of 0 or more, not the text '5'"),
        ({"history": None}, "history takes a whole number from 1 to 1000, not None"),
        ({"iterations": 2.5}, "iterations 2.5 is out of range; give a whole number"),
        ({"size": 512.5}, "size 512.5"),
        ({"style_layers": [("relu1_1", 2)]}, "are no layers"),
    ],
)
def test_bad_options_get_one_sentence(options, said):
    with pytest.raises(InputError) as error:
        Recipe(**options)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_layers_and_memory_are_taken_as_the_command_line_writes_them():
    assert Recipe(style_layers="relu1_1:2,relu2_2", dream="relu4_1") == Recipe(
        style_layers={"relu1_1": 2.0, "relu2_2": 1.0}, dream={"relu4_1": 1.0}
    )
    assert Recipe(content_layers=["relu3_1", "conv4_1"]).content_layers == {"relu3_1": 1.0, "relu4_1": 1.0}
    assert Recipe(max_memory="1G").max_memory == 10**9
    assert Recipe(max_memory="auto").max_memory == 0


def test_a_layer_that_the_network_lacks_is_named_with_the_nearest():
    known = ("relu1_1", "relu4_1", "relu4_2")
    with pytest.raises(InputError, match=r"no layer relu4_22; did you mean relu4_2\?"):
        Recipe(content_layers={"relu4_22": 1.0}, style_layers={"relu1_1": 1.0}).taps(known, styled=True)


def test_taps_leave_out_what_has_no_weight():
    recipe = Recipe(content_layers={"relu4_1": 1.0}, style_layers={"relu1_1": 1.0}, style_weight=0.0)
    known = ("relu1_1", "relu4_1")
    assert recipe.taps(known, styled=True) == ("relu4_1",)
    assert set(dataclasses.replace(recipe, style_weight=1.0).taps(known, styled=True)) == set(known)
    with pytest.raises(InputError, match="All weights are 0"):
        dataclasses.replace(recipe, content_weight=0.0).taps(known, styled=True)


def test_the_size_of_the_result():
    assert Recipe().result_size(4000, 3000) == 1024
    assert Recipe().result_size(400, 300) == 400
    assert Recipe(size=0).result_size(4000, 3000) == 4000
    assert Recipe(size=2000).result_size(400, 300) == 2000


def test_the_description_has_what_differs_from_the_defaults():
    assert DEFAULTS.describe() == ""
    described = Recipe(style_weight=3.5, style_layers={"relu1_1": 0.5}, max_memory=10**9).describe()
    assert described == "style_weight=3.5 style_layers=relu1_1:0.5"
    assert Recipe(init=np.zeros((4, 4, 3))).describe() == "init=ndarray"
