"""PNG and TIFF written from rows, 8 or 16 bits a sample, with zlib: ours, since libvips cannot carry the metadata.

libvips writes faster, but no EXIF into a TIFF, and other EXIF than it is given into a PNG. It also asks for rows
itself, from a thread of its own, where Ctrl-C would not stop the painting of the next ones.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np
from PIL import TiffImagePlugin

from impasto.errors import OutputError

Array = np.ndarray

_LEVEL = 4  # zlib's level, 1 to 9: low bytes are mostly noise, where a higher level takes far longer and gains little
_LARGEST_TIFF = (1 << 32) - (1 << 16)  # bytes: the offsets in a TIFF have 32 bits
_BLOCK = 1 << 22  # bytes that are filtered or compressed at a time


def png_chunks(shape: tuple[int, int, int], parts: Iterable[Array], shell: bytes) -> Iterator[bytes]:
    """Encode a picture as PNG, piece by piece.

    Args:
        shape: H, W and the number of channels, 3 or 4.
        parts: the rows, each part h x W x 3 or 4, uint8 or uint16, from top to bottom, any number at a time.
        shell: any 8-bit PNG with the wanted metadata, whose pixels are replaced.

    Yields:
        The bytes of the file, in order.
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
    """Filter and compress rows; each row takes the better of the filters Sub (1) and Up (2)."""
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
    """Cut parts into parts of at most ``_BLOCK`` bytes."""
    for part in parts:
        rows = max(1, _BLOCK // (part.shape[1] * part.shape[2] * part.itemsize))
        for top in range(0, len(part), rows):
            yield part[top : top + rows]


def _cost(residual: Array) -> Array:
    """Guess how badly rows compress, as libpng does: the sum of their differences' sizes, one number a row."""
    cost: Array = np.minimum(residual, -residual).sum(axis=1, dtype=np.int64)
    return cost


def write_tiff(
    shape: tuple[int, int, int],
    dtype: np.dtype,
    parts: Iterable[Array],
    tags: TiffImagePlugin.ImageFileDirectory_v2,
    out: BinaryIO,
) -> None:
    """Write a picture as TIFF: Deflate with horizontal differences.

    Args:
        shape: H, W and the number of channels, 3 or 4.
        dtype: type of the samples, uint8 or uint16.
        parts: the rows, each part h x W x 3 or 4, from top to bottom, any number at a time.
        tags: the metadata; the tags that describe the storage are added here.
        out: an empty file that can be written at any place.

    Raises:
        OutputError: the file would be larger than a TIFF can be, 4 GiB.
    """
    height, width, count = shape
    rows = min(height, max(1, _BLOCK // (width * count * dtype.itemsize)))
    strips = -(-height // rows)
    for tag, value in {
        256: width,
        257: height,
        258: (8 * dtype.itemsize,) * count,
        259: 8,  # Adobe's Deflate
        262: 2,  # RGB
        273: (0,) * strips,
        277: count,
        278: rows,
        279: (0,) * strips,
        284: 1,  # channels side by side
        317: 2,  # horizontal differences
    }.items():
        tags[tag] = value
    tags.tagtype[273] = tags.tagtype[279] = 4  # long: the offsets grow once Pillow has added to them
    if count == 4:
        tags[338] = 2  # straight alpha
    tags.save(out)  # written again, with the same length, once the strips' sizes are known
    sizes = []
    for strip in _in_strips(parts, rows):
        sizes.append(out.write(_tiff_strip(strip)))
        if out.tell() > _LARGEST_TIFF:
            raise OutputError("The result is larger than a TIFF can be (4 GiB): write PNG, or choose a smaller size.")
    tags[273] = tuple(int(start) for start in np.cumsum([0, *sizes[:-1]]))  # Pillow adds where the data starts
    tags[279] = tuple(sizes)
    out.seek(0)
    tags.save(out)


def _in_strips(parts: Iterable[Array], rows: int) -> Iterator[Array]:
    """Cut or join parts so that each has as many rows, the last one perhaps fewer."""
    held: Array | None = None
    for part in parts:
        held = part if held is None or not len(held) else np.concatenate([held, part])
        while len(held) >= rows:
            yield held[:rows]
            held = held[rows:]
    if held is not None and len(held):
        yield held


def _tiff_strip(pixels: Array) -> bytes:
    """Compress a strip, h x W x C, as differences of horizontal neighbours in the byte order of the file."""
    strip = pixels.astype(pixels.dtype.newbyteorder("<"))
    strip[:, 1:] -= pixels[:, :-1]
    return zlib.compress(strip.tobytes(), _LEVEL)
