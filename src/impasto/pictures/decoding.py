"""An opened file or a Pillow image to a :class:`~impasto.pictures.picture.Picture`: the one decoder of pictures.

Samples, colours (profile, CMYK, LAB, 16 bits), orientation and transparency are treated alike for pictures to paint,
photographs to train on, masks, certainty maps, and the frames of animations and of the studio's live page.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

from impasto.errors import InputError, Sentence
from impasto.pictures import formats, jpeg, libvips, messages, metadata, png, profiles, sixteen_bit
from impasto.pictures.declared_colors import HighRange, declared_colors
from impasto.pictures.picture import Picture, to_samples, to_unit_range

log = messages.logger(__name__)

Array = np.ndarray
Floats = NDArray[np.float32]

_FAX = (2, 3, 4)  # compressions of a TIFF, tag 259, of which Pillow takes damaged rows and prints a line on each
_ROWS = 256  # rows that are converted at a time, so that the temporaries stay small


def from_pil(image: Image.Image, *, compact: int = 0) -> Picture:
    """Take over a Pillow image, as :func:`~impasto.pictures.reading.read_picture` would its file.

    Args:
        image: an image of any mode; its orientation and colour profile are applied.
        compact: as for :func:`~impasto.pictures.reading.read_picture`.

    Raises:
        InputError: it has no pixels, or cannot be decoded.
    """
    if image.width == 0 or image.height == 0:
        raise InputError("The image has no pixels: give one of at least 1 x 1.", key="cannot_decode")
    try:
        image.load()
        return _picture(*_samples(image), image, 0 < compact < image.width * image.height)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"The image of mode {image.mode} cannot be used: {error}.", key="cannot_decode") from error


def decode_file(image: ImageFile.ImageFile, data: bytes, *, compact: bool = False, at_least: int = 0) -> Picture:
    """Decode a file that Pillow has opened. Whatever a decoder raises comes through.

    Args:
        image: opened and not yet loaded.
        data: the same file.
        compact: keep the file's integers, see :class:`~impasto.pictures.picture.Picture`.
        at_least: pixels of the shorter side that are enough: a JPEG is then decoded at 1/2, 1/4 or 1/8 of its size,
            in a fraction of the time, where that leaves as many; 0 always decodes all of it.
    """
    if isinstance(image, JpegImagePlugin.JpegImageFile) and (whole := jpeg.with_end(data)) is not data:
        image = formats.open_bytes(whole, "JPEG")
    if at_least and isinstance(image, JpegImagePlugin.JpegImageFile) and min(image.size) > at_least:
        scale = at_least / min(image.size)
        image.draft(None, (max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    deep = sixteen_bit.read_sixteen_bit(image, data)
    if deep is None:
        if isinstance(image, TiffImagePlugin.TiffImageFile):  # Pillow makes room only below its own global limit
            if image.tag_v2.get(259) in _FAX:
                libvips.check_rows(data, "TIFF", image.info.get("directory"))
            image.im = Image.new(image.mode, image._tile_size).im
        image.load()
        return _picture(*_samples(image), image, compact)
    colour, alpha = split_alpha(deep, deep.shape[2] in (2, 4))
    # What stands behind a PNG's pixels, Pillow would read only after decoding all of them.
    about = png.open_png_without_pixels(data) if image.format == "PNG" else image
    return _picture(colour, alpha, about, compact)


def split_alpha(samples: Array, has_alpha: bool) -> tuple[Array, Array | None]:
    """H x W x C samples as colour, H x W x 1, 3 or 4, and alpha, H x W, which is the last channel if there is one."""
    return (samples[..., :-1], samples[..., -1]) if has_alpha else (samples, None)


def _picture(colour: Array, alpha: Array | None, about: Image.Image, compact: bool) -> Picture:
    """Make a picture of samples.

    Args:
        colour: H x W x 1 (grey), 3 (RGB) or 4 (CMYK).
        alpha: H x W, of the same type, or None.
        about: the Pillow image with the orientation, the profile and the metadata.
        compact: keep the integers of the samples; else they become float32 in [0, 1].
    """
    bits = 8 if colour.dtype == np.uint8 else 16
    key = about.info.get("transparency")
    if alpha is None and bits == 16 and key is not None:  # PNG: one colour stands for "nothing here"
        alpha = (colour != np.array(key)).any(axis=2) * colour.dtype.type(np.iinfo(colour.dtype).max)
    rgb = to_srgb(colour, usable_profile(about, colour.shape[2]), compact)
    # Only after loading: Pillow turns a TIFF upright when it loads it, and no longer says that it was turned.
    turn = _UPRIGHT.get(orientation(about), np.asarray)
    opacity = opacity_or_none(alpha, rgb.dtype.kind == "u")
    return Picture(
        rgb=np.ascontiguousarray(turn(rgb)),
        alpha=None if opacity is None else np.ascontiguousarray(turn(opacity)),
        bits=bits,
        format="JPEG" if about.format == "MPO" else about.format,  # a phone's JPEG with a second picture in it
        metadata=metadata.read_metadata(about),
    )


# What turns an array upright, by the EXIF orientation.
_UPRIGHT: dict[int, Callable[[Array], Array]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1, upright, where none can be read."""
    try:
        return int(metadata.load_exif(image).get(metadata.ORIENTATION, 1))
    except Exception as error:  # Pillow's parser fails in many ways
        text = f"orientation ignored because the EXIF cannot be read: {error}"
        messages.say_once(image, log, Sentence(text, "orientation_ignored"))
        return 1


