"""What painted photographs are judged by: content against the photograph, style against the painting.

Content is a distance of features, style one of Gram matrices, both in a perceptual network and both relative
(:mod:`impasto.losses`), as Johnson, Alahi and Fei-Fei 2016 (arXiv 1603.08155) have it. Training many styles
jointly and learning one use the same objective, so that their losses can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto import images, losses
from impasto.canvas import MARGIN
from impasto.grain import grain
from impasto.networks.perceptual import PerceptualNetwork
from impasto.networks.transformer import TransformerNetwork, as_if_painted
from impasto.tiles import mirrored

Features = dict[str, Tensor]
"""Tap name to N x C x h x w."""


def grained(pictures: Tensor, amount: float | Tensor, places: Sequence[Sequence[int]] = ()) -> Tensor:
    """What the network is to see: pictures and their grain, N x 4 x H x W.

    Args:
        pictures: N x 3 x H x W.
        amount: how much, the same for all or N numbers.
        places: where the grain of each picture is taken from, (top, left); without it, one beside the other.
    """
    height, width = pictures.shape[-2:]
    places = places or [(0, width * index) for index in range(len(pictures))]
    patterns = np.stack([grain(top, left, height, width)[..., 0] for top, left in places])
    amounts = amount.view(-1, 1, 1, 1).to(pictures) if isinstance(amount, Tensor) else amount
    return torch.cat([pictures, amounts * torch.from_numpy(patterns)[:, None].to(pictures)], dim=1)


def paint(network: TransformerNetwork, seen: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """What the network makes of pictures in use, N x 3 x H x W: painted with a mirrored margin, which is cut off.

    Args:
        network: the transformer network.
        seen: N x 4 x H x W (see `grained`), H and W multiples of the network's.
        scale, shift: N x C, or 1 x C for one style.
    """
    height, width = seen.shape[-2:]
    found, _ = network(window(seen, -MARGIN, -MARGIN, height + 2 * MARGIN, width + 2 * MARGIN), scale, shift)
    cut: Tensor = found[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
    return cut


def window(pictures: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A box of N x C x H x W pictures that repeat mirrored beyond their borders: N x C x height x width."""
    rows = torch.from_numpy(mirrored(top, top + height, pictures.shape[-2]))
    columns = torch.from_numpy(mirrored(left, left + width, pictures.shape[-1]))
    return pictures[:, :, rows[:, None], columns]


class Objective:
    """A perceptual network and the weights of its layers.

    Args:
        network: judges; every layer named below is one of its taps.
        content_layers, style_layers: tap name to weight; only their proportions matter.
        half: judge in bfloat16, in two thirds of the time where the processor has it
            (:func:`impasto.networks.speed.has_bfloat16`). Gradients then point 15 degrees beside the exact ones,
            which is less than those of two batches differ.
    """

    def __init__(
        self,
        network: PerceptualNetwork,
        content_layers: Mapping[str, float],
        style_layers: Mapping[str, float],
        *,
        half: bool = False,
    ) -> None:
        self.network, self.half = network, half
        self.content_layers, self.style_layers = dict(content_layers), dict(style_layers)
        self.taps = network.check([*content_layers, *style_layers])

    def features(self, pictures: Tensor) -> Features:
        """Features of N x 3 x H x W pictures in [0, 1] at every layer."""
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=self.half):
            found: Features = self.network(pictures, self.taps)
        return {tap: x.float() for tap, x in found.items()}

    @torch.no_grad()
    def style_targets(self, pictures: Sequence[Path], size: int, scale: float = 1.0) -> Features:
        """Gram matrices of a style by layer, 1 x C x C: the mean over its pictures (see `read_style`)."""
        device = next(self.network.buffers()).device
        grams: dict[str, list[Tensor]] = {layer: [] for layer in self.style_layers}
        for path in pictures:
            found = self.network(read_style(path, size, scale).to(device), self.style_layers)
            for layer, x in found.items():
                grams[layer].append(losses.gram(x))
        return {layer: torch.stack(found).mean(dim=0) for layer, found in grams.items()}

    def content(self, found: Features, wanted: Features, spreads: Features | None = None) -> Tensor:
        """Content loss of painted pictures' features against the photographs', one number a picture.

        Args:
            found, wanted: of the same N pictures.
            spreads: by tap, what distances are relative to; default: the spread of ``wanted``, which should then
                be a whole batch.
        """
        parts = [
            weight * losses.content_loss(found[tap], wanted[tap], spreads[tap] if spreads else None)
            for tap, weight in self.content_layers.items()
        ]
        return torch.stack(parts).sum(dim=0) / sum(self.content_layers.values())

    def style(self, found: Features, targets: Features) -> Tensor:
        """Style loss of painted pictures' features, one number a picture.

        Args:
            found: N pictures' features.
            targets: Gram matrices, N x C x C, or 1 x C x C for one style.
        """
        parts = [
            weight * losses.style_loss(losses.gram(found[tap]), targets[tap])
            for tap, weight in self.style_layers.items()
        ]
        return torch.stack(parts).sum(dim=0) / sum(self.style_layers.values())


class Plateau:
    """Tells when a loss has stopped falling.

    Args:
        patience: so many values in a row may be no better than the best by ``gain``, a share of it.
    """

    def __init__(self, patience: int, gain: float) -> None:
        self.patience, self.gain = patience, gain
        self.best, self.waited = float("inf"), 0

    def reached(self, loss: float) -> bool:
        """Take in the next value."""
        if loss < self.best * (1 - self.gain):
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        return self.waited >= self.patience


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
    picture = images.read(path)
    if picture.alpha is not None:
        picture = replace(picture, rgb=images.fill_transparent(picture.rgb, picture.alpha), alpha=None)
    image = images.to_pil(picture)
    factor = min(1.0, size / min(image.size)) * scale
    small = image.resize(
        (max(1, round(image.width * factor)), max(1, round(image.height * factor))), Image.Resampling.LANCZOS
    )
    return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)[None].float() / 255
