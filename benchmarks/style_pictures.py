"""Style pictures drawn by code, for measuring how styles are learnt that no network was trained on.

    python benchmarks/style_pictures.py FOLDER

Each is 640 x 512 and comes out the same every time.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 512  # pixels of every picture


def field(rng: np.random.Generator, cells: float, octaves: int = 3) -> np.ndarray:
    """Smooth random values about 0, H x W; ``cells`` is how many bumps fit across the picture."""
    total = np.zeros((HEIGHT, WIDTH))
    for octave in range(octaves):
        columns = max(2, round(cells * 2**octave))
        small = rng.normal(0, 1, (max(2, columns * HEIGHT // WIDTH), columns)).astype(np.float32)
        total += np.asarray(Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) / 2**octave
    return total


def landscape(rng: np.random.Generator) -> np.ndarray:
    """A motif for the pictures that depict something: hills, a sun and its glow, H x W in [0, 1]."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.25 : WIDTH * 1j]
    light = 0.95 - 0.5 * np.hypot(x - 0.85, y - 0.22)
    light[np.hypot(x - 0.85, y - 0.22) < 0.1] = 1
    for index, level in enumerate((0.42, 0.56, 0.7, 0.84)):
        ridge = level + 0.1 * np.sin(3 * x + 2 * index) * rng.uniform(0.5, 1) + 0.03 * np.sin(11 * x + 5 * index)
        below = y > ridge
        light[below] = 0.62 - 0.14 * index + 0.25 * (y - ridge)[below]
    return np.clip(light, 0, 1)


def palette(values: np.ndarray, *colours: str) -> np.ndarray:
    """Colours of values in [0, 1], H x W x 3 in 0 to 255: linear between the given colours, which are RRGGBB in hex."""
    stops = np.array([[int(colour[i : i + 2], 16) for i in (0, 2, 4)] for colour in colours], float)
    at = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(values, at, stops[:, channel]) for channel in range(3)], -1)


def picture(values: np.ndarray) -> Image.Image:
    """An array, H x W x 3 in 0 to 255, as an image; what is out of range is clipped."""
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def woodcut(rng: np.random.Generator) -> Image.Image:
    """A woodcut: lines that swell where it is dark, in black and ochre on paper."""
    light = landscape(rng)
    bend = 9 * field(rng, 3)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    lines = 0.5 + 0.5 * np.sin((y * 0.9 + 0.35 * x + bend) * 2 * math.pi / 9)
    ink = lines > light * 1.15 - 0.08 + 0.05 * rng.normal(size=light.shape)
    paper = palette(np.clip(light + 0.05 * field(rng, 60, 1), 0, 1), "8a4b1f", "c98f3c", "ecd9a8")
    return picture(np.where(ink[..., None], (24.0, 20.0, 22.0), paper)).filter(ImageFilter.GaussianBlur(0.6))


def pointillism(rng: np.random.Generator) -> Image.Image:
    """Pointillism: dots of varied colours whose mean is the motif's colour."""
    colour = palette(landscape(rng), "20306f", "3d7a57", "e08b3a", "f7e08c")
    image = Image.new("RGB", (WIDTH, HEIGHT), (238, 228, 205))
    draw = ImageDraw.Draw(image)
    for x, y, radius in zip(
        rng.uniform(0, WIDTH, 24000), rng.uniform(0, HEIGHT, 24000), rng.uniform(1.8, 4, 24000), strict=True
    ):
        here = colour[int(y), int(x)] + rng.normal(0, 38, 3)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), tuple(int(v) for v in np.clip(here, 0, 255)))
    return image


def waves(rng: np.random.Generator) -> Image.Image:
    """Op art: stripes bent by a field until they seem to bulge."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    phase = (x + 46 * np.sin(y / 47 + 1.7 * field(rng, 1.5, 1))) * 2 * math.pi / 26
    stripes = np.clip(0.5 + 2.5 * np.sin(phase + 1.5 * field(rng, 2, 1)), 0, 1)
    return picture(palette(stripes, "16161c", "f3eee2") * (1 - 0.25 * (y / HEIGHT)[..., None]))


def marbled(rng: np.random.Generator) -> Image.Image:
    """Marbled paper: bands of colour combed and swirled."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    for _ in range(4):
        angle, at, wide = rng.uniform(0, math.pi), rng.uniform(0, 400), rng.uniform(30, 90)
        across = x * math.cos(angle) + y * math.sin(angle)
        push = 60 * np.exp(-(np.abs(np.mod(across - at, 160) - 80) / wide))
        x, y = x - push * math.sin(angle), y + push * math.cos(angle)
    bands = np.mod(0.013 * y + 0.004 * x + 0.35 * field(rng, 4, 3), 1)
    colours = palette(bands, "7a1f2b", "d7b15a", "f2e7cf", "1f4e6b", "15263c", "b8543a", "7a1f2b")
    return picture(colours + 6 * field(rng, 80, 1)[..., None])


