"""How long something will still take, told by how long it took so far: one rule for every bar, line and page."""

from __future__ import annotations

EARLIEST = 0.1
"""Share of the work that has to be done before a time is told: before that it would be a guess."""


def seconds_left(seconds: float, share: float, begun: float = 0.0) -> float | None:
    """Seconds that are left.

    Args:
        seconds: since the work began, or went on after an interruption.
        share: of all the work that is done, in [0, 1].
        begun: share that was done when ``seconds`` were 0.

    Returns:
        ``None`` as long as less than :data:`EARLIEST` of what there was to do is done.
    """
    done = share - begun
    if done < EARLIEST * (1 - begun) or done <= 0:
        return None
    return max(0.0, seconds * (1 - share) / done)
