"""Files too large to be decoded at once: JPEG, PNG and TIFF, read some rows at a time through libvips."""

from __future__ import annotations

import io
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import ImageFile, TiffImagePlugin

from impasto.errors import ImpastoError, InputError
from impasto.pictures import claims, formats, jpeg, libvips, messages, png, sixteen_bit
from impasto.pictures.declared_colors import HighRange
from impasto.pictures.decoding import split_alpha, to_srgb, usable_profile
from impasto.pictures.metadata import ORIENTATION, Metadata, load_exif, read_metadata
from impasto.pictures.picture import Picture

log = messages.logger(__name__)

_STRIP_BYTES = 1 << 21  # bytes of samples that are decoded at a time
_LARGEST_BLOCK = 1 << 25  # pixels of a strip or tile of a TIFF, which libvips decodes at once

# Values of a TIFF's tags with which libvips gives the very samples that Pillow gives, by the tag.
_TIFF_TAGS: dict[int, set[Any]] = {
    258: {(bits,) * count for bits in (8, 16) for count in range(1, 5)} | {(1,)},  # bits of each sample
    259: {1, 2, 3, 4, 5, 7, 8, 32773, 32946},  # compression: fax, LZW, JPEG, Deflate, PackBits, or none
    262: {0, 1, 2, 3, 5, 6},  # colours: grey, RGB, palette, CMYK, YCbCr
    274: {1},  # upright
    338: {(0,), (2,)},  # a fourth sample: of no meaning, or alpha that is not premultiplied
    339: {(1,) * count for count in range(1, 5)},  # unsigned integers
}
_CMYK, _YCBCR, _JPEG = 5, 6, 7  # values of tags 262 and 259
_LARGE_PIXELS = 1 << 24  # pixels beyond which it is logged that a picture cannot be read by rows


def open_rows(path: Path) -> RowReader | None:
    """A reader of a file; None if it can only be read as a whole.

    None is given for other formats, interlaced and turned pictures, rare kinds of TIFF, and where libvips is missing.
    """
    try:
        with path.open("rb") as file:
            format = formats.identify_format(str(path), file.read(64))
            if format not in ("JPEG", "PNG", "TIFF"):
                return None
            header, about = _opened(file, format)
            file.seek(0, io.SEEK_END)
            if header.width * header.height > claims.most_pixels(header, file.tell()):
                return None
            if format == "JPEG":
                with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                    if jpeg.lacks_end(data):
                        return None
            if not _is_readable_by_rows(header, about):
                return None
            if not libvips.is_installed():
                if header.width * header.height > _LARGE_PIXELS:
                    libvips.load_pyvips()  # logs once what is missing and what follows from that
                return None
            return RowReader(path, format, header, about)
    except Exception:  # reading it as a whole says what is wrong
        return None


