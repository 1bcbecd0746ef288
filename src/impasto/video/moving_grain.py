"""TODO: say what this module is for."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from impasto.extras import opencv
from impasto.networks.grain import grain_of_box
from impasto.video.motion import Floats, Motion, local_energy, sample_at

_NEW_GRAIN = 0.15  # of the fixed grain in what moves
_GRAIN_BAND = 16  # pixels: what is finer than this and what is coarser keep their contrast each for itself
_PATCHES = (32, 128)  # pixels: cells in which they do


@lru_cache(maxsize=2)
def fixed_grain(height: int, width: int) -> Floats:
    return grain_of_box(0, 0, height, width)[..., 0]


def moved_grain(before: Floats, motion: Motion) -> Floats:
    """Grain that goes with what moves, H x W, so that the network paints the same strokes there.

    Where nothing can be followed it is the fixed one, of which a little comes in everywhere that moves. What sampling
    and mixing take from it, it gets back.
    """
    cv2 = opencv()
    height, width = before.shape
    fixed = fixed_grain(height, width)
    keep = cv2.resize(motion.trust * (1 - motion.moves * np.float32(_NEW_GRAIN)), (width, height))
    grown = before if motion.source is None else sample_at(before, motion.source, cv2.INTER_LINEAR)
    grown = cv2.blendLinear(grown, fixed, keep, 1 - keep)
    fine, coarse = (
        band * cv2.resize(np.sqrt(want / (local_energy(band, patch) + np.float32(1e-6))), (width, height))
        for band, want, patch in zip(_bands(grown), _fixed_energies(height, width), _PATCHES, strict=True)
    )
    return np.asarray(cv2.add(fine, coarse))


@lru_cache(maxsize=2)
def _fixed_energies(height: int, width: int) -> tuple[Floats, ...]:
    """Of the bands of the fixed grain, patch by patch."""
    bands = zip(_bands(fixed_grain(height, width)), _PATCHES, strict=True)
    return tuple(local_energy(band, patch) + np.float32(1e-6) for band, patch in bands)


def _bands(pattern: Floats) -> tuple[Floats, Floats]:
    """Grain as the fine part, which sampling weakens most, and the coarse part, H x W each."""
    coarse = opencv().blur(pattern, (_GRAIN_BAND, _GRAIN_BAND))
    return pattern - coarse, coarse