def contours(rng: np.random.Generator) -> Image.Image:
    """A topographic map: lines of equal height over tinted land."""
    height = field(rng, 3, 5)
    level = height * 9
    line = np.abs(level - np.round(level)) < 0.11
    bold = line & (np.round(level) % 5 == 0)
    land = palette(np.clip(height / 5 + 0.5, 0, 1), "86b6a8", "d9e2b0", "f0dfae", "cfa477", "a8705a")
    land[line] = (130, 78, 48)
    land[bold | np.roll(bold, 1, 1)] = (96, 50, 30)
    return picture(land).filter(ImageFilter.GaussianBlur(0.5))


def embroidery(rng: np.random.Generator) -> Image.Image:
    """Embroidery: short shaded stitches along a field of directions."""
    light, turn = landscape(rng), 1.2 * field(rng, 3, 2)
    colour = palette(light, "2b1d52", "8c2f6b", "d96c4f", "f3c66b", "fbeecb")
    image = Image.new("RGB", (WIDTH, HEIGHT), (40, 30, 50))
    draw = ImageDraw.Draw(image)
    for x, y in zip(rng.uniform(0, WIDTH, 16000), rng.uniform(0, HEIGHT, 16000), strict=True):
        angle = turn[int(y), int(x)]
        dx, dy = 9 * math.cos(angle), 9 * math.sin(angle)
        here = np.clip(colour[int(y), int(x)] * rng.uniform(0.75, 1.2), 0, 255)
        draw.line((x - dx, y - dy + 1, x + dx, y + dy + 1), tuple(int(v * 0.5) for v in here), 3)
        draw.line((x - dx, y - dy, x + dx, y + dy), tuple(int(v) for v in here), 2)
    return image


def low_poly(rng: np.random.Generator) -> Image.Image:
    """Low poly: the motif in triangles of one shade each."""
    colour = palette(landscape(rng), "12324a", "2c7a7b", "e2725b", "ffd9a0")
    step = 34
    columns, rows = WIDTH // step + 3, HEIGHT // step + 3
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) * step - step
    grid = grid + rng.uniform(-13, 13, grid.shape)
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    for row in range(rows - 1):
        for column in range(columns - 1):
            a, b, c, d = (grid[row + i, column + j] for i, j in ((0, 0), (0, 1), (1, 1), (1, 0)))
            for corners in ((a, b, c), (a, c, d)):
                x, y = np.mean(corners, axis=0)
                here = colour[int(np.clip(y, 0, HEIGHT - 1)), int(np.clip(x, 0, WIDTH - 1))] * rng.uniform(0.78, 1.18)
                draw.polygon([tuple(p) for p in corners], tuple(int(v) for v in np.clip(here, 0, 255)))
    return image


def kelp(rng: np.random.Generator) -> Image.Image:
    """A print of seaweed: translucent fronds laid over each other."""
    sheet = np.full((HEIGHT, WIDTH, 3), (233.0, 236.0, 224.0))
    for _ in range(46):
        mask = Image.new("L", (WIDTH, HEIGHT))
        draw = ImageDraw.Draw(mask)
        x, y, angle = rng.uniform(0, WIDTH), HEIGHT + 10.0, -math.pi / 2 + rng.normal(0, 0.2)
        width, sway = rng.uniform(7, 20), rng.normal(0, 0.05)
        while y > -20 and width > 1.5:
            draw.line((x, y, x + 12 * math.cos(angle), y + 12 * math.sin(angle)), 255, max(1, int(width)))
            leaf = angle + rng.choice((-1, 1)) * 0.9
            draw.line((x, y, x + 2.4 * width * math.cos(leaf), y + 2.4 * width * math.sin(leaf)), 200, 5)
            x, y = x + 12 * math.cos(angle), y + 12 * math.sin(angle)
            angle, width = angle + sway + rng.normal(0, 0.09), width * 0.975
        cover = np.asarray(mask.filter(ImageFilter.GaussianBlur(0.8)))[..., None] / 255 * rng.uniform(0.3, 0.6)
        ink = palette(rng.uniform(0, 1, (1, 1)), "0d3b4c", "1f6f63", "7b8d3c", "a14a3b")[0, 0]
        sheet = sheet * (1 - cover) + sheet * ink / 255 * cover
    return picture(sheet + 3 * field(rng, 120, 1)[..., None])


PICTURES: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "woodcut": woodcut,
    "pointillism": pointillism,
    "op-art": waves,
    "marbled-paper": marbled,
    "contour-map": contours,
    "embroidery": embroidery,
    "low-poly": low_poly,
    "kelp-print": kelp,
}


def draw_all(folder: Path) -> list[Path]:
    """Write every picture into the folder; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for index, (name, draw) in enumerate(PICTURES.items()):
        files.append(folder / f"{name}.png")
        draw(np.random.default_rng(index)).save(files[-1])
    return files


if __name__ == "__main__":
    for file in draw_all(Path(sys.argv[1])):
        print(file)
