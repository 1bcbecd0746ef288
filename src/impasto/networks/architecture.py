"""The networks, in torch; what this module itself holds needs none."""

MARGIN = 8
"""Mirrored pixels on each side that are painted and cut off: strokes run straight into the network's own border."""


def receptive_radius(blocks: int) -> int:
    """Input pixels on each side that a pixel painted by the transformer network depends on, statistics aside.

    Args:
        blocks: residual blocks at an eighth of the picture's size.
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
