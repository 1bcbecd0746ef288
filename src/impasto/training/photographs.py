"""Photographs to train on: from a folder, a .zip or an HDF5 file, as random crops.

`Photographs` keeps every picture decoded in memory, because decoding a JPEG anew for each crop would
cost more than the crop. An HDF5 file whose pixels lie in one piece is mapped instead of read, so that
one larger than the memory can be used.

The HDF5 layout is the one of Johnson's fast-neural-style: groups ``train2014`` and ``val2014``, each with a
data set ``images`` of N x 3 x height x width bytes. Any groups named ``train...`` and ``val...`` will do.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto import extras
from impasto.errors import InputError, TrainingError
from impasto.pictures import formats
from impasto.pictures.conversion import to_pil
from impasto.pictures.decoding import decode_file, from_pil
from impasto.pictures.formats import READ_SUFFIXES
from impasto.pictures.resampling import lay_on_white

Pixels = NDArray[np.uint8]

FEW = 50
"""Fewer photographs than this are worth a warning: the network would learn them by heart."""
MOST_PIXELS = 300_000_000
"""A larger file is left out: it is damaged, or made to fill the memory."""
MOST_HELD_OUT = 1000
"""As many held-out photographs as are ever read; COCO's own validation group would be 8 GB."""

UNFINISHED = "impasto_pack"
"""The attribute of an HDF5 file that `impasto.training.dataset.pack` has not finished."""

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_log = logging.getLogger(__name__)


