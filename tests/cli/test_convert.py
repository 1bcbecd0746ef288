import json

import pytest

pytest.importorskip("torch")

from tests.cli.conftest import run
from tests.foreign.cases import CASES, write_microast

from impasto.styles.catalogue import load_style
from impasto.styles.style import CONVERTED


def written(name, folder):
    folder.mkdir(exist_ok=True)
    return next(case for case in CASES if case.name == name).write(folder)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_a_network_becomes_a_style_that_paints(here, photo, capsys):
    old = written("pytorch legacy", here / "old")
    assert run("convert", old, "-o", "mosaic.safetensors") == 0
    said = capsys.readouterr()
    assert said.out == "mosaic.safetensors  (pytorch/examples fast_neural_style)\n"
    assert "cannot be blended with other styles." in said.err
    assert CONVERTED in load_style("mosaic.safetensors").metadata
    photo.save("photo.jpg")
    assert run("apply", "photo.jpg", "--style", "mosaic.safetensors", "-o", "one.png", "-q") == 0
    assert run("apply", "photo.jpg", "--style", old, "-o", "other.png", "-q") == 0
    assert (here / "one.png").stat().st_size == pytest.approx((here / "other.png").stat().st_size, rel=0.01)


def test_without_output_it_is_named_after_the_file_and_kept_if_it_is_the_same(here, capsys):
    old = written("rrmina", here / "old").rename(here / "udnie.pth")
    assert run("convert", old, "-q") == 0
    stamp = (here / "udnie.safetensors").stat().st_mtime_ns
    assert run("convert", old) == 0
    assert "made in the same way and is kept" in capsys.readouterr().err
    assert (here / "udnie.safetensors").stat().st_mtime_ns == stamp
    other = written("gordicaleksa", here / "more").rename(here / "more" / "udnie.pth")
    assert run("convert", other, "-q") == 0
    assert load_style("udnie-2.safetensors").metadata["converted_from"].startswith("gordicaleksa")


def test_all_styles_of_a_network_go_into_a_folder_and_one_into_a_file(here, capsys):
    old = written("magenta 0", here / "old")
    assert run("convert", old, "-o", "monet", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [style["name"] for style in told["styles"]] == ["old-0", "old-1", "old-2"]
    assert len(list((here / "monet" / "styles").iterdir())) == 3
    assert run("convert", f"{old}#1", "-o", "one.safetensors", "--name", "water", "-q") == 0
    assert load_style("one.safetensors").name == "water"
    assert run("convert", old, "-o", "one.safetensors") == 5
    assert "holds 3 styles" in capsys.readouterr().err


def test_a_network_of_any_style_takes_a_picture(here, photo, capsys):
    (here / "microast").mkdir()
    write_microast(here / "microast")
    photo.save("painting.png")
    assert run("convert", "microast") == 5
    assert "--style-picture" in capsys.readouterr().err
    assert run("convert", "microast", "--style-picture", "painting.png") == 0
    assert load_style("painting.safetensors").name == "painting"


@pytest.mark.parametrize(
    ("old", "sentence"),
    [
        ("missing.t7", "There is no network at missing.t7"),
        ("style.safetensors", "is a style already"),
        ("notes.txt", "it is in no format that is known here"),
    ],
)
def test_what_cannot_be_converted_is_one_sentence(here, capsys, old, sentence):
    load_style("scream").save(here / "style.safetensors")
    (here / "notes.txt").write_text("hello")
    assert run("convert", old, "-o", "new.safetensors") == 5
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (here / "new.safetensors").exists()
