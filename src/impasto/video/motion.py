"""TODO: say what this module is for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.extras import opencv
from impasto.flow.estimate import fit_flow

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
Sample = TypeVar("Sample", bound=np.generic)
_ALIKE = 8.0, 24.0  # grey levels that the moved reference may be off: it is surely the same, and not any more
_MARGIN = 5  # pixels around a place that must be trusted, too
_REST = 0.25  # pixels by which a place may have moved and count as at rest
_SLOW = 20  # part of the picture's width up to which motion must explain the picture better than rest
_TELLING = 0.25  # ... by so many grey levels: in the dark, noise looks like motion
_AROUND = 15  # pixels: noise makes flow tremble, but not in one direction over this width
_WIDE = 8  # parts of the picture's width: in a part of that size something shows whether it moves
_EVEN = 7  # pixels over which flow is smoothed
_FINE = 5  # pixels: what is finer than this loses contrast when moved or blended, and gets it back
_COARSE = 8  # pixels: in cells of this size
_GAIN = 0.8, 2.0


@dataclass
class Motion:
    """How a frame relates to its reference.

    Attributes:
        source: where each pixel of the frame comes from, H x W x 2, x and y; ``None``: nothing moves.
        trust: whether to trust that, 0 to 1, in the size at which motion was estimated.
        moves: 0 where the picture is at rest, 1 where it moves, with soft edges in what moves; in the same size.
    """

    source: Floats | None
    trust: Floats
    moves: Floats


def measure_motion(flow: Floats, trust: Floats, frame: Frame, reference: Frame, height: int, width: int) -> Motion:
    """How a frame of some height and width relates to its reference, both given in the size of the flow between them.

    Nothing is moved without need: sampling softens, and in the dark and in empty skies flow is a guess, which would
    push strokes about.
    """
    cv2 = opencv()
    here, there = (cv2.blur(f, (5, 5)) for f in (frame, reference))
    off_at_rest = _difference(here, there)
    off_moved = _difference(here, sample_at(there, _sources(flow, *flow.shape[:2]), cv2.INTER_LINEAR))
    shift = cv2.blur(flow, (_AROUND, _AROUND))
    distance = np.hypot(shift[..., 0], shift[..., 1])
    around = max(3, frame.shape[1] // _WIDE)
    explained = cv2.blur(off_at_rest - off_moved, (around, around))
    rests = (distance < _REST) | (distance < frame.shape[1] / _SLOW) & (explained < _TELLING)
    flow[rests] = 0
    trust = np.minimum(trust, 1 - _above(np.where(rests, off_at_rest, off_moved), *_ALIKE))
    # A place is trusted only with its neighbourhood, softly: a network looks around, and edges of masks show.
    trust = cv2.blur(cv2.erode(trust, np.ones((_MARGIN, _MARGIN), np.uint8)), (_MARGIN, _MARGIN))
    moves = (~rests).astype(np.float32)
    source = _sources(flow, height, width) if moves.any() else None
    return Motion(source, trust, moves * cv2.blur(moves, (_MARGIN, _MARGIN)))


def fast_consistency(flow: Floats, opposite: Floats) -> Floats:
    """Where a flow can be trusted, H x W, 0 to 1: as :func:`impasto.flow.forward_backward.consistency` has it.

    That is exact to the last bit, this takes a fifth of the time.
    """
    cv2 = opencv()
    height, width = flow.shape[:2]
    sources = _sources(flow, height, width)
    back = sample_at(opposite, sources, cv2.INTER_LINEAR)
    length = _squared(flow)
    lost = _squared(flow + back) >= 0.01 * (length + _squared(back)) + 0.5
    steep = [cv2.Sobel(flow, cv2.CV_32F, across, 1 - across, ksize=1, scale=0.5) for across in (0, 1)]
    edge = _squared(steep[0]) + _squared(steep[1]) > 0.01 * length + 0.002
    x, y = sources[..., 0], sources[..., 1]
    outside = (x < 0) | (x >= width - 1) | (y < 0) | (y >= height - 1)
    sure = 1 - (edge | outside).astype(np.float32)
    sure[lost & ~outside] = -1
    return np.asarray(np.clip(cv2.GaussianBlur(sure, (5, 5), 0.8, borderType=cv2.BORDER_REFLECT), 0, 1))


def _squared(vectors: Floats) -> Floats:
    """Squared lengths of H x W x 2."""
    x, y = opencv().split(vectors)
    return np.asarray(x * x + y * y)


def local_energy(detail: Floats, patch: int) -> Floats:
    """Mean square of H x W detail around every patch of so many pixels."""
    cv2 = opencv()
    height, width = detail.shape
    cells = max(1, width // patch), max(1, height // patch)
    return np.asarray(cv2.blur(cv2.resize(detail * detail, cells, interpolation=cv2.INTER_AREA), (3, 3)))


def carry_painting(painted: Frame, new: Frame, motion: Motion, keep: Floats) -> Frame:
    """The last painting moved, and as much of it kept as ``keep`` says (0 to 1), with the contrast of the new one."""
    cv2 = opencv()
    height, width = new.shape[:2]
    keep = cv2.resize(keep, (width, height))
    if motion.source is not None:
        painted = sample_at(painted, motion.source, cv2.INTER_CUBIC)
    result: Frame = cv2.blendLinear(painted, new, keep, 1 - keep)
    # Where all of either is kept, nothing is lost.
    return restore_contrast(result, new, np.minimum(1, 10 * (1 - keep))) if keep.min() < 1 else result


def _sources(flow: Floats, height: int, width: int) -> Floats:
    """Where every pixel of a picture of a larger size comes from: x and y."""
    sources: Floats = opencv().add(fit_flow(flow, height, width), _grid(height, width))
    return sources


def sample_at(image: NDArray[Sample], sources: Floats, interpolation: int) -> NDArray[Sample]:
    """A picture sampled at points."""
    cv2 = opencv()
    sampled: NDArray[Sample] = cv2.remap(image, sources, None, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return sampled


@lru_cache(maxsize=2)
def _grid(height: int, width: int) -> Floats:
    """Every pixel's own x and y."""
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


def _difference(frame: Frame, other: Frame) -> Floats:
    """How much two pictures differ, in grey levels: H x W, the largest of the channels."""
    cv2 = opencv()
    red, green, blue = cv2.split(cv2.absdiff(frame, other))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def _above(values: Floats, low: float, high: float) -> Floats:
    """0 up to ``low``, 1 from ``high`` on, smooth in between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    smooth: Floats = (t * t * (3 - 2 * t)).astype(np.float32)
    return smooth


def restore_contrast(picture: Frame, like: Frame, where: Floats) -> Frame:
    """A picture whose fine detail has the contrast of another's, cell by cell, as far as ``where`` (0 to 1) says.

    Sampling between pixels and blending take contrast from fine detail, frame after frame; this gives it back.
    """
    cv2 = opencv()
    height, width = where.shape

    def energy(of: Frame) -> Floats:
        grey = cv2.cvtColor(of, cv2.COLOR_RGB2GRAY)
        return local_energy(cv2.subtract(grey, cv2.blur(grey, (_FINE, _FINE)), dtype=cv2.CV_32F), _COARSE)

    gain = np.sqrt((energy(like) + np.float32(0.1)) / (energy(picture) + np.float32(0.1)))
    share = cv2.resize(np.clip(gain, *_GAIN) - 1, (width, height)) * where
    sharp: Frame = cv2.blendLinear(picture, cv2.blur(picture, (_FINE, _FINE)), 1 + share, -share)
    return sharp
