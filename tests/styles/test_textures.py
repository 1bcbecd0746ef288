from importlib import resources
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from impasto.styles.catalogue import bundled_names
from impasto.styles.style import PHOTOGRAPH
from impasto.styles.textures import SUFFIX, bundled_texture


def test_every_bundled_style_has_a_small_square_texture():
    folder = resources.files("impasto.assets") / "textures"
    files = {item.name: item for item in folder.iterdir()}
    assert set(files) == {f"{name}{SUFFIX}" for name in bundled_names() if name != PHOTOGRAPH}
    for name in files:
        data = bundled_texture(name.removesuffix(SUFFIX))
        picture = Image.open(BytesIO(data))
        assert picture.size == (320, 320)
        assert len(data) < 48_000
        assert np.asarray(picture.convert("L")).std() > 5


def test_a_texture_comes_from_noise_and_takes_over_the_colours_of_its_painting(tmp_path):
    pytest.importorskip("torch")
    import make_textures

    y, x = np.mgrid[:128, :144]
    painting = np.dstack([180 + 60 * np.sin(x / 3), 0 * x, 40 + 40 * np.sin(y / 4)])
    Image.fromarray(np.uint8(painting)).save(tmp_path / "red.png")
    texture = make_textures.make_texture([tmp_path / "red.png"], 64, 12)
    assert texture.size == (64, 64)
    red, green, _ = texture.rgb.mean(axis=(0, 1))
    assert red - green > 0.3