def _samples(image: Image.Image) -> tuple[Array, Array | None]:
    """Colour, H x W x 1 (grey), 3 (RGB) or 4 (CMYK), and alpha, H x W or None, of a loaded Pillow image."""
    mode = image.mode
    if mode.startswith("I;16"):
        return sixteen_bit.read_sixteen_bit_grey(image), None
    if mode == "I":
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            text = "The picture has 32-bit samples beyond 0 to 65535: scale it to 16 bits first."
            raise InputError(text, key="samples_out_of_range")
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


def opacity_or_none(alpha: Array | None, compact: bool = False) -> Array | None:
    """Alpha, H x W, in [0, 1], or as the integers it is if compact; None if all of it is opaque."""
    if alpha is None:
        return None
    opacity = np.ascontiguousarray(alpha if compact else to_unit_range(alpha))
    return None if opacity.min() >= (np.iinfo(alpha.dtype).max if compact else 1) else opacity


def to_three_channels(colour: Array) -> Array:
    """H x W x 3 of H x W x 1 or 3, in one piece of memory."""
    return np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else np.ascontiguousarray(colour)


def to_srgb(colour: Array, profile: bytes | HighRange | None, compact: bool) -> Array:
    """Samples to sRGB, H x W x 3.

    Args:
        colour: H x W x 1 (grey), 3 (RGB) or 4 (CMYK); integers, or float32 in [0, 1].
        profile: what :func:`usable_profile` gives for such samples.
        compact: keep the type of integers; else the result is float32 in [0, 1].
    """
    if not (compact and colour.dtype.kind == "u"):
        return _floats_to_srgb(to_unit_range(colour), profile)
    if profile is None and colour.shape[2] != 4:
        return to_three_channels(colour)
    out = np.empty((*colour.shape[:2], 3), colour.dtype)
    for row in range(0, len(out), _ROWS):
        part = slice(row, row + _ROWS)
        out[part] = to_samples(_floats_to_srgb(to_unit_range(colour[part]), profile), out.dtype)
    return out


def _floats_to_srgb(colour: Floats, profile: bytes | HighRange | None) -> Floats:
    """Samples, H x W x C float32 in [0, 1], to sRGB, H x W x 3 float32 in [0, 1]; see :func:`to_srgb`."""
    if isinstance(profile, HighRange):
        return profile.to_srgb(to_three_channels(colour))
    if profile:
        fits = profiles.profile_channels(profile) == colour.shape[2]
        return profiles.to_srgb(colour if fits else to_three_channels(colour), profile)
    if colour.shape[2] == 4:  # CMYK of unknown inks
        return (1 - colour[..., :3]) * (1 - colour[..., 3:])
    return to_three_channels(colour)


def usable_profile(image: Image.Image, channels: int) -> bytes | HighRange | None:
    """The colour profile, or the high range, by which the samples of an image have to be converted.

    A profile that cannot be used is ignored, which is logged.

    Args:
        image: says which profile it has, if any.
        channels: the number of channels of the samples: 1, 3 or 4.

    Returns:
        None if there is no usable profile, if it is sRGB in all but name, or if the mode is LAB, which needs none.
    """
    profile = None if image.mode == "LAB" else declared_colors(image)
    if not profile or isinstance(profile, HighRange):
        return profile if channels != 4 else None
    try:
        wanted = profiles.profile_channels(profile)
        if wanted != channels and (wanted, channels) != (3, 1):
            raise profiles.ProfileError(f"it is for {wanted} channels and the picture has {channels}")
        if profiles.is_srgb(profile):
            return None
        profiles.to_srgb(np.zeros((1, 1, wanted), np.float32), profile)
    except profiles.ProfileError as error:
        text = f"colour profile ignored because it cannot be used: {error}"
        messages.say_once(image, log, Sentence(text, "profile_ignored"))
        return None
    return profile
