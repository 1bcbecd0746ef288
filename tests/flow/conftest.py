import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def moving():
    """Four frames of a picture that moves 2 pixels to the right and 1 down each time."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).resize((200, 160), Image.Resampling.BICUBIC)
    scene = np.asarray(noise)
    return [np.ascontiguousarray(scene[40 - i : 120 - i, 60 - 2 * i : 172 - 2 * i]) for i in range(4)]
