import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.errors import InputError
from impasto.flow.estimate import fit_known_flow
from impasto.flow.files import FramePattern, PairPattern, read_certainty, read_flo, write_certainty, write_flo
from impasto.pictures.masks import read_mask


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_flo_files_come_back(tmp_path_factory, height, width, seed):
    path = tmp_path_factory.mktemp("flo") / "a.flo"
    flow = np.random.default_rng(seed).normal(0, 9, (height, width, 2)).astype(np.float32)
    write_flo(flow, path)
    assert path.read_bytes()[:12] == b"PIEH" + struct.pack("<ii", width, height)
    assert path.stat().st_size == 12 + 8 * width * height
    np.testing.assert_array_equal(read_flo(path), flow)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "PIEH"),
        (b"PIEX" + bytes(20), "PIEH"),
        (b"PIEH" + struct.pack("<ii", -1, 3), "claims"),
        (b"PIEH" + struct.pack("<ii", 4, 4) + bytes(100), "cut off"),
    ],
)
def test_damaged_flo_files_are_named(tmp_path, data, says):
    path = tmp_path / "a.flo"
    path.write_bytes(data)
    with pytest.raises(InputError, match=says):
        read_flo(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_flo(tmp_path / "none.flo")


def test_certainty_is_a_pgm_with_the_ancestors_header(tmp_path):
    certainty = np.arange(12, dtype=np.uint8).reshape(3, 4)
    write_certainty(certainty, tmp_path / "c.pgm")
    assert (tmp_path / "c.pgm").read_bytes() == b"P5\n4 3\n255\n" + certainty.tobytes()
    np.testing.assert_array_equal(read_certainty(tmp_path / "c.pgm"), certainty)
    with pytest.raises(InputError, match="certainty"):
        read_certainty(tmp_path / "none.pgm")


def test_certainty_of_any_picture_is_its_luma(tmp_path):
    deep = np.array([[0, 257, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(read_certainty(tmp_path / "deep.png"), [[0, 1, 255]])
    Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)).save(tmp_path / "color.png")
    np.testing.assert_array_equal(read_certainty(tmp_path / "color.png"), [[76, 150]])


def test_patterns_take_both_forms_of_brackets():
    assert str(PairPattern("b_[%d]_{%d}.flo").path(2, 1)) == "b_2_1.flo"
    assert str(PairPattern("to{%03d}from[%02d].flo").path(5, 11)) == "to011from05.flo"
    with pytest.raises(InputError, match=r"\[%d\]"):
        PairPattern("b_{%d}.flo")
    assert str(FramePattern("f_%04d.png").path(7)) == "f_0007.png"
    with pytest.raises(InputError, match="one number"):
        FramePattern("f.png")


def test_a_pattern_finds_its_first_file(tmp_path):
    for number in (7, 8, 10):
        (tmp_path / f"f{number:03}.png").touch()
    pattern = FramePattern(str(tmp_path / "f%03d.png"))
    assert (pattern.first(), pattern.count(7)) == (7, 2)
    with pytest.raises(InputError, match=r"no .*f001"):
        pattern.first(1)
    with pytest.raises(InputError, match="no file"):
        FramePattern(str(tmp_path / "g%03d.png")).first()


def test_the_number_of_a_pattern_stands_in_the_file_s_name(tmp_path):
    with pytest.raises(InputError, match="in the file's name"):
        FramePattern("shot_%02d/frame.png")
    assert not FramePattern.matches("shot_%02d/frame.png")
    folder = tmp_path / "take %2d"
    folder.mkdir()
    (folder / "f_0003.png").touch()
    pattern = FramePattern(str(folder / "f_%04d.png"))
    assert FramePattern.matches(pattern.text)
    assert (pattern.first(), pattern.numbers(), pattern.path(3)) == (3, [3], folder / "f_0003.png")


def test_a_percent_sign_in_a_word_is_no_number():
    for name in ("50%discount.png", "%dégradé.png", "100%.png", "f_%x.png"):
        assert not FramePattern.fits(name)
    for name in ("f%d.png", "f_%04d.png", "f%03dx.png", "%d-a.png", "50%discount_%d.png", "%d_a.png"):
        assert FramePattern.fits(name)
    assert str(FramePattern("50%discount_%02d.png").path(7)) == "50%discount_07.png"


def test_the_name_of_a_file_that_exists_is_no_pattern(tmp_path):
    pattern = tmp_path / "f_%03d.png"
    assert FramePattern.matches(pattern)
    pattern.touch()
    assert not FramePattern.matches(pattern)


def mutants(data, count):
    """Damaged copies of a file, the same in each run."""
    rng = random.Random(0)
    for _ in range(count):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 3))):
            at = rng.randrange(min(len(damaged), rng.choice((16, 2000))) or 1)
            damaged[at : at + 4] = rng.choice((b"\xff" * 4, b"\0" * 4, rng.randbytes(4), rng.randbytes(9), b""))
        yield bytes(damaged)


@pytest.mark.parametrize("kind", ["flo", "pgm", "png", "tif"])
def test_damaged_files_are_one_sentence_or_usable(tmp_path, kind):
    rng = np.random.default_rng(0)
    path = tmp_path / f"a.{kind}"
    if kind == "flo":
        write_flo(rng.normal(0, 3, (12, 16, 2)).astype(np.float32), path)
    else:
        Image.fromarray(rng.integers(0, 256, (12, 16), np.uint8)).save(path, "PPM" if kind == "pgm" else None)
    refused = 0
    for damaged in mutants(path.read_bytes(), 150):
        path.write_bytes(damaged)
        try:
            if kind == "flo":
                flow = read_flo(path)
                fitted, known = fit_known_flow(flow, 12, 16)
                assert np.isfinite(fitted).all()
                assert known.shape == (12, 16)
            else:
                assert read_certainty(path).dtype == np.uint8
                read_mask(path, 10**6, may_be_black=True)
        except InputError:
            refused += 1
    assert refused > 10
