from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError

from .clips import pictures, run, scene, stylize


def test_numbered_pictures_in_and_out(tmp_path):
    for number in range(5, 9):
        Image.fromarray(scene(number, 40, 32)).save(tmp_path / f"in_{number:03}.png")
    assert (
        run("video", tmp_path / "in_%03d.png", "--style", "udnie", "--fps", "5", "-o", tmp_path / "out.mp4", "-q") == 0
    )
    assert [t for t, _ in pictures(tmp_path / "out.mp4")] == [Fraction(n, 5) for n in range(4)]
    assert run("video", tmp_path / "out.mp4", "--style", "udnie", "-o", tmp_path / "o_%02d.png", "-q") == 0
    assert sorted(p.name for p in tmp_path.glob("o_*.png")) == [f"o_{n:02}.png" for n in range(1, 5)]
    Image.fromarray(scene(1, 44, 32)).save(tmp_path / "in_007.png")
    with pytest.raises(InputError, match="another size"):
        stylize(tmp_path / "in_%03d.png", tmp_path / "no.mp4")


def test_pictures_are_written_as_well_as_ever_unless_a_quality_is_given(clip, tmp_path):
    for name, given in (("plain", ()), ("same", ("--quality", "95")), ("small", ("--quality", "50"))):
        output = tmp_path / f"{name}_%d.jpg"
        assert run("video", clip, "--style", "scream", "--end", "0.05", "-o", output, "-q", *given) == 0
    plain, same, small = (tmp_path / f"{name}_1.jpg" for name in ("plain", "same", "small"))
    assert np.array_equal(Image.open(plain), Image.open(same))  # their notes say what was asked for
    assert small.stat().st_size < 0.7 * plain.stat().st_size


def test_pictures_keep_their_numbers_and_are_never_painted_over(tmp_path):
    for number in range(5, 9):
        Image.fromarray(scene(number, 40, 32)).save(tmp_path / f"in_{number:03}.png")
    before = (tmp_path / "in_006.png").read_bytes()
    with pytest.raises(InputError, match="input pictures themselves"):
        stylize(tmp_path / "in_%03d.png", tmp_path / "in_%03d.png")
    assert (tmp_path / "in_006.png").read_bytes() == before
    (tmp_path / "in_010.png").write_bytes(before)
    report = stylize(tmp_path / "in_%03d.png", tmp_path / "out_%02d.png", start_number=6)
    assert any("in_009.png is missing; 1 pictures" in notice for notice in report.notices)
    assert sorted(p.name for p in tmp_path.glob("out_*")) == ["out_06.png", "out_07.png", "out_08.png"]
