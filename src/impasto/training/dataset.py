"""Write and describe HDF5 files of training pictures, in the layout of Johnson's fast-neural-style.

``/train2014/images`` and ``/val2014/images`` are N x 3 x height x width bytes (RGB), each in one piece,
uncompressed. All pictures have one size and lose their aspect ratio, as the layout's first script does it:
cut at the bottom and at the right to multiples of 16 pixels, then resized (bilinear) to the size.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from impasto.errors import InputError, OutputError
from impasto.training.photographs import (
    PictureFiles,
    Pixels,
    filled_rows,
    image_groups,
    import_h5py,
    is_hdf5,
    warn_of_skipped,
)

Progress = Callable[[int, int], None]

_BLOCK = 64
"""Pictures that are decoded, written and counted together: what an interruption costs at most."""
_SAMPLE = 256
_MARK = "impasto_pack"
"""The attribute that only an unfinished file has: what it is being made from."""


@dataclass(frozen=True)
class PackReport:
    """What `pack` did."""

    path: Path
    train: int
    """Pictures in the group to train on."""
    val: int
    skipped: tuple[tuple[str, str], ...]
    """Name of each file that could not be read, and why."""
    resumed: int
    """Files that an earlier, interrupted call had already dealt with."""


def pack(
    train: Path,
    val: Path | None,
    output: Path,
    *,
    size: tuple[int, int] = (256, 256),
    limit: int | None = None,
    max_resize: int = 16,
    workers: int = 2,
    progress: Progress | None = None,
) -> PackReport:
    """Pack folders or .zip files of pictures into an HDF5 file.

    The file grows as ``OUTPUT.part``. If that was interrupted, the same call goes on with it; a call with
    other arguments, or after the folders' lists of files have changed, starts again.

    Args:
        train: the pictures to train on: a folder with its sub-folders, or a .zip.
        val: the held-out pictures; without them the file has no such group.
        output: the file to write; an existing one is replaced when the new one is finished.
        size: height and width of all pictures.
        limit: at most so many files of each.
        max_resize: cut the sides to multiples of this first; 1 cuts nothing.
        workers: threads that decode.
        progress: called with the files done and the files there are.
    """
    if min(size) < 1 or max_resize < 1:
        raise InputError(f"The size {size} and the multiple {max_resize} must be at least 1.")
    h5py = import_h5py()
    groups: dict[str, PictureFiles] = {}
    try:
        groups["train2014"] = PictureFiles(train, limit)
        if val is not None:
            groups["val2014"] = PictureFiles(val, limit)
        mark = _fingerprint(train, val, groups, size, max_resize)
        part = output.with_name(output.name + ".part")
        output.parent.mkdir(parents=True, exist_ok=True)
        with _open_part(h5py, part, mark, groups, size) as file:
            total = sum(len(files.names) for files in groups.values())
            before = resumed = sum(int(file[name].attrs["done"]) for name in groups)
            for name, files in groups.items():
                _fill(file[name], files, size, max_resize, workers, progress, before, total)
            report = _report(file, groups, output, resumed)
        _check(report, part, groups, {"train2014": train, "val2014": val})
        _finish(h5py, part, output)
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error}.") from error
    finally:
        for files in groups.values():
            files.close()
    return report
