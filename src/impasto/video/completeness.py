"""Whether a video file was cut off, from the lengths that its container states.

Containers nest parts that begin with their length. A part that is longer than what is left of the file means that
the end is missing, even where no time tells so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from impasto.video.matroska import CLUSTER, LONGEST_HEAD, MAGIC, SEGMENT, read_head

_MP4_TYPES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"moof", b"styp", b"sidx", b"pnot"}
_MAX_PARTS = 1_000_000  # parts that are looked at: enough for hours


def is_cut_off(path: Path) -> bool:
    """Whether a file ends within a part that states its length; ``False`` for containers that are not known here."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(12)
            file.seek(0)
            if start[:4] == MAGIC:
                return _matroska_is_cut_off(file, size)
            if start[:4] == b"RIFF":
                return _riff_is_cut_off(file, size)
            if start[4:8] in _MP4_TYPES:
                return _mp4_is_cut_off(file, size)
    except (OSError, OverflowError):
        pass
    return False


def _mp4_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether an MP4 or a MOV ends within one of its boxes."""
    at = 0
    for _ in range(_MAX_PARTS):
        file.seek(at)
        head = file.read(16)
        if not head or not all(sign == 0xA9 or 32 <= sign < 127 for sign in head[4:8]):  # what is appended is no box
            return False
        if len(head) < 8:
            return True
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:  # 0: up to the end of the file
            return False
        at += length
        if at >= size:
            return at > size
    return False


def _riff_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether an AVI ends within one of its RIFF chunks; long ones have several."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or length in (0, 0xFFFFFFFF):  # these: never filled in by its writer
            return False
        at += 8 + length
        if at > size:
            return True
        at += length % 2
    return False


def _matroska_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether a Matroska file ends within one of its elements; live recordings do not state the length of the whole."""
    at = 0
    for _ in range(_MAX_PARTS):
        if at >= size:
            return at > size
        file.seek(at)
        head = read_head(file.read(LONGEST_HEAD))
        if head is None:
            return at + LONGEST_HEAD > size  # else damaged, which the decoder says
        at += head.size
        if head.length is not None:
            at += head.length
        elif head.id not in (SEGMENT, CLUSTER):
            return False
    return False
