"""Draw ``penguin.png``: a flat graphic with transparency, the kind of picture that has no texture of its own.

python examples/draw_penguin.py [OUTPUT] [--size 760]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 640, 760
SCALE = 4  # drawn this much larger, then shrunk: smooth edges

NIGHT, SHADE, BELLY, CHEEK = (38, 52, 84), (27, 38, 64), (248, 244, 232), (242, 160, 140)
BEAK, FOOT, SCARF, STRIPE = (246, 168, 52), (232, 140, 40), (206, 58, 62), (246, 226, 200)


def draw() -> Image.Image:
    """The penguin at its full size, RGBA."""
    image = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    canvas = ImageDraw.Draw(image)

    def ellipse(left: float, top: float, right: float, bottom: float, color: tuple[int, int, int]) -> None:
        canvas.ellipse([v * SCALE for v in (left, top, right, bottom)], fill=color)

    def polygon(points: list[tuple[float, float]], color: tuple[int, int, int]) -> None:
        canvas.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=color)

    for x in (180, 350):  # feet
        ellipse(x, 690, x + 120, 745, FOOT)
        for toe in (6, 44, 82):
            ellipse(x + toe - 8, 712, x + toe + 38, 750, FOOT)
    ellipse(60, 320, 180, 610, SHADE)  # flippers, behind the body
    ellipse(460, 320, 580, 610, SHADE)
    ellipse(120, 250, 520, 725, NIGHT)
    ellipse(165, 330, 475, 712, BELLY)
    ellipse(160, 30, 480, 350, NIGHT)
    ellipse(188, 120, 330, 325, BELLY)  # the face is two overlapping rounds
    ellipse(310, 120, 452, 325, BELLY)
    for x in (238, 358):  # eyes, looking aside
        ellipse(x, 158, x + 44, 218, (24, 28, 40))
        ellipse(x + 20, 168, x + 36, 186, (255, 255, 255))
    ellipse(196, 226, 244, 258, CHEEK)
    ellipse(396, 226, 444, 258, CHEEK)
    polygon([(276, 222), (364, 222), (320, 282)], BEAK)
    ellipse(274, 206, 366, 240, BEAK)
    ellipse(150, 300, 490, 392, SCARF)
    polygon([(370, 350), (450, 350), (470, 520), (390, 530)], SCARF)
    for y in (400, 440, 480):
        polygon(
            [
                (376 + (y - 350) * 0.11, y),
                (452 + (y - 350) * 0.11, y),
                (454 + (y - 350) * 0.11, y + 14),
                (378 + (y - 350) * 0.11, y + 14),
            ],
            STRIPE,
        )
    polygon([(300, 42), (320, 4), (336, 40), (362, 14), (356, 52)], NIGHT)  # tuft
    return image


def main() -> None:
    """Parse the command line, draw, save."""
    parser = argparse.ArgumentParser(description="Draw the example graphic.")
    parser.add_argument("output", nargs="?", type=Path, default=Path(__file__).with_name("penguin.png"))
    parser.add_argument("--size", type=int, default=HEIGHT, help="height in pixels")
    arguments = parser.parse_args()
    size = (round(arguments.size * WIDTH / HEIGHT), arguments.size)
    draw().resize(size, Image.Resampling.LANCZOS).save(arguments.output, optimize=True)
    print(arguments.output)


if __name__ == "__main__":
    main()
