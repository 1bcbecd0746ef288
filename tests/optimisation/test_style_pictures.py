import logging

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.optimisation.style_pictures import read_styles

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


def test_two_masks_for_one_style_are_refused(folder):
    mask = Image.new("L", (48, 32), 255)
    with pytest.raises(InputError, match="two masks for waves"):
        read_styles(folder / "waves.png", {"waves": mask, "waves.png": mask})


def test_a_style_without_strokes_is_warned_about(small, caplog):
    with caplog.at_level(logging.WARNING):
        read_styles(small)
    assert "48 x 32 pixels" in caplog.text
