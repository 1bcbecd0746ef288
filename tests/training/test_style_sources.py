"""Pictures of styles, read as tensors."""

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from impasto.errors import InputError  # noqa: E402
from impasto.training.style_sources import read_resized, read_style_picture  # noqa: E402


@pytest.mark.parametrize(("size", "scale", "expected"), [(512, 1, 128), (64, 1, 64), (64, 2, 128), (512, 2, 256)])
def test_paintings_are_shrunk_to_a_size_and_scaled_from_there(photo, tmp_path, size, scale, expected):
    photo.save(tmp_path / "photo.png")
    assert read_resized(tmp_path / "photo.png", size, scale).shape[2] == expected


def test_styles_have_nothing_that_the_network_cannot_paint(tmp_path):
    y, x = np.mgrid[:64, :64]
    for pattern, left in (((x + y) % 2, 0), (x % 2, 0), (x % 4 // 2, 0.5), (x % 32 // 16, 0.9)):
        Image.fromarray((pattern * 255).astype(np.uint8)).convert("RGB").save(tmp_path / "pattern.png")
        whole, seen = (read(tmp_path / "pattern.png", 64) for read in (read_resized, read_style_picture))
        assert seen.shape == whole.shape
        assert seen.std() / whole.std() == pytest.approx(left, abs=0.07)


def test_transparent_paintings_and_none_at_all(cutout, tmp_path):
    cutout.save(tmp_path / "cutout.png")
    assert torch.isfinite(read_resized(tmp_path / "cutout.png", 64)).all()
    (tmp_path / "bad.png").write_bytes(b"bad")
    with pytest.raises(InputError):
        read_resized(tmp_path / "bad.png", 64)
