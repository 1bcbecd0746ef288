"""The teacher of a knowledge distillation, and crops with its features, kept because they cost much."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.networks.perceptual import PerceptualNetwork
from impasto.training.student import TAPS, GridStart, on_grid


class Teacher:
    """One or several perceptual networks: each tap is taken from the first that has it.

    A network's heads are followed by a ReLU, as the 16-times smaller VGG-19 has it, so that every tap has
    the wide network's channels.

    Args:
        networks: the perceptual networks, at least one.
        half: whether to compute in bfloat16.
    """

    def __init__(self, networks: Sequence[PerceptualNetwork], *, half: bool = False) -> None:
        self.networks = list(networks)
        self.half = half

    def layers(self, names: Sequence[str]) -> list[str]:
        """Return those of the layers that one of the networks has."""
        return [name for name in names if any(name in network.taps for network in self.networks)]

    def __call__(self, images: Tensor, taps: Sequence[str] = TAPS) -> dict[str, Tensor]:
        """The wide features by tap, N x C x h x w, of N x 3 x H x W pictures in [0, 1].

        Raises:
            InputError: no network has a tap.
        """
        features: dict[str, Tensor] = {}
        for network in self.networks:
            here = [tap for tap in taps if tap in network.taps and tap not in features]
            if here:
                with torch.autocast(images.device.type, torch.bfloat16, enabled=self.half):
                    features |= {tap: F.relu(x).float() for tap, x in network.wide(images, here).items()}
        missing = [tap for tap in taps if tap not in features]
        if missing:
            self.networks[-1].check_taps(missing)
        return features


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
    def add(self, images: Tensor) -> None:
        """Keep N x 3 x H x W pictures in [0, 1] and their features on grids of random starts, both in fp16."""
        features, starts = self.teacher(images, self.layers), torch.randint(4, (len(images), 2)).tolist()
        for index, (image, start) in enumerate(zip(images, starts, strict=True)):
            sample = {tap: on_grid(tap, x[index], start).half() for tap, x in features.items()}
            self.kept.append((image.half(), start, sample))

    def draw(self, count: int) -> tuple[Tensor, list[GridStart], dict[str, Tensor]]:
        """Draw crops at random, with replacement.

        Returns:
            N x 3 x H x W pictures; where the grids of each start; the teacher's features on these by tap.
        """
        drawn = [self.kept[index] for index in torch.randint(len(self.kept), (count,)).tolist()]
        targets = {tap: torch.stack([sample[tap] for _, _, sample in drawn]).float() for tap in drawn[0][2]}
        return torch.stack([image for image, _, _ in drawn]).float(), [start for _, start, _ in drawn], targets
