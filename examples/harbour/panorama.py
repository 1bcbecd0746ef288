"""Sky and land in one wide picture, computed once, which the camera and the mirroring water look up."""

from __future__ import annotations

import numpy as np
from PIL import Image

from harbour.land import ground, land, land_color
from harbour.noise import fractal, mix, smooth
from harbour.sky import air, clouds
from harbour.world import EYE, PAN_HIGH, PAN_LOW, PAN_U, SUN


def panorama(density: float) -> tuple[np.ndarray, np.ndarray]:
    """Sky and land as seen from the eye over slopes (u, v): colours, and the depth z where the land is hit."""
    us = np.arange(-PAN_U, PAN_U, 1 / density)
    vs = np.arange(PAN_HIGH, PAN_LOW, -1 / density)
    u, v = np.meshgrid(us, vs)
    color = air(u, v)
    # Clouds are soft: a third of the size will do.
    coarse = np.meshgrid(us[::3], vs[::3])
    shapes = []
    for layer in clouds(*coarse):
        for axis in (0, 1):  # soften the noise that random steps through the clouds leave
            layer = (np.roll(layer, 1, axis) + 2 * layer + np.roll(layer, -1, axis)) / 4
        shape = Image.fromarray(layer.astype(np.float32)).resize((us.size, vs.size), Image.Resampling.BICUBIC)
        shapes.append(np.clip(np.asarray(shape, float), 0, 1.6))
    wisps = smooth(0.0, 0.55, fractal(u / (v + 0.12) * 1.1 + 9, 2.6 / (v + 0.12), 6, 0.55) + 0.02) * smooth(
        0.05, 0.2, v
    )
    color = mix(color, np.array([0.95, 0.95, 0.98]), 0.30 * wisps)
    lit = mix(np.array([0.34, 0.42, 0.56]), np.array([1.62, 1.42, 1.17]), np.clip(shapes[0] - 0.12, 0, 1.1))
    lit = mix(lit, np.array([0.80, 0.80, 0.86]), 0.5 * np.exp(-np.clip(v, 0, None) * 9))
    color = mix(color, lit, np.clip(shapes[1], 0, 1))
    # The land: along each column the highest slope so far, as a function of depth.
    zs = np.concatenate([np.geomspace(45, 420, 700), np.geomspace(421, 9500, 900)])
    depth = np.full(u.shape, np.inf)
    rising = vs[::-1]
    for first in range(0, us.size, 256):
        block = us[first : first + 256]
        z = np.broadcast_to(zs, (block.size, zs.size)).copy()
        height = land(block[:, None] * z, z, 8)[0]
        slope = (height - EYE[1]) / z
        crest = np.maximum.accumulate(slope, 1)
        for k in range(block.size):
            at = np.searchsorted(crest[k], rising)
            hit = at < zs.size
            before, after = np.clip(at - 1, 0, None), np.minimum(at, zs.size - 1)
            s0, s1 = slope[k, before], slope[k, after]
            share = np.clip((rising - s0) / np.maximum(s1 - s0, 1e-9), 0, 1)
            found = np.where(hit, zs[before] + share * (zs[after] - zs[before]), np.inf)
            depth[:, first + k] = found[::-1]
    hit = np.isfinite(depth) & (EYE[1] + v * depth > -1)
    depth[~hit] = np.inf
    # Shadows of mountains on mountains, on a coarser grid.
    dark = np.zeros(u[::3, ::3].shape)
    seen = hit[::3, ::3]
    z = depth[::3, ::3][seen]
    x, y, blocked = u[::3, ::3][seen] * z, EYE[1] + v[::3, ::3][seen] * z, np.zeros(z.size)
    for reach in np.geomspace(0.02, 0.5, 14):
        far = reach * z + 8
        above = ground(x + SUN[0] * far, z + SUN[2] * far, 6) + 4 - (y + SUN[1] * far)
        blocked = np.maximum(blocked, smooth(-0.015, 0.05, above / far))
    dark[seen] = blocked
    shadow = np.asarray(Image.fromarray(dark.astype(np.float32)).resize((us.size, vs.size), Image.Resampling.BILINEAR))
    for rows in np.array_split(np.arange(vs.size), 24):  # in strips, to spare memory
        some = hit[rows]
        z = depth[rows][some]
        y, sunlit = EYE[1] + v[rows][some] * z, 1 - np.clip(shadow[rows][some], 0, 1)
        strip = color[rows]
        strip[some] = land_color(u[rows][some] * z, z, y, sunlit, density)
        color[rows] = strip
    return color, depth
