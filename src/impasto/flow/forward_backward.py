"""Where optical flow can be trusted: the forward-backward check of Ruder et al. 2016 (arXiv 1604.08610, section 4).

The thresholds are those of Sundaram et al. 2010 ("Dense point trajectories by GPU-accelerated large displacement
optical flow"). Maps agree byte for byte with the checker of artistic-videos, which fixes the precision of every
step: numbers are stored in 32 bits, interpolated and compared in 64, and smoothed in 32 again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto.arguments import check_arguments
from impasto.errors import InputError
from impasto.flow.shapes import check_arrays

Flow = NDArray[np.float32]
"""H x W x 2 in pixels: x and y."""
Certainty = NDArray[np.uint8]
"""H x W, 0 (uncertain) to 255 (certain)."""
Variant = Literal["artistic-videos", "fast-artistic-videos"]
"""The program whose consistency checker decides."""
VARIANTS: tuple[Variant, ...] = ("artistic-videos", "fast-artistic-videos")

# Levels of a map before it is smoothed: a disoccluded pixel also pulls down the certainty of its neighbours.
_CERTAIN, _UNKNOWN, _DISOCCLUDED = np.float32(255), np.float32(0), np.float32(-255)
_MAP_SIGMA = 0.8  # pixels: standard deviation of the Gaussian that smooths the certainty map
_TENSOR_SIGMA = 3.0  # pixels: standard deviation of the filter that smooths the structure tensor


@np.errstate(invalid="ignore", over="ignore")  # unknown flow may be NaN, infinite or, as Middlebury marks it, huge
def consistency(
    flow: Flow,
    opposite: Flow,
    *,
    variant: Variant = "artistic-videos",
    frame: NDArray[np.uint8] | None = None,
) -> Certainty:
    """How far a flow can be trusted at every pixel; not at all where it is NaN or infinite.

    A pixel is uncertain where following the flow and then the opposite flow does not lead back (disocclusion), where
    the flow leaves the frame and, with ``"artistic-videos"``, at the edges of motion. That variant also smooths its
    map.

    Args:
        flow: H x W x 2 in pixels (x, y), from the frame whose pixels are judged to another one.
        opposite: H x W x 2, from that other frame back.
        variant: ``"artistic-videos"`` gives a smooth map from 0 to 254. ``"fast-artistic-videos"`` gives 0 or 255, and
            edges of motion count as certain.
        frame: H x W x 3, the frame that ``flow`` starts at. ``"fast-artistic-videos"`` is more lenient where it is
            flat.

    Returns:
        H x W, 0 (uncertain) to 255 (certain).

    Raises:
        InputError: the sizes differ, the variant is unknown, or a frame is given with ``"artistic-videos"``.
    """
    _check_arguments(flow, opposite, variant, frame)
    height, width = flow.shape[:2]
    flow, opposite = (np.ascontiguousarray(f, np.float32) for f in (flow, opposite))
    u, v = np.ascontiguousarray(flow[..., 0]), np.ascontiguousarray(flow[..., 1])
    x = np.arange(width, dtype=np.float32) + u
    y = np.arange(height, dtype=np.float32)[:, None] + v
    inside = (x >= 0) & (x < width - 1) & (y >= 0) & (y < height - 1)  # not where the flow is NaN or infinite
    x, y = np.where(inside, x, np.float32(0)), np.where(inside, y, np.float32(0))
    back_u, back_v = _sample(opposite, x, y)
    length, back_length = u * u + v * v, back_u * back_u + back_v * back_v
    off_x = (x + back_u) - np.arange(width, dtype=np.float32)
    off_y = (y + back_v) - np.arange(height, dtype=np.float32)[:, None]
    # Squared pixels by which the way there and back may miss its start: Sundaram's threshold.
    tolerance = 0.01 * (length + back_length).astype(np.float64) + 0.5
    if frame is not None:
        tolerance += _flatness(frame)
    lost = ~(off_x * off_x + off_y * off_y < tolerance)  # so written that unknown flow back counts as lost
    if variant == "fast-artistic-videos":
        return np.where(inside & ~lost, np.uint8(255), np.uint8(0))
    # Sundaram's threshold of an edge of motion, so written that the edge of unknown flow counts as one.
    edge = ~(_gradient_energy(u, v) <= 0.01 * length.astype(np.float64) + np.float32(0.002))
    reliable = np.where(edge, _UNKNOWN, _CERTAIN)
    reliable[lost] = _DISOCCLUDED
    reliable[~inside] = _UNKNOWN
    smooth = _smoothed(_smoothed(reliable, axis=1), axis=0)
    return np.clip(smooth, 0, 255).astype(np.uint8)


def _check_arguments(flow: Flow, opposite: Flow, variant: str, frame: NDArray[np.uint8] | None) -> None:
    """Refuse unknown variants, flows of two sizes, and a frame that the variant does not look at or of another size.

    Raises:
        InputError: one of these.
    """
    check_arguments(needed=["variant"], texts={"variant": variant})
    if variant not in VARIANTS:
        raise InputError(f"There is no consistency checker {variant}; give one of {', '.join(VARIANTS)}.")
    check_arrays(flow=flow, opposite=opposite, **({} if frame is None else {"frame": frame}))
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.shape != opposite.shape:
        raise InputError(
            f"The two flows have shapes {flow.shape} and {opposite.shape}; both must be H x W x 2 of one size."
        )
    if frame is not None and variant == "artistic-videos":
        raise InputError("Only the checker of fast-artistic-videos looks at the frame; leave the frame out.")
    if frame is not None and frame.shape != (*flow.shape[:2], 3):
        raise InputError(f"The frame has shape {frame.shape}; it must be H x W x 3 of the flow's size.")


def _sample(flow: Flow, x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Bilinear samples of a flow at positions inside the frame.

    Args:
        flow: H x W x 2, contiguous, float32.
        x, y: the positions in pixels, H x W each, inside the frame.

    Returns:
        u and v, each H x W, float32. They are interpolated in 64 bits, along rows first, as artistic-videos does.
    """
    height, width = flow.shape[:2]
    left, top = x.astype(np.int32), y.astype(np.int32)
    right, below = (x - left).astype(np.float64), (y - top).astype(np.float64)
    start = top * width + left
    start = np.minimum(start, height * width - width - 2) if height > 1 and width > 1 else np.zeros_like(start)
    pairs = flow.view(np.int64).reshape(-1)  # u and v of a pixel side by side: one look-up for both

    def row(offset: int) -> list[NDArray[np.float32]]:
        near, far = (pairs.take(start + o, mode="clip").view(np.float32) for o in (offset, offset + 1))
        near, far = near.reshape(height, width, 2), far.reshape(height, width, 2)
        return [((1 - right) * near[..., k] + right * far[..., k]).astype(np.float32) for k in (0, 1)]

    upper, lower = row(0), row(width)
    return tuple(((1 - below) * a + below * b).astype(np.float32) for a, b in zip(upper, lower, strict=True))


