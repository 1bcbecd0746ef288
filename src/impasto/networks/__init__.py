"""The networks, in torch; what this module itself holds needs none."""


def receptive_radius(blocks: int) -> int:
    """Input pixels on each side that a pixel painted by the transformer network depends on, statistics aside.

    Args:
        blocks: residual blocks at an eighth of the picture's size.
    """
    # Walking back from the output: half-size pixels are 2 wide, and so on; each 3x3 reaches one further.
    full = 1  # binomial
    half = 1 + 1  # head, up2
    quarter = 1 + 1  # bilinear doubling, up1
    eighth = 1 + 2 * blocks + 1
    return full + 2 * (half + 1) + 4 * (quarter + 1) + 8 * (eighth + 1)
