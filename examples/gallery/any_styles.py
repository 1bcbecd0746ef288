"""Style pictures that nothing was trained on, on four photographs: predicted, and fitted in full."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

import impasto
from gallery.learnt_styles import fitted_style
from gallery.sheets import UnavailableError, beside, write_sheet
from impasto.pictures.conversion import as_picture

PHOTOGRAPHS = ("astronaut", "chicago", "golden_gate", "tubingen")
COUNT = 12  # style pictures
SIDE = 256  # pixels of the squares that are painted
CELL = 132  # pixels of a square as it is shown


def any_styles() -> Path:
    """The first style pictures that were held out; of each, the photographs predicted and fitted, side by side.

    Raises:
        UnavailableError: torch, the style pictures or the photographs are not here.
    """
    try:
        from anystyle import held_out_pictures
    except ImportError as error:
        raise UnavailableError("torch is not installed (extra train)") from error
    squares = []
    for name in PHOTOGRAPHS:
        with Image.open(beside(f"photos_test/{name}.jpg")) as opened:
            squares.append(ImageOps.fit(opened.convert("RGB"), (SIDE, SIDE)))
    cells = []
    for path in held_out_pictures(beside("styles_many"))[:COUNT]:
        for label, style in (
            ("predicted", impasto.learn_style(path, effort="quick")),
            ("fitted", fitted_style(path)),
        ):
            row = Image.new("RGB", (CELL * len(squares), CELL))
            for index, square in enumerate(squares):
                painted = impasto.stylize(square, style)
                row.paste(painted.resize((CELL, CELL), Image.Resampling.LANCZOS), (index * CELL, 0))
            cells.append((f"{path.stem}, {label}", as_picture(row)))
    return write_sheet(cells, "any.jpg", 2)
