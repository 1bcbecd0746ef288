"""Crops that are painted under the student while it learns.

Whoever optimises a picture under the student drives it to where the student is wrong. The teacher therefore looks at
such pictures, too: each is a crop that is optimised in the style of another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from impasto.networks import losses
from impasto.networks.perceptual import PerceptualNetwork
from impasto.training.perceptual_loss import PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.student import TAPS


class PaintedCrops:
    """Crops being optimised, each for some rounds with a content weight of its own, after which a new one is begun.

    Args:
        photographs: where the crops for content and style come from.
        count: crops in progress.
    """

    ITERATIONS = 6  # steps of Adam in a round
    ROUNDS = 16  # rounds after which a crop is replaced
    LEARNING_RATE = 0.03  # learning rate of Adam, where colours are in [0, 1]
    STYLE_WEIGHT = 10.0  # weight of the style loss, where content weights are from 10 ** -0.5 to 10

    def __init__(self, photographs: Photographs, count: int = 8) -> None:
        self.photographs = photographs
        self.crops = [self._begin(rounds) for rounds in torch.randint(1, self.ROUNDS, (count,)).tolist()]

    def _begin(self, rounds: int = ROUNDS) -> _CropInProgress:
        """Begin a crop as its own photograph."""
        content, style = torch.from_numpy(self.photographs.batch(2)).unbind()
        return self._go_on(content, style, content, 10 ** float(torch.rand(()) * 1.5 - 0.5), rounds)

    def _go_on(
        self, content: Tensor, style: Tensor, picture: Tensor, content_weight: float, rounds: int
    ) -> _CropInProgress:
        """A crop whose optimiser is new; see :class:`_CropInProgress`."""
        parameter = nn.Parameter(picture.clone())
        optimiser = torch.optim.Adam([parameter], lr=self.LEARNING_RATE)
        return _CropInProgress(content, style, parameter, optimiser, content_weight, rounds)

    def state_dict(self) -> list[dict[str, Any]]:
        """What a checkpoint keeps of it."""
        return [
            {
                "crop": (one.content.clone(), one.style.clone(), one.picture.detach(), one.content_weight, one.rounds),
                "optimiser": one.optimiser.state_dict(),
            }
            for one in self.crops
        ]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        self.crops = [self._go_on(*kept["crop"]) for kept in state]
        for one, kept in zip(self.crops, state, strict=True):
            one.optimiser.load_state_dict(kept["optimiser"])

    def paint(self, network: PerceptualNetwork, count: int) -> Tensor:
        """Optimise some of the crops for another round under the student as it is now.

        Args:
            network: the student, frozen.
            count: crops to choose, at most as many as are in progress.

        Returns:
            The chosen crops, N x 3 x H x W in [0, 1].
        """
        chosen = torch.randperm(len(self.crops))[:count].tolist()
        crops = [self.crops[index] for index in chosen]
        objective = PerceptualLoss(network, {"relu4_1": 1.0}, dict.fromkeys(TAPS, 1.0))
        with torch.no_grad():
            content_features = objective.features(torch.stack([crop.content for crop in crops]))
            style_features = objective.features(torch.stack([crop.style for crop in crops]))
            grams = {tap: losses.gram(x) for tap, x in style_features.items()}
        weights = torch.tensor([crop.content_weight for crop in crops])
        for _ in range(self.ITERATIONS):
            features = objective.features(torch.stack([crop.picture for crop in crops]))
            content = weights * objective.content(features, content_features)
            for crop in crops:
                crop.optimiser.zero_grad()
            loss = (content + self.STYLE_WEIGHT * objective.style(features, grams)).sum()
            loss.backward()  # type: ignore[no-untyped-call]
            for crop in crops:
                crop.optimiser.step()
                crop.picture.data.clamp_(0, 1)
        pictures = torch.stack([crop.picture.detach() for crop in crops])
        for index, crop in zip(chosen, crops, strict=True):
            crop.rounds -= 1
            if crop.rounds == 0:
                self.crops[index] = self._begin()
        return pictures


@dataclass(eq=False)
class _CropInProgress:
    """A crop being optimised.

    Attributes:
        content: the photograph's crop, 3 x H x W in [0, 1].
        style: another crop, whose style it is to get.
        picture: what is optimised.
        optimiser: optimiser of this picture alone.
        content_weight: weight of the content loss.
        rounds: rounds that are left.
    """

    content: Tensor
    style: Tensor
    picture: nn.Parameter
    optimiser: torch.optim.Optimizer
    content_weight: float
    rounds: int
