"""Make the sheets of docs/learning-a-style.md: style pictures, the harbour in each, and a part of it at full size.

python examples/make_learnt.py OUT

OUT is the folder of benchmarks/learn.py, with the style pictures and what was learnt of them. Where some were learnt
with ``--deep``, too, there is a second sheet of these.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import impasto
from impasto.pictures import contact_sheet
from impasto.pictures.conversion import as_picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.pictures.writing import write_picture

HERE = Path(__file__).parent
NAMES = ("marbled-paper", "kelp-print", "embroidery", "pointillism", "low-poly")
TOP, LEFT, SIDE = 300, 60, 300  # pixels: the corner of what is shown at full size, and the side of each cell
GALLERY = HERE.parent / "docs" / "gallery"


def main(learnt: Path) -> None:
    """Make both sheets."""
    photograph = Image.open(HERE / "harbour.jpg").convert("RGB")
    print(plain(photograph, learnt))
    if deep := sorted(learnt.glob("*-deep-*.safetensors")):
        print(deepened(photograph, learnt, deep))


def plain(photograph: Image.Image, learnt: Path) -> Path:
    """Write the sheet of styles without ``--deep``, one column for each; returns its path."""
    rows: list[list[tuple[str, Image.Image]]] = [[], [], []]
    for name in NAMES:
        painting = Image.open(learnt / "pictures" / f"{name}.png").convert("RGB")
        painted = impasto.stylize(photograph, learnt / f"{name}.safetensors")
        rows[0].append((name, painting))
        rows[1].append(("", painted))
        rows[2].append(("at full size", painted.crop((LEFT, TOP, LEFT + SIDE, TOP + SIDE))))
    cells = [(caption, resize_picture(as_picture(picture), SIDE)) for row in rows for caption, picture in row]
    target = GALLERY / "learnt.jpg"
    write_picture(contact_sheet.contact_sheet(cells, columns=len(NAMES)), target, quality=90)
    return target


def deepened(photograph: Image.Image, learnt: Path, styles: list[Path]) -> Path:
    """Write the sheet of styles with ``--deep``, one row for each: its picture, scale and shift alone, network, too."""
    cells = []
    for path in styles:
        name, _, minutes = path.stem.partition("-deep-")
        painting = read_picture(learnt / "pictures" / f"{name}.png")
        cells.append((name, resize_picture(painting, SIDE)))
        for caption, style in (("scale and shift", learnt / f"{name}.safetensors"), (f"--deep {minutes}", path)):
            painted = impasto.stylize(photograph, style).crop(
                (LEFT, TOP - SIDE // 2, LEFT + SIDE * 3 // 2, TOP + SIDE // 2)
            )
            cells.append((caption, as_picture(painted)))
    target = GALLERY / "deep.jpg"
    write_picture(contact_sheet.contact_sheet(cells, columns=3), target, quality=80)
    return target


if __name__ == "__main__":
    main(Path(sys.argv[1]))
