"""PNG and TIFF files too large to be decoded at once, read a few rows at a time.

Pillow decodes whole files only. So each strip of a large file is made a small file of its own, in memory, which
:func:`impasto.pictures.reading.read_picture` then reads as any other: whatever compression, depth and colours it reads, it reads
here too. A PNG's rows are filtered with regard to the rows above, which are therefore put in front of each strip.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Collection, Iterator
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from impasto.errors import ImpastoError, InputError
from impasto.pictures import formats, sixteen_bit
from impasto.pictures import metadata as _metadata
from impasto.pictures.metadata import Metadata
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture

_BYTES = 1 << 23  # of raw samples, that a PNG, or a TIFF in smaller strips, is decoded in at a time
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the colour type of a PNG
_PLAIN = {1: 0, 2: 4, 3: 2, 4: 6}  # colour type of an 8-bit PNG, by the bytes of a pixel

# What of a PNG its colours depend on, and so belongs into each of its strips.
_COLORS = (b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_PIXELS = (b"IDAT", b"acTL", b"fcTL", b"fdAT")  # and the frames of an animation, of which only the first counts
# What describes the samples of a TIFF, and so belongs into each of its strips.
_TAGS = (258, 259, 262, 266, 277, 284, 292, 293, 317, 320, 332, 338, 339, 347, 529, 530, 532, 34675)


def open_rows(path: Path) -> RowReader | None:
    """A reader of a file, or ``None`` if it can only be read as a whole (another format, interlaced, turned)."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
        format = formats.identify_format(str(path), head)
        if format == "PNG":
            return PngRowReader(path)
        if format == "TIFF":
            return TiffRowReader(path)
    except (OSError, ImpastoError, ValueError, KeyError, struct.error, SyntaxError):
        pass  # reading it as a whole says what is wrong
    return None


class NotReadableByRowsError(ValueError):
    """The file cannot be read in strips."""


class RowReader:
    """A picture on disk; see :class:`impasto.pictures.picture.RowSource`."""

    format: str
    size: tuple[int, int]
    transparent: bool
    bits: int
    metadata: Metadata

    def __init__(self, path: Path) -> None:
        self.path = path
        self._strips: Iterator[Picture] = iter(())
        self._held: list[Picture] = []  # strips from row _top on
        self._top = self._bottom = 0

    @property
    def kind(self) -> np.dtype[np.generic]:
        """The type of the samples."""
        return np.dtype(np.uint16 if self.bits == 16 else np.uint8)

    def rows(self, top: int, bottom: int) -> Picture:
        """Some rows, compact.

        Raises:
            InputError: the file is damaged.
        """
        if top < self._top or not self._bottom:
            self._strips, self._held, self._top, self._bottom = self._decoded(), [], 0, 0
        try:
            while self._bottom < bottom:
                strip = next(self._strips)
                self._held.append(strip)
                self._bottom += len(strip.rgb)
        except (ImpastoError, MemoryError):
            raise
        except Exception as error:  # a damaged file can make a decoder raise anything
            raise InputError(f"{self.path} is damaged or cut off: get it afresh.") from error
        while self._top + len(self._held[0].rgb) <= top:
            self._top += len(self._held.pop(0).rgb)
        part = slice(top - self._top, bottom - self._top)
        rgb = self._held[0].rgb if len(self._held) == 1 else np.concatenate([strip.rgb for strip in self._held])
        alpha = np.concatenate([_opacity(strip) for strip in self._held])[part] if self.transparent else None
        return Picture(rgb[part], alpha, self.bits, self.format, self.metadata)

    def _decoded(self) -> Iterator[Picture]:
        raise NotImplementedError


def _opacity(strip: Picture) -> NDArray[np.generic]:
    if strip.alpha is not None:
        return strip.alpha
    return np.full(strip.rgb.shape[:2], np.iinfo(strip.rgb.dtype).max, strip.rgb.dtype)