def _gradient_energy(u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum of the squared gradients of both components of a flow, H x W; central differences, the border repeated."""
    total = np.zeros_like(u)
    for component in (u, v):
        padded = np.pad(component, 1, mode="edge")
        across = np.float32(0.5) * (padded[1:-1, 2:] - padded[1:-1, :-2])
        down = np.float32(0.5) * (padded[2:, 1:-1] - padded[:-2, 1:-1])
        total += across * across + down * down
    return total


@lru_cache(maxsize=1)
def _taps() -> NDArray[np.float32]:
    """The taps of the Gaussian that smooths a map. Their sum in 32 bits is just under 1, so maps end at 254."""
    radius = int(np.ceil(2 * _MAP_SIGMA))
    offsets = np.arange(-radius, radius + 1)
    taps = (np.exp(-(offsets**2) / (2 * _MAP_SIGMA**2)) / (_MAP_SIGMA * np.sqrt(2 * np.pi))).astype(np.float32)
    total = np.float32(0)
    for tap in taps:
        total += tap
    return np.asarray(taps * np.float32(1 / total), np.float32)


def _smoothed(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Values convolved with the Gaussian along one axis, mirrored at the border.

    Terms are added from the lowest offset up: their order decides the last bit.
    """
    taps = _taps()
    radius = len(taps) // 2
    padding = [(0, 0), (0, 0)]
    padding[axis] = (radius, radius)
    padded = np.pad(values, padding, mode="symmetric")
    length = values.shape[axis]
    total = np.zeros_like(values)
    for index, tap in enumerate(taps):
        total += tap * (padded[:, index : index + length] if axis else padded[index : index + length])
    return total


def _flatness(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much more the flow back may miss in flat places: H x W, 0 to 2 squared pixels.

    The smaller eigenvalue of the structure tensor tells corners, where flow is well defined, from flat places.
    """
    padded = np.pad(frame.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    across = np.float32(0.5) * (padded[1:-1, 2:] - padded[1:-1, :-2])
    down = np.float32(0.5) * (padded[2:, 1:-1] - padded[:-2, 1:-1])
    xx, xy, yy = (
        _recursively_smoothed(_recursively_smoothed((a * b).sum(axis=2), axis=1), axis=0)
        for a, b in ((across, across), (across, down), (down, down))
    )
    half = 0.5 * (xx + yy)
    smaller = half - np.sqrt(np.maximum(half * half - (xx * yy - xy * xy), 0))
    low, high = float(smaller.min()), float(smaller.max())
    corners = (smaller - low) / (high - low) if high > low else np.zeros_like(smaller)
    mean = max(float(corners.mean()), 1e-12)
    return np.asarray(4 / mean * np.maximum(0, mean / 2 - corners), np.float32)


def _recursively_smoothed(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Values smoothed along one axis by Deriche's recursive filter of second order, forwards and backwards.

    Its width is ``_TENSOR_SIGMA``. Source: Deriche, "Fast algorithms for low-level vision", PAMI 1990.
    """
    lines = np.moveaxis(values.astype(np.float64), axis, 0)
    count = len(lines)
    if count < 2:
        return values
    alpha = 2.5 / (np.sqrt(np.pi) * _TENSOR_SIGMA)
    e = np.exp(-alpha)
    k = (1 - e) ** 2 / (1 + 2 * alpha * e - e * e)
    forward, backward = np.empty_like(lines), np.empty_like(lines)
    forward[0] = (0.5 - k * e * (alpha - 1)) * lines[0]
    forward[1] = k * (lines[1] + e * (alpha - 1) * lines[0]) + (2 * e - e * e) * forward[0]
    for n in range(2, count):
        forward[n] = k * (lines[n] + e * (alpha - 1) * lines[n - 1]) + 2 * e * forward[n - 1] - e * e * forward[n - 2]
    backward[-1] = (0.5 + k * e * (alpha - 1)) * lines[-1]
    backward[-2] = k * (e * (alpha + 1) - e * e) * lines[-1] + (2 * e - e * e) * backward[-1]
    for n in range(count - 3, -1, -1):
        backward[n] = k * (e * (alpha + 1) * lines[n + 1] - e * e * lines[n + 2]) + (
            2 * e * backward[n + 1] - e * e * backward[n + 2]
        )
    return np.moveaxis((forward + backward).astype(np.float32), 0, axis)
