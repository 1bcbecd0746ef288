"""Muon: momentum whose singular values are made alike before each step.

A gradient with a few large singular values moves a kernel in a few directions only; made orthogonal, it moves it as
far in all (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon). Beside Adam in the lab book, 2026-11-25.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Muon(torch.optim.Optimizer):
    """For kernels of convolutions; what is no matrix (a style, a bias) is left to Adam.

    Args:
        kernels: C' x C x k x k, looked at as matrices of C' rows.
        lr: of about the size that Adam has it: a step's entries have the mean square of Adam's usual ones, 0.2 times
            this (Liu et al. 2025, arXiv 2502.16982).
        momentum: share of what is kept of earlier gradients.
    """

    def __init__(self, kernels: Iterable[nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(kernels, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # without a closure
        """Move every kernel that has a gradient."""
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                state = self.state[kernel]
                if not state:
                    state["momentum"] = torch.zeros_like(kernel)
                momentum = state["momentum"]
                momentum.lerp_(kernel.grad, 1 - group["momentum"])
                ahead = kernel.grad.lerp(momentum, group["momentum"])  # Nesterov's
                update = orthogonal(ahead.flatten(1))
                length = 0.2 * math.sqrt(max(update.shape))
                kernel.add_(update.reshape(kernel.shape), alpha=-group["lr"] * length)


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """The matrix with all singular values near 1, between 0.7 and 1.2, by a Newton-Schulz iteration of fifth order."""
    a, b, c = 3.4445, -4.7750, 2.0315  # steepest at 0, so that small ones grow fast
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x
