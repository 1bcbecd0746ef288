"""Draw the style pictures in ``styles/``.

    python examples/draw_styles.py [NAME ...] [--output examples/styles]

Each is a scene of plain shapes (``drawing/shapes.py``) put down in one technique; nothing in them was photographed
or painted by anybody. The bundled network learns these pictures beside the paintings.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from drawing import cloth, facets, ink, lines, pieces, thick, wet
from drawing.canvas import to_image
from drawing.portrait import portrait
from drawing.shapes import Scene
from drawing.still_life import still_life
from drawing.valley import valley

MAX_BYTES = 345_000  # of each file, since the repository carries them

STYLES: dict[str, tuple[Callable[[Scene], np.ndarray], Callable[[], Scene]]] = {
    "pen-and-ink": (ink.pen_and_ink, valley),
    "stained-glass": (pieces.stained_glass, portrait),
    "mosaic": (pieces.mosaic, still_life),
    "charcoal": (ink.charcoal, valley),
    "watercolour": (wet.watercolour, valley),
    "halftone": (wet.halftone, portrait),
    "woodcut": (lines.woodcut, valley),
    "blueprint": (lines.blueprint, portrait),
    "low-poly": (facets.low_poly, valley),
    "pixel-art": (facets.pixel_art, portrait),
    "embroidery": (cloth.embroidery, still_life),
    "batik": (cloth.batik, portrait),
    "oil-impasto": (thick.oil_impasto, valley),
    "crayon": (thick.crayon, still_life),
}


def main() -> None:
    """Draw all of them, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(STYLES)}; all by default")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "styles")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in STYLES]
    if unknown:
        parser.error(f"there is no style {unknown[0]}; there are {', '.join(STYLES)}")
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or STYLES:
        technique, scene = STYLES[name]
        path = arguments.output / f"{name}.jpg"
        picture, quality = to_image(technique(scene())), 92
        while quality > 50:
            picture.save(path, quality=quality, optimize=True)
            if path.stat().st_size <= MAX_BYTES:
                break
            quality -= 3
        print(f"{path}: {path.stat().st_size / 1e3:.0f} KB, quality {quality}")


if __name__ == "__main__":
    main()
