"""Our own pictures in the bundled styles, painted as the plain command paints them and then made smaller."""

from __future__ import annotations

from pathlib import Path

from gallery.sheets import EXAMPLES, write_sheet
from impasto.feedforward.painter import Painter
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.styles.catalogue import PHOTOGRAPH, bundled_names


def harbour() -> Path:
    """The harbour, and three styles of it."""
    names = ["starry-night", "stained-glass", "scream"]
    return write_sheet(_cells("harbour.jpg", names, 640, original="the photograph"), "harbour.jpg", 2)


def styles() -> Path:
    """The harbour in all bundled styles."""
    names = [name for name in bundled_names() if name != PHOTOGRAPH]
    return write_sheet(_cells("harbour.jpg", names, 224), "styles.jpg", 5)


def penguin() -> Path:
    """A flat graphic with transparency, which stays."""
    names = ["stained-glass", "wheat-field", "halftone", "udnie"]
    return write_sheet(_cells("penguin.png", names, 380), "penguin.jpg", 4)


def _cells(source: str, names: list[str], size: int, original: str = "") -> list[tuple[str, Picture]]:
    """A picture in styles, as labelled cells whose longer side is ``size``; itself first, where it gets a label."""
    picture = read_picture(EXAMPLES / source)
    cells = [(original, picture)] if original else []
    cells += [(name, Painter(name).paint_only(picture)) for name in names]
    return [(label, resize_picture(painted, size)) for label, painted in cells]
