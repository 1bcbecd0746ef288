"""How a sound is restyled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from impasto.options import check_options, documented, option

Method = Literal["mosaic", "colour"]
Pitch = Literal["auto", "on", "off"]


@documented
@dataclass(frozen=True)
class SoundOptions:
    """How a sound is restyled.

    Raises:
        InputError: an option is out of its range.
    """

    method: str = option(
        "mosaic",
        choices=("mosaic", "colour"),
        help="mosaic: rebuild the sound out of pieces of the style. colour: give it the style's spectrum; milder, "
        "words stay clear.",
    )
    strength: float = option(
        1.0, low=0.0, high=1.0, help="How much of the result is heard, from 0, the sound as it is, to 1."
    )
    rhythm: float = option(
        1.0, low=0.0, high=1.0, help="How closely the loudness follows the content's, from 0 to 1, exactly."
    )
    pitch: str = option(
        "auto",
        choices=("auto", "on", "off"),
        help="Transposed copies of the style, so that the content's notes are at hand. auto: where both have notes.",
    )
    seed: int = option(0, low=0, high=2**31 - 1, whole=True, help="Of the random beginning; each gives another mosaic.")

    def __post_init__(self) -> None:
        check_options(self)


class SoundOptionKeywords(TypedDict, total=False):
    """The fields of :class:`SoundOptions` as keywords."""

    method: Method
    strength: float
    rhythm: float
    pitch: Pitch
    seed: int
