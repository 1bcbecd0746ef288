import logging

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.optimisation.style_pictures import read_styles, trained_side
from impasto.styles.catalogue import add_to_catalogue, load_style

STYLE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (160, 150, 3), np.uint8))


@pytest.fixture
def folder(tmp_path, small):
    small.save(tmp_path / "photo.png")
    STYLE.save(tmp_path / "waves.png")
    STYLE.rotate(90).save(tmp_path / "other.png")
    return tmp_path


def test_a_weight_of_0_leaves_a_style_out_and_another_text_is_no_weight(folder):
    left = read_styles([f"{folder / 'waves.png'}:0", f"{folder / 'other.png'}:2"])
    assert [style.name for style in left] == ["other.png"]
    for text in ("abc", ""):
        with pytest.raises(InputError, match=f"The weight '{text}' of .*waves.png is no number"):
            read_styles(f"{folder / 'waves.png'}:{text}")


def test_a_misspelt_bundled_style_is_told_from_a_missing_file():
    with pytest.raises(InputError, match="neither a file nor a bundled style stary-night; did you mean starry-night"):
        read_styles("stary-night:2")
    with pytest.raises(InputError, match="does not exist"):
        read_styles("holiday.jpg")


def test_the_name_of_a_bundled_style_stands_for_its_texture(folder):
    scream, waves = read_styles(["scream:2", str(folder / "waves.png")])
    assert (scream.name, scream.weight, scream.side, scream.bundled) == ("scream", 2, 320, True)
    assert scream.rgb.shape == (320, 320, 3)
    assert (waves.side, waves.bundled) == (0, False)
    with pytest.raises(InputError, match="weight -1 of a style is out of range"):
        read_styles("scream:-1")
    add_to_catalogue(load_style("scream"), "mine")
    for name in ("mine", "photograph"):
        with pytest.raises(InputError, match=f"{name} is a style without a picture"):
            read_styles(name)


def test_the_network_is_taught_a_picture_at_512_pixels_of_the_shorter_side_at_most():
    assert trained_side(np.zeros((700, 1400, 3), np.float32)) == 1024
    assert trained_side(np.zeros((200, 150, 3), np.float32)) == 200


def test_two_masks_for_one_style_are_refused(folder):
    mask = Image.new("L", (48, 32), 255)
    with pytest.raises(InputError, match="two masks for waves"):
        read_styles(folder / "waves.png", {"waves": mask, "waves.png": mask})


def test_a_style_without_strokes_is_warned_about(small, caplog):
    with caplog.at_level(logging.WARNING):
        read_styles(small)
    assert "48 x 32 pixels" in caplog.text
