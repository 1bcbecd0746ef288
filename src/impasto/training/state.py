"""What training changes and a checkpoint keeps: network, styles, their averages, and the optimisers.

The convolutions' kernels are trained by Muon, all else (biases and the styles' scale and shift) by Adam. The weights
that are exported are an exponential moving average of the trained ones.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from impasto.networks.speed import channels_last
from impasto.networks.transformer import Architecture, TransformerNetwork
from impasto.styles.style import PHOTOGRAPH
from impasto.training.muon import Muon
from impasto.training.schedules import set_learning_rates, update_averages

# Peak for a network that begins with random weights; trained weights get a quarter of it (lab book, 2026-11-25).
LEARNING_RATE = 8e-3


class TrainingState:
    """A network with its styles while they are trained.

    Args:
        names: the styles, the photograph style first.
        architecture: architecture of the network; default: the usual one.
        device: where the network is trained.
        learning_rate: peak for the network; None: the usual one, or that of the checkpoint.
        style_learning_rate: peak for the styles' scale and shift.

    Attributes:
        network: the transformer network.
        scale: S x C, one row a style.
        shift: S x C, one row a style.
        averaged: the averages of all that is trained, by name (see :meth:`tensors`).
        optimisers: Muon and Adam.
    """

    def __init__(
        self,
        names: Sequence[str],
        architecture: Architecture | None,
        device: torch.device,
        learning_rate: float | None,
        style_learning_rate: float,
    ) -> None:
        self.names, self.learning_rate, self.style_learning_rate = list(names), learning_rate, style_learning_rate
        self.network = channels_last(TransformerNetwork(architecture).to(device))
        count = self.network.architecture.normalised_channels
        self.scale = nn.Parameter(torch.ones(len(names), count, device=device))
        self.shift = nn.Parameter(torch.zeros(len(names), count, device=device))
        parameters = list(self.network.parameters())
        rest = [{"params": [p for p in parameters if p.ndim < 4]}, {"params": [self.scale, self.shift]}]
        self.optimisers = (
            Muon([p for p in parameters if p.ndim == 4], LEARNING_RATE),
            torch.optim.Adam(rest, betas=(0.9, 0.99)),
        )
        self._set_peaks(LEARNING_RATE)
        self.averaged = {name: value.detach().clone() for name, value in self.tensors().items()}

    def tensors(self) -> dict[str, Tensor]:
        """All that is trained, by name."""
        return {
            **dict(self.network.named_parameters()),
            "styles.scale": self.scale,
            "styles.shift": self.shift,
        }

    def groups(self) -> list[dict[str, Any]]:
        """The parameter groups of both optimisers; each has its ``lr`` and the ``peak`` of it."""
        return [group for optimiser in self.optimisers for group in optimiser.param_groups]

    def _set_peaks(self, usual: float) -> None:
        """Set how high the learning rates go: the network's as asked for, or else the usual one."""
        *network, styles = self.groups()
        for group in network:
            group["peak"] = usual if self.learning_rate is None else self.learning_rate
        styles["peak"] = self.style_learning_rate

    def set_learning_rates(self, factor: float) -> None:
        """Set every learning rate to its peak times a factor of the schedule."""
        groups = self.groups()
        set_learning_rates(groups, [group["peak"] for group in groups], factor)

    def update_averages(self, step: int, share: float) -> None:
        """Move the averages on after a step; see :func:`impasto.training.schedules.update_averages`."""
        update_averages(self.averaged.values(), list(self.tensors().values()), step, share)

    def averaged_network(self) -> tuple[TransformerNetwork, Tensor, Tensor]:
        """The averaged network with all styles' scale and shift, S x C, on the CPU."""
        network = copy.deepcopy(self.network).cpu()  # a new one would draw random numbers, and the run would differ
        network.load_state_dict({k: v.cpu() for k, v in self.averaged.items() if not k.startswith("styles.")})
        network.eval().requires_grad_(False)
        return network, self.averaged["styles.scale"].cpu(), self.averaged["styles.shift"].cpu()

    @torch.no_grad()
    def load_weights(self, weights: Mapping[str, Tensor], averaged: Mapping[str, Tensor] | None = None) -> None:
        """Copy weights by name.

        Args:
            weights: the trained weights, as :meth:`tensors` names them.
            averaged: their averages; ``None``: the weights themselves.
        """
        for name, value in self.tensors().items():
            value.copy_(weights[name])
            self.averaged[name].copy_((averaged or weights)[name])

    def start_from(self, network: TransformerNetwork, styles: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        """Begin with a trained network; a style that it does not know begins as the mean of those it does.

        Unless another was asked for, the network's peak learning rate is a quarter of the usual one from here on.

        Args:
            network: a network of the same architecture.
            styles: scale and shift, C numbers each, by name.
        """
        self._set_peaks(LEARNING_RATE / 4)
        known = [pair for name, pair in styles.items() if name != PHOTOGRAPH] or list(styles.values())
        mean = tuple(torch.stack([pair[i] for pair in known]).mean(dim=0) for i in (0, 1))
        pairs = [styles.get(name, mean) for name in self.names]
        self.load_weights(
            {
                **dict(network.named_parameters()),
                "styles.scale": torch.stack([pair[0] for pair in pairs]),
                "styles.shift": torch.stack([pair[1] for pair in pairs]),
            }
        )

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {
            "names": self.names,
            "architecture": self.network.describe(),
            "weights": {name: value.detach() for name, value in self.tensors().items()},
            "averaged": self.averaged,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }

    def is_of_same_network(self, checkpoint: Mapping[str, Any]) -> bool:
        """Whether a checkpoint is of the same styles and architecture."""
        same_styles: bool = checkpoint["names"] == self.names
        return same_styles and checkpoint["architecture"] == self.network.describe()

    def is_of_same_edition(self, checkpoint: Mapping[str, Any]) -> bool:
        """Whether a checkpoint has both optimisers and the same inputs of the network, as older ones have not."""
        if "optimisers" not in checkpoint:
            return False
        same: bool = checkpoint["weights"]["stem.weight"].shape == self.network.stem.weight.shape
        return same

    def load_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned, learning rates included where no other was asked for."""
        self.load_weights(checkpoint["weights"], checkpoint["averaged"])
        for optimiser, kept in zip(self.optimisers, checkpoint["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self._set_peaks(self.groups()[0]["peak"])
