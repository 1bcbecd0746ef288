from dataclasses import replace

import pytest

import impasto
from impasto.cli import learn
from impasto.learning.checks import made_from

from .conftest import run


@pytest.fixture
def learnt(tmp_path, small, monkeypatch):
    """The files that are learnt, in a folder with a painting; learning takes no time here."""
    small.save(tmp_path / "waves.png")
    monkeypatch.chdir(tmp_path)
    files = []

    def learn_style(pictures, target, *, effort, photos, deep, minutes, **settings):
        given = {name: settings[name] for name in ("steps", "seed") if name in settings}
        facts = {"made_from": made_from(pictures, given, photos, effort=effort, deep=deep, minutes=minutes)}
        style = replace(impasto.load_style("scream"), metadata=facts | {"measured": "", "learnt": ""})
        style.save(target)
        files.append(target.name)
        return style

    monkeypatch.setattr(learn, "learn_style", learn_style)
    return files


def test_a_style_that_was_learnt_in_another_way_is_kept_and_one_that_was_named_replaced(learnt, capsys):
    for more, said in (
        ([], ""),
        ([], "waves.safetensors was made in the same way and is kept"),
        (["--steps", "9"], "waves.safetensors was made in another way and is kept"),
        (["--steps", "9"], "waves-2.safetensors was made in the same way and is kept"),
        (["--deep"], "waves.safetensors was made in another way and is kept"),
        (["--steps", "9", "--overwrite"], ""),
        (["-o", "waves.safetensors"], "waves.safetensors was there before and is replaced."),
    ):
        assert run("learn", "waves.png", *more) == 0
        assert said in capsys.readouterr().err
    numbered = ["waves.safetensors", "waves-2.safetensors", "waves-3.safetensors"]
    assert learnt == [*numbered, "waves.safetensors", "waves.safetensors"]


@pytest.mark.parametrize(
    ("kept", "words"), [(True, "what there is is kept in waves.learning"), (False, "nothing was learnt yet.")]
)
def test_ctrl_c_says_whether_something_is_kept(tmp_path, small, monkeypatch, capsys, kept, words):
    small.save(tmp_path / "waves.png")
    monkeypatch.chdir(tmp_path)

    def interrupted(*_, **__):
        if kept:
            (tmp_path / "waves.learning").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(learn, "learn_style", interrupted)
    assert run("learn", "waves.png") == 130
    assert f"Interrupted; {words}" in capsys.readouterr().err


def test_a_folder_of_pictures_becomes_a_style_of_each(tmp_path, small, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paintings").mkdir()
    for name in ("waves", "houses"):
        small.save(tmp_path / f"paintings/{name}.png")
    assert run("learn", "paintings", "--quick", "--on", "local", "--processes", "1", "-o", "styles") == 0
    assert "2 written" in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "styles").glob("*.safetensors")) == [
        "houses.safetensors",
        "waves.safetensors",
    ]
    assert impasto.load_style("styles/waves.safetensors").name == "waves"
    assert run("learn", "paintings", "--quick", "--on", "local", "-o", "styles") == 0
    assert "All of it was done before; --overwrite makes it anew." in capsys.readouterr().err
    assert run("learn", "paintings", "--quick", "--on", "local", "-o", "styles", "--title", "Waves") == 2
    assert "--title is for a single style" in capsys.readouterr().err
    assert run("learn", "paintings") == 3
    assert "or give --on local to learn a style of each" in capsys.readouterr().err
