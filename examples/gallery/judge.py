"""Photographs painted under the builtin perceptual network, beside the same under VGG-19: what a judge sees, shows."""

from __future__ import annotations

from pathlib import Path

import impasto
from gallery.sheets import EXAMPLES, ROOT, UnavailableError, beside, write_sheet
from impasto.errors import MissingExtraError
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture

SIZE = 384  # pixels: longer side that is painted at
SIDE = 320  # pixels: longer side of each cell
VGG = "weights/vgg19_normalised_relu5_1.safetensors"  # in the folder beside the repository
PAIRS = (
    ("tubingen", "van_gogh_starry_night_1889"),
    ("chicago", "hokusai_great_wave_1831"),
    ("golden_gate", "munch_scream_1893"),
    ("astronaut", "kandinsky_composition_vii_1913"),
    ("chicago", "stained-glass"),
    ("tubingen", "mosaic"),
)
"""Photograph and style picture, most telling first. Drawn style pictures lie in ``examples/styles``."""

PAINTED = ROOT / "runs" / "judge"
"""Where paintings are kept, so that a run goes on where it was stopped; not in the repository."""


def judge() -> Path:
    """Pairs of paintings by one recipe, left under the builtin network and right under VGG-19, two pairs a row.

    Raises:
        UnavailableError: torch is not installed, or a photograph, a painting or VGG-19's weights are not here.
    """
    cells: list[tuple[str, Picture]] = []
    for photograph, style in PAIRS:
        for judge_name, features in (("builtin", "builtin"), ("VGG-19", str(beside(VGG)))):
            path = paint(photograph, style, SIZE, judge_name, features)
            cells.append((f"{_title(style)}, {judge_name}", resize_picture(read_picture(path), SIDE)))
    return write_sheet(cells, "judge.jpg", 4)


def paint(photograph: str, style: str, size: int, judge_name: str, features: str) -> Path:
    """Paint a photograph by the default recipe, unless that was done; the file is left in :data:`PAINTED`."""
    target = PAINTED / f"{size}-{photograph}-{style}-{judge_name}.png"
    if not target.is_file():
        PAINTED.mkdir(parents=True, exist_ok=True)
        drawn = EXAMPLES / "styles" / f"{style}.jpg"
        picture = drawn if drawn.is_file() else beside(f"styles/{style}.jpg")
        try:
            impasto.paint(beside(f"photos_test/{photograph}.jpg"), picture, output=target, size=size, features=features)
        except MissingExtraError as error:
            raise UnavailableError(str(error)) from error
    return target


def _title(style: str) -> str:
    """What a cell calls a style: without its year."""
    return style.removeprefix("van_gogh_").rsplit("_", 1)[0].replace("_", "-") if "_" in style else style
