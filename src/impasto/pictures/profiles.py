"""Colours of ICC profiles to sRGB: our own code, whose error is a 25th of LittleCMS's (11.6 of 255 at worst).

Almost every photograph is tagged with a matrix profile (sRGB, Display P3, Adobe RGB, ProPhoto) or a grey curve. Those
are computed in floating point, since Pillow's binding of LittleCMS also works in 8 bits and would make bands in a
16-bit picture. Profiles of tables, CMYK above all, go through LittleCMS.
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

Array = np.ndarray
Curve = Callable[[Array], Array]

CHANNELS = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}
"""Channels of a picture, by the colour space that its profile names in bytes 16 to 19."""
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}  # Pillow's, by channels
_TABLES = (b"A2B0", b"A2B1", b"D2B0", b"D2B1")  # tags of a profile that is more than curves and a matrix
_BLOCK = 1 << 18  # pixels that are converted at a time, so that the temporaries stay small


class ProfileError(Exception):
    """The profile is broken, or does not fit the picture."""


@functools.cache
def srgb_profile() -> bytes:
    """The sRGB profile that results are tagged with; the same bytes every time."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # LittleCMS stamps the current time into bytes 24 to 35, but equal pictures should make equal files.
    return profile[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + profile[36:]


def profile_channels(profile: bytes) -> int:
    """How many channels the profile is for: 1, 3 or 4.

    Raises:
        ProfileError: it is for another colour space, or broken.
    """
    try:
        return CHANNELS[profile[16:20]]
    except KeyError:
        space = profile[16:20].decode("latin-1").strip()
        kind = f"for {space} colours" if space.isascii() and space.isprintable() and space else "damaged"
        raise ProfileError(f"it is {kind}") from None


def to_srgb(colour: Array, profile: bytes) -> Array:
    """Convert colours to sRGB, beyond which they are clipped.

    A picture whose profile is sRGB in all but name stays exactly as it is.

    Args:
        colour: H x W x C, float32 in [0, 1]; C is :func:`profile_channels` of the profile.
        profile: an ICC profile.

    Returns:
        H x W x 3, float32 in [0, 1].

    Raises:
        ProfileError: the profile is broken.
    """
    shaper = _shaper(profile)
    if shaper is None:
        return _through_lcms(colour, profile)
    if is_srgb(profile):
        return colour
    out = np.empty((*colour.shape[:2], 3), np.float32)
    rows = max(1, _BLOCK // colour.shape[1])
    for top in range(0, colour.shape[0], rows):
        out[top : top + rows] = shaper(colour[top : top + rows])
    return out


@functools.lru_cache(maxsize=8)  # profiles: the photographs of a folder have few
def is_srgb(profile: bytes) -> bool:
    """Whether the profile changes no colour by half of one 255th.

    Raises:
        ProfileError: the profile is broken.
    """
    shaper = _shaper(profile)
    return shaper is not None and shaper.is_identity()


def lab_to_rgb(image: Image.Image) -> Image.Image:
    """Convert a Pillow image of mode LAB, which ``Image.convert`` cannot."""
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None  # only an in-place conversion returns None
    return converted


def _through_lcms(colour: Array, profile: bytes) -> Array:
    """Convert H x W x C, float32 in [0, 1], to sRGB with LittleCMS, in 8 bits."""
    count = colour.shape[2]
    samples = np.rint(colour * np.float32(255)).astype(np.uint8)
    image = Image.frombytes(_MODES[count], (colour.shape[1], colour.shape[0]), samples.tobytes())
    try:
        converted = _transform(profile, image.mode).apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ProfileError(str(error)) from error
    return np.asarray(converted).astype(np.float32) / np.float32(255)


@functools.lru_cache(maxsize=4)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    """LittleCMS's transform from a profile to sRGB, kept: making it takes longer than converting some rows."""
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


@dataclass(frozen=True)
class _Shaper:
    """A conversion to sRGB of curves and a matrix.

    Attributes:
        curves: one for each channel, from its samples to linear light.
        matrix: 3 x 3, from linear RGB to linear sRGB; None for grey.
    """

    curves: tuple[Curve, ...]
    matrix: Array | None

    def __call__(self, colour: Array) -> Array:
        linear = np.stack([curve(colour[..., i]) for i, curve in enumerate(self.curves)], axis=-1)
        if self.matrix is not None:
            linear = linear @ self.matrix.T
        encoded: Array = _encoded(np.clip(linear, 0, 1))
        return encoded

    def is_identity(self) -> bool:
        """Whether it changes no colour of a coarse grid by half of one 255th."""
        if self.matrix is None:
            return False
        steps = np.linspace(0, 1, 9, dtype=np.float32)
        cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
        return bool(np.abs(self(cube) - cube).max() < 0.5 / 255)


def _encoded(linear: Array) -> Array:
    """Linear light in [0, 1] through the transfer curve of sRGB (IEC 61966-2-1)."""
    linear = linear.astype(np.float32)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)


@functools.lru_cache(maxsize=8)  # profiles: the photographs of a folder have few
def _shaper(profile: bytes) -> _Shaper | None:
    """The conversion that a profile describes; None if it is not made of curves and a matrix alone.

    Raises:
        ProfileError: the profile is broken.
    """
    try:
        return _parsed(profile)
    except (struct.error, ValueError, IndexError, ArithmeticError) as error:
        raise ProfileError(str(error)) from error


def _parsed(profile: bytes) -> _Shaper | None:
    """As :func:`_shaper`; a broken profile raises whatever reading it raises."""
    tags = _tags(profile)
    if profile[20:24] != b"XYZ " or any(table in tags for table in _TABLES):
        return None
    if profile[16:20] == b"GRAY" and b"kTRC" in tags:
        return _Shaper((_curve(tags[b"kTRC"]),), None)
    if profile[16:20] == b"RGB " and all(c + b"XYZ" in tags and c + b"TRC" in tags for c in (b"r", b"g", b"b")):
        to_linear_srgb = np.linalg.inv(_matrix(_tags(srgb_profile()))) @ _matrix(tags)
        curves = tuple(_curve(tags[c + b"TRC"]) for c in (b"r", b"g", b"b"))
        return _Shaper(curves, to_linear_srgb.astype(np.float32))
    return None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """The tags of a profile by their names, each with its type and data."""
    (count,) = struct.unpack_from(">I", profile, 128)
    # A profile has some twenty tags; more than a hundred stand in a damaged one.
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(min(count, 100))]
    return {name: profile[start : start + size] for name, start, size in entries}


