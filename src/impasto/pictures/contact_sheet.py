"""Contact sheets: labelled pictures in rows."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from impasto.pictures.conversion import to_pil
from impasto.pictures.decoding import from_pil
from impasto.pictures.picture import Picture

_GAP, _LABEL = 12, 28
_PAPER, _INK = (250, 249, 246), (40, 40, 44)


def contact_sheet(cells: Sequence[tuple[str, Picture]], *, columns: int | None = None) -> Picture:
    """Arrange pictures with their labels below; transparent ones lie on the paper's colour.

    Args:
        cells: label and picture; all cells are as large as the largest picture.
        columns: default: up to three in a row, of more about as many rows as columns.
    """
    pictures = [(label, to_pil(picture)) for label, picture in cells]
    width = max(picture.width for _, picture in pictures)
    height = max(picture.height for _, picture in pictures)
    columns = columns or (len(cells) if len(cells) <= 3 else round(len(cells) ** 0.5))
    rows = -(-len(cells) // columns)
    size = (columns * (width + _GAP) + _GAP, rows * (height + _LABEL + _GAP) + _GAP)
    paper = Image.new("RGB", size, _PAPER)
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(16)
    for index, (label, picture) in enumerate(pictures):
        row, column = divmod(index, columns)
        x = _GAP + column * (width + _GAP) + (width - picture.width) // 2
        y = _GAP + row * (height + _LABEL + _GAP) + (height - picture.height) // 2
        paper.paste(picture, (x, y), picture if picture.mode == "RGBA" else None)
        middle = _GAP + column * (width + _GAP) + width // 2
        draw.text((middle, _GAP + row * (height + _LABEL + _GAP) + height + 4), label, _INK, font, anchor="ma")
    return from_pil(paper)
