"""The sizes that a picture is optimised at, from coarse to fine."""

from __future__ import annotations

from impasto.optimisation.recipe import COARSEST

_MIN_SIDE = 16  # pixels of the shorter side below which there is no coarser scale


def scale_sizes(height: int, width: int, count: int = 0) -> list[tuple[int, int]]:
    """List the sizes to paint at, coarsest first.

    Args:
        height: of the result, in pixels.
        width: of the result, in pixels.
        count: how many sizes; 0: until the longer side would fall below
            :data:`impasto.optimisation.recipe.COARSEST`. There are fewer where the shorter side would fall below 16.

    Returns:
        Heights and widths, each about half the next one; the last is the full size.
    """
    sizes = [(height, width)]
    while len(sizes) != count:
        factor = 2.0 ** len(sizes)
        if (count == 0 and max(height, width) / factor < COARSEST) or min(height, width) / factor < _MIN_SIDE:
            break
        sizes.insert(0, (max(1, round(height / factor)), max(1, round(width / factor))))
    return sizes
