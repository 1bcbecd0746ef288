"""TODO: say what this module is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto.networks.architecture import MIRRORED_BORDER
from impasto.networks.grain import grain_of_box
from impasto.networks.transformer import TransformerNetwork, as_if_painted
from impasto.pictures.box import mirrored_indices
from impasto.pictures.conversion import to_pil
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent


def with_grain(pictures: Tensor, amount: float | Tensor, places: Sequence[Sequence[int]] = ()) -> Tensor:
    """What the network is to see: pictures and their grain, N x 4 x H x W.

    Args:
        pictures: N x 3 x H x W.
        amount: how much, the same for all or N numbers.
        places: where the grain of each picture is taken from, (top, left); without it, one beside the other.
    """
    height, width = pictures.shape[-2:]
    places = places or [(0, width * index) for index in range(len(pictures))]
    patterns = np.stack([grain_of_box(top, left, height, width)[..., 0] for top, left in places])
    amounts = amount.view(-1, 1, 1, 1).to(pictures) if isinstance(amount, Tensor) else amount
    return torch.cat([pictures, amounts * torch.from_numpy(patterns)[:, None].to(pictures)], dim=1)


def paint_with_margin(network: TransformerNetwork, seen: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """What the network makes of pictures in use, N x 3 x H x W: painted with a mirrored margin, which is cut off.

    Args:
        network: the transformer network.
        seen: N x 4 x H x W (see `grained`), H and W multiples of the network's.
        scale, shift: N x C, or 1 x C for one style.
    """
    height, width = seen.shape[-2:]
    found, _ = network(
        window(seen, -MIRRORED_BORDER, -MIRRORED_BORDER, height + 2 * MIRRORED_BORDER, width + 2 * MIRRORED_BORDER),
        scale,
        shift,
    )
    cut: Tensor = found[..., MIRRORED_BORDER:-MIRRORED_BORDER, MIRRORED_BORDER:-MIRRORED_BORDER]
    return cut


def window(pictures: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A box of N x C x H x W pictures that repeat mirrored beyond their borders: N x C x height x width."""
    rows = torch.from_numpy(mirrored_indices(top, top + height, pictures.shape[-2]))
    columns = torch.from_numpy(mirrored_indices(left, left + width, pictures.shape[-1]))
    return pictures[:, :, rows[:, None], columns]


def read_style(path: Path, size: int, scale: float = 1.0) -> Tensor:
    """A painting as it is to be learnt: see `read_painting`, and under the filter of the network's head.

    What is finer (canvas, cracks, the noise of a scan) the network cannot paint. When it is asked for that all the
    same, it makes up for it with the finest pattern that passes the filter: a weave of four pixels all over the
    picture.
    """
    return as_if_painted(read_painting(path, size, scale))


def read_painting(path: Path, size: int, scale: float = 1.0) -> Tensor:
    """A painting as 1 x 3 x H x W in [0, 1], its shorter side shrunk to ``size``, then resized by ``scale``.

    Raises:
        InputError: the file cannot be read.
    """
    picture = read_picture(path)
    if picture.alpha is not None:
        picture = replace(picture, rgb=fill_transparent(picture.rgb, picture.alpha), alpha=None)
    image = to_pil(picture)
    factor = min(1.0, size / min(image.size)) * scale
    small = image.resize(
        (max(1, round(image.width * factor)), max(1, round(image.height * factor))), Image.Resampling.LANCZOS
    )
    return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)[None].float() / 255