class RowReader:
    """A picture on disk; see :class:`impasto.pictures.picture.RowSource`.

    Args:
        path: the file.
        format: JPEG, PNG or TIFF.
        header: the file, opened by Pillow.
        about: an image with the metadata of the whole file; ``header`` itself, unless the file is a PNG.

    Attributes:
        path, format: as given.
        size: width and height.
        transparent: whether it may be transparent anywhere.
        bits: 8 or 16 bits a sample.
    """

    def __init__(self, path: Path, format: str, header: ImageFile.ImageFile, about: ImageFile.ImageFile) -> None:
        self.path, self.format, self.size = path, format, header.size
        self.transparent = bool(header.has_transparency_data)
        self.bits = 16 if "16" in sixteen_bit.raw_mode(header) else 8
        self._channels = {"1": 1, "L": 1, "LA": 1, "I;16": 1, "CMYK": 4}.get(header.mode.removesuffix("B"), 3)
        self._about = about
        self._decoder: libvips.RowDecoder | None = None
        self._held: list[Picture] = []  # strips of rows, from row _top to row _bottom
        self._top = self._bottom = 0

    @cached_property
    def metadata(self) -> Metadata:
        """What the file says about itself."""
        with messages.about(self.path), self.path.open("rb") as file:
            return read_metadata(_opened(file, self.format)[1])

    @cached_property
    def _profile(self) -> bytes | HighRange | None:
        """The colour profile to convert with; not read before the pixels are, since what is wrong with it is logged."""
        return usable_profile(self._about, self._channels)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the samples."""
        return np.dtype(np.uint16 if self.bits == 16 else np.uint8)

    def rows(self, top: int, bottom: int) -> Picture:
        """Rows ``top`` to ``bottom``, the latter not among them, with the file's integers (compact).

        Raises:
            InputError: the file is damaged.
        """
        with messages.about(self.path):
            return self._rows(top, bottom)

    def _rows(self, top: int, bottom: int) -> Picture:
        """See :meth:`rows`."""
        try:
            if self._decoder is None:
                messages.say_notices(self._about, log)
            if self._decoder is None or top < self._top:
                self._decoder = libvips.RowDecoder(self.path, self.format, self._about.info.get("directory"))
                self._held, self._top, self._bottom = [], 0, 0
            while self._bottom < bottom:
                self._held.append(self._strip(self._decoder))
                self._bottom += len(self._held[-1].rgb)
        except (ImpastoError, MemoryError):
            raise
        except Exception as error:  # a damaged file can make a decoder raise anything
            self._decoder = None
            raise InputError(f"{self.path} is damaged or cut off: get it afresh.") from error
        while self._top + len(self._held[0].rgb) <= top:
            self._top += len(self._held.pop(0).rgb)
        part = slice(top - self._top, bottom - self._top)
        rgb = self._held[0].rgb if len(self._held) == 1 else np.concatenate([strip.rgb for strip in self._held])
        opacities = [strip.alpha for strip in self._held if strip.alpha is not None]
        alpha = np.concatenate(opacities)[part] if opacities else None
        return Picture(rgb[part], alpha, self.bits, self.format, self.metadata)

    def _strip(self, decoder: libvips.RowDecoder) -> Picture:
        """The next rows, about ``_STRIP_BYTES`` of samples; alpha, if the picture has it, may be opaque everywhere."""
        width, height = self.size
        row = width * (self._channels + self.transparent) * self.dtype.itemsize  # bytes
        samples = decoder.read(self._bottom, min(max(1, _STRIP_BYTES // row), height - self._bottom))
        colour, alpha = split_alpha(samples[..., : self._channels + self.transparent], self.transparent)
        return Picture(to_srgb(colour, self._profile, compact=True), None if alpha is None else alpha.copy())


def _opened(file: BinaryIO, format: str) -> tuple[ImageFile.ImageFile, ImageFile.ImageFile]:
    """A file as Pillow opens it, and an image with the metadata of all of it; see :class:`RowReader`."""
    file.seek(0)
    header = formats.open_header(file, format)
    return header, png.open_png_without_pixels(file) if format == "PNG" else header


def _is_readable_by_rows(header: ImageFile.ImageFile, about: ImageFile.ImageFile) -> bool:
    """Whether a file gives the same pixels by rows as when it is read as a whole; see :class:`RowReader`."""
    if isinstance(header, TiffImagePlugin.TiffImageFile):
        tags = header.tag_v2
        if any(tag in tags and tags[tag] not in values for tag, values in _TIFF_TAGS.items()):
            return False
        colours, bits = tags.get(262), max(tags.get(258, (1,)))
        block = tags.get(322, header.width) * tags.get(323, min(tags.get(278, header.height), header.height))
        odd = (colours == _YCBCR and tags.get(259) != _JPEG) or (colours == _CMYK and bits != 8)
        if "directory" in header.info and load_exif(header).get(ORIENTATION, 1) != 1:
            return False
        return not odd and block <= _LARGEST_BLOCK
    upright = load_exif(about).get(ORIENTATION, 1) == 1
    return upright and not header.info.get("interlace") and header.mode != "CMYK"
