import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image
from tests.cli.conftest import run


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_style_becomes_a_model_with_a_card_whose_lines_run(here, photo, capsys):
    photo.save("photo.jpg")
    assert run("export", "scream", "--to", "onnx", "-o", "scream.onnx") == 0
    assert "scream.onnx.md says how to use it" in capsys.readouterr().out
    text = (here / "scream.onnx.md").read_text()
    assert "* title: The Scream" in text
    exec(text.partition("```python\n")[2].partition("```")[0], {})
    with Image.open("painted.jpg") as painted:
        assert painted.size == photo.size


def test_without_output_nothing_is_replaced_and_with_it_that_is_said(here, capsys):
    (here / "scream.onnx").write_text("mine")
    assert run("export", "scream", "--size", "32x24", "-q") == 0
    assert (here / "scream.onnx").read_text() == "mine"
    session = ort.InferenceSession("scream-2.onnx")
    assert session.run(None, {"image": np.zeros((1, 24, 32, 3), np.uint8)})[0].shape == (1, 24, 32, 3)
    assert run("export", "scream", "-o", "scream.onnx") == 0
    assert "was there before and is replaced" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["page"], "Name the folder of the page with -o"),
        (["page", "-o", "site", "--to", "onnx"], "The page has no options but -o and -q"),
        (["scream", "--size", "large"], "--size takes width and height"),
        (["scream", "--opset", "3"], "opset 13 to 21, not 3"),
        (["screem"], "did you mean scream?"),
        (["network", "-o", "network.onnx"], "has no style that could be baked in"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence_and_leaves_no_file(here, capsys, arguments, sentence):
    assert run("export", *arguments) > 0
    assert sentence in capsys.readouterr().err
    assert not list(here.iterdir())
