"""The plug-in for Krita, with a stub of Krita and Qt."""

import configparser
import sys

import pytest
from PIL import ImageOps
from tests.integrations.conftest import INTEGRATIONS


@pytest.fixture
def run(load, command, monkeypatch):
    """Runs the action on a document; gives what is said."""
    load("krita/impasto_krita/__init__.py", "impasto_krita")
    krita = sys.modules["krita"].Krita.instance()
    widgets = sys.modules["PyQt5.QtWidgets"]

    def action(document, styles="scream", wanted=True):
        krita.document = document
        widgets.QInputDialog.answers["text"] = (styles, wanted)
        widgets.QMessageBox.said.clear()
        krita.extensions[-1].run()
        assert not krita.batchmode()
        return widgets.QMessageBox.said

    return action


def document(picture=None, at=(0, 0), size=(200, 100)):
    krita = sys.modules["krita"]
    return krita.Document(size, krita.Node("sky", picture, at))


def test_the_painting_is_a_layer_above_in_the_same_place(run, cutout, called):
    opened = document(cutout, (7, 5))
    assert run(opened, "scream:2, udnie") == []
    layer, painted = opened.root.children
    assert (layer.name(), painted.name(), painted.at) == ("sky", "sky, scream:2, udnie", (7, 5))
    assert painted.picture.tobytes() == ImageOps.flip(cutout).tobytes()
    assert called()[-2:] == ["--style=scream:2", "--style=udnie"]


def test_what_lies_beyond_the_picture_is_not_painted(run, cutout):
    opened = document(cutout, (-10, -10), (50, 40))
    assert run(opened) == []
    assert opened.root.children[1].at == (0, 0)
    assert opened.root.children[1].picture.size == (50, 40)


def test_bad_states_get_one_sentence_and_change_nothing(run, cutout):
    opened = document(cutout)
    assert run(None) == ["Open a picture and choose a layer to paint."]
    assert run(document()) == ["The layer is empty; choose one with a picture."]
    assert run(opened, "nosuch") == ["There is no style nosuch."]
    assert run(opened, wanted=False) == []
    assert len(opened.root.children) == 1


def test_krita_finds_the_folder_that_its_file_names():
    parser = configparser.ConfigParser()
    parser.read(INTEGRATIONS / "krita/impasto_krita.desktop")
    assert (INTEGRATIONS / "krita" / parser["Desktop Entry"]["X-KDE-Library"] / "__init__.py").is_file()
