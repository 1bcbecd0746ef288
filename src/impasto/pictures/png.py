"""PNG, chunk by chunk: spares Pillow the chunks that would make it refuse a file whose pixels are sound.

Pillow stops at a text or profile that inflates to more than a megabyte, at wrong checksums and lengths of what only
describes the picture, and it knows no cICP. Long texts are handed to it inflated, a long profile beside the file,
and what is damaged is left out, which is noted to be said.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from PIL import PngImagePlugin

from impasto.errors import Sentence
from impasto.pictures import messages

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IDAT", b"acTL", b"fcTL", b"fdAT")  # chunks with pixels, those of an animation's other frames included
_LARGEST_CHUNK = 1 << 25  # bytes of a text or profile, inflated, that is kept
_COMPRESSED = (b"zTXt", b"iTXt", b"iCCP")
_CALLED = {b"tEXt": "a text", b"zTXt": "a text", b"iTXt": "a text", b"iCCP": "the colour profile", b"eXIf": "EXIF"}


@dataclass
class _Chunk:
    """A chunk of a PNG.

    Attributes:
        kind: its four letters.
        start, end: where it stands in the file, length and checksum included.
        body: what it holds; None for chunks with pixels, which are not even read.
    """

    kind: bytes
    start: int
    end: int
    body: bytes | None


@dataclass
class _Contents:
    """What of a PNG Pillow is to read.

    Attributes:
        chunks: in order.
        changed: whether they differ from those of the file.
        info: what Pillow does not find out itself, for the ``info`` of its image.
        dropped: names of the chunks that are left out.
    """

    chunks: list[_Chunk] = field(default_factory=list)
    changed: bool = False
    info: dict[str | tuple[int, int], object] = field(default_factory=dict)
    dropped: dict[str, None] = field(default_factory=dict)

    def complete(self, image: PngImagePlugin.PngImageFile) -> PngImagePlugin.PngImageFile:
        """Tell an image of these contents what Pillow has not found out; what is left out is noted to be said."""
        image.info.update(self.info)
        if self.dropped:
            text = f"left out because it is damaged or too long: {', '.join(self.dropped)}"
            messages.note(image, Sentence(text, "png_parts_left_out"))
        return image


def open_png(data: bytes) -> PngImagePlugin.PngImageFile:
    """Open a PNG in memory; ``info`` has its CICP code points as ``cicp``. What Pillow raises comes through."""
    try:
        contents = _contents(io.BytesIO(data))
    except ValueError:  # cut off or no PNG at all: Pillow says so, if it needs what is missing
        contents = _Contents()
    if contents.changed:
        parts = [data[c.start : c.end] if c.body is None else _encoded(c.kind, c.body) for c in contents.chunks]
        data = b"".join([_SIGNATURE, *parts, _encoded(b"IEND", b"")])
    return contents.complete(PngImagePlugin.PngImageFile(io.BytesIO(data)))


def open_png_header(file: BinaryIO) -> PngImagePlugin.PngImageFile:
    """Open a PNG whose pixels will not be loaded.

    Raises:
        ValueError: the file is cut off.
    """
    return _opened_without_pixels(file, None)


def open_png_without_pixels(source: bytes | BinaryIO) -> PngImagePlugin.PngImageFile:
    """Open a PNG as if it had one pixel, but with all that it says about itself, also behind its pixels.

    A text, or the EXIF with the orientation, may stand there, where Pillow finds them only after decoding the pixels.

    Args:
        source: the file.

    Raises:
        ValueError: the file is cut off.
    """
    return _opened_without_pixels(io.BytesIO(source) if isinstance(source, bytes) else source, (1, 1))


def _opened_without_pixels(file: BinaryIO, size: tuple[int, int] | None) -> PngImagePlugin.PngImageFile:
    """Open a PNG with one row of one pixel instead of its pixels; ``size`` is what its header says, or the file's."""
    contents = _contents(file)
    header, *others = (c.body for c in contents.chunks if c.body is not None)
    kinds = [c.kind for c in contents.chunks if c.body is not None]
    if size is not None:
        header = struct.pack(">II", *size) + header[8:]
    one_row = zlib.compress(b"\0" * 9)  # the filter, and at most four samples of 16 bits
    chunks = [*zip(kinds, [header, *others], strict=True), (b"IDAT", one_row), (b"IEND", b"")]
    data = _SIGNATURE + b"".join(_encoded(*chunk) for chunk in chunks)
    return contents.complete(PngImagePlugin.PngImageFile(io.BytesIO(data)))


