"""What a file's container is made of: its pieces, and the numbers that say how long and how large they are."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_MOST_PIECES = 400
_BOXES_WITH_BOXES = b"moov trak mdia minf stbl meta iprp ipco dinf edts udta moof traf mvex ilst".split()
# Elements of Matroska that hold elements: segment, tracks, a track, its video and audio, cluster, block group, seek
# head, information, cues, tags, chapters.
_MASTERS = (0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x1F43B675, 0xA0, 0x114D9B74, 0x1549A966, 0x1C53BB6B, 0x1254C367)
_MASTERS += (0x1043A770, 0x1A45DFA3)


@dataclass
class Structure:
    """What is known of a file's container.

    Attributes:
        pieces: beginning and end of each chunk.
        fields: place, size in bytes and byte order of each number that says a length, a size or a count.
        sides: the places of width and height, as fields are given.
    """

    pieces: list[tuple[int, int]] = field(default_factory=list)
    fields: list[tuple[int, int, str]] = field(default_factory=list)
    sides: list[tuple[tuple[int, int, str], tuple[int, int, str]]] = field(default_factory=list)

    def add_words(self, at: int, end: int, order: str, most: int = 24) -> None:
        """Take the four-byte words of a piece's beginning for fields."""
        self.fields += [(place, 4, order) for place in range(at, min(end - 3, at + 4 * most), 4)]


def structure(data: bytes) -> Structure:
    """The pieces and fields of a file of any kind; empty where its container is not known."""
    found = Structure()
    head = data[:16]
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        _png(data, found)
    elif head[:2] == b"\xff\xd8":
        _jpeg(data, found)
    elif head[:4] in (b"RIFF", b"RIFX"):
        _riff(data, 12, len(data), found)
    elif head[4:8] in (b"ftyp", b"moov", b"mdat", b"free"):
        _boxes(data, 0, len(data), found)
    elif head[:2] in (b"II", b"MM"):
        _tiff(data, found)
    elif head[:4] == b"\x1aE\xdf\xa3":
        _elements(data, 0, len(data), found)
    elif head[:4] == b"GIF8":
        _gif(data, found)
    elif head[:2] == b"BM":
        found.fields += [
            (2, 4, "<"),
            (10, 4, "<"),
            (14, 4, "<"),
            (26, 2, "<"),
            (28, 2, "<"),
            (30, 4, "<"),
            (46, 4, "<"),
        ]
        found.sides.append(((18, 4, "<"), (22, 4, "<")))
    elif head[:4] == b"PIEH":
        found.sides.append(((4, 4, "<"), (8, 4, "<")))
    elif head[:4] == b"PK\3\4":
        for mark, places in (
            (b"PK\3\4", (8, 14, 18, 22, 26)),
            (b"PK\1\2", (10, 20, 24, 28, 42)),
            (b"PK\5\6", (8, 12, 16)),
        ):
            at = data.find(mark)
            while at >= 0:
                found.fields += [(at + place, 4, "<") for place in places]
                at = data.find(mark, at + 4)
    elif head[:4] == b"\x89HDF":
        found.add_words(8, 96, "<")
        for mark in (b"TREE", b"SNOD", b"HEAP", b"OHDR", b"FRHP", b"GCOL"):
            at = data.find(mark)
            while at >= 0:
                found.add_words(at + 4, len(data), "<", 16)
                at = data.find(mark, at + 4)
    found.pieces = found.pieces[:_MOST_PIECES]
    found.fields = [(at, size, order) for at, size, order in found.fields if at + size <= len(data)]
    found.sides = [pair for pair in found.sides if all(at + size <= len(data) for at, size, _ in pair)]
    return found


