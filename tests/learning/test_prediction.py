import numpy as np
import pytest
from PIL import Image

from impasto.learning.prediction import predict, predict_from_pixels
from impasto.styles.source_pictures import resized_style_picture


@pytest.fixture
def waves_of(waves, tmp_path):
    """Writes the picture of waves in another size."""

    def write(width: int, height: int):
        with Image.open(waves) as image:
            image.resize((width, height)).save(tmp_path / "sized.png")
        return tmp_path / "sized.png"

    return write


@pytest.mark.parametrize("size", [(2, 2), (5, 40), (31, 17)])
def test_a_tiny_picture_is_predicted(waves_of, size):
    assert all(np.isfinite(values).all() for values in predict([waves_of(*size)], 512))


def test_a_long_picture_is_predicted_as_the_mean_of_its_pieces(waves_of):
    picture = resized_style_picture(waves_of(1300, 520), 512)
    assert picture.shape == (512, 1280, 3)
    left, right = predict_from_pixels(picture[:, :640]), predict_from_pixels(picture[:, 640:])
    for found, one, other in zip(predict_from_pixels(picture), left, right, strict=True):
        assert np.allclose(found, (one + other) / 2, atol=1e-5)
        assert not np.allclose(one, other, atol=1e-3)