def _contents(file: BinaryIO) -> _Contents:
    """The chunks of a PNG that Pillow can read.

    Raises:
        ValueError: the file is cut off within a chunk without pixels, or begins with none.
    """
    contents, pillow = _Contents(), PngImagePlugin.PngStream(io.BytesIO())
    for chunk, sound in _chunks(file):
        if chunk.body is None or not chunk.kind[0] & 0x20 or chunk.kind == b"tRNS":
            contents.chunks.append(chunk)  # pixels and what they depend on
            continue
        if chunk.kind == b"cICP" and sound and len(chunk.body) == 4:
            contents.info["cicp"] = tuple(chunk.body)
        if sound and _is_readable(pillow, chunk.kind, chunk.body):
            contents.chunks.append(chunk)
            continue
        contents.changed = True
        long = _inflated(chunk.kind, chunk.body) if sound else None
        if long is None:
            contents.dropped[_CALLED.get(chunk.kind, chunk.kind.decode("latin-1"))] = None
        elif chunk.kind == b"iCCP":
            contents.info["icc_profile"] = long[1]
        elif _is_readable(pillow, *long):
            contents.chunks.append(_Chunk(long[0], chunk.start, chunk.end, long[1]))
        else:
            contents.dropped[_CALLED[chunk.kind]] = None
    if not contents.chunks or contents.chunks[0].kind != b"IHDR":
        raise ValueError("it does not begin with its header")
    return contents


def _chunks(file: BinaryIO) -> Iterator[tuple[_Chunk, bool]]:
    """The chunks of a PNG up to its end, and whether the checksum of each without pixels is right."""
    start = file.seek(len(_SIGNATURE))
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        end = start + size + 12
        if kind == b"IEND":
            return
        if kind in _PIXELS:
            file.seek(end)
            yield _Chunk(kind, start, end, None), True
        else:
            rest = file.read(size + 4)
            if len(rest) < size + 4:
                raise ValueError("cut off")
            body = rest[:size]
            yield _Chunk(kind, start, end, body), rest[size:] == struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
        start = end


def _is_readable(pillow: PngImagePlugin.PngStream, kind: bytes, body: bytes) -> bool:
    """Whether Pillow takes a chunk; the stream remembers how much text it has taken."""
    pillow.fp = io.BytesIO(body)
    try:
        pillow.call(kind, 0, len(body))
    except (AttributeError, UnicodeDecodeError):  # no chunk that Pillow knows: it passes over it
        return True
    except Exception:  # Pillow's parser fails in many ways
        return False
    return kind != b"iCCP" or pillow.im_info.get("icc_profile") is not None


def _inflated(kind: bytes, body: bytes) -> tuple[bytes, bytes] | None:
    """A compressed chunk as kind and body of one that is not compressed; of iCCP, the profile.

    Returns:
        None if it is damaged, or longer than can be kept.
    """
    keyword, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        language, _, rest = rest[2:].partition(b"\0")
        translated, _, packed = rest.partition(b"\0")
    else:
        packed = rest[1:]
    unpacker = zlib.decompressobj()
    try:
        long = unpacker.decompress(packed, _LARGEST_CHUNK) if kind in _COMPRESSED else b""
    except zlib.error:
        return None
    if not long or not unpacker.eof:
        return None
    if kind == b"iTXt":
        return kind, b"\0".join([keyword, b"\0\0" + language, translated, long])
    return (kind, long) if kind == b"iCCP" else (b"tEXt", keyword + b"\0" + long)


def _encoded(kind: bytes, body: bytes) -> bytes:
    """A chunk as it stands in a file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
