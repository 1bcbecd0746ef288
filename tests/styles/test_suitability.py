from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from impasto.pictures.decoding import from_pil
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture
from impasto.styles.suitability import style_picture_warning

STYLES = Path(__file__).parents[3] / "shared" / "styles"


def textured(height=200, width=260):
    return np.random.default_rng(0).random((height, width, 3), np.float32)


def test_a_texture_passes():
    assert style_picture_warning(textured()) is None


def test_a_tiny_picture_is_named_with_its_size():
    assert "260 x 40 pixels" in style_picture_warning(textured(40))


def test_a_picture_of_one_colour():
    assert "one colour" in style_picture_warning(0.5 + 0.02 * (textured() - 0.5))


@pytest.mark.parametrize("quality", [None, 75])
def test_a_logo_also_with_the_noise_of_jpeg(quality):
    image = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((100, 50, 400, 350), fill=(200, 20, 30))
    draw.rectangle((250, 150, 500, 250), fill=(0, 0, 90))
    picture = from_pil(image)
    data = encode_picture(picture, "PNG" if quality is None else "JPEG", quality=quality or 95)
    assert "logo" in style_picture_warning(read_picture(data).rgb)


def test_paintings_pass():
    if not STYLES.is_dir():
        pytest.skip("needs the paintings of ../shared/styles")
    for path in STYLES.iterdir():
        assert style_picture_warning(read_picture(path).rgb) is None, path.name
