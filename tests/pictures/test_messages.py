"""Warnings and errors name the file that they are about."""

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from impasto.errors import InputError
from impasto.pictures import large
from impasto.pictures.decoding import from_pil
from impasto.pictures.messages import about, heard, logger
from impasto.pictures.reading import open_picture, read_picture
from impasto.pictures.writing import write_picture

from .samples import png_with, saved, smooth


def test_an_error_that_names_no_file_gets_the_name_of_the_file_that_is_read(tmp_path):
    path = tmp_path / "50% float.tif"
    Image.fromarray(np.full((4, 4), 255, np.float32)).save(path)
    with pytest.raises(InputError, match=r"50% float\.tif: The picture's floating-point values") as caught:
        read_picture(path)
    assert str(caught.value).count("float.tif") == 1


def test_an_error_that_names_its_file_stays():
    with pytest.raises(InputError) as caught, about("x.jpg"):
        raise InputError("x.jpg is empty: get it afresh.")
    assert str(caught.value) == "x.jpg is empty: get it afresh."


def test_warnings_of_reading_and_writing_name_the_file(tmp_path, caplog):
    source, target = tmp_path / "50%d.png", tmp_path / "out.jpg"
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Author", "Ann")
    Image.fromarray(smooth()).save(source, pnginfo=chunks, icc_profile=b"broken")
    for read in (read_picture, lambda path: large.open_rows(path).rows(0, 24)):
        caplog.clear()
        picture = read(source)
        (record,) = caplog.records
        assert record.getMessage().startswith(f"{source}: colour profile ignored")
    caplog.clear()
    write_picture(picture, target)
    assert [record.getMessage() for record in caplog.records] == [
        f"{target}: JPEG cannot hold the original's text 'Author': left out"
    ]


def test_what_has_no_name_is_not_named(caplog):
    read_picture(saved(Image.fromarray(smooth()), icc_profile=b"broken"))
    assert caplog.records[0].getMessage().startswith("colour profile ignored")
    caplog.clear()
    logger("impasto.pictures.reading").warning("%d apples", 3)
    assert caplog.records[0].getMessage() == "3 apples"


def test_what_concerns_all_frames_of_an_animation_is_said_once(tmp_path, caplog):
    path, frame = tmp_path / "x.png", Image.fromarray(smooth())
    data = saved(frame, save_all=True, append_images=[frame.rotate(90)])
    path.write_bytes(png_with(data, (b"cICP", bytes([9, 16, 0, 1])), before=b"acTL"))
    with open_picture(path) as image:
        for index in range(2):
            image.seek(index)
            from_pil(image)
    assert caplog.text.count("high dynamic range") == 1


def test_names_that_are_no_text_are_escaped(tmp_path, caplog):
    path = tmp_path / b"caf\xe9.png".decode("utf-8", "surrogateescape")
    with path.open("wb") as file:
        Image.fromarray(smooth()).save(file, "PNG", icc_profile=b"broken")
    read_picture(path)
    assert r"caf\udce9.png: colour profile ignored" in caplog.records[0].getMessage()


def test_what_is_said_of_a_file_is_heard_once_and_can_be_translated(tmp_path):
    saved_pages = [Image.fromarray(smooth()) for _ in range(3)]
    saved_pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=saved_pages[1:])
    with heard() as said:
        for _ in range(2):
            read_picture(tmp_path / "pages.tif")
    (notice,) = said
    assert notice == "it has 3 pages: the first is taken, the others are left out"
    assert (notice.key, notice.values) == ("pages_left_out", {"count": 3})
    read_picture(tmp_path / "pages.tif")
    assert len(said) == 1
