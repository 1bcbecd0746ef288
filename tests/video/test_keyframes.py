from dataclasses import replace

import numpy as np
import pytest

import impasto
from impasto.errors import InputError
from impasto.video.keyframes import Keyframes
from impasto.video.source import open_source


@pytest.fixture
def namesakes():
    """Two styles that have nothing in common but their name."""
    return [replace(impasto.load_style(name), name="mine") for name in ("scream", "houses")]


def test_one_style_fades_into_another_of_the_same_name(namesakes):
    first, second = namesakes
    keyframes = Keyframes(None, {0: first, 10: second})
    assert keyframes.at(0) == ([(first, 1.0)], True)
    assert keyframes.at(2.5) == ([(first, 0.75), (second, 0.25)], True)
    assert keyframes.at(12) == ([(second, 1.0)], False)
    assert keyframes.described()[0][1:3] != keyframes.described()[1][1:3]


def test_the_same_blend_twice_is_no_change(namesakes):
    first, second = namesakes
    blend = [(first, 1), (second, 1), (first, 2)]
    keyframes = Keyframes(blend, {10: [(second, 1), (first, 3)]})
    assert keyframes.at(5) == ([(first, 0.75), (second, 0.25)], False)


def test_a_video_is_painted_in_both_of_two_styles_of_one_name(clip, tmp_path, namesakes):
    first, second = namesakes
    paint = {"codec": "ffv1", "stabilize": "off", "end": 0.3}
    impasto.stylize_video(clip, style_at={0: first, 0.01: second}, output=tmp_path / "both.mkv", **paint)
    impasto.stylize_video(clip, second, output=tmp_path / "second.mkv", **paint)
    both, alone = (open_source(tmp_path / name).frames() for name in ("both.mkv", "second.mkv"))
    off = [np.abs(one.rgb.astype(float) - two.rgb).mean() for one, two in zip(both, alone, strict=True)]
    assert off[0] > 10
    assert off[1:] == [0.0] * (len(off) - 1)


def test_two_styles_for_the_start_are_refused():
    with pytest.raises(InputError, match="two styles for the start"):
        Keyframes("scream", {0: "udnie", 4: "houses"})


def test_times_are_checked():
    for time in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="cannot start"):
            Keyframes(None, {0.0: "scream", time: "houses"})
