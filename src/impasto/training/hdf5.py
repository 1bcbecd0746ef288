"""Read HDF5 files of training pictures, in the layout of Johnson's fast-neural-style.

A file has groups ``train2014`` and ``val2014``, each with a data set ``images`` of N x 3 x height x width bytes (RGB).
Any groups whose names begin with ``train`` and ``val`` will do. :mod:`impasto.training.dataset` writes such files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from impasto import extras
from impasto.errors import ImpastoError, InputError
from impasto.training.decoding import Pixels

UNFINISHED = "impasto_pack"  # attribute of a file that :func:`impasto.training.dataset.pack` has not finished

_SURELY_FITS = 1 << 28  # bytes of pixels that a data set may claim, whatever the file holds
_MAX_COMPRESSION = 1100  # bytes of pixels that deflate can make of one byte, at most
_BLOCK_BYTES = 1 << 24  # bytes of rows that are read together to see whether they are black
_SIGNATURE = b"\x89HDF\r\n\x1a\n"  # the first bytes of every HDF5 file


def is_hdf5(path: Path) -> bool:
    """Whether a file is an HDF5 file, told by its first bytes.

    Raises:
        InputError: the file cannot be read.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A context with an HDF5 file, open for reading.

    Raises:
        InputError: the file cannot be read, or is damaged; a damaged file can make h5py raise anything in the block.
        MissingExtraError: h5py is not installed.
    """
    h5py = extras.h5py()
    try:
        with h5py.File(path, "r") as file:
            yield file
    except ImpastoError:
        raise
    except Exception as error:
        reason = " ".join(str(error).strip("'\"").split()).rstrip(".") or type(error).__name__  # KeyError adds quotes
        raise InputError(f"{path} cannot be read as HDF5 ({reason}); if it is damaged, get it afresh.") from error


def image_groups(file: Any) -> dict[str, Any]:
    """The ``images`` data sets of an open HDF5 file by group name, those to train on first.

    Raises:
        InputError: the file has another layout.
    """
    found = {
        name: group["images"]
        for name, group in sorted(file.items())
        if name.startswith(("train", "val")) and hasattr(group, "keys") and "images" in group
    }
    for name, images in found.items():
        shape = tuple(getattr(images, "shape", ()))
        kind = getattr(images, "dtype", "a group")
        if len(shape) != 4 or shape[1] != 3 or kind != np.uint8:
            raise InputError(
                f"{file.filename} has a data set /{name}/images of another layout: {kind} {shape}"
                " instead of uint8 (N, 3, height, width)."
            )
        claimed = math.prod(shape)
        if claimed > max(_SURELY_FITS, _MAX_COMPRESSION * images.id.get_storage_size()):
            raise InputError(
                f"{file.filename} is damaged: /{name}/images claims {claimed:,} bytes, which it cannot hold."
            )
    if not any(name.startswith("train") for name in found):
        there = ", ".join("/" + name for name in sorted(file)) or "nothing"
        raise InputError(f"{file.filename} has no data set /train2014/images; found: {there}.")
    return found


def filled_rows(images: Any) -> int:
    """Count the rows up to the last that is not black.

    The script of fast-neural-style leaves rows of zeros at the end, one for each file that it did not get to.
    """
    count = len(images)
    step = max(1, _BLOCK_BYTES // max(1, math.prod(images.shape[1:])))
    while count:
        start = max(0, count - step)
        filled = np.flatnonzero(np.any(images[start:count], axis=(1, 2, 3)))
        if len(filled):
            count = start + int(filled[-1]) + 1
            break
        count = start
    return count


def read_groups(path: Path, limit: int | None, max_held_out: int) -> tuple[dict[str, Pixels], list[Pixels]]:
    """Read the pictures to train on and the held-out ones.

    Pixels that lie in one piece, uncompressed, are mapped instead of read, so that a file larger than the memory can
    be used.

    Args:
        path: a finished HDF5 file.
        limit: read at most so many rows of each group; None reads all.
        max_held_out: read at most so many held-out rows.

    Returns:
        The pictures to train on by row number, and the held-out ones, none where the file has no such group.

    Raises:
        InputError: the file cannot be read, is not finished, has another layout or no picture to train on.
        MissingExtraError: h5py is not installed.
    """
    with opened(path) as file:
        if UNFINISHED in file.attrs:
            raise InputError(f"{path} is not finished; pack it again to go on where it stopped.")
        groups = image_groups(file)
        train = _rows(path, groups[min(name for name in groups if name.startswith("train"))], limit)
        val_names = [name for name in groups if name.startswith("val")]
        most = min(limit or max_held_out, max_held_out)
        val = _rows(path, groups[val_names[0]], most) if val_names else []
    if not train:
        raise InputError(f"{path} holds no picture to train on.")
    return {str(row): picture for row, picture in enumerate(train)}, val


def _rows(path: Path, images: Any, limit: int | None) -> list[Pixels]:
    """Read or map the first rows of a data set, without the black ones at its end."""
    count = min(len(images), limit or len(images))
    if not count:
        return []
    start = images.id.get_offset()  # None where the pixels are in chunks, or compressed
    shape = (count, *images.shape[1:])
    rows: Pixels = images[:count] if start is None else np.memmap(path, np.uint8, "r", start, shape)
    return [row.transpose(1, 2, 0) for row in rows[: filled_rows(rows)]]