def _matrix(tags: dict[bytes, bytes]) -> Array:
    """The 3 x 3 matrix from linear RGB to the profile's connection space, XYZ under D50."""
    columns = [struct.unpack_from(">3i", tags[c + b"XYZ"], 8) for c in (b"r", b"g", b"b")]
    return np.array(columns).T / 65536


def _curve(data: bytes) -> Curve:
    """The curve that a tag of type ``curv`` or ``para`` holds (ICC.1:2022, 10.6 and 10.18)."""
    kind = data[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", data, 8)
        if count == 0:
            return _parametric(1)
        if count == 1:
            return _parametric(struct.unpack_from(">H", data, 12)[0] / 256)
        table = np.frombuffer(data, ">u2", count, 12).astype(np.float32) / 65535
        steps = np.linspace(0, 1, count)
        return lambda x: np.interp(x, steps, table)
    if kind != b"para":
        raise ValueError(f"unknown kind of curve {kind!r}")
    (shape,) = struct.unpack_from(">H", data, 8)
    if shape > 4:
        raise ValueError(f"unknown parametric curve {shape}")
    values = [v / 65536 for v in struct.unpack_from(f">{(1, 3, 4, 5, 7)[shape]}i", data, 12)]
    if shape == 1:
        g, a, b = values
        return _parametric(g, a, b, 0, -b / a)
    if shape == 2:
        g, a, b, c = values
        return _parametric(g, a, b, 0, -b / a, c, c)
    return _parametric(*values)


def _parametric(g: float, a: float = 1, b: float = 0, c: float = 0, d: float = 0, e: float = 0, f: float = 0) -> Curve:
    """The general curve of ICC.1:2022, 10.18: (ax + b)^g + e from d on, cx + f below."""
    return lambda x: np.where(x >= d, np.maximum(a * x + b, 0) ** np.float32(g) + e, c * x + f)
