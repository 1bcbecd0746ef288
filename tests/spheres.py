"""Pictures all around, rendered: what they show depends on the direction alone, so that they have no seam."""

import numpy as np


def all_around(width=192, *, turned=0.0, height=None):
    """A sphere with a texture, a horizon and balls, one of them on the meridian; W x W / 2 x 3, uint8.

    Args:
        width: in pixels.
        turned: degrees by which the world is turned to the right.
        height: in pixels; by default half of the width.
    """
    height = height or width // 2
    across = (np.arange(width) + 0.5) / width * 2 * np.pi - np.pi - np.radians(turned)
    up = np.pi / 2 - (np.arange(height) + 0.5) / height * np.pi
    lon, lat = np.meshgrid(across, up)
    x, y, z = np.cos(lat) * np.sin(lon), np.sin(lat), np.cos(lat) * np.cos(lon)
    waves = sum(np.sin(f * (a * x + b * y + c * z) + f) for f, a, b, c in _WAVES) / len(_WAVES)
    picture = np.stack([0.5 + 0.3 * waves, 0.55 + 0.25 * y + 0.1 * waves, 0.5 + 0.35 * y - 0.15 * waves], -1)
    for (bx, by, bz), size, colour in _BALLS:
        inside = x * bx + y * by + z * bz > np.cos(size) * np.sqrt(bx * bx + by * by + bz * bz)
        picture[inside] = colour
    return np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)


_WAVES = [(7, 1, 0.3, 0.2), (11, 0.2, 1, 0.5), (13, -0.4, 0.3, 1), (17, 0.7, -0.6, 0.5), (23, 0.3, 0.8, -0.6)]
_BALLS = [
    ((0, 0.1, -1), 0.3, (0.9, 0.2, 0.1)),
    ((0.2, 1, 0.1), 0.25, (0.95, 0.9, 0.3)),
    ((1, -0.2, 0.5), 0.2, (0.1, 0.2, 0.5)),
]


def steps(picture):
    """How much each column differs from the one to its left, the first from the last: W numbers."""
    return np.abs(picture.astype(np.float64) - np.roll(picture, 1, 1)).mean((0, 2))
