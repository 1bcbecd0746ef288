"""Options of a transfer of movement."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.options import check_options, documented, option

METHODS = ("auto", "gait", "neutral", "statistics")
PATHS = ("auto", "content", "stance")
FEET = ("lock", "free")


@documented
@dataclass(frozen=True)
class MotionOptions:
    """How a movement takes a style.

    Raises:
        InputError: an option is out of range.
    """

    strength: float = option(
        1.0,
        low=0.0,
        high=2.0,
        help="How much of the style: 0 is the content as it is, beyond 1 goes further than the style.",
    )
    method: str = option(
        "auto",
        choices=METHODS,
        help="How the style is carried over. gait: step by step, where both walk; neutral: what sets the style apart "
        "from the clip of --neutral; statistics: how its limbs are held and how much they move; auto chooses.",
    )
    path: str = option(
        "auto",
        choices=PATHS,
        help="Where the body goes. stance: as far as its new steps carry it; content: where it went before; auto: "
        "stance for what walks.",
    )
    feet: str = option("lock", choices=FEET, help="Whether feet that stand are held where they stand (lock).")

    def __post_init__(self) -> None:
        check_options(self)
