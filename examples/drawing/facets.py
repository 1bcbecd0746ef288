"""Pictures of flat areas with straight sides: low-poly and pixel art."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, blur, saturated
from drawing.shapes import Scene


def low_poly(scene: Scene) -> np.ndarray:
    """Triangles, each of one colour as its side to the light has it; corners lie on the outlines."""
    rng = np.random.default_rng(41)
    step = 36.0
    rows, columns = int(HEIGHT / step) + 3, int(WIDTH / step) + 3
    edges = np.zeros((HEIGHT, WIDTH))
    edges[1:] += scene.outline[1:] != scene.outline[:-1]
    edges[:, 1:] += scene.outline[:, 1:] != scene.outline[:, :-1]
    corners = np.empty((rows, columns, 2))
    for row in range(rows):
        for column in range(columns):
            x = (column - 1 + 0.5 * (row % 2)) * step + rng.uniform(-0.28, 0.28) * step
            y = (row - 1) * step + rng.uniform(-0.28, 0.28) * step
            left, top = int(np.clip(x - 15, 0, WIDTH - 1)), int(np.clip(y - 15, 0, HEIGHT - 1))
            near = np.argwhere(edges[top : top + 31, left : left + 31])
            if len(near) and 0 < x < WIDTH and 0 < y < HEIGHT:  # an outline draws the corner to it
                y, x = near[np.argmin(((near - np.array([y - top, x - left])) ** 2).sum(axis=1))] + np.array(
                    [top, left]
                )
            corners[row, column] = x, y
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(picture)
    colour = blur(scene.colour, 2)
    light = np.array([0.45, -0.65])
    for row in range(rows - 1):
        for column in range(columns - 1):
            a, b = corners[row, column], corners[row, column + 1]
            c, d = corners[row + 1, column], corners[row + 1, column + 1]
            for triangle in ((a, b, c), (b, d, c)) if row % 2 == 0 else ((a, b, d), (a, d, c)):
                points = np.array(triangle)
                middle = points.mean(axis=0)
                samples = 0.6 * points + 0.4 * middle
                at = np.rint(np.vstack([samples, middle])).astype(int)
                x, y = np.clip(at[:, 0], 0, WIDTH - 1), np.clip(at[:, 1], 0, HEIGHT - 1)
                shade = 1 + 0.20 * float(rng.uniform(-1, 1)) + 0.12 * float(light @ (points[0] - middle)) / step
                flat = np.median(colour[y, x], axis=0)
                grey = flat.mean()
                flat = np.clip((grey + 1.25 * (flat - grey)) * shade, 0, 1)
                fill = tuple(int(v) for v in np.rint(flat * 255))
                draw.polygon([tuple(p) for p in points], fill=fill, outline=fill)
    return np.asarray(picture, np.float64) / 255


_PALETTE = np.array([
    [26, 28, 44], [93, 39, 93], [177, 62, 83], [239, 125, 87], [255, 205, 117], [167, 240, 112], [56, 183, 100],
    [37, 113, 121], [41, 54, 111], [59, 93, 201], [65, 166, 246], [115, 239, 247], [244, 244, 244], [148, 176, 194],
    [86, 108, 134], [51, 60, 87],
]) / 255.0  # fmt: skip
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47


def pixel_art(scene: Scene) -> np.ndarray:
    """Squares of 10 pixels in sixteen colours, dithered by a 4x4 pattern, with dark outlines."""
    side = 10
    rows, columns = HEIGHT // side, WIDTH // side
    cells = scene.colour.reshape(rows, side, columns, side, 3).mean(axis=(1, 3))
    cells = saturated(cells, 1.35)
    threshold = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns, None]
    weights = np.array([0.55, 0.77, 0.33])
    distance = (((cells + 0.16 * threshold)[:, :, None] - _PALETTE) * weights) ** 2
    small = _PALETTE[distance.sum(axis=-1).argmin(axis=-1)]
    labels = scene.outline[side // 2 :: side, side // 2 :: side][:rows, :columns]
    sizes = np.bincount(scene.outline.ravel() - scene.outline.min())[labels - scene.outline.min()]
    line = np.zeros((rows, columns), bool)
    line[1:] |= (labels[1:] != labels[:-1]) & (sizes[1:] > 2_500)
    line[:, 1:] |= (labels[:, 1:] != labels[:, :-1]) & (sizes[:, 1:] > 2_500)
    small = np.where(line[..., None], 0.35 * small + 0.65 * _PALETTE[0], small)
    return np.repeat(np.repeat(small, side, axis=0), side, axis=1)
