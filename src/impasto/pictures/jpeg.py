"""JPEG files that lack their last bytes: whole if nothing but the mark of their end is missing."""

from __future__ import annotations

import io
import struct
from mmap import mmap

import numpy as np
from PIL import JpegImagePlugin

from impasto.pictures import messages

log = messages.logger(__name__)

_END = b"\xff\xd9"
_FILLER = bytes(range(1, 250)) * 4
_SCAN = 0xDA  # the marker of the first scan, behind which 0xFF never stands before 0xD9 but at the end


def lacks_end(data: bytes | mmap) -> bool:
    """Whether a JPEG has no mark of its end behind the start of its first scan; not so if it has no scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return False
        if data[at + 1] == 0xFF:  # padding
            at += 1
            continue
        if data[at + 1] == _SCAN:
            return data.find(_END, at) < 0
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return False


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
    log.warning("its last bytes are missing; the whole picture is there")
    return rest + _END


def _pixels(data: bytes) -> np.ndarray:
    """The samples of a JPEG. What Pillow raises comes through."""
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    image.load()
    return np.asarray(image)
