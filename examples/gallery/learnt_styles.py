"""Style pictures drawn by code, the harbour in each, learnt plainly and with ``--deep``, and parts at full size."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

import impasto
from gallery.sheets import HARBOUR, ROOT, UnavailableError, write_sheet
from impasto.errors import StyleError
from impasto.pictures.conversion import as_picture
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from style_pictures import draw_all

PLAIN = ("marbled-paper", "kelp-print", "embroidery", "pointillism", "low-poly")
DEEP = ("op-art", "pointillism", "woodcut")
MINUTES = 8  # of fitting each network
LEARNT = ROOT / "runs" / "gallery"
"""Where styles are kept, so that a run goes on where it was stopped; not in the repository."""

TOP, LEFT, SIDE = 300, 60, 300  # pixels: the corner of what is shown at full size, and the side of each cell


def learnt() -> Path:
    """Style pictures, one a column; below each the harbour in it, made smaller, and a part of that at full size.

    Raises:
        UnavailableError: torch is not installed.
    """
    pictures, photograph = _ready()
    rows: list[list[tuple[str, Image.Image]]] = [[], [], []]
    for name in PLAIN:
        painted = impasto.stylize(photograph, fitted_style(pictures / f"{name}.png"))
        rows[0].append((name, Image.open(pictures / f"{name}.png").convert("RGB")))
        rows[1].append(("", painted))
        rows[2].append(("at full size", painted.crop((LEFT, TOP, LEFT + SIDE, TOP + SIDE))))
    cells = [(caption, resize_picture(as_picture(picture), SIDE)) for row in rows for caption, picture in row]
    return write_sheet(cells, "learnt.jpg", len(PLAIN))


def deep() -> Path:
    """Style pictures, one a row; beside each the harbour, learnt plainly and with the network, too, at full size.

    Raises:
        UnavailableError: torch is not installed.
    """
    pictures, photograph = _ready()
    middle = LEFT, TOP - SIDE // 2, LEFT + SIDE * 3 // 2, TOP + SIDE // 2
    cells: list[tuple[str, Picture]] = []
    for name in DEEP:
        picture = pictures / f"{name}.png"
        cells.append((name, resize_picture(read_picture(picture), SIDE)))
        for caption, minutes in (("scale and shift", 0), (f"--deep {MINUTES}", MINUTES)):
            painted = impasto.stylize(photograph, fitted_style(picture, minutes))
            cells.append((caption, as_picture(painted.crop(middle))))
    return write_sheet(cells, "deep.jpg", 3)


def _ready() -> tuple[Path, Image.Image]:
    """The folder of the style pictures, drawn anew, and the harbour."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UnavailableError("torch is not installed (extra train)") from error
    draw_all(LEARNT / "pictures")
    with Image.open(HARBOUR) as opened:
        return LEARNT / "pictures", opened.convert("RGB")


def fitted_style(picture: Path, minutes: float = 0) -> impasto.Style:
    """The style of a picture for today's network, learnt unless an earlier run has; with a network of its own after
    so many minutes, if there are any.
    """
    target = LEARNT / f"{picture.stem}{f'-deep-{minutes:g}' if minutes else ''}.safetensors"
    try:
        return impasto.load_style(target)
    except StyleError:  # there is none, or it is of another network
        deep = {"deep": True, "minutes": minutes} if minutes else {}
        return impasto.learn_style(picture, target, name=picture.stem, **deep)
