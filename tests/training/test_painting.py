"""Painting as in use."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from impasto import stylize  # noqa: E402
from impasto.networks.files import load_bundled  # noqa: E402
from impasto.training.painting import paint_with_margin, with_grain  # noqa: E402


def test_training_paints_as_the_product_does():
    image = np.random.default_rng(0).random((96, 136, 3), dtype=np.float32)
    network, styles = load_bundled()
    scale, shift = styles["scream"]
    with torch.no_grad():
        seen = with_grain(torch.from_numpy(image).permute(2, 0, 1)[None], 0.0)
        found = paint_with_margin(network, seen, scale[None], shift[None])[0].permute(1, 2, 0).numpy()
    assert found.shape == image.shape
    assert np.abs(found - stylize(image, "scream", grain=0)).max() < 1e-4
