"""The style predictor while it is trained: pieces of pictures in, their styles and what these are judged by out.

It is trained alone, for a network that is at rest (:mod:`impasto.training.predictor`), or beside the network itself
(:mod:`impasto.training.fit`), which so comes to know thousands of styles (Ghiasi et al. 2017, arXiv 1705.06830).

**Each layer its rate.** The first layer has three thousand inputs and the last is read by no other: with one rate for
all, the first one jumps before the last one moves (Yang et al. 2022, arXiv 2203.03466).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from impasto.errors import TrainingError
from impasto.networks import losses
from impasto.networks.predictor import TAPS, PredictorArchitecture, StylePredictor, style_statistics
from impasto.training.perceptual_loss import Features, PerceptualLoss
from impasto.training.schedules import set_learning_rates, update_averages
from impasto.training.style_crops import StyleCrops

# What the learning rate is multiplied by, for each parameter.
RATES = {
    "first.weight": 0.03, "first.bias": 1.0, "second.weight": 0.3, "second.bias": 1.0,
    "code.weight": 0.3, "code.bias": 1.0, "last.weight": 3.0, "last.bias": 10.0,
}  # fmt: skip
_FIRST_PIECES = 480  # pieces of style pictures by which statistics are standardised
_MAIN_DIRECTIONS = 192  # main directions of their statistics that the first layer begins with
_STRONG = 60  # number of the main direction from which on weaker ones are not enlarged all the way
_WEAKEST = 0.3  # share of that direction's deviation that weaker ones count with at least
_LEAST_SPREAD = 0.25  # least deviation of scale and shift: where known styles agree, others may yet differ


class PredictedStyles:
    """A style predictor, its optimiser, and the pieces of style pictures that it is shown.

    Args:
        pieces: style pictures.
        objective: the losses; its network is the builtin one, whose features the predictor reads.
        learning_rate: peak of Adam's, before :data:`RATES`.

    Attributes:
        predictor: what is trained.
        averaged: the moving average of its weights.
        optimisers: Adam.

    Raises:
        TrainingError: the objective's network is another one.
    """

    predictor: StylePredictor
    averaged: StylePredictor
    optimisers: tuple[torch.optim.Adam]

    def __init__(self, pieces: StyleCrops, objective: PerceptualLoss, learning_rate: float) -> None:
        if not set(objective.taps) <= set(TAPS) or not objective.network.heads:
            raise TrainingError(
                "Styles are predicted from what the builtin perceptual network sees; leave --features out."
            )
        self.pieces, self.objective, self.learning_rate = pieces, objective, learning_rate
        self.device = next(objective.network.buffers()).device

    @property
    def begun(self) -> bool:
        """Whether there is a predictor yet."""
        return hasattr(self, "predictor")

    def begin(self, known: Tensor) -> None:
        """Begin with a new predictor, which gives the mean of known styles.

        Args:
            known: their scale and shift, K x 2 C.
        """
        drawn = [self._describe(self.pieces.batch(4))[0] for _ in range(_FIRST_PIECES // 4)]
        statistics = torch.cat(drawn)
        predictor = StylePredictor(PredictorArchitecture(statistics.shape[1], channels=known.shape[1] // 2))
        _begin(predictor, statistics.cpu(), known.cpu())
        self.go_on_from(predictor)

    def go_on_from(self, predictor: StylePredictor) -> None:
        """Begin with a trained predictor."""
        self.predictor, self.averaged = (StylePredictor(predictor.architecture).to(self.device) for _ in range(2))
        for own in (self.predictor, self.averaged):
            own.load_state_dict(predictor.state_dict())
        groups = [{"params": [value]} for value in self.predictor.parameters()]
        self.optimisers = (torch.optim.Adam(groups, self.learning_rate, betas=(0.9, 0.99)),)

    def draw(self, count: int, own: slice = slice(None)) -> tuple[Tensor, Tensor, Features]:
        """Predict the styles of pieces of pictures.

        Args:
            count: how many pieces are drawn.
            own: those of them whose styles are predicted here.

        Returns:
            Scale and shift, N x C each, and the Gram matrices of the pieces by layer, N x C' x C'.
        """
        statistics, grams = self._describe(self.pieces.batch(count)[own])
        scale, shift = self.predictor(statistics)
        return scale, shift, grams

    def set_learning_rates(self, factor: float) -> None:
        """Set every learning rate to its peak times a factor of the schedule."""
        peaks = [self.learning_rate * RATES[name] for name, _ in self.predictor.named_parameters()]
        set_learning_rates(self.optimisers[0].param_groups, peaks, factor)

    def update_averages(self, step: int, share: float) -> None:
        """Move the averages on after a step; see :func:`impasto.training.schedules.update_averages`."""
        update_averages(self.averaged.parameters(), list(self.predictor.parameters()), step, share)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {
            "architecture": self.predictor.describe(),
            "predictor": self.predictor.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimisers[0].state_dict(),
            "pieces": json.dumps(self.pieces.state()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self.go_on_from(StylePredictor(PredictorArchitecture(**state["architecture"])))
        self.predictor.load_state_dict(state["predictor"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimisers[0].load_state_dict(state["optimiser"])
        self.pieces.set_state(json.loads(state["pieces"]))

    @torch.no_grad()
    def _describe(self, pieces: Tensor) -> tuple[Tensor, Features]:
        """Statistics of style pictures, N x S, and their Gram matrices by layer."""
        judge = self.objective.network
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.objective.half):
            narrow = judge.narrow(pieces.to(self.device), TAPS)
        narrow = {tap: x.float() for tap, x in narrow.items()}
        grams = {tap: losses.gram(judge.in_metric(tap, narrow[tap])) for tap in self.objective.style_layers}
        return style_statistics(judge, narrow), grams


def stacked(styles: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Scale and shift of styles one behind the other, K x 2 C."""
    return torch.stack([torch.cat(pair) for pair in styles])


@torch.no_grad()
def _begin(predictor: StylePredictor, statistics: Tensor, vectors: Tensor) -> None:
    """Standardise by the first pieces, begin with their main directions, and with the mean of the known styles.

    Args:
        predictor: is changed.
        statistics: of style pictures, N x S.
        vectors: scale and shift of the known styles, K x 2 C.
    """
    predictor.mean.copy_(statistics.mean(dim=0))
    predictor.deviation.copy_(statistics.std(dim=0))
    predictor.middle.copy_(vectors.mean(dim=0))
    predictor.spread.copy_(vectors.std(dim=0, unbiased=len(vectors) > 1).clamp_min(_LEAST_SPREAD))
    standard = predictor.standardised(statistics)
    _, deviations, directions = torch.linalg.svd(standard - standard.mean(dim=0), full_matrices=False)
    deviations = deviations / len(standard) ** 0.5
    count = min(_MAIN_DIRECTIONS, len(deviations) // 2)  # the weakest ones of few pieces are noise
    least = _WEAKEST * deviations[min(count - 1, _STRONG)]
    predictor.first.weight[:count] = directions[:count] / deviations[:count, None].clamp_min(least)
    predictor.first.bias.zero_()
