"""Whether a video file was cut off, from the lengths that its container states.

Containers nest parts that begin with their length. A part that is longer than what is left of the file means that
the end is missing, even where no time tells so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from impasto.media.matroska import CLUSTER, LONGEST_HEAD, MAGIC, SEGMENT, read_head

_MP4_TYPES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"moof", b"styp", b"sidx", b"pnot"}
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")  # the first bytes of WMV
_ASF_FACTS = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # the id of the part that states the length
_ASF_HEAD = 65536  # bytes in which that part is looked for
_TS_PACKET = 188  # bytes
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
            if start[:3] == b"FLV":
                return _flv_is_cut_off(file, size)
            if start == _ASF[:12]:
                return _asf_is_cut_off(file, size)
            if start[:1] == b"\x47":
                return _transport_stream_is_cut_off(file, size)
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


def _flv_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether an FLV ends within one of its tags."""
    at = int.from_bytes(file.read(9)[5:9], "big") + 4  # a header, then tags, each before its length again
    for _ in range(_MAX_PARTS):
        if at >= size:
            return at > size
        file.seek(at)
        head = file.read(11)
        if len(head) == 11 and head[0] & 0x1F not in (8, 9, 18):  # what is appended is no tag
            return False
        at += 11 + int.from_bytes(head[1:4], "big") + 4
    return False


def _asf_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether a WMV is shorter than its header says."""
    head = file.read(_ASF_HEAD)
    at = head.find(_ASF_FACTS)
    if at < 0 or len(head) < at + 48:
        return False
    return int.from_bytes(head[at + 40 : at + 48], "little") > size


def _transport_stream_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether an MPEG-TS ends within one of its packets, which are of one size."""
    head = file.read(2 * _TS_PACKET + 1)
    return head[_TS_PACKET::_TS_PACKET] == b"\x47\x47" and size % _TS_PACKET != 0


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
