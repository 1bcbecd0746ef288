"""Make the sheet of docs/learning-a-style.md: style pictures, the harbour in each, and a part of it at full size.

python examples/make_learnt.py OUT

OUT is the folder of benchmarks/learn.py, with the style pictures and what was learnt of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import impasto
from impasto import images, sheet

HERE = Path(__file__).parent
NAMES = ("marbled-paper", "kelp-print", "embroidery", "pointillism", "low-poly")
TOP, LEFT, SIDE = 300, 60, 300


def main(learnt: Path) -> None:
    """Paint and lay out, a column a style."""
    photograph = Image.open(HERE / "harbour.jpg").convert("RGB")
    rows: list[list[tuple[str, Image.Image]]] = [[], [], []]
    for name in NAMES:
        painting = Image.open(learnt / "pictures" / f"{name}.png").convert("RGB")
        painted = impasto.stylize(photograph, learnt / f"{name}.safetensors")
        rows[0].append((name, painting))
        rows[1].append(("", painted))
        rows[2].append(("at full size", painted.crop((LEFT, TOP, LEFT + SIDE, TOP + SIDE))))
    cells = [(caption, images.resized(images.of(picture), SIDE)) for row in rows for caption, picture in row]
    target = HERE.parent / "docs" / "gallery" / "learnt.jpg"
    images.write(sheet.contact_sheet(cells, columns=len(NAMES)), target, quality=90)
    print(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
