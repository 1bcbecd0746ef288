"""Noise, filters and evenly spaced strokes: what all techniques share."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageFilter

WIDTH, HEIGHT = 900, 700  # pixels of every style picture
# Row and column of every pixel, H x W each.
YS, XS = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)


def smooth(edge0: float, edge1: float, x: np.ndarray) -> np.ndarray:
    """0 at the first edge, 1 at the second, smooth between."""
    t = np.clip((x - edge0) / (edge1 - edge0), 0, 1)
    return t * t * (3 - 2 * t)


def resized(values: np.ndarray, width: int, height: int) -> np.ndarray:
    """A plane of numbers at another size, bicubic."""
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)


def noise(seed: int, cell: float, *, octaves: int = 4, stretch: float = 1.0) -> np.ndarray:
    """Fractal noise of mean 0 and deviation 1; ``cell`` is its largest size in pixels, times ``stretch`` along x."""
    rng = np.random.default_rng(seed)
    total = np.zeros((HEIGHT, WIDTH))
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.0)
        rows, columns = math.ceil(HEIGHT / size) + 3, math.ceil(WIDTH / (size * stretch)) + 3
        grid = rng.standard_normal((rows, columns))
        layer = resized(grid, max(WIDTH, round(columns * size * stretch)), max(HEIGHT, round(rows * size)))
        total += layer[:HEIGHT, :WIDTH] / 2 ** (octave * 0.75)
    return (total - total.mean()) / total.std()


def blur(values: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur of a plane or of each channel."""
    if values.ndim == 3:
        return np.stack([blur(values[..., c], radius) for c in range(values.shape[2])], axis=-1)
    # Pillow blurs bytes only; three passes of a box filter are near enough to the bell curve.
    reach = max(1, round(radius))
    side = min(1.0, radius * radius / 2)  # share of the blur, below 1 where a box of three pixels is too wide
    for _ in range(3):
        for axis in (0, 1):
            padded = np.pad(values, [(reach + 1, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            sums = np.cumsum(padded, axis=axis)
            width = 2 * reach + 1
            high = np.take(sums, range(width, sums.shape[axis]), axis=axis)
            low = np.take(sums, range(sums.shape[axis] - width), axis=axis)
            values = values + side * ((high - low) / width - values)
    return values


def saturated(colour: np.ndarray, gain: float, least: float = 0.0) -> np.ndarray:
    """Colours in [least, 1] whose distance from grey is multiplied by a gain."""
    grey = colour.mean(axis=-1, keepdims=True)
    return np.clip(grey + gain * (colour - grey), least, 1)


def depth_inside(labels: np.ndarray, limit: int = 14) -> np.ndarray:
    """Distance in pixels from each pixel to the nearest other label, up to a limit."""
    low = np.pad(labels, 1, mode="edge")
    inside = np.ones(labels.shape, bool)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            inside &= low[dy : dy + labels.shape[0], dx : dx + labels.shape[1]] == labels
    depth = inside.astype(np.float64)
    image = Image.fromarray(inside.astype(np.uint8) * 255)
    for step in range(limit):
        # Eroding by a square and by a diamond in turn approximates a circle by an octagon.
        if step % 2:
            image = image.filter(ImageFilter.MinFilter(3))
        else:
            bits = np.pad(np.asarray(image), 1, mode="edge")
            image = Image.fromarray(
                np.minimum.reduce([bits[1:-1, 1:-1], bits[:-2, 1:-1], bits[2:, 1:-1], bits[1:-1, :-2], bits[1:-1, 2:]])
            )
        depth += np.asarray(image) > 0
    return depth


def warped(values: np.ndarray, dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Values looked up at displaced places (nearest pixel)."""
    x = np.clip(np.rint(XS + dx), 0, WIDTH - 1).astype(int)
    y = np.clip(np.rint(YS + dy), 0, HEIGHT - 1).astype(int)
    return values[y, x]


def strokes(
    angle: np.ndarray,
    spacing: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
    *,
    length: tuple[float, float],
    wanted: np.ndarray | None = None,
    step: float = 2.0,
    tries: int = 60_000,
) -> Iterator[np.ndarray]:
    """Curves along a field of angles that keep their distance from each other.

    Seeds are tried at random; a curve ends at a label's border, where it is not wanted, at its length, or where
    it comes nearer than ``spacing`` to an older one (Jobard and Lefer, *Creating evenly-spaced streamlines*, 1997).

    Yields:
        N x 2 points (x, y).
    """
    height, width = angle.shape
    taken = np.zeros((height, width), bool)
    cosine, sine = np.cos(angle), np.sin(angle)
    seeds = rng.random((tries, 2)) * (width, height)
    for x0, y0 in seeds:
        column, row = int(x0), int(y0)
        if taken[row, column] or (wanted is not None and not wanted[row, column]):
            continue
        label, reach = labels[row, column], 0.5 * rng.uniform(*length)
        halves: list[list[tuple[float, float]]] = []
        for sign in (1.0, -1.0):
            x, y, before = x0, y0, (sign * cosine[row, column], sign * sine[row, column])
            points = []
            for _ in range(int(reach / step)):
                c, s = cosine[int(y), int(x)], sine[int(y), int(x)]
                if c * before[0] + s * before[1] < 0:
                    c, s = -c, -s
                if c * before[0] + s * before[1] < 0.7:
                    break
                before = (c, s)
                x, y = x + step * c, y + step * s
                if not (0 <= x < width and 0 <= y < height):
                    break
                i, j = int(y), int(x)
                if taken[i, j] or labels[i, j] != label or (wanted is not None and not wanted[i, j]):
                    break
                points.append((x, y))
            halves.append(points)
        curve = np.array([*reversed(halves[1]), (x0, y0), *halves[0]])
        if len(curve) * step < 0.35 * length[0]:
            continue
        yield curve
        for x, y in curve:
            r = spacing[int(y), int(x)]
            whole = math.ceil(r)
            top, left = max(0, int(y) - whole), max(0, int(x) - whole)
            box = (slice(top, int(y) + whole + 1), slice(left, int(x) + whole + 1))
            taken[box] |= (XS[box] - x) ** 2 + (YS[box] - y) ** 2 < r * r


def to_image(values: np.ndarray) -> Image.Image:
    """An array, H x W x 3 in [0, 1], as an image; what is out of range is clipped."""
    return Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
