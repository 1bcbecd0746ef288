"""JPEG files that lack their last bytes: whole if nothing but the mark of their end is missing."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from mmap import mmap

import numpy as np
from PIL import JpegImagePlugin

from impasto.errors import Sentence
from impasto.pictures import messages

log = messages.logger(__name__)

_END = b"\xff\xd9"
_FILLER = bytes(range(1, 250)) * 4
_ARITHMETIC = (0xC9, 0xCA, 0xCB)  # markers of the header of a frame
_SCAN = 0xDA  # the marker of the first scan, behind which 0xFF never stands before 0xD9 but at the end


def lacks_end(data: bytes | mmap) -> bool:
    """Whether a JPEG has no mark of its end behind the start of its first scan; not so if it has no scan."""
    return any(marker == _SCAN and data.find(_END, at) < 0 for marker, at in _markers(data))


def is_arithmetic(data: bytes | mmap) -> bool:
    """Whether a JPEG is coded arithmetically, which takes less than a bit for what is as expected."""
    return any(marker in _ARITHMETIC for marker, _ in _markers(data))


def _markers(data: bytes | mmap) -> Iterator[tuple[int, int]]:
    """The markers of a JPEG and where they stand, up to its first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        yield marker, at
        if marker == _SCAN:
            return
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])


def with_end(data: bytes) -> bytes:
    """A JPEG with its end, if that is all that it lacks, which is logged; else as it is."""
    if not lacks_end(data):
        return data
    rest = data.removesuffix(b"\xff")
    try:
        # Whatever stands behind the last row changes nothing; in place of rows, it would be seen.
        complete = np.array_equal(_pixels(rest + _END), _pixels(rest + _FILLER + _END))
    except Exception:  # decoding it says what is wrong
        return data
    if not complete:
        return data
    messages.warn(log, Sentence("its last bytes are missing; the whole picture is there", "jpeg_end_missing"))
    return rest + _END


def _pixels(data: bytes) -> np.ndarray:
    """The samples of a JPEG. What Pillow raises comes through."""
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    image.load()
    return np.asarray(image)
