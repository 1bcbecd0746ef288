"""A Pillow image to a :class:`~impasto.pictures.picture.Picture`: samples, colours, orientation, transparency."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

from impasto.errors import InputError
from impasto.pictures import metadata, profiles, sixteen_bit
from impasto.pictures.picture import Picture, to_samples, to_unit_range

log = logging.getLogger(__name__)


Array = np.ndarray
Floats = NDArray[np.float32]


def from_pil(image: Image.Image, *, compact: int = 0) -> Picture:
    """Take over a Pillow image, as :func:`read` would its file (orientation and profile are applied)."""
    if image.width == 0 or image.height == 0:
        raise InputError("The image has no pixels: give one of at least 1 x 1.")
    try:
        return decode(image, None, 0 < compact < image.width * image.height)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"The image of mode {image.mode} cannot be used: {error}.") from error


def allocate_tiff(image: ImageFile.ImageFile) -> ImageFile.ImageFile:
    """A TIFF with room for its pixels, which Pillow would make only below its global limit."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        image.im = Image.new(image.mode, image._tile_size).im
    return image


def decode(image: Image.Image, deep: Array | None, compact: bool) -> Picture:
    """Make the picture; ``deep`` has its 16-bit samples if there are more than the image's own."""
    image.load()
    if deep is not None:
        colour, alpha = (deep[..., :-1], deep[..., -1]) if deep.shape[2] in (2, 4) else (deep, None)
    else:
        colour, alpha = _samples(image)
    bits = 8 if colour.dtype == np.uint8 else 16
    key = image.info.get("transparency")
    if alpha is None and bits == 16 and key is not None:  # PNG: one colour stands for "nothing here"
        alpha = (colour != np.array(key)).any(axis=2) * colour.dtype.type(np.iinfo(colour.dtype).max)
    profile = _usable(image.info.get("icc_profile"), colour) if image.mode != "LAB" else None  # which needs none
    rgb = (
        _compact_srgb(colour, profile)
        if compact and colour.dtype.kind == "u"
        else _to_srgb(to_unit_range(colour), profile)
    )
    # Only after loading: a TIFF is turned upright by Pillow itself, which then says so.
    turn = _UPRIGHT.get(_orientation(image), np.asarray)
    opacity = _opacity(alpha, rgb.dtype.kind == "u")
    return Picture(
        rgb=np.ascontiguousarray(turn(rgb)),
        alpha=None if opacity is None else np.ascontiguousarray(turn(opacity)),
        bits=bits,
        format="JPEG" if image.format == "MPO" else image.format,  # a phone's JPEG with a second picture in it
        metadata=metadata.read_metadata(image),
    )


_UPRIGHT: dict[int, Callable[[Array], Array]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(metadata.ORIENTATION, 1))
    except Exception as error:  # Pillow's parser fails in many ways
        log.warning("orientation ignored because the EXIF cannot be read: %s", error)
        return 1


def _samples(image: Image.Image) -> tuple[Array, Array | None]:
    """Colour, H x W x 1 (grey), 3 (RGB) or 4 (CMYK), and alpha."""
    mode = image.mode
    if mode.startswith("I;16"):
        return sixteen_bit.read_sixteen_bit_grey(image), None
    if mode == "I":
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise InputError("The picture has 32-bit samples beyond 0 to 65535: scale it to 16 bits first.")
        return wide.astype(np.uint16)[..., None], None
    if mode == "F":
        return np.asarray(image)[..., None], None
    if mode == "LAB":
        return np.asarray(profiles.lab_to_rgb(image)), None
    if mode == "CMYK":
        inks = np.asarray(image)
        # Pillow takes every CMYK JPEG for Adobe's, which are inverted; those without its mark are not.
        return 255 - inks if image.format == "JPEG" and "adobe" not in image.info else inks, None
    if image.has_transparency_data:
        both = np.asarray(image.convert("LA" if mode in ("1", "L", "LA", "La") else "RGBA"))
        return both[..., :-1], both[..., -1]
    if mode in ("1", "L"):
        return np.asarray(image.convert("L"))[..., None], None
    return np.asarray(image if mode == "RGB" else image.convert("RGB")), None


def _opacity(alpha: Array | None, compact: bool = False) -> Array | None:
    if alpha is None:
        return None
    opacity = np.ascontiguousarray(alpha if compact else to_unit_range(alpha))
    return None if opacity.min() >= (np.iinfo(alpha.dtype).max if compact else 1) else opacity


def _as_rgb(colour: Array) -> Array:
    return np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else np.ascontiguousarray(colour)


def _compact_srgb(colour: Array, profile: bytes | None) -> Array:
    """As :func:`_to_srgb`, a few rows at a time, in the samples' own type."""
    if profile is None and colour.shape[2] != 4:
        return _as_rgb(colour)
    out = np.empty((*colour.shape[:2], 3), colour.dtype)
    for row in range(0, len(out), 256):
        part = slice(row, row + 256)
        out[part] = to_samples(_to_srgb(to_unit_range(colour[part]), profile), out.dtype)
    return out


def _to_srgb(colour: Floats, profile: bytes | None) -> Floats:
    if profile:
        return profiles.to_srgb(_as_rgb(colour) if profiles.profile_channels(profile) == 3 else colour, profile)
    if colour.shape[2] == 4:  # CMYK of unknown inks
        return (1 - colour[..., :3]) * (1 - colour[..., 3:])
    return _as_rgb(colour)


def _usable(profile: bytes | None, colour: Array) -> bytes | None:
    """The profile if a picture of such samples can be converted with it; that it cannot is said, once a picture."""
    if not profile:
        return None
    try:
        wanted, given = profiles.profile_channels(profile), colour.shape[2]
        if wanted != given and (wanted, given) != (3, 1):
            raise profiles.ProfileError(f"it is for {wanted} channels and the picture has {given}")
        profiles.to_srgb(np.zeros((1, 1, wanted), np.float32), profile)
    except profiles.ProfileError as error:
        log.warning("colour profile ignored because it cannot be used: %s", error)
        return None
    return profile
