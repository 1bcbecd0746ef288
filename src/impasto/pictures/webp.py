"""WebP: whether its pictures can fill its canvas, found out before Pillow opens it and takes memory for that canvas."""

from __future__ import annotations

import struct
from typing import BinaryIO

_HARMLESS = 1 << 22  # pixels that any file may claim: so many take little memory
_LOSSY = 640  # pixels a byte at best: a block of 16 x 16 takes 3.4 bits for its modes of prediction
_ANIMATED = 16  # times the first frame of an animation that the canvas may be
_HEAD = 1 << 20  # bytes that are looked at


def check_canvas(file: BinaryIO) -> None:
    """Check the size that a WebP claims.

    Raises:
        ValueError: it is damaged.
    """
    start = file.seek(0)
    head = file.read(_HEAD)
    size = file.seek(0, 2)
    file.seek(start)
    canvas, first, lossy, animated = None, None, False, False
    at = 12
    while at + 18 <= len(head) and first is None:
        kind, length = struct.unpack_from("<4sI", head, at)
        if kind == b"VP8X":
            animated = bool(head[at + 8] & 2)
            width, height = (int.from_bytes(head[at + i : at + i + 3], "little") + 1 for i in (12, 15))
            canvas = width * height
        elif kind == b"ANMF":
            at += 24
            continue
        elif kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", head, at + 14)
            first, lossy = (width & 0x3FFF) * (height & 0x3FFF), True
        elif kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", head, at + 9)
            first = ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
        at += 8 + length + length % 2
    if first is None:
        return
    canvas = canvas or first
    most = first * _ANIMATED if animated else first
    if canvas > _HARMLESS and (canvas > most or (lossy and first > _LOSSY * size)):
        raise ValueError(f"it claims {canvas:,} pixels, more than it can hold")
