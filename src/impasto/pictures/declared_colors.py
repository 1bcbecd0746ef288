"""Colours that a file declares otherwise than by an ICC profile, as the ICC profile that says the same.

So they take the way of all other profiles, whole and by rows. Declared colours are: CICP code points (PNG's cICP, the
nclx boxes of AVIF and HEIC), PNG's sRGB, gAMA and cHRM, primaries and curves in the tags of a TIFF, and Adobe RGB as
cameras declare it in EXIF. High dynamic range (PQ, HLG), which no such profile describes, is tone-mapped.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from impasto.errors import Sentence
from impasto.pictures import messages, tone_mapping
from impasto.pictures.metadata import load_exif

log = messages.logger(__name__)

Array = np.ndarray
Primaries = tuple[float, ...]  # x and y of red, green, blue and white

_D65, _C, _E = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3)
_SRGB: Primaries = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65)
_ADOBE_RGB: Primaries = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *_D65)
# Primaries by their code point in ITU-T H.273; 2 is "unspecified".
_PRIMARIES: dict[int, Primaries] = {
    1: _SRGB,
    2: _SRGB,
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *_C),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    10: (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, *_E),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),
}
# Gamma by the code point of the transfer characteristics. Those of BT.709 and BT.2020 describe a camera; what was made
# for them is seen on screens as sRGB is, and passes for it in video as well.
_GAMMA = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_AS_SRGB = {1, 2, 6, 7, 11, 12, 13, 14, 15}
_ADOBE_GAMMA = 563 / 256
_STAND_IN = 0.45455  # the gamma that PNG's specification lets stand for the curve of sRGB
_BLOCK = 1 << 18  # pixels that are tone-mapped at a time, so that the temporaries stay small
_STEPS = 4096  # entries of a table of a curve
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.9642, 1.0, 0.8249])  # the white of an ICC profile's connection space
_COLOUR_SPACE, _INTEROP, _INTEROP_INDEX, _EXIF = 0xA001, 0xA005, 1, 0x8769  # tags of EXIF
_TRANSFER_FUNCTION, _WHITE_POINT, _CHROMATICITIES, _BITS = 301, 318, 319, 258  # tags of a TIFF


@dataclass(frozen=True)
class HighRange:
    """Colours of high dynamic range.

    Attributes:
        primaries, transfer: CICP code points.
        narrow: whether black is 16 and white 235 of 255.
    """

    primaries: int
    transfer: int
    narrow: bool

    def to_srgb(self, colour: Array) -> Array:
        """Tone-map H x W x 3 to sRGB, both float32 in [0, 1]."""
        out = np.empty_like(colour)
        rows = max(1, _BLOCK // colour.shape[1])
        for top in range(0, len(out), rows):
            code = colour[top : top + rows].astype(np.float64)
            out[top : top + rows] = tone_mapping.to_srgb(
                _stretched(code) if self.narrow else code, self.primaries, self.transfer
            )
        return out


@dataclass(frozen=True)
class _Curve:
    """From a sample to light, 0 to 1: a gamma, or 0 for the curve of sRGB."""

    gamma: float = 0.0
    narrow: bool = False  # black is 16 and white 235 of 255


def declared_colors(image: Image.Image) -> bytes | HighRange | None:
    """The ICC profile for the colours that an image declares, or their high range; None if it declares none.

    The order is that of PNG's specification (third edition): cICP, ICC profile, sRGB, gAMA with cHRM. In AVIF and
    HEIC an ICC profile comes before nclx. What cannot be converted is logged.

    Args:
        image: opened by this room, or any Pillow image.
    """
    info: Mapping[Any, Any] = image.info
    profile, cicp = info.get("icc_profile"), info.get("cicp")
    if cicp and (image.format == "PNG" or not profile) and (found := _cicp_colors(image, tuple(cicp))):
        return found
    if profile:
        return bytes(profile)
    if "srgb" in info or cicp:
        return None
    try:
        if "gamma" in info or "chromaticity" in info:
            return _png_profile(info.get("gamma"), info.get("chromaticity"))
        if isinstance(image, TiffImagePlugin.TiffImageFile) and _CHROMATICITIES in image.tag_v2:
            return _tiff_profile(image.tag_v2)
        return _profile(_ADOBE_RGB, _Curve(_ADOBE_GAMMA)) if _is_adobe_rgb(image) else None
    except (ArithmeticError, TypeError, ValueError, struct.error, np.linalg.LinAlgError):
        text = "the colours that it declares make no sense: taken as sRGB"
        messages.say_once(image, log, Sentence(text, "picture_colors_unknown"))
        return None


def _cicp_colors(image: Image.Image, cicp: tuple[int, ...]) -> bytes | HighRange | None:
    """The colours of code points: primaries, transfer, matrix, full range; None if they are unknown."""
    primaries, transfer, _, full = cicp
    if tone_mapping.is_high_range(transfer) and (primaries in (1, 2) or tone_mapping.is_wide(primaries)):
        curve = "PQ" if transfer == tone_mapping.PQ else "HLG"
        text = f"high dynamic range ({curve}) is tone-mapped to the standard range"
        messages.say_once(image, log, Sentence(text, "picture_high_range", curve=curve))
        return HighRange(primaries, transfer, not full)
    if primaries not in _PRIMARIES or transfer not in _GAMMA.keys() | _AS_SRGB:
        unknown = f"colours of CICP code points {primaries} and {transfer} are not known: taken as sRGB"
        messages.say_once(image, log, Sentence(unknown, "picture_colors_unknown"))
        return None
    return _profile(_PRIMARIES[primaries], _Curve(_GAMMA.get(transfer, 0.0), not full))


def _png_profile(gamma: float | None, chromaticity: tuple[float, ...] | None) -> bytes:
    """The profile for PNG's gAMA, such as 0.45, and cHRM: x and y of white, red, green and blue."""
    primaries = _SRGB if chromaticity is None else (*chromaticity[2:8], *chromaticity[:2])
    as_srgb = gamma is None or abs(gamma - _STAND_IN) < 1e-4
    return _profile(primaries, _Curve() if as_srgb or gamma is None else _Curve(1 / gamma))


