"""Where tiles meet, and strokes of large pictures: the harbour enlarged, as ``benchmarks/large.py`` enlarges it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gallery.sheets import write_sheet
from impasto.feedforward.options import AUTO_WORK_SIDE, Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.tiles import plan_tiles
from impasto.pictures.box import Box
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.resampling import enlarge_box, resize_picture
from large import Tight, picture

SIDE = 300  # pixels of each cell of the seams
WIDE, HIGH = 420, 280  # pixels of each cell of the strokes: the harbour's shape


def seams() -> Path:
    """Where four tiles meet, in two styles: no tiles, our tiles, and tiles that each have their own statistics."""
    return write_sheet([*_seams("scream"), *_seams("starry-night")], "seams.jpg", 3)


def strokes() -> Path:
    """Twelve megapixels with strokes at their own size, and as they come."""
    return write_sheet(_strokes("starry-night"), "strokes.jpg", 3)


def _seams(style: str) -> list[tuple[str, Picture]]:
    """A corner where four tiles meet, painted without tiles, with Impasto's tiles, and with naive ones."""
    content = from_array(picture(1536, 1024))
    options = Options(work_size=0)  # a single pass, in which tiles of any size lay the same strokes
    painter = Painter(style, options)
    whole = painter.paint(content).picture.rgb
    painter._budget = Tight(1 << 19)
    ours = painter.paint(content).picture.rgb
    rows = plan_tiles(Box(0, 0, 1024, 1536), 1 << 19, 112, 8)
    naive = np.empty_like(whole)
    for box in (box for row in rows for box in row):
        here = slice(box.top, box.bottom), slice(box.left, box.right)
        naive[here] = Painter(style, options).paint(from_array(content.rgb[here])).picture.rgb
    column = rows[0][len(rows[0]) // 2].left
    corner = (
        slice(rows[1][0].top - SIDE // 2, rows[1][0].top + SIDE // 2),
        slice(column - SIDE // 2, column + SIDE // 2),
    )
    names = f"{style}, no tiles", "tiles, shared statistics", "tiles, each its own"
    return [(name, from_array(rgb[corner])) for name, rgb in zip(names, (whole, ours, naive), strict=True)]


def _strokes(style: str, width: int = 4240, work: int = AUTO_WORK_SIDE) -> list[tuple[str, Picture]]:
    """A large picture painted directly, and with strokes laid on a small one: all of it, and a detail."""
    content = from_array(picture(width, width * 2 // 3), compact=1)
    preview = Painter(style, Options(size=work)).paint(content).picture
    direct, refined = (Painter(style, options).paint(content).picture for options in (Options(work_size=0), Options()))
    direct, refined = (from_array(to_unit_range(large.rgb)) for large in (direct, refined))
    enlarged = from_array(enlarge_box(preview.rgb, direct.size, Box(0, 0, direct.size[1], width)))
    left, top = width * 29 // 100, width * 3 // 10
    detail = slice(top, top + HIGH), slice(left, left + WIDE)
    small = [resize_picture(large, WIDE) for large in (direct, preview, refined)]
    crops = [from_array(large.rgb[detail]) for large in (direct, enlarged, refined)]
    names = f"{width} px, --work-size 0", f"preview, {work} px", f"{width} px, as it comes"
    details = "its detail, 1:1", "the preview enlarged", "its detail, 1:1"
    return [*zip(names, small, strict=True), *zip(details, crops, strict=True)]
