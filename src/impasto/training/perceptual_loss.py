"""TODO: say what this module is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks import losses
from impasto.networks.perceptual import PerceptualNetwork
from impasto.training.painting import read_style

Features = dict[str, Tensor]
"""Tap name to N x C x h x w."""


class PerceptualLoss:
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
