from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def waves(tmp_path) -> Path:
    """Wavy stripes, 200 x 160."""
    y, x = np.mgrid[:160, :200]
    stripes = np.sin((x + 9 * np.sin(y / 15)) / 4)
    noise = np.random.default_rng(0).normal(0, 0.1, (160, 200, 3))
    rgb = 0.5 + 0.4 * stripes[..., None] * np.array([1, 0.6, -0.5]) + noise
    path = tmp_path / "waves.png"
    Image.fromarray((rgb.clip(0, 1) * 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def photos(tmp_path) -> Path:
    """Six photographs that are quick to read."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for index in range(6):
        small = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
        small.resize((96, 72), Image.Resampling.BICUBIC).save(folder / f"{index}.png")
    return folder