class Photographs:
    """Random crops of photographs, and the same few held-out photographs every time.

    Args:
        source: a folder (with its sub-folders), a .zip of one, or an HDF5 file; or pictures by name.
        crop: the side of the square crops.
        scales: the range of the enlargement of a photograph before it is cropped, relative to the smallest
            size that still covers the crop: at 1 a crop shows the whole short side, at 2 half of it.
        seed: of the random choices; the same seed gives the same crops.
        held_out: the share of the photographs to hold out, where neither `val_source` nor a group of the
            HDF5 file says which. A photograph's name decides, so adding others does not change its side.
        val_source: held-out photographs, from a source of their own.
        limit: read at most so many files (a sample that depends on the names) or rows.
        few: fewer to train on are worth a warning.
        keep: files are shrunk to at most this short side, or `crop` where that is more, to save memory.
    """

    crop: int
    """The side of the crops."""
    train: list[Pixels]
    """Height x width x 3 each, at their own sizes."""
    val: list[Pixels]
    """The held-out ones, in the order of their names."""
    skipped: list[tuple[str, str]]
    """Name of each file that could not be read, and why."""

    def __init__(
        self,
        source: Path | Mapping[str, Pixels],
        *,
        crop: int,
        scales: tuple[float, float] = (1.0, 2.0),
        seed: int = 0,
        held_out: float = 0.02,
        val_source: Path | None = None,
        limit: int | None = None,
        keep: int = 384,
        few: int = FEW,
    ) -> None:
        if crop < 1:
            raise TrainingError(f"The crop is {crop} pixels wide; it must be at least 1.")
        if limit is not None and limit < 1:
            raise TrainingError(f"At most {limit} photographs were asked for; ask for at least 1.")
        if not 1 <= scales[0] <= scales[1]:
            raise TrainingError(f"The scales {scales} must not be below 1, the smaller one first.")
        self.crop = crop
        self._scales = scales
        self._random = np.random.default_rng(seed)
        self.skipped = []

        short_side = max(keep, crop)
        own_val: list[Pixels] = []
        if isinstance(source, Mapping):
            pictures = dict(source)
        else:
            pictures, own_val = self._read(source, limit, short_side)
        if val_source is not None:
            others, own_val = self._read(val_source, min(limit or MOST_HELD_OUT, MOST_HELD_OUT), short_side)
            own_val = own_val or list(others.values())
        if own_val:
            self.train, self.val = list(pictures.values()), own_val
        else:
            self.train, self.val = _split(pictures, held_out)
        if len(self.train) < few:
            _log.warning("Only %d photographs to train on; a few thousand are better.", len(self.train))

    def batch(self, n: int) -> NDArray[np.float32]:
        """Return `n` random crops, n x 3 x crop x crop in 0..1."""
        return _floats([self._random_crop() for _ in range(n)])

    def val_batch(self, n: int) -> NDArray[np.float32]:
        """Return the first `n` held-out photographs (fewer where there are fewer), the middle square of each."""
        return _floats([self._middle(photo) for photo in self.val[:n]])

    def state(self) -> dict[str, Any]:
        """Return the state of the random choices, which can be written as JSON."""
        return dict(self._random.bit_generator.state)

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from where `state` was taken."""
        self._random.bit_generator.state = state

    def _random_crop(self) -> Pixels:
        random = self._random
        photo = self.train[random.integers(len(self.train))]
        height, width, _ = photo.shape
        scale = float(np.exp(random.uniform(*np.log(self._scales))))
        side = max(1, round(min(height, width) / scale))
        top = int(random.integers(height - side + 1))
        left = int(random.integers(width - side + 1))
        crop = self._square(photo, top, left, side)
        return crop[:, ::-1] if random.random() < 0.5 else crop

    def _middle(self, photo: Pixels) -> Pixels:
        height, width, _ = photo.shape
        side = min(height, width)
        return self._square(photo, (height - side) // 2, (width - side) // 2, side)

    def _square(self, photo: Pixels, top: int, left: int, side: int) -> Pixels:
        square = np.ascontiguousarray(photo[top : top + side, left : left + side])
        if side == self.crop:
            return square
        size = (self.crop, self.crop)
        return np.asarray(Image.fromarray(square).resize(size, Image.Resampling.BICUBIC))

    def _read(self, source: Path, limit: int | None, keep: int) -> tuple[dict[str, Pixels], list[Pixels]]:
        """Return the pictures of a source by name, and the held-out ones where the source has such a group."""
        if is_hdf5(source):
            return _read_hdf5(source, limit)
        with PictureFiles(source, limit) as files:
            pictures: dict[str, Pixels] = {}
            skipped: list[tuple[str, str]] = []
            for name, picture in files.decode_all(files.names, os.cpu_count() or 1, keep):
                if isinstance(picture, str):
                    skipped.append((name, picture))
                else:
                    pictures[name] = picture
        if not pictures:
            name, reason = skipped[0]
            raise InputError(
                f"None of the {len(skipped)} pictures in {source} can be read; the first, {name}: {reason}"
            )
        if skipped:
            warn_of_skipped(skipped, len(files.names), source)
        self.skipped += skipped
        return pictures, []


class PictureFiles:
    """The picture files of a folder and its sub-folders, or of a .zip, which is not unpacked.

    Hidden files and the ``__MACOSX`` folder that a Mac adds to a .zip are left out; linked folders are not
    followed. Close it, or use it in a ``with``.

    Args:
        source: the folder or the .zip.
        limit: at most so many; which ones depends on their names, so that they come from all sub-folders.
    """

    names: list[str]
    """Paths inside the source with forward slashes, sorted."""

    def __init__(self, source: Path, limit: int | None = None) -> None:
        if limit is not None and limit < 1:
            raise InputError(f"At most {limit} pictures were asked for; ask for at least 1.")
        self._source = source
        self._zip = _open_source(source)
        self._zip_lock = threading.Lock()
        found = _names_below(source) if self._zip is None else self._zip.namelist()
        names = sorted({name for name in found if _is_picture(name)})
        if not names:
            self.close()
            raise InputError(f"There is no picture in {source}; put photographs (JPEG, PNG ...) there.")
        if limit is not None:
            names = sorted(sorted(names, key=lambda name: _digest(name)[::-1])[:limit])
        self.names = names

    def __enter__(self) -> PictureFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the .zip."""
        if self._zip is not None:
            self._zip.close()

    def decode_all(
        self,
        names: Iterable[str],
        workers: int,
        keep: int | None = None,
        then: Callable[[Pixels], Pixels] = lambda pixels: pixels,
    ) -> Iterator[tuple[str, Pixels | str]]:
        """Decode files in threads: each name in its turn, with its pixels or the reason why there are none.

        Args:
            names: the files.
            workers: the number of threads.
            keep: see `decode`.
            then: is done to the pixels in the same thread.
        """

        def attempt(name: str) -> tuple[str, Pixels | str]:
            try:
                return name, then(decode(self._bytes(name), keep))
            except Exception as error:  # damaged files make the decoders raise almost anything
                return name, str(error) or type(error).__name__

        with ThreadPoolExecutor(max(1, workers)) as pool:
            yield from pool.map(attempt, names)

    def _bytes(self, name: str) -> bytes:
        if self._zip is None:
            return (self._source / name).read_bytes()
        with self._zip_lock:  # ZipFile counts its readers without a lock
            return self._zip.read(name)


def decode(data: bytes, keep: int | None = None) -> Pixels:
    """Decode a picture file as painting it would, and lay it on white. Whatever the decoder raises comes through.

    Only photographs of samples without a fixed white are scaled to one, where painting refuses them.

    Args:
        data: the file.
        keep: pixels of the short side that it is shrunk to, if it has more.

    Returns:
        Height x width x 3, upright, sRGB.
    """
    with formats.open_bytes(data, formats.identify_format("it", data[:64])) as image:
        if image.width * image.height > MOST_PIXELS:
            raise InputError(f"it has {image.width} x {image.height} pixels, more than can be read")
        if image.mode in ("F", "I"):
            image.load()
            picture = from_pil(_to_eight_bits(image), compact=1)
        else:
            picture = decode_file(image, data, compact=True, at_least=keep or 0)
    upright = to_pil(lay_on_white(picture))
    size = _shrunk(upright.size, keep)
    return np.asarray(upright if size == upright.size else upright.resize(size, Image.Resampling.LANCZOS))


