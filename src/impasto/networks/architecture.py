"""What is known of the transformer network without its weights; needs no torch."""

from __future__ import annotations

SIDE_MULTIPLE = 8
"""Pixels: sides of what the network paints are multiples of this, since it works at an eighth of the size."""

MIN_SIDE = 16
"""Pixels: sides of what the network paints are at least this, since reflection padding needs two positions."""

MIRRORED_BORDER = 8
"""Mirrored pixels on each side that are painted and cut off: strokes run straight into the network's own border."""


def receptive_radius(blocks: int) -> int:
    """How far a pixel painted by the transformer network sees, the statistics of its normalisations aside.

    Args:
        blocks: residual blocks at an eighth of the picture's size.

    Returns:
        Pixels of the input on each side.
    """
    # Walking back from an output pixel, as an interval; strides make the reach depend on where in a cell it lies.
    farthest = 0
    for at in range(8):
        low, high = (at - 1) // 2, (at + 1) // 2  # binomial, pixel shuffle
        low, high = low - 2, high + 2  # head, up2
        low, high = (low - 1) // 2 - 1, (high + 1) // 2 + 1  # bilinear doubling, up1
        low, high = (low - 1) // 2 - 2 * blocks, (high + 1) // 2 + 2 * blocks  # bilinear doubling, blocks
        for _ in range(2):  # down2, down1
            low, high = 2 * low - 1, 2 * high + 1
        low, high = 2 * (low - 1), 2 * (high + 1) + 1  # stem, pixel unshuffle
        farthest = max(farthest, at - low, high - at)
    return farthest
