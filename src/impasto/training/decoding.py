"""Decode a picture file for training: as painting decodes it, but on white, to bytes, no larger than needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.memory import MAX_PIXELS
from impasto.pictures import formats
from impasto.pictures.claims import check_claim
from impasto.pictures.conversion import to_pil
from impasto.pictures.decoding import decode_file, from_pil
from impasto.pictures.resampling import lay_on_white

Pixels = NDArray[np.uint8]
"""Height x width x 3, RGB in 0..255."""


def decode(data: bytes, keep: int | None = None) -> Pixels:
    """Decode a picture file as painting would, and lay it on white. Whatever the decoder raises comes through.

    Only samples without a fixed white (32 bits, floats) are scaled to one here, where painting refuses them.

    Args:
        data: the bytes of the file.
        keep: pixels of the short side that it is shrunk to, if it has more; None keeps its size.

    Returns:
        Height x width x 3, upright, sRGB.
    """
    with formats.open_bytes(data, formats.identify_format("it", data[:64])) as image:
        if image.width * image.height > MAX_PIXELS:
            raise InputError(f"it has {image.width} x {image.height} pixels, more than can be read")
        check_claim("it", image, len(data), compact=True)
        if image.mode in ("F", "I"):
            image.load()
            picture = from_pil(_to_eight_bits(image), compact=1)
        else:
            picture = decode_file(image, data, compact=True, at_least=keep or 0)
    upright = to_pil(lay_on_white(picture))
    size = _shrunk(upright.size, keep)
    return np.asarray(upright if size == upright.size else upright.resize(size, Image.Resampling.LANCZOS))


def _shrunk(size: tuple[int, int], keep: int | None) -> tuple[int, int]:
    """The width and height at which the short side is at most ``keep`` pixels."""
    short = min(size)
    if keep is None or short <= keep:
        return size
    return max(1, round(size[0] * keep / short)), max(1, round(size[1] * keep / short))


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Bring grey of 32 bits, which has no fixed white, to 8: white is 1, 255 or 65535, whichever is not exceeded."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    whites = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    top = next((white for white in whites if values.max() <= white), float(values.max()))
    return Image.fromarray(np.rint(values.clip(0, top) * (255 / top)).astype(np.uint8))
