"""Random crops of photographs to train on, from a folder, a .zip or an HDF5 file.

:class:`Photographs` keeps every picture decoded in memory, because decoding a JPEG anew for each crop would cost more
than the crop. An HDF5 file whose pixels lie in one piece is mapped instead (:mod:`impasto.training.hdf5`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import TrainingError
from impasto.training.decoding import Pixels
from impasto.training.hdf5 import is_hdf5, read_groups
from impasto.training.picture_files import name_digest, read_pictures

MIN_PHOTOGRAPHS = 50  # photographs to train a network on; it would learn fewer by heart, so that fewer give a warning
MAX_HELD_OUT = 1000  # held-out photographs that are read; COCO's own validation group would be 8 GB

log = logging.getLogger(__name__)


class Photographs:
    """Random crops of photographs, and the same few held-out photographs every time.

    Args:
        source: a folder (with its sub-folders), a .zip of one, or an HDF5 file; or pictures by name.
        crop: side of the square crops, in pixels.
        scales: range of the enlargement of a photograph before it is cropped, relative to the smallest size that
            still covers the crop: at 1 a crop shows the whole short side, at 2 half of it.
        seed: seed of the random choices; the same seed gives the same crops.
        held_out: share of the photographs to hold out, where neither ``val_source`` nor a group of the HDF5 file
            says which. A photograph's name decides, so that adding others does not change its side.
        val_source: held-out photographs, from a source of their own.
        limit: read at most so many files (a sample that depends on the names) or rows.
        keep: shrink files to at most this short side in pixels, or to ``crop`` where that is more, to save memory.
        few: warn of fewer photographs to train on than this.

    Attributes:
        crop: side of the crops, in pixels.
        train: photographs to train on, height x width x 3 each, at their own sizes.
        val: held-out photographs, in the order of their names.
        skipped: name of each file that could not be read, and why.

    Raises:
        InputError: a source cannot be read or holds no picture.
        TrainingError: the crop, the limit or the scales are out of range.
        MissingExtraError: a source is an HDF5 file, and h5py is not installed.
    """

    crop: int
    train: list[Pixels]
    val: list[Pixels]
    skipped: list[tuple[str, str]]

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
        few: int = MIN_PHOTOGRAPHS,
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
            others, own_val = self._read(val_source, min(limit or MAX_HELD_OUT, MAX_HELD_OUT), short_side)
            own_val = own_val or list(others.values())
        if own_val:
            self.train, self.val = list(pictures.values()), own_val
        else:
            self.train, self.val = _split(pictures, held_out)
        if len(self.train) < few:
            log.warning("%d photographs are few to train on; a few thousand are better.", len(self.train))

    def batch(self, n: int) -> NDArray[np.float32]:
        """``n`` random crops, n x 3 x crop x crop in 0..1."""
        return _floats([self._random_crop() for _ in range(n)])

    def val_batch(self, n: int) -> NDArray[np.float32]:
        """The middle squares of the first held-out photographs, n x 3 x crop x crop in 0..1.

        Where there are fewer than ``n``, all of them.
        """
        return _floats([self._middle(photo) for photo in self.val[:n]])

    def state(self) -> dict[str, Any]:
        """The state of the random choices, which can be written as JSON."""
        return dict(self._random.bit_generator.state)

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from where :meth:`state` was called."""
        self._random.bit_generator.state = state

    def _random_crop(self) -> Pixels:
        """Cut a square of random scale and place out of a random photograph, mirrored every other time."""
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
        """Cut out the largest square in the middle."""
        height, width, _ = photo.shape
        side = min(height, width)
        return self._square(photo, (height - side) // 2, (width - side) // 2, side)

    def _square(self, photo: Pixels, top: int, left: int, side: int) -> Pixels:
        """Cut out a square and resize it (bicubic) to the crop."""
        square = np.ascontiguousarray(photo[top : top + side, left : left + side])
        if side == self.crop:
            return square
        size = (self.crop, self.crop)
        return np.asarray(Image.fromarray(square).resize(size, Image.Resampling.BICUBIC))

    def _read(self, source: Path, limit: int | None, keep: int) -> tuple[dict[str, Pixels], list[Pixels]]:
        """Read the pictures of a source by name, and the held-out ones where the source has such a group."""
        if is_hdf5(source):
            return read_groups(source, limit, MAX_HELD_OUT)
        pictures, skipped = read_pictures(source, keep, limit=limit)
        self.skipped += skipped
        return pictures, []


def _split(pictures: dict[str, Pixels], share: float) -> tuple[list[Pixels], list[Pixels]]:
    """Hold out the pictures whose names hash below ``share``; at least one is on each side.

    Returns:
        The pictures to train on, and the held-out ones; a single picture serves as both.
    """
    if len(pictures) == 1:
        return list(pictures.values()), list(pictures.values())
    place = {name: int.from_bytes(name_digest(name)[:8], "big") / 2**64 for name in pictures}
    first, *_, last = sorted(pictures, key=place.__getitem__)
    out = {name for name in pictures if place[name] < share}
    out = (out | {first}) - {last}
    train = [picture for name, picture in pictures.items() if name not in out]
    val = [picture for name, picture in pictures.items() if name in out]
    return train, val


def _floats(squares: list[Pixels]) -> NDArray[np.float32]:
    """Stack squares of bytes to N x 3 x side x side numbers in 0..1."""
    batch = np.stack(squares).transpose(0, 3, 1, 2).astype(np.float32, order="C")
    batch /= 255
    return batch
