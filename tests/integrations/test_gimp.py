"""The plug-in for GIMP 3, with a stub of GIMP."""

import os

import pytest
from PIL import ImageOps
from tests.integrations.conftest import INTEGRATIONS


@pytest.fixture
def plug_in(load, command):
    module = load("gimp/impasto/impasto.py", "impasto_gimp")
    module.Gimp.Image.alive = 0
    module.GimpUi.ProcedureDialog.new.answer = True
    return module


def run(module, image, layers, mode="INTERACTIVE", **chosen):
    made = module.Impasto()
    (name,) = made.do_query_procedures()
    procedure = made.do_create_procedure(name)
    values = procedure.defaults | chosen
    config = type("Config", (), {"get_property": lambda self, name: values[name]})()
    status, said = procedure.run(procedure, module.Gimp.RunMode[mode], image, layers, config, None)
    return status.name, said


@pytest.fixture
def opened(plug_in, cutout):
    image = plug_in.Gimp.Image((200, 100))
    layer = plug_in.Gimp.Layer(cutout, "sky", (7, 5), mask="mask")
    layer.opacity = 40
    image.layers = [plug_in.Gimp.Layer(cutout, "above"), layer]
    return image, layer


def test_the_painting_is_a_layer_above_in_the_same_place(plug_in, opened, cutout, called):
    image, layer = opened
    assert run(plug_in, image, [layer], style="scream:2, udnie", strength=0.5) == ("SUCCESS", "")
    assert [item.name for item in image.layers] == ["above", "sky, scream:2, udnie", "sky"]
    painted = image.layers[1]
    assert painted.offsets == (7, 5)
    assert painted.picture.tobytes() == ImageOps.flip(cutout).tobytes()
    assert (painted.mask, layer.mask, layer.opacity) == (None, "mask", 40)
    assert image.undo == ["start", "end"]
    assert plug_in.Gimp.Image.alive == 1
    assert called()[4:] == ["--strength=0.5", "--overwrite", "--quiet", "--style=scream:2", "--style=udnie"]
    assert not os.path.exists(called()[1])  # noqa: PTH110


def test_it_is_offered_for_images_with_colours_only(plug_in):
    procedure = plug_in.Impasto().do_create_procedure("impasto-paint")
    assert (procedure.kinds, procedure.menu) == ("RGB*", "<Image>/Filters/Artistic/")


def test_the_painting_shows_where_the_selection_is(plug_in, opened):
    image, layer = opened
    image.selection = True
    assert run(plug_in, image, [layer], "NONINTERACTIVE")[0] == "SUCCESS"
    assert image.layers[1].mask == "selection"


@pytest.mark.parametrize(
    ("chosen", "says"),
    [({"style": "nosuch"}, "There is no style nosuch."), ({"style": " , "}, "No style is given; name one")],
)
def test_a_refusal_is_one_sentence_and_changes_nothing(plug_in, opened, chosen, says):
    image, layer = opened
    status, said = run(plug_in, image, [layer], **chosen)
    assert status == "EXECUTION_ERROR"
    assert said.startswith(says)
    assert len(image.layers) == 2
    assert image.undo == []


def test_several_layers_and_masks_get_one_sentence(plug_in, opened):
    image, layer = opened
    for chosen in ([layer, layer], ["a mask"], []):
        assert run(plug_in, image, chosen) == ("EXECUTION_ERROR", "Choose one layer, and no mask or channel, to paint.")


def test_a_dialog_that_is_cancelled_paints_nothing(plug_in, opened):
    plug_in.GimpUi.ProcedureDialog.new.answer = False
    assert run(plug_in, *[opened[0], [opened[1]]])[0] == "CANCEL"
    assert len(opened[0].layers) == 2


def test_gimp_finds_a_file_that_is_named_as_its_folder_and_can_be_run():
    assert os.access(INTEGRATIONS / "gimp/impasto/impasto.py", os.X_OK)
