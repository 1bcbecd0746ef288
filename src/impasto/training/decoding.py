"""Decode a picture file for training: to bytes, upright, without transparency, no larger than needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from impasto.errors import InputError
from impasto.pictures import formats

Pixels = NDArray[np.uint8]
"""Height x width x 3, RGB in 0..255."""

MAX_PIXELS = 300_000_000  # of a file; a larger one is left out, because it is damaged or made to fill the memory


def decode(data: bytes, keep: int | None = None) -> Pixels:
    """Decode a picture file upright to height x width x 3 bytes, shrunk to a short side of at most ``keep``.

    Whatever the decoder raises comes through.
    """
    with formats.open_bytes(data, formats.identify_format("it", data[:64])) as image:
        if image.width * image.height > MAX_PIXELS:
            raise InputError(f"it has {image.width} x {image.height} pixels, more than can be read")
        size = _shrunk(image.size, keep)
        image.draft(None, size)  # a JPEG can be decoded at 1/2, 1/4 or 1/8 in a fraction of the time
        picture = _to_rgb(ImageOps.exif_transpose(image))
    size = _shrunk(picture.size, keep)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _shrunk(size: tuple[int, int], keep: int | None) -> tuple[int, int]:
    """Return the width and height at which the short side is at most ``keep`` pixels."""
    short = min(size)
    if keep is None or short <= keep:
        return size
    return max(1, round(size[0] * keep / short)), max(1, round(size[1] * keep / short))


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode of Pillow to RGB of 8 bits; what is transparent lies on white."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Bring grey of 16 or 32 bits to 8; Pillow itself would cut off everything above 255."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    if image.mode.startswith("I;16"):
        top = 65535.0
    else:  # these modes have no fixed white: take the nearest usual one that is not below the brightest pixel
        whites = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        top = next((white for white in whites if values.max() <= white), float(values.max()))
    return Image.fromarray(np.rint(values.clip(0, top) * (255 / top)).astype(np.uint8))
