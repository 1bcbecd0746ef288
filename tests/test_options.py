from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args, get_type_hints

import numpy as np
import pytest

from impasto.errors import InputError, TrainingError
from impasto.feedforward.options import DEFAULTS, OptionKeywords, Options
from impasto.feedforward.tasks import OutputOptions
from impasto.learning.settings import LearnKeywords, LearnSettings
from impasto.optimisation.recipe import Recipe, RecipeKeywords
from impasto.options import (
    OptionFacts,
    SliderRange,
    changed_options,
    check_options,
    documented,
    inherited_option,
    option,
    option_default,
    option_facts,
    option_text,
)
from impasto.training.settings import DistillSettings, FitSettings
from impasto.video.pass_options import PassOptions
from impasto.video.sink import Encoding

KINDS = [Options, OutputOptions, Recipe, FitSettings, LearnSettings, DistillSettings, PassOptions, Encoding]


@documented
@dataclass(frozen=True)
class Example:
    """How to try it.

    Raises:
        InputError: a value is out of range.
    """

    weight: float = option(0.5, low=0, high=2, help="How strongly.", slider=SliderRange(0, 1, 0.1))
    side: int = option(0, low=16, whole=True, multiple_of=8, unit="pixels", doc="Longer side.")
    colors: str = option("warm", choices=("warm", "cold"), title="colour mode")
    layers: dict = option(factory=dict, noted=False)
    invert: bool = option(False)
    seed: int = option(0)
    work: int | Literal["auto"] = option("auto", low=16, whole=True)
    file: str | None = option(None)

    def __post_init__(self):
        check_options(self)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"weight": 3}, "The weight 3 is out of range; give a number from 0 to 2."),
        ({"weight": float("nan")}, "The weight nan is out of range; give a number from 0 to 2."),
        ({"weight": "1"}, "The option weight takes a number from 0 to 2, not the text '1'."),
        ({"weight": "1" * 50}, "The option weight takes a number from 0 to 2, not a long text."),
        ({"weight": None}, "The option weight takes a number from 0 to 2, not None."),
        ({"weight": True}, "The option weight takes a number from 0 to 2, not True."),
        ({"weight": np.True_}, "The option weight takes a number from 0 to 2, not True."),
        ({"weight": [1]}, "The option weight takes a number from 0 to 2, not a list."),
        ({"weight": np.ones(3)}, "The option weight takes a number from 0 to 2, not a value of type ndarray."),
        ({"side": False}, "The option side takes a whole number of at least 16, not False."),
        ({"side": "24"}, "The option side takes a whole number of at least 16, not the text '24'."),
        ({"invert": 1}, "The option invert takes True or False, not 1."),
        ({"invert": "no"}, "The option invert takes True or False, not the text 'no'."),
        ({"work": "car"}, "The option work takes a whole number of at least 16, not the text 'car'."),
        ({"seed": 0.5}, "The option seed takes a whole number, not 0.5."),
        ({"file": 3}, "The option file takes text, not 3."),
        ({"side": 8}, "The side 8 is out of range; give a whole number of at least 16."),
        ({"side": 20}, "The side 20 is out of range; give a whole number of at least 16."),
        ({"side": 24.0}, "The side 24.0 is out of range; give a whole number of at least 16."),
        ({"colors": "cool"}, "There is no colour mode cool; did you mean cold?"),
        ({"colors": "{value}"}, "There is no colour mode {value}; give one of warm, cold."),
        ({"colors": ["warm"]}, "There is no colour mode a list; give one of warm, cold."),
        ({"colors": 1}, "There is no colour mode 1; give one of warm, cold."),
    ],
)
def test_what_is_not_taken_is_refused_in_one_sentence(given, sentence):
    with pytest.raises(InputError) as raised:
        Example(**given)
    assert str(raised.value) == sentence


def test_a_default_is_taken_even_out_of_the_range_and_the_bounds_are():
    assert Example().side == 0
    assert Example(weight=2, side=np.int64(24)).weight == 2


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("weight", np.float32(0.5), 0.5),
        ("weight", np.array(1.5), 1.5),
        ("weight", np.int8(1), 1),
        ("weight", Fraction(1, 2), 0.5),
        ("side", np.uint16(24), 24),
        ("side", np.array(24), 24),
        ("invert", np.True_, True),
        ("seed", np.int64(-3), -3),
        ("work", "auto", "auto"),
        ("work", np.int32(64), 64),
        ("file", Path("a") / "b", str(Path("a/b"))),
        ("file", None, None),
    ],
)
def test_numbers_of_other_libraries_become_pythons(name, given, taken):
    found = getattr(Example(**{name: given}), name)
    assert (found, type(found)) == (taken, type(taken))


