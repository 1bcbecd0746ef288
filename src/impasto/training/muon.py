"""Muon: an optimiser whose momentum is orthogonalised before each step.

A gradient with a few large singular values moves a kernel in a few directions only. With all singular values alike it
moves the kernel equally far in all (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon). The lab book
compares it with Adam (2026-11-25). Ours because torch's own refuses kernels of convolutions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

ADAM_STEP = 0.2  # root mean square of the entries of Adam's usual steps, as a multiple of the learning rate


class Muon(torch.optim.Optimizer):
    """Muon for kernels of convolutions; what is no matrix (a style, a bias) is left to Adam.

    Args:
        kernels: kernels of convolutions, C' x C x k x k, treated as matrices of C' rows.
        lr: learning rate of about the size that Adam has it: a step's entries have the root mean square of Adam's
            usual ones, 0.2 times the rate (Liu et al. 2025, arXiv 2502.16982).
        momentum: share of the momentum that is kept from step to step.
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
                lookahead = kernel.grad.lerp(momentum, group["momentum"])  # Nesterov's momentum
                update = orthogonalise(lookahead.flatten(1))
                length = ADAM_STEP * math.sqrt(max(update.shape))
                kernel.add_(update.reshape(kernel.shape), alpha=-group["lr"] * length)


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """The matrix with all singular values between 0.7 and 1.2, by a Newton-Schulz iteration of fifth order."""
    a, b, c = 3.4445, -4.7750, 2.0315  # a polynomial that is steepest at 0, so that small singular values grow fast
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x
