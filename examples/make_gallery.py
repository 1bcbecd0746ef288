"""Make the pictures of the README from the examples: what is shown is what the package paints."""

from __future__ import annotations

from pathlib import Path

from impasto.feedforward.api import paint
from impasto.feedforward.options import Options
from impasto.pictures import contact_sheet
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.pictures.writing import write_picture
from impasto.styles.catalogue import bundled_names, load_style

HERE = Path(__file__).parent
GALLERY = HERE.parent / "docs" / "gallery"


def make(source: str, names: list[str], size: int, columns: int, target: str, *, original: bool = True) -> None:
    """Write one labelled sheet of a picture in several styles, ``size`` pixels a side, into the gallery."""
    picture = read_picture(HERE / source)
    cells = [("the photograph", resize_picture(picture, size))] if original else []
    cells += [(name, paint(picture, load_style(name), Options(size=size))) for name in names]
    write_picture(contact_sheet.contact_sheet(cells, columns=columns), GALLERY / target, quality=88)
    print(GALLERY / target)


make("harbour.jpg", ["starry-night", "stained-glass", "scream"], 640, 2, "harbour.jpg")
make("penguin.png", ["stained-glass", "wheat-field", "halftone", "udnie"], 380, 4, "penguin.jpg", original=False)
make("harbour.jpg", [name for name in bundled_names() if name != "photograph"], 400, 4, "styles.jpg")
