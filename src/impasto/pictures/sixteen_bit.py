"""Sixteen bits a sample, where Pillow stops short: colour through libvips, odd kinds of grey by arithmetic.

Pillow has no mode for 16-bit colour; it keeps the high byte of each sample.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFile

from impasto.errors import InputError
from impasto.pictures import libvips

Array = np.ndarray

_BITS, _PHOTOMETRIC, _PLANAR = 258, 262, 284  # tags of a TIFF
_WHITE_IS_ZERO, _RGB = 0, 2  # values of the tag "photometric interpretation"
_DEEP = ("LA;16B", "RGB;16", "RGBA;16", "RGBX;16", "RGBa;16")  # how Pillow's raw modes begin that it cuts to 8 bits


def read_sixteen_bit(image: ImageFile.ImageFile, data: bytes) -> Array | None:
    """The samples of a picture with 16-bit colour, or of grey with 16-bit transparency.

    Args:
        image: opened by Pillow and not yet loaded, which it still is afterwards.
        data: the same file.

    Returns:
        H x W x C, uint16, where C is 1 or 3, or 2 or 4 with (straight) alpha; None if Pillow holds all that there is,
        or if libvips is missing.

    Raises:
        InputError: without libvips, a TIFF that Pillow would read wrongly.
        OSError: the file is damaged or cut off.
    """
    tags = getattr(image, "tag_v2", {})
    in_planes = tags.get(_PLANAR) == 2 and tags.get(_PHOTOMETRIC) == _RGB and max(tags.get(_BITS, (8,))) == 16
    if not (in_planes or raw_mode(image).startswith(_DEEP)):
        return None
    samples = libvips.decode_whole(data, str(image.format), image.info.get("directory"))
    if samples is None:
        if in_planes and image.tile[0].codec_name == "raw":  # Pillow takes each half of a sample for a pixel
            text = "A TIFF of uncompressed separate 16-bit planes cannot be read: save it interleaved."
            raise InputError(text, key="cannot_decode")
        return None
    return samples if image.has_transparency_data else samples[..., :3]  # a fourth channel may have no meaning


def read_sixteen_bit_grey(image: Image.Image) -> Array:
    """The samples of a picture of one of the modes ``I;16``, as H x W x 1, uint16."""
    raw = raw_mode(image) if isinstance(image, ImageFile.ImageFile) else ""
    grey: Array = np.asarray(image).astype(np.uint16)
    if raw == "I;12":
        grey = (grey << 4) | (grey >> 8)
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:  # Pillow does not invert it
        grey = 65535 - grey
    return grey[..., None]


def raw_mode(image: ImageFile.ImageFile) -> str:
    """How Pillow calls the samples in the file, such as ``RGB;16B``; empty if it does not say."""
    args = image.tile[0].args if image.tile else ""
    raw = args[0] if isinstance(args, tuple) and args else args
    return raw if isinstance(raw, str) else ""
