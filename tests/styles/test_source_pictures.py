import numpy as np
from PIL import Image

from impasto.styles.source_pictures import MAX_PIXELS, MIN_SIDE, opaque_picture, pieces, resized_style_picture


def test_pieces_are_of_one_size_and_make_up_the_picture():
    assert pieces(512, 1024) == [(slice(None), slice(0, 1024))]
    for height, width in ((512, 6000), (6000, 400), (2048, 2048), (32, 40000)):
        covered = np.zeros((height, width), int)
        areas = [covered[place].size for place in pieces(height, width)]
        for place in pieces(height, width):
            covered[place] += 1
        assert (covered == 1).all()
        assert max(areas) < 1.01 * min(areas)
        assert max(areas) < 1.01 * MAX_PIXELS


def test_a_picture_of_16_bits_is_read_as_one_of_8_and_a_tiny_one_is_enlarged(tmp_path):
    grey = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    Image.fromarray(grey).save(tmp_path / "deep.png")
    Image.fromarray((grey / 257).round().astype(np.uint8)).save(tmp_path / "grey.png")
    deep, shallow = (resized_style_picture(tmp_path / name, 512) for name in ("deep.png", "grey.png"))
    assert deep.shape == (32, 32, 3)
    assert np.array_equal(deep, shallow)
    Image.new("RGB", (4, 6), "red").save(tmp_path / "tiny.png")
    tiny = resized_style_picture(tmp_path / "tiny.png", 512)
    assert tiny.shape == (MIN_SIDE * 6 // 4, MIN_SIDE, 3)
    assert np.array_equal(tiny, np.broadcast_to(np.float32((1, 0, 0)), tiny.shape))


def test_of_a_large_jpeg_no_more_is_decoded_than_is_looked_at(photo, tmp_path):
    large = photo.resize((1920, 1280))
    large.save(tmp_path / "large.jpg", quality=95)
    assert opaque_picture(tmp_path / "large.jpg", 128).size == (240, 160)
    assert opaque_picture(tmp_path / "large.jpg").size == (1920, 1280)
    large.save(tmp_path / "large.png")
    one, other = (resized_style_picture(tmp_path / name, 256) for name in ("large.jpg", "large.png"))
    assert one.shape == other.shape == (256, 384, 3)
    assert np.abs(one - other).mean() < 0.01
