import numpy as np
import pytest

from impasto.errors import InputError
from impasto.optimisation.recipe import Recipe
from impasto.video.pass_options import PassOptions, parse_recipe


def test_which_earlier_frames_count():
    assert PassOptions(offsets=(1, 2, 4)).earlier(3) == [2, 1]
    assert PassOptions(every=3).earlier(7) == [6, 4, 1]
    assert PassOptions().earlier(0) == []


def test_settings_are_checked():
    for wrong in ({"init": "none"}, {"passes": 0}, {"offsets": (0,)}, {"temporal_weight": -1}, {"flow": "a_%d.flo"}):
        with pytest.raises(InputError):
            PassOptions(**wrong)


def test_a_recipe_on_the_command_line():
    texts = ["style-weight=20", "style_layers=relu1_1:2", "normalize_gradients=Yes", "seed=3", "max_memory=4G"]
    wanted = {"style_weight": 20.0, "style_layers": {"relu1_1": 2.0}, "normalize_gradients": True, "seed": 3}
    assert Recipe(**parse_recipe(texts)) == Recipe(**wanted, max_memory=4 * 10**9)
    for wrong, says in (
        ("color=red", "did you mean colors"),
        ("seed=x", "no whole number"),
        ("style_scale=x", "no number"),
        ("style_weight", "NAME=VALUE"),
        ("normalize_gradients=maybe", "neither yes nor no"),
        ("device=cpu", "give --device instead"),
        ("iterations=75", "give --first-iterations or --iterations instead"),
    ):
        with pytest.raises(InputError, match=says):
            parse_recipe([wrong])


def test_of_a_recipe_only_what_counts_is_taken():
    PassOptions(recipe=Recipe(colors="match", device="cpu", max_memory="4G"))
    for wrong in ({"size": 64}, {"init": np.zeros((8, 8, 3))}, {"iterations": 9}, {"max_pixels": 9}):
        with pytest.raises(InputError, match="does not count for a video"):
            PassOptions(recipe=Recipe(**wrong))
