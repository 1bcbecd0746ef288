"""Make the textures of the bundled styles, towards which ``impasto apply --refine`` refines.

python examples/make_textures.py PAINTINGS [STYLE ...]

The package ships no painting. A texture is a square picture that our own optimiser makes of noise: it has the style
statistics of the pictures that a style was learnt from, seen at the size at which the network learnt it, and nothing of
what they show. PAINTINGS is a folder with the files that ``research/recipes/bundled.toml`` names, those of
``examples/styles`` among them. Writes ``src/impasto/assets/textures/STYLE.webp``, of all styles or of those named,
about 20 KB and 20 CPU seconds each. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from impasto.optimisation.optimiser import Optimiser
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import read_styles, trained_side
from impasto.pictures.picture import Picture
from impasto.pictures.writing import write_picture

ROOT = Path(__file__).resolve().parent.parent
TEXTURES = ROOT / "src" / "impasto" / "assets" / "textures"
SIDE = 320  # pixels: side of a texture
ITERATIONS = 30  # at each of the two scales, which is twenty seconds; more come closer
QUALITY = 60  # of the WebP files
TV_WEIGHT = 0.05  # half of the default's, since nothing else keeps the grain of strokes


def make_texture(paintings: Sequence[Path], side: int = SIDE, iterations: int = ITERATIONS) -> Picture:
    """A texture, side x side, with the style statistics of paintings as the network saw them in training."""
    styles = [replace(style, side=trained_side(style.rgb)) for style in read_styles(list(paintings))]
    recipe = Recipe(
        init="noise", content_weight=0, tv_weight=TV_WEIGHT, coarse_style_loss="gram", iterations=iterations
    )
    return Picture(np.clip(Optimiser(styles, recipe).paint(np.full((side, side, 3), 0.5, np.float32)).rgb, 0, 1))


def main() -> None:
    """Read the command line and make textures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paintings", type=Path)
    parser.add_argument("styles", nargs="*", metavar="STYLE")
    given = parser.parse_args()
    recipe = tomllib.loads((ROOT / "research" / "recipes" / "bundled.toml").read_text(encoding="utf-8"))
    TEXTURES.mkdir(exist_ok=True)
    for style in recipe["style"]:
        if not given.styles or style["name"] in given.styles:
            target = TEXTURES / f"{style['name']}.webp"
            write_picture(make_texture([given.paintings / name for name in style["pictures"]]), target, quality=QUALITY)
            print(f"{target.name}: {target.stat().st_size / 1000:.1f} KB", flush=True)


if __name__ == "__main__":
    main()
