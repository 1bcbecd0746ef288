"""What training, learning and distilling have in common: a step down a loss, its length, the average of the steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


def learning_rate_factor(step: int, warmup: int, share: float) -> float:
    """What a learning rate is multiplied by: a linear warm-up, then half a cosine down to a hundredth.

    Args:
        step: how many there were before.
        warmup: steps of the warm-up.
        share: how much of the run is done, in [0, 1].
    """
    return min(1.0, (step + 1) / warmup) * max(0.5 * (1 + math.cos(math.pi * share)), 0.01)


def optimiser_step(loss: Tensor, *optimisers: torch.optim.Optimizer) -> bool:
    """Let the optimisers take a step along the loss's gradient, which is shortened to a norm of 5.

    Returns:
        Whether they did: through the normalisations of a perfectly flat crop (a burnt-out sky) the gradient overflows,
        and the step is left out.
    """
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    groups = [group for optimiser in optimisers for group in optimiser.param_groups]
    norm = nn.utils.clip_grad_norm_([parameter for group in groups for parameter in group["params"]], 5.0)
    finite = bool(torch.isfinite(norm))
    if finite:
        for optimiser in optimisers:
            optimiser.step()
    return finite


@torch.no_grad()
def update_averages(averages: Iterable[Tensor], values: Sequence[Tensor], step: int, most: float) -> None:
    """Move exponential averages on to the values after a step.

    Args:
        step: how many there were before; the averages are short at first, so that the start is forgotten.
        most: share of an average that is kept from step to step, once there were many.
    """
    keep = min(most, (1 + step) / (10 + step))
    for kept, value in zip(averages, values, strict=True):
        kept.lerp_(value, 1 - keep)


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
