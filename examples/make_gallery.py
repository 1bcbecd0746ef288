"""Make the pictures of the README from the examples: what is shown is what the package paints."""

from __future__ import annotations

from pathlib import Path

from impasto import images, sheet
from impasto.repaint import Options, paint
from impasto.styles import bundled, load_style

HERE = Path(__file__).parent
GALLERY = HERE.parent / "docs" / "gallery"


def make(source: str, names: list[str], size: int, columns: int, target: str, *, original: bool = True) -> None:
    """Write one labelled sheet."""
    picture = images.read(HERE / source)
    cells = [("the photograph", images.resized(picture, size))] if original else []
    cells += [(name, paint(picture, load_style(name), Options(size=size))) for name in names]
    images.write(sheet.contact_sheet(cells, columns=columns), GALLERY / target, quality=88)
    print(GALLERY / target)


make("harbour.jpg", ["starry-night", "stained-glass", "scream"], 640, 2, "harbour.jpg")
make("penguin.png", ["stained-glass", "wheat-field", "halftone", "udnie"], 380, 4, "penguin.jpg", original=False)
make("harbour.jpg", [name for name in bundled() if name != "photograph"], 400, 4, "styles.jpg")
