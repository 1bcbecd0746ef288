import os

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError
from impasto.learning.checks import check_pictures, made_from


@pytest.mark.parametrize("check", [lambda path: check_pictures([path]), lambda path: made_from([path], {})])
def test_what_is_no_file_is_refused_before_anything_is_read(tmp_path, check):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path, words in (
        (tmp_path, "is a folder; name the pictures in it"),
        ("/dev/zero", "/dev/zero is a device or a pipe; write the picture into a file first"),
        (tmp_path / "pipe.jpg", "is a device or a pipe"),
        ("https://example.org/waves.jpg", "https:/example.org/waves.jpg is elsewhere; fetch the picture first"),
        (tmp_path / "none.jpg", "There is no picture .*none.jpg to learn a style from"),
        ("x" * 5000, "There is no picture xxx"),
    ):
        with pytest.raises(InputError, match=words):
            check(type(tmp_path)(path))


def test_a_picture_is_judged_by_what_is_seen_of_it(tmp_path, caplog):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 4), np.uint8)
    noise[..., 3] = 0
    Image.fromarray(noise).save(tmp_path / "clear.png")
    noise[..., 3] = 255
    Image.fromarray(noise).save(tmp_path / "noise.png")
    check_pictures([tmp_path / "noise.png"])
    assert not caplog.messages
    impasto.learn_style(tmp_path / "clear.png", effort="quick")
    assert "the style picture is nearly of one colour" in caplog.text