class PngRowReader(RowReader):
    """A PNG that is not interlaced."""

    format = "PNG"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with path.open("rb") as file:
            if file.read(8) != _SIGNATURE:
                raise NotReadableByRowsError
            # Also those behind the pixels: a text or the EXIF, with the orientation, may stand there.
            (_, self._header), *others = _png_chunks(file, but=_PIXELS)
        width, height, depth, color, *_, interlaced = struct.unpack(">IIBBBBB", self._header)
        small = formats.open_bytes(_png([self._sized(1, 1), *others], np.zeros((1, 9), np.uint8)), "PNG")
        self.metadata = _metadata.read_metadata(small)
        if interlaced or small.getexif().get(_metadata.ORIENTATION, 1) != 1:
            raise NotReadableByRowsError
        self._colors = [(kind, body) for kind, body in others if kind in _COLORS]
        self.size = width, height
        self.bits = 16 if depth == 16 else 8
        self._step = max(1, depth * _CHANNELS[color] // 8)
        self._bytes = -(-width * depth * _CHANNELS[color] // 8)
        self.transparent = color in (4, 6) or any(kind == b"tRNS" for kind, _ in others)

    def _sized(self, width: int, height: int) -> tuple[bytes, bytes]:
        """The header of a PNG of the same samples."""
        return b"IHDR", struct.pack(">II", width, height) + self._header[8:]

    def _decoded(self) -> Iterator[Picture]:
        rows = max(1, _BYTES // self._bytes)
        above = np.zeros(self._bytes, np.uint8)
        for strip in self._filtered(rows):
            raw = self._unfiltered(np.frombuffer(strip, np.uint8).reshape(-1, self._bytes + 1), above)
            above = raw[-1].copy()
            plain = np.concatenate([np.zeros((len(raw), 1), np.uint8), raw], axis=1)
            file = _png([self._sized(self.size[0], len(raw)), *self._colors], plain)
            yield read_picture(file, max_pixels=1 << 40, compact=1)

    def _filtered(self, rows: int) -> Iterator[bytes]:
        """The inflated data, so many rows at a time."""
        wanted, left = rows * (self._bytes + 1), self.size[1] * (self._bytes + 1)
        inflate, ready = zlib.decompressobj(), bytearray()
        with self.path.open("rb") as file:
            file.seek(8)
            for kind, body in _png_chunks(file):
                if kind != b"IDAT":
                    continue
                ready += inflate.decompress(body)
                while len(ready) >= min(wanted, left) > 0:
                    part = bytes(ready[: min(wanted, left)])
                    del ready[: len(part)]
                    left -= len(part)
                    yield part

    def _unfiltered(self, rows: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The raw bytes of rows that were filtered with regard to the row above them."""
        first = np.concatenate([np.zeros(1, np.uint8), above])[None]
        both = np.concatenate([first, rows])
        if self._step in _PLAIN:  # whatever the samples are, their bytes pass for 8-bit ones
            header = struct.pack(">IIBBBBB", self._bytes // self._step, len(both), 8, _PLAIN[self._step], 0, 0, 0)
            pixels = np.asarray(formats.open_bytes(_png([(b"IHDR", header)], both), "PNG"))
            return pixels.reshape(len(both), -1)[1:]
        data = _png([self._sized(self.size[0], len(both))], both)
        deep = sixteen_bit.read_sixteen_bit(formats.open_bytes(data, "PNG"), lambda: formats.open_bytes(data, "PNG"))
        assert deep is not None
        return deep.astype(">u2").view(np.uint8).reshape(len(both), -1)[1:]


def _png_chunks(file: BinaryIO, but: Collection[bytes] = ()) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of what stands before the end of a PNG; the kinds ``but`` are not even read."""
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind in but:
            file.seek(size + 4, io.SEEK_CUR)
            continue
        body = file.read(size)
        if len(body) < size:
            raise ValueError("cut off")
        file.seek(4, io.SEEK_CUR)
        yield kind, body


def _png(chunks: list[tuple[bytes, bytes]], rows: NDArray[np.uint8]) -> bytes:
    """A PNG of filtered rows, stored without compression."""
    parts = [*chunks, (b"IDAT", zlib.compress(rows.tobytes(), 0)), (b"IEND", b"")]
    out = [_SIGNATURE]
    for kind, body in parts:
        out += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))]
    return b"".join(out)


class TiffRowReader(RowReader):
    """A TIFF in strips or tiles, of one plane, upright."""

    format = "TIFF"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with path.open("rb") as file:
            image = formats.open_lazily(file, "TIFF")
            assert isinstance(image, TiffImagePlugin.TiffImageFile)
            tags = image.tag_v2
            self.metadata = _metadata.read_metadata(image)
            self.size = tags[256], tags[257]
            self._head = b"MM\x00\x2a\0\0\0\0" if tags.prefix == b"MM" else b"II\x2a\x00\0\0\0\0"
            self._tags = {tag: (tags.tagtype[tag], tags[tag]) for tag in _TAGS if tag in tags}
            upright, one_plane = tags.get(274, 1) == 1, tags.get(284, 1) == 1
            integers = max(tags.get(258, (1,))) <= 16 and set(tags.get(339, (1,))) == {1}
            if not (upright and one_plane and integers):
                raise NotReadableByRowsError
            tiled = 322 in tags
            self._block = self.size[0], min(tags.get(278, self.size[1]), self.size[1])
            if tiled:
                self._block = tags[322], tags[323]
            self._offsets, self._counts = tags[324 if tiled else 273], tags[325 if tiled else 279]
            depth = max(tags.get(258, (1,)))
            self.bits = 16 if depth > 8 else 8
            # Thousands of strips may be one row each; tiles are large enough as they are.
            strip = max(1, self._block[0] * self._block[1] * tags.get(277, 1) * depth // 8)
            self._together = 1 if tiled else max(1, _BYTES // strip)
            self.transparent = image.has_transparency_data
        if self._block[0] * self._block[1] > 1 << 25:
            raise NotReadableByRowsError  # one strip that is the whole picture

    def _decoded(self) -> Iterator[Picture]:
        width, height = self._block
        across = -(-self.size[0] // width)
        with self.path.open("rb") as file:
            for index in range(0, len(self._offsets), across * self._together):
                top = index // across * height
                tiled = across > 1 or width != self.size[0]
                rows = height if tiled else min(self._together * height, self.size[1] - top)
                parts = [self._part(file, at, width, rows) for at in range(index, index + across)]
                rgb = np.concatenate([part.rgb for part in parts], axis=1)
                alpha = np.concatenate([_opacity(part) for part in parts], axis=1) if self.transparent else None
                here = slice(0, self.size[1] - top), slice(0, self.size[0])
                yield Picture(rgb[here], None if alpha is None else alpha[here])

    def _part(self, file: BinaryIO, index: int, width: int, rows: int) -> Picture:
        """A tile, or so many rows of strips, from the one of an index on."""
        blocks = []
        for at in range(index, index + -(-rows // self._block[1])):
            file.seek(self._offsets[at])
            blocks.append(file.read(self._counts[at]))
        tags = TiffImagePlugin.ImageFileDirectory_v2(self._head)
        for tag, (kind, value) in self._tags.items():
            tags.tagtype[tag] = kind
            tags[tag] = value
        tags[256], tags[257], tags[278] = width, rows, min(rows, self._block[1])
        tags.tagtype[273] = tags.tagtype[279] = 4
        counts = tuple(len(block) for block in blocks)
        tags[273], tags[279] = (0, *accumulate(counts[:-1])), counts  # Pillow adds where the data starts
        out = io.BytesIO()
        tags.save(out)
        out.writelines(blocks)
        return read_picture(out.getvalue(), max_pixels=1 << 40, compact=1)