def is_hdf5(path: Path) -> bool:
    """Tell an HDF5 file by its first bytes."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_HDF5_SIGNATURE)) == _HDF5_SIGNATURE
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def image_groups(file: Any) -> dict[str, Any]:
    """Return the ``images`` data sets of an open HDF5 file by group name, those to train on first.

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
    if not any(name.startswith("train") for name in found):
        there = ", ".join("/" + name for name in sorted(file)) or "nothing"
        raise InputError(f"{file.filename} has no data set /train2014/images; found: {there}.")
    return found


def filled_rows(images: Any) -> int:
    """Count the rows up to the last that is not black.

    The ancestors' script leaves rows of zeros at the end, one for each file that it did not get to.
    """
    count = len(images)
    while count and not images[count - 1].any():
        count -= 1
    return count


def warn_of_skipped(skipped: list[tuple[str, str]], total: int, source: Path) -> None:
    """Log one warning about all files that could not be read."""
    name, reason = skipped[0]
    _log.warning(
        "%d of %d pictures in %s cannot be read and are left out; the first, %s: %s",
        len(skipped),
        total,
        source,
        name,
        reason,
    )


def _read_hdf5(path: Path, limit: int | None) -> tuple[dict[str, Pixels], list[Pixels]]:
    h5py = extras.h5py()
    try:
        with h5py.File(path, "r") as file:
            if UNFINISHED in file.attrs:
                raise InputError(f"{path} is not finished; pack it again to go on where it stopped.")
            groups = image_groups(file)
            train = _rows(path, groups[min(name for name in groups if name.startswith("train"))], limit)
            val_names = [name for name in groups if name.startswith("val")]
            most = min(limit or MOST_HELD_OUT, MOST_HELD_OUT)
            val = _rows(path, groups[val_names[0]], most) if val_names else []
    except OSError as error:
        raise InputError(f"{path} cannot be read as HDF5: {error}.") from error
    if not train:
        raise InputError(f"{path} holds no picture to train on.")
    return {str(row): picture for row, picture in enumerate(train)}, val


def _rows(path: Path, images: Any, limit: int | None) -> list[Pixels]:
    count = min(len(images), limit or len(images))
    if not count:
        return []
    start = images.id.get_offset()  # None where the pixels are in chunks, or compressed
    shape = (count, *images.shape[1:])
    rows: Pixels = images[:count] if start is None else np.memmap(path, np.uint8, "r", start, shape)
    return [row.transpose(1, 2, 0) for row in rows[: filled_rows(rows)]]


def _open_source(source: Path) -> zipfile.ZipFile | None:
    if source.is_dir():
        return None
    if not source.exists():
        raise InputError(f"There is no folder or file {source}.")
    try:
        return zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile):
        raise InputError(f"{source} is not a folder of photographs, a .zip of one or an HDF5 file.") from None


def _names_below(folder: Path) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            yield (Path(here) / name).relative_to(folder).as_posix()


def _is_picture(name: str) -> bool:
    parts = name.split("/")
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return False
    return Path(parts[-1]).suffix.lower() in READ_SUFFIXES


def _digest(name: str) -> bytes:
    # not for security; surrogates stand for bytes of a file name that are no UTF-8
    return hashlib.sha1(name.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()


def _split(pictures: dict[str, Pixels], share: float) -> tuple[list[Pixels], list[Pixels]]:
    """Hold out the pictures whose names hash below `share`; at least one is on each side."""
    if len(pictures) == 1:
        return list(pictures.values()), list(pictures.values())
    place = {name: int.from_bytes(_digest(name)[:8], "big") / 2**64 for name in pictures}
    first, *_, last = sorted(pictures, key=place.__getitem__)
    out = {name for name in pictures if place[name] < share}
    out = (out | {first}) - {last}
    train = [picture for name, picture in pictures.items() if name not in out]
    val = [picture for name, picture in pictures.items() if name in out]
    return train, val


def _floats(squares: list[Pixels]) -> NDArray[np.float32]:
    batch = np.stack(squares).transpose(0, 3, 1, 2).astype(np.float32, order="C")
    batch /= 255
    return batch


def _shrunk(size: tuple[int, int], keep: int | None) -> tuple[int, int]:
    short = min(size)
    if keep is None or short <= keep:
        return size
    return max(1, round(size[0] * keep / short)), max(1, round(size[1] * keep / short))


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Bring grey of 32 bits, which has no fixed white, to 8: white is 1, 255 or 65535, whichever is not exceeded."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    whites = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    top = next((white for white in whites if values.max() <= white), float(values.max()))
    return Image.fromarray(np.rint(values.clip(0, top) * (255 / top)).astype(np.uint8))
