"""What the loops of training, learning and distillation share: learning rates, a step, averages, the end of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

MAX_GRADIENT_NORM = 5.0  # Euclidean norm over all parameters that a gradient is shortened to
MIN_LEARNING_RATE_FACTOR = 0.01  # share of the peak learning rate that is left at the end of the cosine decay
SMOOTHING = 0.02  # share of the newest step in a reported, smoothed loss


def learning_rate_factor(step: int, warmup: int, share: float) -> float:
    """What a peak learning rate is multiplied by: a linear warm-up, then a cosine decay.

    Cosine decay: Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts.

    Args:
        step: steps before this one.
        warmup: steps of the warm-up.
        share: how much of the run is done, in [0, 1].
    """
    decay = max(0.5 * (1 + math.cos(math.pi * share)), MIN_LEARNING_RATE_FACTOR)
    return min(1.0, (step + 1) / warmup) * decay


def set_learning_rates(groups: Iterable[dict[str, Any]], peaks: Iterable[float], factor: float) -> None:
    """Set the learning rate of each of the optimisers' parameter groups to its peak times a factor."""
    for group, peak in zip(groups, peaks, strict=True):
        group["lr"] = factor * peak


def optimiser_step(
    loss: Tensor, *optimisers: torch.optim.Optimizer, average: Callable[[list[Tensor]], None] | None = None
) -> bool:
    """Let the optimisers take one step along the loss's gradient, clipped to :data:`MAX_GRADIENT_NORM`.

    Args:
        loss: what is to fall.
        optimisers: all of them.
        average: is given the parameters, whose gradients it averages over several processes.

    Returns:
        Whether they did. Through the normalisations of a perfectly flat crop (a burnt-out sky) the gradient overflows;
        then the step is left out.
    """
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    groups = [group for optimiser in optimisers for group in optimiser.param_groups]
    parameters = [parameter for group in groups for parameter in group["params"]]
    if average is not None:
        average(parameters)
    norm = nn.utils.clip_grad_norm_(parameters, MAX_GRADIENT_NORM)
    finite = bool(torch.isfinite(norm))
    if finite:
        for optimiser in optimisers:
            optimiser.step()
    return finite


@torch.no_grad()
def update_averages(averages: Iterable[Tensor], values: Sequence[Tensor], step: int, max_share: float) -> None:
    """Move exponential moving averages on to the values after a step.

    Args:
        averages: the averages, changed in place.
        values: the values, in the same order.
        step: steps before this one. After few of them the averages are short, so that the start is forgotten.
        max_share: share of an average that is kept from step to step, once there were many steps.
    """
    keep = min(max_share, (1 + step) / (10 + step))
    for average, value in zip(averages, values, strict=True):
        average.lerp_(value, 1 - keep)


def smoothed(before: float, value: float) -> float:
    """A loss as it is reported after a step: an exponential moving average, see :data:`SMOOTHING`."""
    return (1 - SMOOTHING) * before + SMOOTHING * value


class Plateau:
    """Tells when a loss has stopped falling.

    Args:
        patience: values in a row that may fail to be better than the best before the loss counts as flat.
        gain: a better value is lower than the best by this share of it.
    """

    def __init__(self, patience: int, gain: float) -> None:
        self.patience, self.gain = patience, gain
        self.best, self.waited = float("inf"), 0

    def reached(self, loss: float) -> bool:
        """Take in the next value, and tell whether the loss is flat."""
        if loss < self.best * (1 - self.gain):
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        return self.waited >= self.patience
