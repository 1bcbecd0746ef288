"""The boxes of AVIF and HEIC (ISO/IEC 14496-12, 23008-12): the colours of the picture, which Pillow does not tell."""

from __future__ import annotations

import struct

from impasto.media.boxes import boxes_in


def code_points(data: bytes) -> tuple[int, int, int, int] | None:
    """CICP code points of the primary picture: primaries, transfer, matrix and range; None if it has none.

    The range is 1, full: decoders undo the other one together with the matrix.

    Args:
        data: the file. What is damaged in it counts as missing.
    """
    try:
        top = dict(_contents(data, 0, len(data)))
        if b"meta" in top:
            return _of_primary(data, *top[b"meta"])
        # A sequence without a still picture: the first colours of its tracks.
        start, end = top[b"moov"]
        at = data.find(b"colrnclx", start, end)
        return None if at < 0 else _nclx(data, at + 4)
    except (KeyError, IndexError, struct.error):
        return None


def _of_primary(data: bytes, start: int, end: int) -> tuple[int, int, int, int] | None:
    """The code points of the primary item of a box ``meta``."""
    meta = dict(_contents(data, start + 4, end))
    version, (at, _) = data[meta[b"pitm"][0]], meta[b"pitm"]
    (primary,) = struct.unpack_from(">I" if version else ">H", data, at + 4)
    properties = dict(_contents(data, *meta[b"iprp"]))
    listed = _contents(data, *properties[b"ipco"])
    for index in _associations(data, properties[b"ipma"][0], primary):
        kind, (at, _) = listed[index - 1]
        if kind == b"colr" and data[at : at + 4] == b"nclx":
            return _nclx(data, at)
    return None


def _associations(data: bytes, at: int, wanted: int) -> list[int]:
    """The numbers, from 1 on, of the properties of an item."""
    version, flags = data[at], data[at + 3]
    (count,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    for _ in range(count):
        (item,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        number, at = data[at], at + 1
        if flags & 1:
            indices = [value & 0x7FFF for value in struct.unpack_from(f">{number}H", data, at)]
            at += 2 * number
        else:
            indices = [value & 0x7F for value in data[at : at + number]]
            at += number
        if item == wanted:
            return [index for index in indices if index]
    return []


def _nclx(data: bytes, at: int) -> tuple[int, int, int, int]:
    """The code points of a box ``colr`` whose type, nclx, stands at ``at``."""
    primaries, transfer, matrix = struct.unpack_from(">HHH", data, at + 4)
    return primaries, transfer, matrix, 1


def _contents(data: bytes, start: int, end: int) -> list[tuple[bytes, tuple[int, int]]]:
    """The kinds of the boxes in a span, each with the span of what it holds."""
    return [(box.kind, (box.holds, box.ends)) for box in boxes_in(data, start, end)]
