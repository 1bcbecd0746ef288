"""Contact sheets: labelled pictures in rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from impasto.pictures.conversion import to_pil
from impasto.pictures.decoding import from_pil
from impasto.pictures.picture import Picture

_GAP = 12  # pixels around each cell
_LABEL = 28  # pixels of height below a picture, for its label
_FONT_SIZE = 16  # pixels of height of the letters
_LABEL_GAP = 4  # pixels between a picture and its label
_PAPER = (250, 249, 246)  # colour of the background: RGB, 0 to 255
_INK = (40, 40, 44)  # colour of the labels: RGB, 0 to 255


def contact_sheet(cells: Sequence[tuple[str, Picture]], *, columns: int | None = None) -> Picture:
    """Arrange pictures with their labels below; where one is transparent, the paper's colour shows.

    Args:
        cells: pairs of label and picture; all cells are as large as the largest picture.
        columns: pictures in a row; ``None``: up to three pictures are one row, of more the sheet is about as wide as
            high, with a full last row if that can be; otherwise the last row stands in the middle.
    """
    pictures = [(label, to_pil(picture)) for label, picture in cells]
    width = max(picture.width for _, picture in pictures)
    height = max(picture.height for _, picture in pictures)
    columns = columns or _columns(len(cells), (width + _GAP) / (height + _LABEL + _GAP))
    rows = -(-len(cells) // columns)
    size = (columns * (width + _GAP) + _GAP, rows * (height + _LABEL + _GAP) + _GAP)
    paper = Image.new("RGB", size, _PAPER)
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(_FONT_SIZE)
    for index, (label, picture) in enumerate(pictures):
        row, column = divmod(index, columns)
        missing = columns - min(columns, len(cells) - row * columns)  # cells that the last row lacks
        left = _GAP + column * (width + _GAP) + missing * (width + _GAP) // 2
        x = left + (width - picture.width) // 2
        y = _GAP + row * (height + _LABEL + _GAP) + (height - picture.height) // 2
        paper.paste(picture, (x, y), picture if picture.mode == "RGBA" else None)
        middle = left + width // 2
        below = _GAP + row * (height + _LABEL + _GAP) + height + _LABEL_GAP
        draw.text((middle, below), label, _INK, font, anchor="ma")
    return from_pil(paper)


def _columns(count: int, ratio: float) -> int:
    """How many of some cells stand in a row, so that the sheet is no strip and its last row is as full as can be.

    Args:
        count: of the cells.
        ratio: width of a cell divided by its height.
    """
    if count <= 3:
        return count

    def cost(columns: int) -> float:
        rows = -(-count // columns)
        return abs(math.log(ratio * columns / rows)) + (rows * columns - count) / columns

    return min(range(1, count + 1), key=cost)
