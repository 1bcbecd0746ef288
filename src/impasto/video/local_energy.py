"""How much detail there is in the parts of a picture."""

from __future__ import annotations

import numpy as np

from impasto.extras import opencv
from impasto.video.motion import Floats


def local_energy(detail: Floats, patch: int) -> Floats:
    """Mean square of detail in and around every patch of a picture.

    Args:
        detail: H x W, with a mean of about 0.
        patch: side of a patch in pixels.

    Returns:
        One number a patch: about H / patch x W / patch.
    """
    cv2 = opencv()
    height, width = detail.shape
    patches = max(1, width // patch), max(1, height // patch)
    return np.asarray(cv2.blur(cv2.resize(detail * detail, patches, interpolation=cv2.INTER_AREA), (3, 3)))
