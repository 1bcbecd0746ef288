"""Carrying a painting along with the motion of the picture, without loss of contrast."""

from __future__ import annotations

import numpy as np

from impasto.extras import opencv
from impasto.flow.estimate import Pixels
from impasto.video.local_energy import local_energy
from impasto.video.motion import Floats, Motion, sample_at

_DETAIL_SIZE = 5  # pixels: what is finer than this counts as fine detail
_PATCH_SIZE = 8  # pixels: side of the patches in which contrast is compared
_GAIN_RANGE = 0.8, 2.0  # least and greatest factor by which contrast is changed
_MIN_ENERGY = 0.1  # squared grey levels added to the energy of detail, so that flat patches are not amplified


def carry_painting(painted: Pixels, new: Pixels, motion: Motion, keep: Floats) -> Pixels:
    """The last painting, moved along with the picture and blended with the new one.

    Args:
        painted: H x W x 3, uint8, the last painting.
        new: H x W x 3, uint8, the new painting, whose contrast the result has.
        motion: where each pixel comes from.
        keep: the share of the last painting in the result, 0 to 1, at the size at which motion was estimated.
    """
    cv2 = opencv()
    height, width = new.shape[:2]
    keep = cv2.resize(keep, (width, height))
    if motion.source is not None:
        painted = sample_at(painted, motion.source, cv2.INTER_CUBIC)
    result: Pixels = cv2.blendLinear(painted, new, keep, 1 - keep)
    # Blending takes contrast only where both paintings have a share. The factor 10 makes that mask nearly binary.
    return restore_contrast(result, new, np.minimum(1, 10 * (1 - keep))) if keep.min() < 1 else result


def restore_contrast(picture: Pixels, like: Pixels, where: Floats) -> Pixels:
    """A picture whose fine detail has the contrast of another picture's, patch by patch.

    Sampling between pixels and blending take contrast from fine detail, frame after frame; this gives it back.

    Args:
        picture: H x W x 3, uint8.
        like: H x W x 3, uint8, the picture that has the right contrast.
        where: H x W, how far contrast is restored, 0 to 1.
    """
    cv2 = opencv()
    height, width = where.shape

    def energy(of: Pixels) -> Floats:
        grey = cv2.cvtColor(of, cv2.COLOR_RGB2GRAY)
        return local_energy(
            cv2.subtract(grey, cv2.blur(grey, (_DETAIL_SIZE, _DETAIL_SIZE)), dtype=cv2.CV_32F), _PATCH_SIZE
        )

    gain = np.sqrt((energy(like) + np.float32(_MIN_ENERGY)) / (energy(picture) + np.float32(_MIN_ENERGY)))
    share = cv2.resize(np.clip(gain, *_GAIN_RANGE) - 1, (width, height)) * where
    sharp: Pixels = cv2.blendLinear(picture, cv2.blur(picture, (_DETAIL_SIZE, _DETAIL_SIZE)), 1 + share, -share)
    return sharp
