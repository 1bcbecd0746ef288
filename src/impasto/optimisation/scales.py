"""The sizes that a picture is optimised at, from coarse to fine."""

from __future__ import annotations

from impasto.optimisation.recipe import COARSEST


def scale_sizes(height: int, width: int, count: int = 0) -> list[tuple[int, int]]:
    """Heights and widths to paint at, each half the next, the last the full one.

    Args:
        height, width: the full size.
        count: how many; 0: until the longer side would fall below :data:`impasto.optimisation.recipe.COARSEST`.
    """
    sizes = [(height, width)]
    while len(sizes) != count:
        factor = 2.0 ** len(sizes)
        if (count == 0 and max(height, width) / factor < COARSEST) or min(height, width) / factor < 16:
            break
        sizes.insert(0, (max(1, round(height / factor)), max(1, round(width / factor))))
    return sizes