def _png(data: bytes, found: Structure) -> None:
    at = 8
    while at + 12 <= len(data) and len(found.pieces) < _MOST_PIECES:
        (size,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        found.pieces.append((at, at + 12 + size))
        found.fields.append((at, 4, ">"))
        if kind == b"IHDR":
            found.sides.append(((at + 8, 4, ">"), (at + 12, 4, ">")))
            found.fields += [(at + 16 + place, 1, ">") for place in range(5)]
        elif kind in (b"fcTL", b"acTL", b"gAMA", b"cHRM", b"pHYs"):
            found.add_words(at + 8, at + 8 + size, ">")
        at += 12 + size


def _jpeg(data: bytes, found: Structure) -> None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        (size,) = struct.unpack_from(">H", data, at + 2)
        found.pieces.append((at, at + 2 + size))
        found.fields.append((at + 2, 2, ">"))
        if data[at + 1] in (0xC0, 0xC1, 0xC2, 0xC9):
            found.sides.append(((at + 7, 2, ">"), (at + 5, 2, ">")))
            found.fields += [(at + 4 + place, 1, ">") for place in range(max(0, min(size, 18)))]
        elif data[at + 1] == 0xE1:
            found.fields += [(place, 2, "<") for place in range(at + 10, min(at + size, at + 120), 2)]
        if data[at + 1] == 0xDA:
            return
        at += 2 + size


def _riff(data: bytes, at: int, end: int, found: Structure) -> None:
    while at + 8 <= end and len(found.pieces) < _MOST_PIECES:
        kind, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        found.pieces.append((at, min(end, at + 8 + size + size % 2)))
        found.fields.append((at + 4, 4, "<"))
        if kind == b"LIST":
            _riff(data, at + 12, min(end, at + 8 + size), found)
        elif kind == b"VP8 ":
            found.sides.append(((at + 14, 2, "<"), (at + 16, 2, "<")))
        elif kind == b"VP8L":
            found.fields.append((at + 9, 4, "<"))
        elif kind in (b"VP8X", b"ANMF", b"avih", b"strh", b"strf", b"fmt ", b"idx1"):
            found.add_words(at + 8, at + 8 + size, "<")
            if kind == b"strf":
                found.sides.append(((at + 12, 4, "<"), (at + 16, 4, "<")))
        at += 8 + size + size % 2


def _boxes(data: bytes, at: int, end: int, found: Structure) -> None:
    while at + 8 <= end and len(found.pieces) < _MOST_PIECES:
        size, kind = struct.unpack_from(">I", data, at)[0], data[at + 4 : at + 8]
        stop = min(end, at + size) if size >= 8 else end
        found.pieces.append((at, stop))
        found.fields.append((at, 4, ">"))
        if kind in _BOXES_WITH_BOXES:
            _boxes(data, at + (12 if kind == b"meta" else 8), stop, found)
        elif kind == b"ispe":
            found.sides.append(((at + 12, 4, ">"), (at + 16, 4, ">")))
        elif kind != b"mdat":
            found.add_words(at + 8, stop, ">")
        at = stop


def _tiff(data: bytes, found: Structure) -> None:
    order = "<" if data[:2] == b"II" else ">"
    found.fields.append((4, 4, order))
    at, seen = struct.unpack_from(order + "I", data, 4)[0], set()
    while 0 < at + 2 <= len(data) and at not in seen:
        seen.add(at)
        (count,) = struct.unpack_from(order + "H", data, at)
        found.fields.append((at, 2, order))
        sides = {}
        for place in range(at + 2, min(len(data) - 11, at + 2 + 12 * count), 12):
            found.pieces.append((place, place + 12))
            found.fields += [(place, 2, order), (place + 2, 2, order), (place + 4, 4, order), (place + 8, 4, order)]
            sides[struct.unpack_from(order + "H", data, place)[0]] = (place + 8, 4, order)
        if 256 in sides and 257 in sides:
            found.sides.append((sides[256], sides[257]))
        at += 2 + 12 * count
        if at + 4 > len(data):
            return
        found.fields.append((at, 4, order))
        (at,) = struct.unpack_from(order + "I", data, at)


def _vint(data: bytes, at: int, keep: bool) -> tuple[int, int]:
    """A number of Matroska's at a place, with its mark if it is an element's name, and how many bytes it takes."""
    first = data[at] if at < len(data) else 0
    size = 9 - first.bit_length() if first else 1
    value = int.from_bytes(data[at : at + size], "big")
    return (value if keep else value & ((1 << (7 * size)) - 1)), size


def _elements(data: bytes, at: int, end: int, found: Structure) -> None:
    while at + 2 <= end and len(found.pieces) < _MOST_PIECES:
        name, width = _vint(data, at, keep=True)
        size, wide = _vint(data, at + width, keep=False)
        inside = at + width + wide
        stop = min(end, inside + size)
        found.pieces.append((at, stop))
        found.fields.append((at + width, wide, ">"))
        if name in _MASTERS:
            _elements(data, inside, stop, found)
        elif stop - inside <= 8:
            found.fields.append((inside, stop - inside, ">"))
        at = stop


def _gif(data: bytes, found: Structure) -> None:
    found.sides.append(((6, 2, "<"), (8, 2, "<")))
    found.fields += [(10, 1, "<"), (11, 1, "<")]
    at = 13 + (3 << (data[10] % 8 + 1) if len(data) > 10 and data[10] & 128 else 0)
    while at + 2 < len(data) and len(found.pieces) < _MOST_PIECES:
        start = at
        if data[at] == 0x2C:
            found.sides.append(((at + 5, 2, "<"), (at + 7, 2, "<")))
            found.fields += [(at + 1, 2, "<"), (at + 3, 2, "<"), (at + 9, 1, "<")]
            at += 11 + (3 << (data[at + 9] % 8 + 1) if at + 9 < len(data) and data[at + 9] & 128 else 0)
        elif data[at] == 0x21:
            at += 2
        else:
            return
        while at < len(data) and data[at]:
            found.fields.append((at, 1, "<"))
            at += 1 + data[at]
        at += 1
        found.pieces.append((start, at))
