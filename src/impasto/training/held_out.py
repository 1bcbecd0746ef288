"""A network in training on photographs that it does not practise on: its losses, and a sheet to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from impasto.networks.transformer import TransformerNetwork
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import Picture
from impasto.styles.style import PHOTOGRAPH
from impasto.training.batch_losses import BatchLosses
from impasto.training.painting import paint_with_margin, with_grain
from impasto.training.photographs import Photographs

COUNT = 8  # held-out photographs that the losses are means over
SHEET_COUNT = 3  # held-out photographs that a sheet shows


class HeldOut:
    """Photographs that are held out, in every style.

    Args:
        photographs: has them.
        losses: the terms.
        names: the styles, the photograph style first.
        grain: amount of grain that photographs are painted with.
        device: where the losses are computed.
    """

    def __init__(
        self, photographs: Photographs, losses: BatchLosses, names: Sequence[str], grain: float, device: torch.device
    ) -> None:
        self.photographs, self.losses, self.names = photographs, losses, list(names)
        self.grain, self.device = grain, device

    @torch.no_grad()
    def terms(self, network: TransformerNetwork, scale: Tensor, shift: Tensor) -> dict[str, float]:
        """The losses of a network, each photograph painted in every style.

        Args:
            network: the network.
            scale: scale of the styles, S x C.
            shift: shift of the styles, S x C.

        Returns:
            Means by term; content and style also by style, as ``content/NAME``.
        """
        network = network.to(self.device)
        images = torch.from_numpy(self.photographs.val_batch(COUNT)).to(self.device)
        content_features = self.losses.objective.features(images)
        values: dict[str, list[float]] = {}
        for index, name in enumerate(self.names):
            styles = torch.full((len(images),), index, device=self.device)
            inputs = self._inputs(images, name)
            painted = paint_with_margin(network, inputs, scale[styles].to(images), shift[styles].to(images))
            for term, value in self.losses.terms(images, content_features, styles, painted).items():
                values.setdefault(term, []).append(value.item())
                if term in ("content", "style"):
                    values[f"{term}/{name}"] = [value.item()]
        return {term: round(float(np.mean(each)), 5) for term, each in values.items()}

    @torch.no_grad()
    def sheet(self, network: TransformerNetwork, scale: Tensor, shift: Tensor) -> Picture:
        """Photographs, a row each, followed by their paintings in every style; arguments as for :meth:`terms`."""
        images = torch.from_numpy(self.photographs.val_batch(SHEET_COUNT))
        rows = []
        for image in images[:, None]:
            row = [
                paint_with_margin(network, self._inputs(image, name), scale[i : i + 1], shift[i : i + 1])[0]
                for i, name in enumerate(self.names)
            ]
            rows.append(torch.cat([image[0], *row], dim=2))
        return from_array((torch.cat(rows, dim=1).permute(1, 2, 0) * 255).round().byte().numpy())

    def _inputs(self, images: Tensor, name: str) -> Tensor:
        """The network's input: photographs with all of the grain, the same every time."""
        return with_grain(images, 0.0 if name == PHOTOGRAPH else self.grain)
