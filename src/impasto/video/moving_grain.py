"""Grain that travels with the picture, so that the network paints the same strokes on what moves."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from impasto.extras import opencv
from impasto.networks.grain import grain_of_box, grain_of_ring
from impasto.video.local_energy import local_energy
from impasto.video.motion import Floats, Motion, sample_at

_FIXED_GRAIN_SHARE = 0.15  # share of the fixed grain that is mixed into what moves, frame by frame, 0 to 1
_BAND_EDGE = 16  # pixels: grain finer than this is the fine band, coarser grain the coarse band
_PATCH_SIZES = (32, 128)  # pixels: side of the patches in which the fine and the coarse band keep their contrast
_MIN_ENERGY = 1e-6  # added to energies, so that nothing is divided by 0


@lru_cache(maxsize=3)
def fixed_grain(height: int, width: int, period: int = 0) -> Floats:
    """The grain of a picture that stands still, ``height`` x ``width``; see :mod:`impasto.networks.grain`.

    Args:
        height, width: of the picture.
        period: columns after which it repeats itself; 0: it does not.
    """
    return grain_of_ring(height, width, period) if period else grain_of_box(0, 0, height, width)[..., 0]


def moved_grain(before: Floats, motion: Motion, period: int = 0) -> Floats:
    """The grain of the last frame, moved along with the picture.

    Places that cannot be followed get the fixed grain, and a little of that is mixed in wherever something moves.
    Both bands of the result have the contrast of the fixed grain, which sampling and mixing would weaken.

    Args:
        before: H x W, the grain of the last frame.
        motion: where each pixel comes from.
        period: as for :func:`fixed_grain`.

    Returns:
        H x W.
    """
    cv2 = opencv()
    height, width = before.shape
    fixed = fixed_grain(height, width, period)
    keep = cv2.resize(motion.trust * (1 - motion.moves * np.float32(_FIXED_GRAIN_SHARE)), (width, height))
    moved = before if motion.source is None else sample_at(before, motion.source, cv2.INTER_LINEAR)
    moved = cv2.blendLinear(moved, fixed, keep, 1 - keep)
    fine, coarse = (
        band * cv2.resize(np.sqrt(want / (local_energy(band, patch) + np.float32(_MIN_ENERGY))), (width, height))
        for band, want, patch in zip(_bands(moved), _fixed_energies(height, width, period), _PATCH_SIZES, strict=True)
    )
    return np.asarray(cv2.add(fine, coarse))


@lru_cache(maxsize=3)
def _fixed_energies(height: int, width: int, period: int) -> tuple[Floats, ...]:
    """The energy of the fine and of the coarse band of the fixed grain, patch by patch."""
    bands = zip(_bands(fixed_grain(height, width, period)), _PATCH_SIZES, strict=True)
    return tuple(local_energy(band, patch) + np.float32(_MIN_ENERGY) for band, patch in bands)


def _bands(pattern: Floats) -> tuple[Floats, Floats]:
    """Grain, H x W, as its fine band, which sampling weakens most, and its coarse band, H x W each."""
    coarse = opencv().blur(pattern, (_BAND_EDGE, _BAND_EDGE))
    return pattern - coarse, coarse
