"""The boxes that MP4, MOV, AVIF and HEIC are made of (ISO/IEC 14496-12): a size, a kind, and what it holds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_LARGE = 1  # size of a box whose own size follows in 64 bits
_TO_THE_END = 0  # size of a box that reaches to the end of what it lies in


class MediaBox(NamedTuple):
    """A box in bytes of a file.

    Attributes:
        kind: four letters.
        begins: the first byte of the box.
        holds: the first byte of what it holds.
        ends: the byte behind it.
    """

    kind: bytes
    begins: int
    holds: int
    ends: int


def boxes_in(data: bytes, start: int, end: int) -> Iterator[MediaBox]:
    """The boxes in a span of bytes, up to the first that makes no sense; the last may be cut off by the end."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        holds = start + 8
        if size == _TO_THE_END:
            size = end - start
        elif size == _LARGE:
            if holds + 8 > end:
                return
            (size,) = struct.unpack_from(">Q", data, holds)
            holds += 8
        ends = min(end, start + size)
        if ends < holds:
            return
        yield MediaBox(kind, start, holds, ends)
        start = ends
