"""libvips: reads pictures row by row and with all 16 bits, which Pillow cannot; the one module that knows pyvips.

Of files only the decoding of pixels is asked of it, and of pixels their sampling anywhere. Pillow reads all metadata,
because libvips keeps no EXIF of a TIFF, and every format and colour that libvips lacks (BMP, HEIC with HEVC, LAB TIFF).
Files are still written by :mod:`impasto.pictures.row_encoding`, for the reason given there.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from impasto.threads import cpu_threads

log = logging.getLogger(__name__)

Array = np.ndarray
Directory = tuple[int, int | None] | None
"""Page and sub-directory of a TIFF; None for its first page."""

_LOADERS = {"JPEG": "jpegload", "PNG": "pngload", "TIFF": "tiffload"}  # operations of libvips, by Pillow's formats
_LIMITLESS = ("PNG", "TIFF")  # formats whose loader limits sizes unless told not to; ``max_pixels`` is our limit
_SAMPLES = {"uchar": np.uint8, "ushort": np.uint16}  # numpy's types, by libvips's names


@functools.cache
def is_installed() -> bool:
    """Whether pyvips and its libvips are there, found without the time that importing them takes."""
    return all(importlib.util.find_spec(module) for module in ("pyvips", "_libvips"))


@functools.cache
def load_pyvips() -> Any | None:
    """The module ``pyvips``, set up; None where it cannot be imported, which is logged once.

    libvips keeps no results of earlier operations, starts as many threads as ``OMP_NUM_THREADS`` or the processor
    has, and writes nothing to the terminal: what matters reaches the user as our own sentence.
    """
    logging.getLogger("pyvips").setLevel(logging.CRITICAL)
    try:
        import pyvips
    except (ImportError, OSError) as error:
        log.warning(
            "pyvips cannot be loaded (%s): pictures are read only as a whole, and 16-bit colour in 8 bits", error
        )
        return None
    pyvips.cache_set_max(0)
    pyvips.concurrency_set(cpu_threads())
    return pyvips


class RowDecoder:
    """The pixels of one file, decoded from top to bottom.

    Args:
        path: the file.
        format: Pillow's name of its format: JPEG, PNG or TIFF.
        directory: of a TIFF: number of the page, and of the sub-directory, if it stands in one.

    Raises:
        OSError: the file cannot be opened, or libvips is missing.
    """

    def __init__(self, path: Path, format: str, directory: Directory = None) -> None:
        pyvips = load_pyvips()
        if pyvips is None:
            raise OSError("pyvips is missing")
        with _failures_as_oserror(pyvips):
            # Bytes, because a name need not be valid UTF-8.
            self._image = getattr(pyvips.Image, _LOADERS[format])(os.fsencode(path), **_options(format, directory))
            self._region = pyvips.Region.new(self._image)

    def read(self, top: int, rows: int) -> Array:
        """Some rows: rows x W x C, uint8 or uint16. Each call goes on where the last one ended.

        Raises:
            OSError: the file is damaged or cut off.
        """
        pyvips, image = load_pyvips(), self._image
        assert pyvips is not None
        with _failures_as_oserror(pyvips):
            data = self._region.fetch(0, top, image.width, rows)
        return np.frombuffer(data, _SAMPLES[image.format]).reshape(rows, image.width, image.bands)


def decode_whole(data: bytes, format: str, directory: Directory = None) -> Array | None:
    """All pixels of a PNG or TIFF in memory: H x W x C, uint8 or uint16; None where libvips is missing.

    Args:
        data: the file.
        format, directory: as for :class:`RowDecoder`.

    Raises:
        OSError: the file is damaged or cut off.
    """
    pyvips = load_pyvips()
    if pyvips is None:
        return None
    with _failures_as_oserror(pyvips):
        image = getattr(pyvips.Image, f"{_LOADERS[format]}_buffer")(data, **_options(format, directory))
        samples = np.frombuffer(image.write_to_memory(), _SAMPLES[image.format])
    return samples.reshape(image.height, image.width, image.bands)


def check_rows(data: bytes, format: str, directory: Directory = None) -> None:
    """Decode a PNG or TIFF in memory row by row and keep nothing; does nothing where libvips is missing.

    Args:
        data: the file.
        format, directory: as for :class:`RowDecoder`.

    Raises:
        OSError: the file is damaged or cut off.
    """
    pyvips = load_pyvips()
    if pyvips is None:
        return
    with _failures_as_oserror(pyvips):
        getattr(pyvips.Image, f"{_LOADERS[format]}_buffer")(data, **_options(format, directory)).avg()


def sampled_at(samples: Array, places: Array, interpolation: str) -> Array:
    """A picture sampled at points; what lies beyond its borders is black.

    Args:
        samples: H x W x C; uint8, uint16 or float32.
        places: h x w x 2, float32: the points, column and row in pixels, whole numbers at the centres of pixels.
        interpolation: ``"bilinear"`` or ``"bicubic"``, which is sharper, and overshoots in floating point.

    Returns:
        h x w x C, of the type of the picture.

    Raises:
        OSError: libvips is missing.
    """
    pyvips = load_pyvips()
    if pyvips is None:
        raise OSError("pyvips is missing")
    with _failures_as_oserror(pyvips):
        image, index = (pyvips.Image.new_from_array(np.ascontiguousarray(array)) for array in (samples, places))
        sampled: Array = image.mapim(index, interpolate=pyvips.Interpolate.new(interpolation)).numpy()
    return sampled.reshape(*places.shape[:2], samples.shape[2])


def _options(format: str, directory: Directory) -> dict[str, Any]:
    """What a loader is told: to decode from top to bottom, and that a file that is cut off is an error."""
    options: dict[str, Any] = {"access": "sequential", "fail_on": "error"}
    if format in _LIMITLESS:
        options["unlimited"] = True
    if directory is not None:
        options["page"] = directory[0]
        if directory[1] is not None:
            options["subifd"] = directory[1]
    return options


@contextmanager
def _failures_as_oserror(pyvips: Any) -> Iterator[None]:
    """Raise libvips's failures as OSError, with the first line of what it says.

    Raises:
        OSError: libvips failed.
    """
    try:
        yield
    except pyvips.Error as error:
        raise OSError(_reason(error)) from error


def _reason(error: Any) -> str:
    """The first line of what libvips says beyond pyvips's own words."""
    lines = [line.strip() for line in (error.detail or error.message).splitlines() if line.strip()]
    return lines[0] if lines else "unknown"
