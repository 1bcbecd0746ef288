"""Sixteen bits per sample, where Pillow stops short.

Pillow has no mode for 16-bit colour: it decodes it, and keeps the high byte of each sample. But which
byte is the high one is named by the raw mode, so a second decoding that is told the opposite byte
order keeps the low bytes. Twice the decoding time is a small price for reading every kind of 16-bit
PNG and TIFF (compressed, tiled, interlaced) with no other library. Writing needs only zlib.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from impasto.errors import InputError, OutputError

Array = np.ndarray

_LEVEL = 4  # the low bytes are mostly noise: a higher level takes far longer and gains next to nothing
_LARGEST = (1 << 32) - (1 << 16)
_BLOCK = 1 << 22  # bytes filtered or compressed at a time
_OPPOSITE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

_BITS, _PHOTOMETRIC, _PLANAR = 258, 262, 284


def read_sixteen_bit(image: ImageFile.ImageFile, again: Callable[[], ImageFile.ImageFile]) -> Array | None:
    """The samples of a 16-bit picture that has just been opened, or None if 8 bits hold all there is.

    Args:
        image: opened and not yet loaded; is loaded here.
        again: opens the same picture anew.

    Returns:
        H x W x C, uint16, where C is 1 or 3, or 2 or 4 with (straight) alpha.
    """
    raw = _raw_mode(image)
    if raw == "LA;16B":
        # Four bytes a pixel: the 8-bit RGBA reader takes all of them as they are.
        _set_raw_mode(image, "RGBA")
        return np.asarray(image).view(">u2").astype(np.uint16)
    tags = getattr(image, "tag_v2", {})
    if tags.get(_PLANAR) == 2:
        # libtiff's separate planes are reduced to 8 bits whatever the raw mode says. Without libtiff
        # (nothing to decompress) Pillow takes each half of a sample for a pixel.
        if image.tile[0].codec_name == "raw" and max(tags.get(_BITS, (8,))) > 8:
            raise InputError("A TIFF of uncompressed separate 16-bit planes cannot be read: save it interleaved.")
        return None
    if not raw.startswith(("RGB;16", "RGBA;16", "RGBX;16", "RGBa;16")) or raw[-1] not in _OPPOSITE:
        return None
    straight = raw.replace("a", "A")
    _set_raw_mode(image, straight)
    high = np.asarray(image)
    other = again()
    _set_raw_mode(other, straight[:-1] + _OPPOSITE[straight[-1]])
    deep = high.astype(np.uint16)
    deep <<= 8
    deep |= np.asarray(other)
    return _unmultiplied(deep) if straight != raw else deep


def read_sixteen_bit_grey(image: Image.Image) -> Array:
    """The samples of a picture of one of the modes ``I;16``, as H x W x 1, uint16."""
    raw = _raw_mode(image) if isinstance(image, ImageFile.ImageFile) else ""
    grey: Array = np.asarray(image).astype(np.uint16)
    if raw == "I;12":
        grey = (grey << 4) | (grey >> 8)
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0:  # TIFF's "white is zero", which Pillow leaves so
        grey = 65535 - grey
    return grey[..., None]


def _raw_mode(image: ImageFile.ImageFile) -> str:
    args = image.tile[0].args if image.tile else ""
    raw = args[0] if isinstance(args, tuple) and args else args
    return raw if isinstance(raw, str) else ""


def _set_raw_mode(image: ImageFile.ImageFile, raw: str) -> None:
    image.tile = [
        tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw) for tile in image.tile
    ]


def _unmultiplied(rgba: Array) -> Array:
    alpha = rgba[..., 3:].astype(np.float32)
    colour = rgba[..., :3] * np.float32(65535) / np.maximum(alpha, 1)
    rgba[..., :3] = np.minimum(np.rint(colour), 65535)
    return rgba


def png_chunks(shape: tuple[int, int, int], parts: Iterable[Array], shell: bytes) -> Iterator[bytes]:
    """Encode a picture as PNG, bit by bit.

    Args:
        shape: H, W and 3 or 4.
        parts: its rows, uint8 or uint16, from top to bottom, any number at a time.
        shell: any 8-bit PNG with the wanted metadata, whose pixels are replaced.
    """
    height, width, count = shape
    yield shell[:8]
    at = 8
    rest = iter(parts)
    first = next(rest)
    while at < len(shell):
        size, kind = struct.unpack_from(">I4s", shell, at)
        body = shell[at + 8 : at + 8 + size]
        at += size + 12
        if kind == b"IHDR":
            body = struct.pack(">IIBB", width, height, 8 * first.itemsize, 2 if count == 3 else 6) + body[10:]
        for part in _png_data(chain([first], rest)) if kind == b"IDAT" else [body]:
            yield struct.pack(">I", len(part)) + kind + part
            yield struct.pack(">I", zlib.crc32(part, zlib.crc32(kind)))


def _png_data(parts: Iterable[Array]) -> Iterator[bytes]:
    """The filtered and compressed rows; each takes the better of the filters Sub (1) and Up (2)."""
    compressor = zlib.compressobj(_LEVEL, strategy=zlib.Z_FILTERED)
    above: Array | None = None
    for pixels in _blocks(parts):
        height, width, count = pixels.shape
        step = count * pixels.itemsize
        raw = pixels.astype(pixels.dtype.newbyteorder(">")).view(np.uint8).reshape(height, width * step)
        sub = raw.copy()
        sub[:, step:] -= raw[:, :-step]
        up = raw - np.concatenate([np.zeros_like(raw[:1]) if above is None else above, raw[:-1]])
        above = raw[-1:]
        use_up = _cost(up) < _cost(sub)
        filters = np.where(use_up, 2, 1).astype(np.uint8)
        block = np.concatenate([filters[:, None], np.where(use_up[:, None], up, sub)], axis=1)
        if data := compressor.compress(block.tobytes()):
            yield data
    yield compressor.flush()


def _blocks(parts: Iterable[Array]) -> Iterator[Array]:
    """The same rows, not too many at a time."""
    for part in parts:
        rows = max(1, _BLOCK // (part.shape[1] * part.shape[2] * part.itemsize))
        for top in range(0, len(part), rows):
            yield part[top : top + rows]


def _cost(residual: Array) -> Array:
    """The usual guess at how badly rows compress: the sum of their differences' sizes."""
    cost: Array = np.minimum(residual, -residual).sum(axis=1, dtype=np.int64)
    return cost


