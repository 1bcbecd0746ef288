import os

import pytest
from PIL import Image

from impasto.pictures.conversion import from_array
from impasto.pictures.formats import WRITABLE_FORMATS
from impasto.pictures.results import is_made_alike, note_of_result, unnamed_result
from impasto.pictures.writing import write_picture

from .samples import smooth

NOTE = "impasto 0.1.0 style=caf\u00e9 id=12345678"


@pytest.mark.parametrize("format", [name for name in WRITABLE_FORMATS if name not in ("PPM", "PGM")])
def test_a_result_tells_how_it_was_made(tmp_path, format):
    path = tmp_path / "o"
    write_picture(from_array(smooth()), path, format=format, note=NOTE)
    assert note_of_result(path) == NOTE
    assert is_made_alike(path, NOTE)
    assert not is_made_alike(path, f"{NOTE} strength=0.5")
    write_picture(from_array(smooth()), path, format=format, note=NOTE, strip=True)
    assert note_of_result(path) == f"{NOTE} strip=True"


def test_a_quality_is_noted_where_it_matters(tmp_path):
    for name, note in (("o.jpg", f"{NOTE} quality=30"), ("o.png", NOTE)):
        write_picture(from_array(smooth()), tmp_path / name, note=NOTE, quality=30)
        assert note_of_result(tmp_path / name) == note


def test_what_is_no_result_tells_nothing(tmp_path):
    exif = Image.Exif()
    exif[0x0131] = "impastoed by hand"
    for name, more in (("a.jpg", {"exif": exif}), ("a.png", {}), ("a.ppm", {})):
        Image.fromarray(smooth()).save(tmp_path / name, **more)
        assert note_of_result(tmp_path / name) is None
    (tmp_path / "a.txt").write_text(NOTE)
    assert note_of_result(tmp_path / "a.txt") is None
    assert note_of_result(tmp_path / "missing.png") is None


def test_a_result_of_an_earlier_photograph_is_made_in_another_way(tmp_path):
    source, result = tmp_path / "a.png", tmp_path / "o.png"
    for path in (source, result):
        write_picture(from_array(smooth()), path, note=NOTE)
    os.utime(source, (1, 1))
    assert is_made_alike(result, NOTE, source)
    os.utime(result, (0, 0))
    assert not is_made_alike(result, NOTE, source)


def test_a_result_that_nobody_named_gets_a_number_beside_other_files(tmp_path):
    wanted = tmp_path / "a-scream.png"
    assert unnamed_result(wanted, lambda _: False) == (wanted, False)
    wanted.write_bytes(b"")
    assert unnamed_result(wanted, lambda _: True) == (wanted, True)
    second = tmp_path / "a-scream-2.png"
    assert unnamed_result(wanted, lambda path: path == second) == (second, False)
    second.write_bytes(b"")
    assert unnamed_result(wanted, lambda path: path == second) == (second, True)
    assert unnamed_result(wanted, lambda _: False) == (tmp_path / "a-scream-3.png", False)
