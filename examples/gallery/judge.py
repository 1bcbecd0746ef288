"""Photographs painted under the builtin perceptual network, beside the same under VGG-19: what a judge sees, shows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import impasto
from gallery.sheets import EXAMPLES, ROOT, UnavailableError, beside, write_sheet
from impasto.errors import MissingExtraError
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture

PHOTOGRAPHS = ("tubingen", "chicago", "golden_gate", "astronaut")
STYLES = {
    "starry-night": "van_gogh_starry_night_1889",
    "great-wave": "hokusai_great_wave_1831",
    "scream": "munch_scream_1893",
    "composition-vii": "kandinsky_composition_vii_1913",
    "stained-glass": "stained-glass",
    "mosaic": "mosaic",
}
"""By name, the style pictures; drawn ones lie in ``examples/styles``."""

LARGE = (("tubingen", "starry-night"), ("chicago", "great-wave"))
"""Photograph and style of the pairs that are shown large."""

VGG = "weights/vgg19_normalised_relu5_1.safetensors"  # in the folder beside the repository

PAINTED = ROOT / "runs" / "judge"
"""Where paintings are kept, so that a run goes on where it was stopped; not in the repository."""


def judge() -> Path:
    """All photographs in all styles at 384 pixels, left under builtin and right under VGG-19, a style a row.

    Raises:
        UnavailableError: torch is not installed, or a photograph, a painting or VGG-19's weights are not here.
    """
    pairs = [(photograph, style) for style in STYLES for photograph in PHOTOGRAPHS]
    return write_sheet(_cells(pairs, 384, 176), "judge.jpg", 2 * len(PHOTOGRAPHS))


def judge_large() -> Path:
    """Two of the pairs at 768 pixels.

    Raises:
        UnavailableError: as :func:`judge`.
    """
    return write_sheet(_cells(LARGE, 768, 512), "judge-large.jpg", 2)


def _cells(pairs: Iterable[tuple[str, str]], size: int, side: int) -> list[tuple[str, Picture]]:
    """Each pair, painted under both networks at a size: the cells of a sheet, of so many pixels a side."""
    cells: list[tuple[str, Picture]] = []
    for photograph, style in pairs:
        for judge_name, features in (("builtin", "builtin"), ("VGG-19", str(beside(VGG)))):
            path = paint(photograph, STYLES[style], size, judge_name, features)
            cells.append((f"{style}, {judge_name}", resize_picture(read_picture(path), side)))
    return cells


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
