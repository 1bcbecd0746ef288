"""What an upload is by its first bytes, before FFmpeg sees it."""

from __future__ import annotations

import re
from pathlib import Path

# A playlist names other files or addresses, which FFmpeg would read; only containers that cannot do that are taken.
# DASH is the only playlist that need not stand at a file's start: FFmpeg searches for its tag up to the first zero
# byte, so a file with that tag there is refused.
_DASH_TAG = b"<mpd"  # start of a DASH playlist, in lower case
# Containers of videos that are taken: the first bytes of a file, its suffix, FFmpeg's name of the format.
_VIDEO_CONTAINERS = (
    (re.compile(rb"\x00...(ftyp|moov|mdat|wide|free|skip)", re.DOTALL), ".mp4", "mov"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), ".mkv", "matroska"),
    (re.compile(rb"RIFF....AVI ", re.DOTALL), ".avi", "avi"),
    (re.compile(rb"OggS"), ".ogv", "ogg"),
    (re.compile(rb"GIF8[79]a"), ".gif", "gif"),
)
_SOUND_CONTAINERS = (
    *_VIDEO_CONTAINERS[:4],
    (re.compile(rb"(RIFF|RF64)....WAVE", re.DOTALL), ".wav", "wav"),
    (re.compile(rb"fLaC"), ".flac", "flac"),
    (re.compile(rb"\xff[\xe2-\xff]"), ".mp3", "mp3"),
)
# Brands of pictures (AVIF, HEIC) that share the container of MP4 videos, in bytes 8 to 12 of a file.
_PICTURE_BRANDS = (b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis")
_LOOK = 1 << 20  # bytes of a file that are looked at
_ID3 = re.compile(rb"ID3[^\xff][^\xff](.)([\x00-\x7f]{4})", re.DOTALL)
_ID3_HEAD = 10  # bytes of the head of an ID3 tag, and of its foot


def video_container_of(path: Path) -> tuple[str, str] | None:
    """Suffix and FFmpeg's name of a video's container by its first bytes; ``None`` if the file is not such a video."""
    return _found(_head(path, 0), _VIDEO_CONTAINERS)


def sound_container_of(path: Path) -> tuple[str, str] | None:
    """Suffix and FFmpeg's name of the container of a file that may hold sound: a video, or WAV, FLAC, MP3.

    FFmpeg passes over an ID3 tag before it looks what a file is; so what stands behind the tag tells.
    """
    tag = _ID3.match(_head(path, 0))
    if tag is None:
        return _found(_head(path, 0), _SOUND_CONTAINERS)
    size = 0
    for byte in tag[2]:
        size = size << 7 | byte
    behind = _head(path, _ID3_HEAD * (2 if tag[1][0] & 0x10 else 1) + size)
    return _found(behind, _SOUND_CONTAINERS[-2:])


def _head(path: Path, start: int) -> bytes:
    """The bytes of a file from a place on."""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(_LOOK)


def _found(head: bytes, containers: tuple[tuple[re.Pattern[bytes], str, str], ...]) -> tuple[str, str] | None:
    """The container that a file's beginning is of."""
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        return None
    if _DASH_TAG in head.split(b"\0")[0].lower():
        return None
    for pattern, suffix, name in containers:
        if pattern.match(head):
            return suffix, name
    return None
