"""Write and describe HDF5 files of training pictures, in the layout of Johnson's fast-neural-style.

``/train2014/images`` and ``/val2014/images`` are N x 3 x height x width bytes (RGB), each in one piece,
uncompressed. All pictures have one size and lose their aspect ratio, as the layout's first script does it:
cut at the bottom and at the right to multiples of 16 pixels, then resized (bilinear) to the size.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from impasto import extras
from impasto.errors import InputError, OutputError
from impasto.files import explained
from impasto.locks import locked
from impasto.training.decoding import Pixels
from impasto.training.hdf5 import UNFINISHED, filled_rows, image_groups, is_hdf5, opened
from impasto.training.picture_files import PictureFiles, none_readable, warn_of_skipped

log = logging.getLogger(__name__)

PackProgress = Callable[[int, int], None]
"""Called with the files done and the files there are."""

_BLOCK = 64  # pictures that are decoded, written and counted together; an interruption costs at most so many
_COLOUR_SAMPLE = 256  # pictures that :func:`info` takes the mean colour of
_PROGRESS = "impasto_progress"
"""Attribute of a data set while it grows: (files dealt with, rows written), together because both change at once."""
_SKIPPED = "impasto_skipped"
"""Attribute of a data set while it grows: a JSON object of the names of skipped files, with reasons."""


@dataclass(frozen=True)
class PackReport:
    """What :func:`pack` did.

    Attributes:
        path: the file that was written.
        train: pictures in the group to train on.
        val: pictures in the held-out group.
        skipped: name of each file that could not be read, and why.
        resumed: files that an earlier, interrupted call had already dealt with.
    """

    path: Path
    train: int
    val: int
    skipped: tuple[tuple[str, str], ...]
    resumed: int


def pack(
    train: Path,
    val: Path | None,
    output: Path,
    *,
    size: tuple[int, int] = (256, 256),
    limit: int | None = None,
    max_resize: int = 16,
    workers: int = 2,
    progress: PackProgress | None = None,
) -> PackReport:
    """Pack folders or .zip files of pictures into an HDF5 file.

    The file grows as ``OUTPUT.part``. If that was interrupted, the same call goes on with it; a call with
    other arguments, or after the folders' lists of files have changed, starts again.

    Args:
        train: the pictures to train on: a folder with its sub-folders, or a .zip.
        val: the held-out pictures; without them the file has no such group.
        output: the file to write; an existing one is replaced when the new one is finished.
        size: height and width of all pictures, in pixels.
        limit: take at most so many files of each source.
        max_resize: cut the sides to multiples of so many pixels first; 1 cuts nothing.
        workers: threads that decode.
        progress: called with the files done and the files there are.

    Returns:
        What was packed and what was left out.

    Raises:
        InputError: there are no pictures, or not one of them can be read.
        OutputError: the file cannot be written, or another process is writing it.
        MissingExtraError: h5py is not installed.
    """
    if min(size) < 1 or max_resize < 1:
        raise InputError(f"The size {size} and the multiple {max_resize} must be at least 1.")
    if output.is_dir():
        raise OutputError(f"{output} cannot be written because it is a folder: add a file name.")
    if output.resolve() in {train.resolve(), val and val.resolve()}:
        raise OutputError(f"{output} is what the pictures are read from: choose another name to write to.")
    h5py = extras.h5py()
    sources = {"train2014": train} | ({} if val is None else {"val2014": val})
    part = output.with_name(output.name + ".part")
    with ExitStack() as stack:
        groups = {name: stack.enter_context(PictureFiles(source, limit)) for name, source in sources.items()}
        total = sum(len(files.names) for files in groups.values())
        fingerprint = _fingerprint(sources, groups, size, max_resize)
        stack.enter_context(locked(output))
        with explained(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            with _open_part(h5py, part, fingerprint, groups, size) as file:
                images = {name: file[name]["images"] for name in groups}
                resumed = _files_done(images)
                for name, files in groups.items():
                    for _ in _fill(images[name], files, max_resize, workers):
                        if progress is not None:
                            progress(_files_done(images), total)
                skipped = {name: _skipped(images[name]) for name in groups}
                rows = {name: int(images[name].attrs[_PROGRESS][1]) for name in groups}
            for name, source in sources.items():
                if not rows[name]:
                    part.unlink()  # else the next call would take these files as dealt with
                    raise none_readable(list(skipped[name].items()), len(groups[name].names), source)
                if skipped[name]:
                    warn_of_skipped(list(skipped[name].items()), len(groups[name].names), source)
            _finish(h5py, part, output, rows)
    every = tuple(item for name in groups for item in skipped[name].items())
    return PackReport(output, rows["train2014"], rows.get("val2014", 0), every, resumed)


def info(path: Path) -> dict[str, Any]:
    """Describe an HDF5 file of training pictures, finished or not, in terms that can be written as JSON.

    Returns:
        ``path``, ``bytes``, ``complete`` (finished, and without rows that were never written) and ``groups``:
        by name the ``pictures``, the rows left ``empty`` after them, ``height``, ``width``, ``bytes`` of the
        pixels and, of a sample, ``mean_colour`` (red, green and blue in 0..255; None without pictures).

    Raises:
        InputError: the file is not there, is no HDF5 file or has another layout.
        MissingExtraError: h5py is not installed.
    """
    if not is_hdf5(path):
        raise InputError(
            f"{path} is not an HDF5 file; impasto dataset pack makes one."
            if path.exists()
            else f"There is no file {path}; check the path."
        )
    with opened(path) as file:
        groups = {name: _describe(images) for name, images in image_groups(file).items()}
        finished = UNFINISHED not in file.attrs
    complete = finished and not any(group["empty"] for group in groups.values())
    return {"path": str(path), "bytes": path.stat().st_size, "complete": complete, "groups": groups}


def _describe(images: Any) -> dict[str, Any]:
    """Describe a data set of N x 3 x height x width bytes."""
    progress = images.attrs.get(_PROGRESS)
    pictures = filled_rows(images) if progress is None else int(progress[1])
    sample = np.unique(np.linspace(0, pictures - 1, min(pictures, _COLOUR_SAMPLE)).astype(int))
    colours = [images[row].mean(axis=(1, 2)) for row in sample]
    return {
        "pictures": pictures,
        "empty": len(images) - pictures,
        "height": int(images.shape[2]),
        "width": int(images.shape[3]),
        "bytes": int(np.prod(images.shape)),
        "mean_colour": [round(float(value), 1) for value in np.mean(colours, axis=0)] if colours else None,
    }


def _fingerprint(
    sources: dict[str, Path], groups: dict[str, PictureFiles], size: tuple[int, int], max_resize: int
) -> str:
    """Text that says what a file is made from and how; only a call with the same text may resume an unfinished file."""
    names = "\n".join(f"{group}/{name}" for group, files in groups.items() for name in files.names)
    digest = hashlib.sha1(names.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
    paths = [str(source.resolve()) for source in sources.values()]
    return json.dumps([paths, digest, list(size), max_resize])


def _open_part(h5py: Any, part: Path, fingerprint: str, groups: dict[str, PictureFiles], size: tuple[int, int]) -> Any:
    """Open the unfinished file of the same call, or begin a new one."""
    if part.exists() and (file := _reopened(h5py, part, fingerprint, groups)) is not None:
        return file
    file = h5py.File(part, "w")
    for name, files in groups.items():
        # All rows are in one piece from the start, since such a data set can be mapped into memory.
        images = file.create_dataset(f"{name}/images", (len(files.names), 3, *size), np.uint8)
        images.attrs[_PROGRESS] = np.zeros(2, np.int64)
    file.attrs[UNFINISHED] = fingerprint
    file.flush()
    return file


def _reopened(h5py: Any, part: Path, fingerprint: str, groups: dict[str, PictureFiles]) -> Any | None:
    """Open the unfinished file of the same call; ``None`` if it is another one's, or an interruption damaged it.

    Raises:
        BlockingIOError: another process is writing it.
    """
    with ExitStack() as closing:
        try:
            file = closing.enter_context(h5py.File(part, "r+"))
            if file.attrs.get(UNFINISHED) == fingerprint:
                images = {name: file[name]["images"] for name in groups}
                if all(len(images[name]) == len(files.names) for name, files in groups.items()):
                    _files_done(images)
                    closing.pop_all()
                    return file
        except BlockingIOError:
            raise
        except Exception as error:  # a damaged file can make h5py raise anything
            log.info("%s is damaged and begun anew: %s", part, error)
    return None


def _fill(images: Any, files: PictureFiles, max_resize: int, workers: int) -> Iterator[None]:
    """Write the rows of the files that are not dealt with yet; yield after each block of ``_BLOCK`` files."""
    height, width = images.shape[2:]

    def fit(pixels: Pixels) -> Pixels:
        return _fit(pixels, (width, height), max_resize)

    while (done := int(images.attrs[_PROGRESS][0])) < len(files.names):
        block = files.names[done : done + _BLOCK]
        pictures: list[Pixels] = []
        skipped: dict[str, str] = {}
        for name, picture in files.decode_all(block, workers, then=fit):
            if isinstance(picture, str):
                skipped[name] = picture
            else:
                pictures.append(picture.transpose(2, 0, 1))
        row = int(images.attrs[_PROGRESS][1])
        if pictures:
            images[row : row + len(pictures)] = np.stack(pictures)
        if skipped:
            images.attrs[_SKIPPED] = json.dumps(_skipped(images) | skipped)
        images.attrs.modify(_PROGRESS, np.array([done + len(block), row + len(pictures)], np.int64))
        images.file.flush()
        yield


def _fit(pixels: Pixels, size: tuple[int, int], multiple: int) -> Pixels:
    """Cut the sides to multiples (a side shorter than one stays), and resize to width and height."""
    height, width = (side - side % multiple or side for side in pixels.shape[:2])
    image = Image.fromarray(np.ascontiguousarray(pixels[:height, :width]))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def _files_done(images: dict[str, Any]) -> int:
    """Count the files that are dealt with, written or skipped, in all data sets."""
    return sum(int(dataset.attrs[_PROGRESS][0]) for dataset in images.values())


def _skipped(images: Any) -> dict[str, str]:
    """The reasons why files were skipped so far, by name."""
    skipped: dict[str, str] = json.loads(images.attrs.get(_SKIPPED, "{}"))
    return skipped


def _finish(h5py: Any, part: Path, output: Path, rows: dict[str, int]) -> None:
    """Leave exactly the pictures in the file, nothing of the making, and give it its name."""
    with h5py.File(part, "r+") as file:
        exact = all(len(file[name]["images"]) == count for name, count in rows.items())
        if exact:
            del file.attrs[UNFINISHED]
            for name in rows:
                del file[name]["images"].attrs[_PROGRESS]
    if exact:
        part.replace(output)
        return
    # A data set in one piece cannot shrink: copy what is in it. This needs the space twice for a moment.
    copy = output.with_name(output.name + ".copy")
    with h5py.File(part, "r") as file, h5py.File(copy, "w") as shorter:
        for name, count in rows.items():
            old = file[name]["images"]
            new = shorter.create_dataset(f"{name}/images", (count, *old.shape[1:]), np.uint8)
            for row in range(0, count, _BLOCK):
                end = min(row + _BLOCK, count)
                new[row:end] = old[row:end]
    copy.replace(output)
    part.unlink()
