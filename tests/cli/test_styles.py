import json

import pytest
from PIL import Image

import impasto
from impasto.pictures import contact_sheet

from .conftest import check_refusal, process, run


def test_styles_are_listed_shown_and_previewed(folder, capsys):
    assert run("styles", "list", "--json") == 0
    names = [style["name"] for style in json.loads(capsys.readouterr().out)]
    assert len(names) == 41
    assert {"starry-night", "scream", "photograph"} <= set(names)
    assert run("styles", "show", "scream") == 0
    assert "Edvard Munch" in capsys.readouterr().out
    assert run("styles", "preview", folder / "in" / "one.jpg", "-o", folder / "sheet.png", "--tile", 48) == 0
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.width >= 4 * 48


def test_styles_show_json_is_the_metadata(capsys):
    assert run("styles", "show", "great-wave", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["name"] == "great-wave"
    assert {"title", "artist", "network"} <= set(facts)


def test_a_style_is_added_used_by_name_and_removed(folder, own_catalogue, capsys):
    impasto.load_style("scream").save(folder / "mine.safetensors")
    assert run("styles", "add", folder / "mine.safetensors", "--name", "mine") == 0
    assert run("styles", "add", folder / "mine.safetensors", "--name", "mine") == 5
    assert "already" in capsys.readouterr().err
    assert run("styles", "add", folder / "mine.safetensors", "--name", "mine", "--overwrite", "-q") == 0
    (own_catalogue / "bad.safetensors").write_bytes(b"bad")
    assert run("styles", "list", "--json") == 0
    said = capsys.readouterr()
    assert {style["name"]: style["added"] for style in json.loads(said.out)}["mine"] is True
    assert "bad.safetensors cannot be read" in said.err
    assert run("styles", "list") == 0
    assert "(yours)" in capsys.readouterr().out
    assert run("apply", folder / "in" / "one.jpg", "--style", "mine", "-o", folder / "out.png") == 0
    capsys.readouterr()
    assert run("styles", "preview", folder / "in" / "one.jpg", "-o", folder / "sheet.png", "--tile", 32) == 0
    assert "bad.safetensors cannot be read" in capsys.readouterr().err
    assert (folder / "sheet.png").exists()
    assert run("styles", "remove", "mine") == 0
    assert run("styles", "show", "mine") == 5
    assert run("styles", "remove", "scream") == 5


def test_preview_shows_all_styles_beside_the_picture_by_default(folder, capsys):
    source = folder / "in" / "deep" / "two.png"
    assert run("styles", "preview", source, "--tile", 32) == 0
    with Image.open(source.with_name("two-styles.jpg")) as sheet:
        assert sheet.width * sheet.height >= 16 * 32 * 41
        assert sheet.convert("L").getextrema()[0] < 100
    assert run("styles", "preview", source, "--tile", 32) == 0
    assert "two-styles.jpg was made in the same way and is kept" in capsys.readouterr().err
    assert run("styles", "preview", source, "--tile", 32, "--strength", 0.5) == 0
    said = capsys.readouterr()
    assert said.out == f"{source.with_name('two-styles-2.jpg')}\n"
    assert "two-styles.jpg was made in another way and is kept" in said.err
    assert run("apply", source.parent, "--style", "scream", "-o", folder / "out") == 0  # sheets are results
    assert [path.name for path in (folder / "out").iterdir()] == ["two.png"]


def test_the_list_is_shown_in_a_process_of_its_own():
    listed = process("styles", "list")
    assert listed.returncode == 0, listed.stderr
    assert b"starry-night" in listed.stdout
    assert b"van Gogh" in listed.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["styles", "show", "scraem"], 5, "did you mean scream"),
        (["styles", "preview", "IN/none.jpg"], 3, "does not exist"),
        (["styles", "preview", "/"], 3, "folder"),
        (["styles", "preview", "IN/one.jpg", "-o", "IN/x.docx"], 4, "can be written"),
        (["styles", "preview", "IN/one.jpg", "-o", "IN/one.jpg"], 3, "one of the inputs"),
        (["styles", "preview", "IN/one.jpg", "--mask", "IN/m.jpg", "-o", "IN/m.jpg"], 3, "one of the inputs"),
        (["styles", "preview", "IN/one.jpg", "--mask", "scream=IN/m.jpg"], 2, "a mask is for scream"),
        (["styles", "preview", "IN/one.jpg", "--size", "9"], 2, "No such option"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence_and_leaves_nothing(folder, capsys, arguments, status, sentence):
    check_refusal(folder, capsys, arguments, status, sentence)


def test_the_sheet_shows_the_photograph_once_as_the_original(folder, monkeypatch):
    shown = []
    monkeypatch.setattr(contact_sheet, "contact_sheet", lambda cells: shown.extend(cells) or cells[0][1])
    assert run("styles", "preview", folder / "in" / "one.jpg", "--tile", 32) == 0
    labels = [label for label, _ in shown]
    assert labels[0] == "original"
    assert "photograph" not in labels
    assert len(labels) == len(set(labels)) == 41


def test_a_name_that_is_refused_costs_no_learning(folder, small, monkeypatch, capsys):
    from impasto.cli import picture_styles

    monkeypatch.setattr(picture_styles, "learn_picture", lambda *_, **__: pytest.fail("it is learnt"))
    small.save(folder / "scream.png")
    assert run("styles", "add", folder / "scream.png") == 5
    assert "scream is a bundled style; give another name" in capsys.readouterr().err
    assert run("styles", "add", folder / "scream.png", "--name", "a/b") == 5
