from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto.errors import InputError, OutputError
from impasto.motion.api import learn_motion
from impasto.motion.bvh import read_bvh, write_bvh
from impasto.motion.walker import Walk, make_walk

from .test_beats import clicks
from .test_track import write


@pytest.fixture
def files(plain, old, tmp_path):
    write_bvh(plain, tmp_path / "plain.bvh")
    write_bvh(old, tmp_path / "old.bvh")
    return tmp_path


def test_a_file_is_written_beside_the_content_once(files):
    first = impasto.stylize_motion(files / "plain.bvh", files / "old.bvh")
    assert first.output == files / "plain-old.bvh"
    assert read_bvh(first.output).frames == 120
    assert impasto.stylize_motion(str(files / "plain.bvh"), str(files / "old.bvh")).kept
    other = impasto.stylize_motion(files / "plain.bvh", files / "old.bvh", strength=0.5)
    assert other.output == files / "plain-old-2.bvh"
    assert (
        impasto.stylize_motion(files / "plain.bvh", files / "old.bvh", overwrite=True, strength=0.5).output
        == first.output
    )


def test_a_learnt_style_does_what_its_clip_does(files, plain):
    style = learn_motion(files / "old.bvh", files / "old.safetensors", metadata={"title": "An old walk"})
    assert style.metadata == {"source": "old.bvh", "title": "An old walk"}
    results = [
        impasto.stylize_motion(plain, one).clip.world[0]
        for one in (files / "old.bvh", files / "old.safetensors", style)
    ]
    for other in results[1:]:
        assert np.abs(other - results[0]).max() < 0.01


def test_frames_a_second_can_be_chosen_and_the_length_stays(plain, old):
    result = impasto.stylize_motion(plain, old, fps=60)
    assert (result.clip.frames, result.output) == (240, None)
    assert result.clip.seconds == pytest.approx(4)


def test_music_and_a_style_go_together_with_a_preview(plain, old, tmp_path):
    pytest.importorskip("av")
    write(tmp_path / "track.wav", clicks(np.arange(0.3, 7.5, 0.5), 8.0))
    result = impasto.stylize_motion(
        plain, old, music=tmp_path / "track.wav", output=tmp_path / "out.bvh", preview=tmp_path / "out.png"
    )
    assert result.hits_after >= 0.7 > result.hits_before
    assert (tmp_path / "out.png").exists()
    assert read_bvh(tmp_path / "out.bvh").frames == result.clip.frames


def test_what_is_wrong_is_said_before_anything_is_made(files, plain, old):
    for keywords, error, said in (
        ({}, InputError, "Neither a style nor music"),
        ({"style": []}, InputError, "Neither a style nor music"),
        ({"style": old, "output": files / "out.fbx"}, OutputError, "give it the suffix .bvh"),
        ({"style": old, "preview": files / "out.avi"}, OutputError, "no suffix"),
        ({"style": old, "fps": 0}, InputError, "out of range"),
        ({"style": old, "parts": "tail"}, InputError, "There is no part tail"),
        ({"style": old, "parts": []}, InputError, "takes some of arms"),
        ({"style": old, "mapping": {"hips": "Zebra"}}, InputError, "No clip has a joint Zebra"),
        ({"style": old, "mapping": {1: 2}}, InputError, "names of parts and joints"),
        ({"style": old, "strenth": 1}, InputError, "did you mean strength"),
        ({"style": old, "strength": 3}, InputError, "from 0 to 2"),
        ({"style": old, "method": "magic"}, InputError, "There is no method magic"),
    ):
        with pytest.raises(error, match=said):
            impasto.stylize_motion(plain, **keywords)
    with pytest.raises(OutputError, match=r"suffix \.safetensors"):
        learn_motion(plain, files / "a.npz")
    assert sorted(path.name for path in files.iterdir()) == ["old.bvh", "plain.bvh"]


def test_what_files_have_otherwise_than_they_say_is_told_once_of_each(files):
    for name in ("plain", "old"):
        path = files / f"{name}.bvh"
        path.write_text(path.read_text()[:-3000])
    result = impasto.stylize_motion(
        files / "plain.bvh", files / "old.bvh", neutral=files / "old.bvh", output=files / "x.bvh"
    )
    told = [notice for notice in result.notices if "whole ones that are there are taken" in notice]
    assert [Path(notice.values["name"]).name for notice in told] == ["plain.bvh", "old.bvh"]
    assert learn_motion(files / "old.bvh").notices == tuple(told[1:])


def test_music_that_ends_before_the_movement_is_said(files, tmp_path):
    pytest.importorskip("av", reason="the extra video is not installed")
    write(tmp_path / "short.wav", clicks(np.arange(0.2, 2.8, 0.4), 3.0, 48000), 48000)
    long = make_walk(Walk(), 8.0, name="long")
    result = impasto.stylize_motion(long, music=tmp_path / "short.wav", output=files / "x.bvh")
    assert [notice.key for notice in result.notices] == ["music_ends"]
