import pytest

import impasto
from impasto.errors import InputError
from impasto.sound.learn import learn_sound
from impasto.sound.request import load_style

from .sounds import noise, write


def test_a_recording_that_is_cut_off_is_said_wherever_it_is_the_style(content, style, tmp_path):
    path = write(tmp_path / "cut.flac", noise(3.0), codec="flac")
    path.write_bytes(path.read_bytes()[:-40_000])
    told = list(load_style(path).notices)
    assert (told[0].key, told[0]) == ("style_cut_off", "cut.flac ends before its end; the style is what was there.")
    assert impasto.stylize_sound(content, path, output=tmp_path / "out.wav").notices == told
    assert list(learn_sound(path).notices) == told
    assert load_style(style).notices == []


def test_a_folder_is_no_recording(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        load_style(tmp_path)


def test_a_part_behind_the_end_is_refused_with_the_length(style):
    with pytest.raises(InputError, match=r"hiss.wav lasts 1.5 s, and its part begins behind that"):
        load_style(style, 20)
