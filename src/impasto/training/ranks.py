"""Several processes that train one network together, as ``torchrun`` starts them: plain data parallelism.

Each process, a *rank*, holds the whole network and paints pictures of its own; their gradients are averaged before each
step, so that all take the same step. Rank 0 writes. One process alone is the same code with nothing to average.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import distributed

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """The processes that train together.

    Attributes:
        rank: the number of this one, from 0.
        count: how many there are.
    """

    rank: int = 0
    count: int = 1

    @classmethod
    def joined(cls, device: torch.device) -> Ranks:
        """Join the others, whose number and addresses ``torchrun`` has put into the environment.

        Args:
            device: on which this process trains.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def writes(self) -> bool:
        """Whether this process writes the results."""
        return self.rank == 0

    @property
    def own(self) -> slice:
        """Which pictures of a batch that all draw alike are this process's."""
        return slice(self.rank, None, self.count)

    def average_gradients(self, parameters: Iterable[torch.Tensor]) -> None:
        """Give all processes the mean of their gradients; one without a gradient counts as zero."""
        if self.count == 1:
            return
        given = list(parameters)
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in given]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.count
        for parameter, part in zip(given, torch.split(flat, [p.numel() for p in given]), strict=True):
            parameter.grad = part.view_as(parameter)

    def average(self, values: Iterable[torch.Tensor]) -> None:
        """Give all processes the mean of their values, in place."""
        if self.count > 1:
            for value in values:
                distributed.all_reduce(value)
                value /= self.count

    def any(self, here: bool, device: torch.device) -> bool:
        """Whether something holds in any process."""
        if self.count == 1:
            return here
        flag = torch.tensor(float(here), device=device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag.item())

    def of_first(self, value: T) -> T:
        """The value that rank 0 has, for all: clocks and losses differ, and all must stop together."""
        if self.count == 1:
            return value
        held = [value]
        distributed.broadcast_object_list(held)
        return held[0]