def _tiff_profile(tags: TiffImagePlugin.ImageFileDirectory_v2) -> bytes:
    """The profile for a TIFF's primaries and white; a transfer function is used where it is one gamma."""
    white = tuple(tags.get(_WHITE_POINT, _D65))
    table = np.asarray(tags.get(_TRANSFER_FUNCTION, ()), np.float64)
    count = 1 << max(tags.get(_BITS, (8,)))
    gamma = 0.0
    if len(table) in (count, 3 * count):
        middle = table[count // 2] / 65535
        gamma = float(np.log(middle) / np.log(0.5))
    return _profile((*map(float, tags[_CHROMATICITIES]), *map(float, white)), _Curve(gamma))


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Whether EXIF declares Adobe RGB: as DCF 2.0 has it (uncalibrated, and R03), or by the colour space 2."""
    try:
        exif = load_exif(image)
        with messages.pillow_warnings():  # reading the metadata says so
            space = exif.get_ifd(_EXIF).get(_COLOUR_SPACE) if _EXIF in exif else None
            if space not in (2, 0xFFFF):
                return False
            return space == 2 or str(exif.get_ifd(_INTEROP).get(_INTEROP_INDEX, "")).startswith("R03")
    except Exception:  # Pillow's parser fails in many ways; reading the metadata says so
        return False


@functools.lru_cache(maxsize=32)
def _profile(primaries: Primaries, curve: _Curve) -> bytes:
    """An ICC profile of a matrix and a curve.

    Raises:
        ValueError: the primaries or the gamma make no sense.
    """
    if len(primaries) != 8 or not (curve.gamma == 0 or 0.2 < curve.gamma < 10):
        raise ValueError("no colours")
    matrix = _to_connection_space(primaries)
    if not np.abs(matrix).max() < 100:
        raise ValueError("no colours")
    curve_tag = _curve_tag(curve)
    tags = [(name + b"XYZ", _xyz(column)) for name, column in zip((b"r", b"g", b"b"), matrix.T, strict=True)]
    tags += [(name + b"TRC", curve_tag) for name in (b"r", b"g", b"b")]
    tags += [(b"wtpt", _xyz(_D50))]
    start, table, data = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, body in tags:
        table += struct.pack(">4sII", name, start + len(data), len(body))
        data += body
    header = struct.pack(">I4xI4s4s4s12x4s28x", start + len(data), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    header += _xyz(_D50)[8:]
    return header.ljust(128, b"\0") + table + data


def _to_connection_space(primaries: Primaries) -> Array:
    """The 3 x 3 matrix from linear RGB of some primaries to XYZ under D50 (Bradford)."""
    x, y = np.array(primaries[0::2]), np.array(primaries[1::2])
    with np.errstate(all="raise"):
        columns = np.array([x[:3], y[:3], 1 - x[:3] - y[:3]])
        white = np.array([x[3] / y[3], 1.0, (1 - x[3] - y[3]) / y[3]])
        matrix: Array = columns * np.linalg.solve(columns, white)
        adapted: Array = (
            np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white)) @ _BRADFORD @ matrix
        )
    return adapted


def _curve_tag(curve: _Curve) -> bytes:
    """A curve as a profile's tag: parameters where they say all, else a table."""
    if curve.narrow:
        x = _stretched(np.linspace(0, 1, _STEPS))
        light = x**curve.gamma if curve.gamma else np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
        return struct.pack(">4s4xI", b"curv", _STEPS) + bytes(np.rint(light * 65535).astype(">u2").tobytes())
    if curve.gamma:
        return struct.pack(">4s4xH2xi", b"para", 0, round(curve.gamma * 65536))
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return struct.pack(">4s4xH2x5i", b"para", 3, *(round(number * 65536) for number in numbers))


def _stretched(x: Array) -> Array:
    """Samples of narrow range, 16 to 235 of 255, to [0, 1]."""
    stretched: Array = np.clip((x * 255 - 16) / 219, 0, 1)
    return stretched


def _xyz(values: Array) -> bytes:
    """A colour as a profile's tag."""
    return struct.pack(">4s4x3i", b"XYZ ", *(round(float(value) * 65536) for value in values))
