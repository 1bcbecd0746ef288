import json

import numpy as np
import pytest
from PIL import Image

from impasto.cli import main


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


@pytest.fixture
def folder(tmp_path, small):
    small.save(tmp_path / "photo.png")
    return tmp_path


def note(path):
    with Image.open(path) as image:
        return image.info["Software"]


def test_a_look_is_kept_and_taken_again(folder):
    photo, look = folder / "photo.png", folder / "look.json"
    asked = ["--style", "scream:2", "--style", "udnie", "--strength", "0.5", "--colors", "content"]
    assert run("apply", photo, *asked, "--save-preset", look, "-o", folder / "one.png") == 0
    assert json.loads(look.read_text()) == {
        "styles": ["scream:2", "udnie"],
        "options": {"strength": 0.5, "colors": "content"},
    }
    assert run("apply", photo, "--preset", look, "-o", folder / "two.png") == 0
    assert note(folder / "one.png") == note(folder / "two.png")
    with Image.open(folder / "one.png") as one, Image.open(folder / "two.png") as two:
        assert np.array_equal(np.asarray(one), np.asarray(two))


def test_what_the_command_line_says_goes_before_the_look(folder):
    look = folder / "look.json"
    look.write_text('{"styles": ["scream"], "options": {"strength": 0.5, "grain": 0.25}}')
    asked = ["--style", "udnie", "--strength", "0.75"]
    assert run("apply", folder / "photo.png", "--preset", look, *asked, "-o", folder / "out.png") == 0
    assert "style=udnie" in note(folder / "out.png")
    assert "strength=0.75" in note(folder / "out.png")
    assert "grain=0.25" in note(folder / "out.png")


@pytest.mark.parametrize("command", ["apply", "video"])
def test_what_is_no_look_is_refused_in_one_sentence(folder, capsys, command):
    (folder / "look.json").write_text("nothing")
    assert run(command, folder / "photo.png", "--preset", folder / "look.json") == 3
    message = capsys.readouterr().err.strip()
    assert "is no preset" in message
    assert len(message.splitlines()) == 1
