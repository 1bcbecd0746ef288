"""Pictures on cloth: embroidery and batik."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, XS, YS, blur, depth_inside, noise, saturated, smooth, strokes
from drawing.ink import contours
from drawing.shapes import Scene


def embroidery(scene: Scene) -> np.ndarray:
    """Satin stitches along the form, each a shining thread, on coarse linen."""
    rng = np.random.default_rng(51)
    weave = (
        0.5 + 0.25 * np.cos(2 * np.pi * XS / 6) * np.sign(np.cos(np.pi * YS / 6)) + 0.25 * np.cos(2 * np.pi * YS / 6)
    )
    linen = np.array([0.86, 0.80, 0.68]) * (0.78 + 0.22 * weave + 0.03 * noise(510, 30))[..., None]
    colours = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT))
    lights = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
    paint, shine = ImageDraw.Draw(colours), ImageDraw.Draw(lights)
    vivid = saturated(scene.base, 1.5) * (0.72 + 0.42 * scene.light)[..., None]
    gap = np.full((HEIGHT, WIDTH), 2.6)
    for points in strokes(scene.angle, gap, scene.label, rng, length=(18, 34), tries=110_000):
        (x0, y0), (x1, y1) = points[0], points[-1]
        x, y = points[len(points) // 2].astype(int)
        thread = np.clip(vivid[y, x] * rng.uniform(0.86, 1.12) + rng.normal(0, 0.02, 3), 0.02, 1)
        slant = abs(np.sin(np.arctan2(y1 - y0, x1 - x0) - 0.7))  # silk shines across the light
        for layer, (width, light) in enumerate(((7, 0.55), (5, 0.84), (3, 1.0), (1, 1.06 + 0.5 * slant))):
            fill = tuple(int(v) for v in np.clip(255 * thread * light + (40 * slant if layer == 3 else 0), 0, 255))
            paint.line([(2 * x0, 2 * y0), (2 * x1, 2 * y1)], fill=fill, width=width)
        shine.line([(2 * x0, 2 * y0), (2 * x1, 2 * y1)], fill=255, width=7)
    cover = np.asarray(lights.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float64)[..., None] / 255
    stitched = np.asarray(colours.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float64) / 255
    shadow = 1 - 0.45 * blur(np.roll(cover[..., 0], (2, 1), (0, 1)), 1.5)[..., None]
    return linen * shadow * (1 - cover) + stitched * cover


def batik(scene: Scene) -> np.ndarray:
    """Wax keeps lines and dots of the cloth from the dye; indigo and brown around them, and cracks in the wax."""
    weave = np.cos(2 * np.pi * XS / 3) * np.cos(2 * np.pi * YS / 3)
    cloth = np.array([0.95, 0.89, 0.76]) * (1 + 0.02 * weave)[..., None]
    indigo, brown, ochre, slate, straw = range(5)
    dyes = np.array(
        [(0.10, 0.14, 0.34), (0.40, 0.19, 0.10), (0.70, 0.38, 0.14), (0.26, 0.34, 0.52), (0.88, 0.74, 0.48)]
    )
    shapes = scene.outline - scene.outline.min()
    level = (np.bincount(shapes.ravel(), scene.tone.ravel()) / np.maximum(np.bincount(shapes.ravel()), 1))[shapes]
    warm = scene.base[..., 0] > scene.base[..., 2]
    middle = np.where(level < 0.48, np.where(warm, brown, slate), np.where(warm, ochre, slate))
    dye = np.where(level < 0.33, indigo, np.where(level < 0.66, middle, straw))
    dyed = dyes[dye] * (1 + 0.10 * noise(520, 40))[..., None]
    # A tjanting draws the wax: outlines, a second line within, and fillings: dots on some dyes, fish scales on others.
    depth = depth_inside(scene.outline, 16)
    wax = np.maximum(contours(scene.outline, 521, 2.4), smooth(1.6, 0.6, np.abs(depth - 9)) * 0.95)
    u, v = XS + 5 * noise(522, 120, octaves=2), YS + 5 * noise(523, 120, octaves=2)
    dots = np.hypot((u + 5.5 * (np.floor(v / 11) % 2)) % 11 - 5.5, v % 11 - 5.5)
    scales = np.hypot((u + 15 * (np.floor(v / 15) % 2)) % 30 - 15, v % 15 - 15)
    rings = np.maximum.reduce([smooth(1.5, 0.5, np.abs(scales - radius)) for radius in (6.0, 10.5, 15.0)])
    inner, dotted = depth > 13, np.isin(dye, (indigo, ochre, straw))
    wax = np.maximum(wax, np.where(dotted, smooth(2.6, 1.6, dots), rings) * inner)
    cracks = sum(smooth(0.034, 0.01, np.abs(noise(seed, cell, octaves=3))) for seed, cell in ((524, 70), (525, 90)))
    wax = np.clip(wax * (1 - 0.85 * np.clip(cracks, 0, 1)), 0, 1)[..., None]
    return dyed * (1 - wax) + cloth * wax
