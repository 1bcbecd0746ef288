import json

import pytest

from impasto.motion.bvh import parse_bvh, write_bvh
from impasto.motion.walker import Walk, make_walk

from .conftest import process, run


@pytest.fixture
def clips(tmp_path, monkeypatch):
    write_bvh(make_walk(Walk(), 2.0), tmp_path / "walk.bvh")
    write_bvh(make_walk(Walk(stoop=0.5), 2.0, naming="bandai"), tmp_path / "old.bvh")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_movement_takes_a_style_and_is_drawn(clips, capsys):
    assert run("motion", "walk.bvh", "--style", "old.bvh", "-o", "out.bvh", "--preview", "out.png") == 0
    assert capsys.readouterr().out == "out.bvh  (60 frames, 2.0 s; gait)\n"
    assert run("motion", "preview", "walk.bvh", "out.bvh", "-o", "both.png") == 0
    assert (clips / "out.png").exists()
    assert (clips / "both.png").exists()
    assert run("motion", "--style", "arms=old.bvh:2", "walk.bvh", "--json", "-o", "out.bvh") == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (facts["file"], facts["methods"], facts["frames"]) == ("out.bvh", {"old": "gait"}, 60)


def test_two_styles_are_blended(clips, capsys):
    assert run("motion", "walk.bvh", "--style", "old.bvh:2", "--style", "arms=walk.bvh", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["file"], facts["methods"]) == ("walk-old+walk.bvh", {"old": "gait", "walk": "gait"})


def test_a_learnt_style_is_kept_listed_and_used(clips, capsys):
    assert run("learn", "old.bvh", "-o", "old.safetensors", "--title", "An old walk") == 0
    assert (clips / "old.safetensors").stat().st_size < 10_000
    assert run("styles", "add", "old.safetensors", "--name", "stooped") == 0
    assert run("styles", "list") == 0
    assert "stooped          An old walk (yours, motion)" in capsys.readouterr().out
    assert run("motion", "walk.bvh", "--style", "stooped") == 0
    assert (clips / "walk-old.bvh").exists()
    assert run("learn", "old.bvh") == 0
    assert run("learn", "walk.bvh") == run("learn", "walk.bvh") == 0
    assert "walk.safetensors was made in the same way and is kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["motion", "walk.bvh"], "No style is given; try: impasto motion walk.bvh --style old.bvh -o out.bvh"),
        (["motion", "no.bvh", "--style", "old.bvh"], "There is no file no.bvh"),
        (["motion", "walk.bvh", "--style", "scream"], "scream is a style of pictures"),
        (["motion", "walk.bvh", "--style", "old.bvh", "--map", "hips"], "hips is not NAME=JOINT"),
        (["motion", "walk.bvh", "--style", "old.bvh", "--strength", "9"], "from 0 to 2"),
        (["motion", "preview", "walk.bvh"], "-o is missing"),
        (["motion", "preview", "walk.bvh", "-o", "a.txt"], "no suffix that a preview is written to"),
        (["learn", "old.bvh", "--deep"], "--deep is for pictures"),
        (["learn", "old.bvh", "walk.bvh"], "One clip is one style of motion"),
        (["apply", "walk.bvh", "--style", "scream"], "walk.bvh"),
    ],
)
def test_what_is_wrong_is_one_sentence(clips, capsys, arguments, said):
    before = sorted(clips.iterdir())
    assert run(*arguments) > 0
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert sorted(clips.iterdir()) == before


def test_messages_call_the_command_as_it_is_typed(clips, capsys):
    assert run("motion", "walk.bvh", "--strange") == 2
    assert "All options: impasto motion --help" in capsys.readouterr().err


def test_pictures_and_motion_do_not_take_each_others_styles(clips, capsys):
    assert run("learn", "old.bvh", "-o", "old.safetensors") == 0
    assert run("apply", "walk.bvh", "--style", "old.safetensors", "-o", "a.jpg") > 0
    assert "old.safetensors is a style of motion, which impasto motion takes" in capsys.readouterr().err


def test_the_help_shows_both_commands(capsys):
    assert run("motion", "--help") == 0
    said = capsys.readouterr().out
    assert "--neutral" in said
    assert "preview  " in said


def test_a_clip_goes_through_a_pipe(clips):
    made = process("motion", "-", "--style", "old.bvh", input=(clips / "walk.bvh").read_bytes(), cwd=clips)
    assert parse_bvh(made.stdout, "piped").frames == 60