def test_a_refusal_of_one_s_own_says_the_same_values():
    @dataclass
    class Own:
        kind: str = option("a", choices=("a", "b"), refusal="No {title} {value}; {choices}.")

    with pytest.raises(TrainingError, match=r"^No kind c; a, b\.$"):
        check_options(Own("c"), TrainingError)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (OptionFacts(low=0), "a number of 0 or more"),
        (OptionFacts(low=0.01), "a number of at least 0.01"),
        (OptionFacts(low=1, whole=True), "a whole number of at least 1"),
        (OptionFacts(low=0.1, high=10), "a number from 0.1 to 10"),
        (OptionFacts(low=0, expected="bytes"), "bytes"),
        (OptionFacts(), ""),
    ],
)
def test_what_to_give_follows_from_the_range(facts, words):
    assert facts.to_give == words


def test_weights_may_not_be_infinite():
    with pytest.raises(InputError, match="The style weight inf is out of range; give a number of 0 or more"):
        Recipe(style_weight=float("inf"))


def test_the_documentation_is_made_from_the_facts():
    about, attributes = Example.__doc__.split("\n\nAttributes:\n")
    assert about == "How to try it."
    assert attributes.splitlines()[:3] == [
        "    weight: How strongly. A number from 0 to 2; default: 0.5.",
        "    side: Longer side. A whole number of at least 16; in pixels; default: 0.",
        '    colors: ``"warm"``, ``"cold"``; default: ``"warm"``.',
    ]
    assert attributes.endswith("Raises:\n    InputError: a value is out of range.")


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_is_documented_and_its_default_is_taken(kind):
    facts = option_facts(kind)
    assert list(facts) == list(kind.__dataclass_fields__)
    for name, known in facts.items():
        assert known.doc or known.help, name
        assert f"    {name}: " in kind.__doc__
        assert getattr(kind(), name) == option_default(kind, name)


def test_what_is_changed_is_noted_and_limits_are_not():
    changed = replace(DEFAULTS, strength=0.5, colors="match", max_memory="2G", device="cpu", mask=np.zeros((2, 2)))
    assert list(changed_options(changed)) == [("strength", 0.5), ("colors", "match")]
    assert list(changed_options(DEFAULTS)) == []


def test_an_inherited_option_has_the_facts_that_are_not_changed():
    @dataclass(frozen=True)
    class Child(Example):
        weight: float = inherited_option(Example, "weight", 1.5, help="More strongly.")

    assert Child().weight == 1.5
    assert option_facts(Child)["weight"] == replace(option_facts(Example)["weight"], help="More strongly.")
    with pytest.raises(InputError, match="from 0 to 2"):
        Child(weight=3)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (1.0, "1"), (np.float32(2), "2"), (3, "3"), (True, "True"), ((1, 2.5), "1,2.5"), (None, "None")],
)
def test_values_are_written_as_the_command_line_takes_them(value, text):
    assert option_text(value) == text


def test_sliders_offer_no_more_than_the_options_take():
    for facts in option_facts(Options).values():
        if facts.slider:
            assert facts.low <= facts.slider.low < facts.slider.high <= facts.high


def test_crops_are_multiples_of_what_the_network_takes():
    pytest.importorskip("torch")
    from impasto.networks.transformer import TransformerNetwork

    for kind in (FitSettings, LearnSettings):
        assert option_facts(kind)["crop"].multiple_of == TransformerNetwork.multiple


@pytest.mark.parametrize(
    ("kind", "keywords", "wider"),
    [
        (Options, OptionKeywords, {"max_memory"}),
        (Recipe, RecipeKeywords, {"features", "content_layers", "style_layers", "dream", "max_memory"}),
        (LearnSettings, LearnKeywords, {"features", "scales", "content_layers", "style_layers"}),
    ],
)
def test_the_keywords_that_editors_complete_are_the_options(kind, keywords, wider):
    options, typed = get_type_hints(kind), get_type_hints(keywords)
    assert list(typed) == list(option_facts(kind))
    assert keywords.__required_keys__ == frozenset()
    assert {name for name in typed if typed[name] != options[name]} == wider
    for name in wider - {"scales"}:  # other forms, among them the one that the options have
        assert options[name] in get_args(typed[name]), name