def write_tiff(
    shape: tuple[int, int, int],
    kind: np.dtype,
    parts: Iterable[Array],
    tags: TiffImagePlugin.ImageFileDirectory_v2,
    out: BinaryIO,
) -> None:
    """Write a picture as TIFF: Deflate with horizontal differences.

    Args:
        shape: H, W and 3 or 4.
        kind: uint8 or uint16.
        parts: its rows from top to bottom, any number at a time.
        tags: the metadata; those that describe the storage are added here.
        out: an empty file that can be written at any place.

    Raises:
        OutputError: the file would be larger than a TIFF can be, 4 GiB.
    """
    height, width, count = shape
    rows = min(height, max(1, _BLOCK // (width * count * kind.itemsize)))
    strips = -(-height // rows)
    for tag, value in {
        256: width,
        257: height,
        258: (8 * kind.itemsize,) * count,
        259: 8,  # Adobe's Deflate
        262: 2,  # RGB
        273: (0,) * strips,
        277: count,
        278: rows,
        279: (0,) * strips,
        284: 1,
        317: 2,  # horizontal differences
    }.items():
        tags[tag] = value
    tags.tagtype[273] = tags.tagtype[279] = 4  # long: the offsets grow once Pillow has added to them
    if count == 4:
        tags[338] = 2  # straight alpha
    tags.save(out)  # to be written again, as long as now, once the strips' sizes are known
    sizes = []
    for strip in _regular(parts, rows):
        sizes.append(out.write(_tiff_strip(strip)))
        if out.tell() > _LARGEST:
            raise OutputError("The result is larger than a TIFF can be (4 GiB): write PNG, or choose a smaller size.")
    tags[273] = tuple(int(start) for start in np.cumsum([0, *sizes[:-1]]))  # Pillow adds where the data starts
    tags[279] = tuple(sizes)
    out.seek(0)
    tags.save(out)


def _regular(parts: Iterable[Array], rows: int) -> Iterator[Array]:
    """The same rows, so many at a time, the last of them fewer."""
    held: Array | None = None
    for part in parts:
        held = part if held is None or not len(held) else np.concatenate([held, part])
        while len(held) >= rows:
            yield held[:rows]
            held = held[rows:]
    if held is not None and len(held):
        yield held


def _tiff_strip(pixels: Array) -> bytes:
    strip = pixels.astype(pixels.dtype.newbyteorder("<"))
    strip[:, 1:] -= pixels[:, :-1]
    return zlib.compress(strip.tobytes(), _LEVEL)
