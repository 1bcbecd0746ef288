"""The objective of training and learning: content against the photograph, style against the style's picture.

Content is a distance of features, style one of Gram matrices, both in a perceptual network and both relative
(:mod:`impasto.networks.losses`), after Johnson, Alahi and Fei-Fei 2016 (arXiv 1603.08155). Training many styles jointly
and learning one use the same objective, so that their losses can be compared. The layers and their weights are
:class:`impasto.training.settings.Settings`' ``content_layers`` and ``style_layers``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks import losses
from impasto.networks.perceptual import PerceptualNetwork
from impasto.styles.source_pictures import pieces
from impasto.training.style_sources import read_style_picture

Features = dict[str, Tensor]
"""Tap name to N x C x h x w."""


class PerceptualLoss:
    """The content and style losses under a perceptual network, each a weighted mean over layers.

    Args:
        network: the perceptual network; every layer named below is one of its taps.
        content_layers: tap name to weight; only their proportions matter.
        style_layers: tap name to weight; only their proportions matter.
        half: compute features in bfloat16, in two thirds of the time where the processor has it
            (:func:`impasto.networks.speed.has_bfloat16`). Gradients then point 15 degrees beside the exact ones,
            which is less than those of two batches differ.

    Raises:
        InputError: the network does not have one of the layers.
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
        self.taps = network.check_taps([*content_layers, *style_layers])

    def features(self, pictures: Tensor) -> Features:
        """The features of N x 3 x H x W pictures in [0, 1] at every layer."""
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=self.half):
            features: Features = self.network(pictures, self.taps)
        return {tap: x.float() for tap, x in features.items()}

    @torch.no_grad()
    def style_targets(self, pictures: Sequence[Path], size: int, scale: float = 1.0) -> Features:
        """The Gram matrices of a style by layer, 1 x C x C: the mean over its pictures.

        Args:
            pictures: files, at least one.
            size: shrink a picture's shorter side to this, in pixels, if it is longer.
            scale: resize a picture by this factor afterwards.

        Raises:
            InputError: a file cannot be read.
        """
        device = next(self.network.buffers()).device
        grams: dict[str, list[Tensor]] = {layer: [] for layer in self.style_layers}
        for path in pictures:
            whole = read_style_picture(path, size, scale)
            parts = [self._grams(whole[:, :, rows, columns].to(device)) for rows, columns in pieces(*whole.shape[2:])]
            for layer, each in grams.items():
                each.append(torch.stack([part[layer] for part in parts]).mean(dim=0))
        return {layer: torch.stack(each).mean(dim=0) for layer, each in grams.items()}

    def _grams(self, picture: Tensor) -> Features:
        """The Gram matrices of a picture, 1 x 3 x H x W, at the style layers: 1 x C x C each."""
        features = self.network(picture, self.style_layers)
        return {layer: losses.gram(x) for layer, x in features.items()}

    def content(self, features: Features, target: Features, spreads: Features | None = None) -> Tensor:
        """The content loss of painted pictures, one number a picture.

        Args:
            features: features of N painted pictures.
            target: features of the N photographs that they were painted from.
            spreads: by tap, the number that distances are divided by; default: the spread of ``target``, which should
                then be a whole batch.
        """
        parts = [
            weight * losses.content_loss(features[tap], target[tap], spreads[tap] if spreads else None)
            for tap, weight in self.content_layers.items()
        ]
        return torch.stack(parts).sum(dim=0) / sum(self.content_layers.values())

    def style(self, features: Features, grams: Features) -> Tensor:
        """The style loss of painted pictures, one number a picture.

        Args:
            features: features of N painted pictures.
            grams: Gram matrices of their styles, N x C x C, or 1 x C x C for one style.
        """
        parts = [
            weight * losses.style_loss(losses.gram(features[tap]), grams[tap])
            for tap, weight in self.style_layers.items()
        ]
        return torch.stack(parts).sum(dim=0) / sum(self.style_layers.values())
