"""Motion between a frame and the frame before it: where each pixel comes from, and how far to trust that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.arithmetic import smooth_step
from impasto.extras import opencv
from impasto.flow.estimate import Pixels, fit_flow

Floats = NDArray[np.float32]
_Sample = TypeVar("_Sample", bound=np.generic)
# Grey levels by which a frame may differ from its moved reference: up to the first, the two surely show the same; from
# the second on, they surely do not.
_SAME_DIFFERENCE, _OTHER_DIFFERENCE = 8.0, 24.0
_MARGIN = 5  # pixels: side of the neighbourhood that must be trusted, too, for a place to be trusted
_REST_DISTANCE = 0.25  # pixels by which a place may move and still count as at rest
_SLOW_PART = 20  # motion is slow up to the frame's width divided by this; slow motion must explain the picture
_MIN_GAIN = 0.25  # grey levels by which slow motion must explain the picture better than rest: noise looks like motion
_SHIFT_AVERAGE = 15  # pixels: side of the box over which flow is averaged, so that trembling by noise cancels out
_EXPLANATION_PART = 8  # side of the box over which motion must explain the picture: the frame's width divided by this
_DENOISING = 5  # pixels: side of the box that takes the noise from frames before they are compared


@dataclass
class Motion:
    """How a frame relates to its reference, the frame before it or a picture like it.

    Attributes:
        source: where in the reference each pixel of the frame comes from, x and y in pixels, H x W x 2 of the frame's
            size; ``None``: nothing moves.
        trust: how far to trust that, 0 to 1, at the size at which motion was estimated.
        moves: 0 where the picture is at rest, 1 where it moves, with soft edges inside what moves, at the size at which
            motion was estimated.
    """

    source: Floats | None
    trust: Floats
    moves: Floats


def measure_motion(flow: Floats, trust: Floats, frame: Pixels, reference: Pixels, height: int, width: int) -> Motion:
    """How a frame relates to its reference.

    Nothing is moved without need: sampling softens the picture, and in the dark and in empty skies flow is a guess,
    which would push strokes about.

    Args:
        flow: h x w x 2 in pixels, from the frame to the reference; set to 0 here where the picture is at rest.
        trust: h x w, how far the flow can be trusted, 0 to 1.
        frame: h x w x 3, the frame at the size of the flow.
        reference: h x w x 3, the reference at the size of the flow.
        height, width: of the whole frame in pixels.
    """
    cv2 = opencv()
    here, there = (cv2.blur(f, (_DENOISING, _DENOISING)) for f in (frame, reference))
    off_at_rest = _difference(here, there)
    off_moved = _difference(here, sample_at(there, _sources(flow, *flow.shape[:2]), cv2.INTER_LINEAR))
    shift = cv2.blur(flow, (_SHIFT_AVERAGE, _SHIFT_AVERAGE))
    distance = np.hypot(shift[..., 0], shift[..., 1])
    around = max(3, frame.shape[1] // _EXPLANATION_PART)
    explained = cv2.blur(off_at_rest - off_moved, (around, around))
    rests = (distance < _REST_DISTANCE) | (distance < frame.shape[1] / _SLOW_PART) & (explained < _MIN_GAIN)
    flow[rests] = 0
    difference = np.where(rests, off_at_rest, off_moved)
    trust = np.minimum(trust, 1 - smooth_step(difference, _SAME_DIFFERENCE, _OTHER_DIFFERENCE))
    # A place is trusted only if its neighbourhood is, since a network paints a place by what surrounds it. The edge of
    # what is trusted is softened, or it would show in the painting.
    trust = cv2.blur(cv2.erode(trust, np.ones((_MARGIN, _MARGIN), np.uint8)), (_MARGIN, _MARGIN))
    moves = (~rests).astype(np.float32)
    source = _sources(flow, height, width) if moves.any() else None
    return Motion(source, trust, moves * cv2.blur(moves, (_MARGIN, _MARGIN)))


def fast_consistency(flow: Floats, opposite: Floats) -> Floats:
    """Where a flow can be trusted, by the forward-backward check, in a fifth of the time of the exact one.

    It differs from :func:`impasto.flow.forward_backward.consistency` by rounding only.

    Args:
        flow: H x W x 2 in pixels.
        opposite: H x W x 2, the flow back.

    Returns:
        H x W, 0 to 1.
    """
    cv2 = opencv()
    # The thresholds are those of Sundaram et al. 2010; squared lengths are in pixels squared.
    height, width = flow.shape[:2]
    sources = _sources(flow, height, width)
    back = sample_at(opposite, sources, cv2.INTER_LINEAR)
    length = _squared_lengths(flow)
    lost = _squared_lengths(flow + back) >= 0.01 * (length + _squared_lengths(back)) + 0.5
    steep = [cv2.Sobel(flow, cv2.CV_32F, across, 1 - across, ksize=1, scale=0.5) for across in (0, 1)]
    edge = _squared_lengths(steep[0]) + _squared_lengths(steep[1]) > 0.01 * length + 0.002
    x, y = sources[..., 0], sources[..., 1]
    outside = (x < 0) | (x >= width - 1) | (y < 0) | (y >= height - 1)
    sure = 1 - (edge | outside).astype(np.float32)
    sure[lost & ~outside] = -1
    return np.asarray(np.clip(cv2.GaussianBlur(sure, (5, 5), 0.8, borderType=cv2.BORDER_REFLECT), 0, 1))


def _squared_lengths(vectors: Floats) -> Floats:
    """Squared lengths, H x W, of vectors, H x W x 2."""
    x, y = opencv().split(vectors)
    return np.asarray(x * x + y * y)


def _sources(flow: Floats, height: int, width: int) -> Floats:
    """Where every pixel of a picture, ``height`` x ``width``, comes from by a flow that may be smaller: x and y."""
    sources: Floats = opencv().add(fit_flow(flow, height, width), _grid(height, width))
    return sources


def sample_at(image: NDArray[_Sample], sources: Floats, interpolation: int) -> NDArray[_Sample]:
    """A picture sampled at points, its border repeated.

    Args:
        image: H x W or H x W x C.
        sources: h x w x 2, the points, x and y in pixels.
        interpolation: one of OpenCV's, such as ``cv2.INTER_LINEAR``.

    Returns:
        h x w or h x w x C.
    """
    cv2 = opencv()
    sampled: NDArray[_Sample] = cv2.remap(image, sources, None, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return sampled


@lru_cache(maxsize=2)
def _grid(height: int, width: int) -> Floats:
    """Every pixel's own x and y, ``height`` x ``width`` x 2."""
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


def _difference(frame: Pixels, other: Pixels) -> Floats:
    """How much two pictures differ, in grey levels: H x W, the largest of the channels."""
    cv2 = opencv()
    red, green, blue = cv2.split(cv2.absdiff(frame, other))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)
