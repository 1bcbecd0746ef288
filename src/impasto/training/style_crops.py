"""Random pieces of style pictures for training the style predictor, in other sizes and colours each time.

A few thousand paintings are few for a predictor: Ghiasi et al. 2017 (arXiv 1705.06830) find that the gap between styles
that were seen and others closes only beyond ten thousand. So pieces are mirrored, resized, and their colours mixed,
turned grey or inverted, which makes other styles of the same strokes.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from impasto.errors import InputError
from impasto.networks.transformer import as_if_painted
from impasto.training.decoding import Pixels
from impasto.training.picture_files import read_pictures

Planes = NDArray[np.float32]
"""3 x H x W in [0, 1]."""

_KEPT_SIDE = 512  # pixels: short side that pictures are shrunk to
_LONGEST = 3  # times its short side that a picture counts at most, so that a scroll is not shrunk to a line
_SCALES = (0.9, 2.0)  # range of the resizing of a picture, relative to _PLAIN_SIDE
_PLAIN_SIDE = 256  # pixels: short side of a picture at the scale 1
_MIRRORED, _UPSIDE_DOWN = 0.5, 0.15  # shares of the pieces
_MIXED, _GREY, _INVERTED = 0.35, 0.07, 0.05  # shares of the pieces whose colours are changed so
_MIXING = 0.35  # standard deviation of what is added to the identity where colours are mixed
_CONTRASTED = 0.5  # share of the pieces whose contrast is changed
_CONTRASTS = (0.6, 1.5)  # range of the factor
_BRIGHTENING = 0.08  # standard deviation of the shift that comes with it


class StyleCrops:
    """Style pictures in memory, and random pieces of them.

    Args:
        source: a folder (with its sub-folders) or a .zip of one.
        held_out: file names that are left out.
        side: side of the square pieces, in pixels.
        seed: seed of the random choices.

    Raises:
        InputError: the source cannot be read or holds no picture.
    """

    def __init__(self, source: Path, *, held_out: Collection[str] = (), side: int = 192, seed: int = 0) -> None:
        self.side = side
        self._random = np.random.default_rng(seed)
        pictures, _ = read_pictures(source, _KEPT_SIDE, held_out=held_out)
        self.pictures: list[Pixels] = []
        for picture in pictures.values():
            longest = _LONGEST * min(picture.shape[:2])
            self.pictures.append(picture[:longest, :longest])

    def batch(self, count: int) -> Tensor:
        """Random pieces as the network could paint them at best: N x 3 x side x side in [0, 1]."""
        pieces = np.stack([self._recoloured(self._piece()) for _ in range(count)])
        return as_if_painted(torch.from_numpy(pieces))

    def state(self) -> dict[str, Any]:
        """The state of the random choices, which can be written as JSON."""
        return dict(self._random.bit_generator.state)

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from where :meth:`state` was called."""
        self._random.bit_generator.state = state

    def _piece(self) -> Planes:
        """Cut a square of random place and scale out of a random picture, mirrored or not."""
        random = self._random
        picture = self.pictures[random.integers(len(self.pictures))]
        height, width, _ = picture.shape
        scale = _PLAIN_SIDE / min(height, width) * float(np.exp(random.uniform(*np.log(_SCALES))))
        side = min(height, width, max(1, round(self.side / scale)))
        top, left = random.integers(height - side + 1), random.integers(width - side + 1)
        square = Image.fromarray(np.ascontiguousarray(picture[top : top + side, left : left + side]))
        piece = np.asarray(square.resize((self.side, self.side), Image.Resampling.BICUBIC), np.float32)
        piece = piece.transpose(2, 0, 1) / np.float32(255)
        if random.random() < _MIRRORED:
            piece = piece[:, :, ::-1]
        if random.random() < _UPSIDE_DOWN:
            piece = piece[:, ::-1]
        return piece

    def _recoloured(self, piece: Planes) -> Planes:
        """Change colours and contrast of a piece, or leave them."""
        random = self._random
        kind = random.random()
        if kind < _MIXED:
            mixing = np.eye(3) + random.normal(0, _MIXING, (3, 3))
            piece = np.tensordot(mixing / mixing.sum(axis=1, keepdims=True), piece, 1)
        elif kind < _MIXED + _GREY:
            piece = np.repeat(piece.mean(axis=0, keepdims=True), 3, axis=0)
        elif kind < _MIXED + _GREY + _INVERTED:
            piece = 1 - piece
        if random.random() < _CONTRASTED:
            factor = float(np.exp(random.uniform(*np.log(_CONTRASTS))))
            mean = piece.mean()
            piece = (piece - mean) * factor + mean + random.normal(0, _BRIGHTENING)
        return np.clip(piece, 0, 1).astype(np.float32)


def read_held_out(path: Path | None) -> set[str]:
    """The file names in a list, if there is one: the first word of each line that does not begin with ``#``.

    Raises:
        InputError: the file cannot be read.
    """
    if path is None:
        return set()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); give a text file with a name a line.") from error
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}
