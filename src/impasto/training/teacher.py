"""The teacher of a knowledge distillation, and crops with its features, kept because they cost much."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.errors import TrainingError
from impasto.networks.perceptual import PerceptualNetwork
from impasto.training.student import TAPS, GridStart, on_grid

BATCH = 8  # crops that the teacher looks at together


class Teacher:
    """A perceptual network whose layers are to be predicted.

    Args:
        network: the network, with dense convolutions and without heads.
        half: whether to compute in bfloat16.

    Raises:
        TrainingError: it is a small network that was itself distilled.
    """

    def __init__(self, network: PerceptualNetwork, *, half: bool = False) -> None:
        if network.heads or network.factors:
            raise TrainingError(
                "The teacher is itself a network that was distilled; give what it learnt from, as vgg19."
            )
        self.network, self.half = network, half

    def __call__(self, images: Tensor, layers: Sequence[str] = TAPS) -> dict[str, Tensor]:
        """Its features by layer, N x C x h x w, of N x 3 x H x W pictures in [0, 1].

        Raises:
            InputError: it has not such a layer.
        """
        return {layer: F.relu(x) for layer, x in self.before_relu(images, layers).items()}

    def before_relu(self, images: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """The values that become :meth:`__call__`'s features by a ReLU."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.half):
            values = self.network.narrow(images, layers, before_relu=True)
        return {layer: x.float() for layer, x in values.items()}


class FeaturePool:
    """Crops with the teacher's features, drawn from for many steps: the teacher costs many times what the student does.

    Args:
        teacher: the teacher whose features are kept.
        layers: the layers whose features are kept.
        size: crops that are kept; the oldest go first.
    """

    def __init__(self, teacher: Teacher, layers: Sequence[str], size: int) -> None:
        self.teacher, self.layers = teacher, list(layers)
        self.kept: deque[tuple[Tensor, GridStart, dict[str, Tensor]]] = deque(maxlen=size)

    def missing(self, count: int, fresh: int) -> int:
        """How many crops to add before ``count`` are drawn: more than ``fresh`` until the pool is full."""
        return fresh if len(self.kept) == self.kept.maxlen else fresh + count

    @torch.no_grad()
    def add(self, images: Tensor, starts: Sequence[GridStart] | None = None) -> None:
        """Keep pictures and the teacher's features of them on grids, both in fp16.

        Args:
            images: N x 3 x H x W in [0, 1].
            starts: where the grids of each start; default: at random.
        """
        images = images.half()
        if starts is None:
            starts = [(row, column) for row, column in torch.randint(4, (len(images), 2)).tolist()]
        features = self.teacher(images.float(), self.layers)
        for index, (image, start) in enumerate(zip(images, starts, strict=True)):
            sample = {layer: on_grid(layer, x[index], start).half() for layer, x in features.items()}
            self.kept.append((image.clone(), start, sample))

    def draw(self, count: int) -> tuple[Tensor, list[GridStart], dict[str, Tensor]]:
        """Draw crops at random, with replacement.

        Returns:
            N x 3 x H x W pictures; where the grids of each start; the teacher's features on these by layer.
        """
        drawn = [self.kept[index] for index in torch.randint(len(self.kept), (count,)).tolist()]
        targets = {layer: torch.stack([sample[layer] for _, _, sample in drawn]).float() for layer in self.layers}
        return torch.stack([image for image, _, _ in drawn]).float(), [start for _, start, _ in drawn], targets

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of it: the pictures and where their grids start, but not the features."""
        return {
            "images": torch.stack([image for image, _, _ in self.kept]),
            "starts": [start for _, start, _ in self.kept],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` returned; the teacher looks at all pictures again."""
        self.kept.clear()
        for images, first in zip(state["images"].split(BATCH), range(0, len(state["images"]), BATCH), strict=True):
            self.add(images, state["starts"][first : first + BATCH])
