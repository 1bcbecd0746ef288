"""Draw ``penguin.png``: a flat graphic with transparency, the kind of picture that has no texture of its own.

    python examples/draw_penguin.py [OUTPUT] [--size 760]

Every shape is a smooth closed curve, filled flat or with a gentle gradient, drawn at four times the size and shrunk.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 640, 760  # pixels of the result
SCALE = 4  # factor by which the picture is drawn larger and then shrunk, for smooth edges

Point = tuple[float, float]
Color = tuple[int, int, int]

BACK, BACK_LOW, FLIPPER = (44, 96, 122), (24, 54, 84), (30, 68, 98)
BELLY, BELLY_LOW, CHEEK = (255, 250, 238), (236, 222, 204), (246, 172, 150)
BEAK, BEAK_LOW, FOOT, FOOT_LOW = (250, 182, 62), (232, 132, 44), (246, 160, 56), (220, 116, 40)
HAT, HAT_LOW, BRIM, YARN = (226, 84, 70), (188, 54, 62), (250, 226, 188), (255, 240, 214)
INK, WHITE = (22, 30, 46), (255, 255, 255)


def curve(points: list[Point], steps: int = 40) -> list[Point]:
    """A closed smooth curve through the points (Catmull-Rom)."""
    p = np.array(points, float)
    before, after, beyond = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    path = 0.5 * (
        2 * p
        + (after - before) * t
        + (2 * before - 5 * p + 4 * after - beyond) * t**2
        + (3 * p - before - 3 * after + beyond) * t**3
    )
    return [(float(x), float(y)) for x, y in path.transpose(1, 0, 2).reshape(-1, 2)]


def mirrored(points: list[Point]) -> list[Point]:
    """The points and, in reverse, their images on the other side of the middle."""
    return points + [(WIDTH - x, y) for x, y in reversed(points) if abs(x - WIDTH / 2) > 1]


class Canvas:
    """A large transparent picture to fill shapes on."""

    def __init__(self) -> None:
        self.image = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))

    def mask(self, path: list[Point]) -> Image.Image:
        """A mask, 255 inside a closed path and 0 outside."""
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).polygon([(x * SCALE, y * SCALE) for x, y in path], fill=255)
        return mask

    def fill(
        self, path: list[Point], top: Color, bottom: Color | None = None, within: Image.Image | None = None
    ) -> None:
        """Fill a path, from one colour at its top to another at its bottom, perhaps only within a mask."""
        mask = self.mask(path)
        if within is not None:
            mask = Image.fromarray(np.minimum(np.asarray(mask), np.asarray(within)))
        low, high = min(y for _, y in path) * SCALE, max(y for _, y in path) * SCALE
        share = np.clip((np.arange(HEIGHT * SCALE) - low) / (high - low), 0, 1)[:, None]
        column = np.array(top) * (1 - share) + np.array(bottom or top) * share
        paint = Image.fromarray(column.round().astype(np.uint8)[:, None]).resize(
            self.image.size, Image.Resampling.NEAREST
        )
        paint.putalpha(255)
        self.image.paste(paint, (0, 0), mask)

    def oval(
        self, x: float, y: float, rx: float, ry: float, top: Color, bottom: Color | None = None, lean: float = 0
    ) -> None:
        """Fill an ellipse, leaning by an angle in degrees."""
        a, lean = np.linspace(0, 2 * np.pi, 200, endpoint=False), np.radians(lean)
        u, v = rx * np.cos(a), ry * np.sin(a)
        across, down = x + u * np.cos(lean) - v * np.sin(lean), y + u * np.sin(lean) + v * np.cos(lean)
        self.fill(list(zip(across.tolist(), down.tolist(), strict=True)), top, bottom)


def draw() -> Image.Image:
    """A chubby penguin in a bobble hat, waving, at its full size."""
    canvas = Canvas()
    for side in (-1, 1):  # feet
        x = WIDTH / 2 + side * 78
        toes = [(x - 62, 738), (x - 58, 712), (x - 24, 692), (x + 24, 692), (x + 58, 712), (x + 62, 738), (x + 42, 750)]
        canvas.fill(curve([*toes, (x + 21, 740), (x, 752), (x - 21, 740), (x - 42, 750)]), FOOT, FOOT_LOW)
    # The left flipper hangs, the right one waves.
    canvas.fill(
        curve([(150, 370), (92, 430), (52, 530), (62, 588), (104, 574), (160, 500), (186, 420)]), FLIPPER, BACK_LOW
    )
    canvas.fill(
        curve([(470, 400), (520, 350), (560, 268), (596, 238), (616, 272), (600, 356), (556, 440), (490, 480)]),
        FLIPPER,
        BACK_LOW,
    )
    # One egg-shaped body, head and all.
    body = curve(
        mirrored(
            [(320, 92), (222, 112), (152, 192), (136, 300), (108, 430), (104, 560), (154, 668), (240, 714), (320, 722)]
        )
    )
    canvas.fill(body, BACK, BACK_LOW)
    inside = canvas.mask(body)
    belly = [(320, 372), (236, 350), (184, 420), (160, 520), (182, 628), (252, 694), (320, 704)]
    canvas.fill(curve(mirrored(belly)), BELLY, BELLY_LOW, inside)
    # A heart-shaped face.
    canvas.fill(
        curve(mirrored([(320, 214), (252, 178), (186, 214), (176, 292), (222, 352), (320, 384)])), BELLY, BELLY, inside
    )
    for side in (-1, 1):
        x = WIDTH / 2 + side * 62
        canvas.oval(x, 270, 21, 27, INK)
        canvas.oval(x + 7, 260, 8, 9, WHITE)
        canvas.oval(x - 7, 281, 4, 4, WHITE)
        canvas.oval(WIDTH / 2 + side * 104, 318, 24, 16, CHEEK, None, -12 * side)
    # The beak: a smile below, a rounded wedge above.
    canvas.fill(curve([(288, 312), (320, 320), (352, 312), (342, 346), (320, 362), (298, 346)]), (196, 92, 40))
    canvas.fill(
        curve([(278, 308), (296, 290), (320, 284), (344, 290), (362, 308), (342, 322), (320, 340), (298, 322)]),
        BEAK,
        BEAK_LOW,
    )
    # A bobble hat, a little askew.
    hat = curve(
        [
            (176, 168),
            (186, 106),
            (240, 58),
            (322, 40),
            (404, 56),
            (456, 104),
            (466, 166),
            (400, 150),
            (320, 142),
            (240, 150),
        ]
    )
    canvas.fill(hat, HAT, HAT_LOW)
    knit = canvas.mask(hat)
    zigzag = [(150 + 20 * k, 112 - 14 * (k % 2) - 24 * np.sin(np.pi * k / 17)) for k in range(18)]
    canvas.fill(zigzag + [(x, y + 15) for x, y in reversed(zigzag)], YARN, YARN, knit)
    brim = [
        (164, 186),
        (160, 156),
        (196, 138),
        (258, 128),
        (320, 124),
        (382, 128),
        (444, 138),
        (480, 156),
        (476, 186),
        (444, 186),
    ]
    canvas.fill(curve([*brim, (382, 170), (320, 166), (258, 170), (196, 186)]), BRIM, (232, 200, 156))
    canvas.oval(322, 40, 37, 35, YARN, (236, 208, 170))
    return canvas.image


def main() -> None:
    """Parse the command line, draw, save."""
    parser = argparse.ArgumentParser(description="Draw the example graphic.")
    parser.add_argument("output", nargs="?", type=Path, default=Path(__file__).with_name("penguin.png"))
    parser.add_argument("--size", type=int, default=HEIGHT, help="height in pixels")
    arguments = parser.parse_args()
    size = (round(arguments.size * WIDTH / HEIGHT), arguments.size)
    draw().resize(size, Image.Resampling.HAMMING).save(arguments.output, optimize=True)
    print(arguments.output)


if __name__ == "__main__":
    main()
