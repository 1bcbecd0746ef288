import pytest

from impasto.errors import InputError, TrainingError
from impasto.networks.loss_names import as_layers, parse_layers


def test_layers_with_and_without_weights():
    assert parse_layers("relu1_1, relu2_1:0.5,conv4_2:3") == {"relu1_1": 1, "relu2_1": 0.5, "relu4_2": 3}
    with pytest.raises(InputError, match=r"relu3_1:0\.5"):
        parse_layers("relu1_1:much")


@pytest.mark.parametrize("given", [{"relu1_1": 1, "relu2_1": 0.5}, "relu1_1,relu2_1:0.5", ["relu1_1", "relu2_1:0.5"]])
def test_layers_are_taken_in_every_form(given):
    assert as_layers("style_layers", given) == {"relu1_1": 1, "relu2_1": 0.5}


def test_what_stands_for_no_layers_is_one_sentence():
    for given, said in ((3, "are no layers"), ({"relu1_1": -1}, "out of range"), ({"relu1_1": 0}, "--style-weight 0")):
        with pytest.raises(TrainingError, match=said):
            as_layers("style_layers", given, TrainingError)
    assert as_layers("dream", {}, optional=True) == {}
