"""TODO: say what this module is for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from torch import Tensor

from impasto.errors import InputError
from impasto.files import atomic_path
from impasto.optimisation.style_pictures import Array


@dataclass(frozen=True)
class OptimisationProgress:
    """Where the optimisation is; handed to the callback after each iteration.

    Attributes:
        iteration, iterations: so far and planned, over all scales and all runs that were resumed.
        scale, scales: the size now painted at, from 1, and how many there are.
        size: its width and height.
        loss: total.
        parts: the losses by name: ``content``, ``style``, ``tv``, ...; also by layer: ``style/relu3_1``.
        seconds: since the start.
        share: of the work that is done.
        picture: makes the picture so far, H x W x 3 in [0, 1], at the size now painted at.
        state: makes the state to resume from.
    """

    iteration: int
    iterations: int
    scale: int
    scales: int
    size: tuple[int, int]
    loss: float
    parts: Mapping[str, float]
    seconds: float
    share: float
    picture: Callable[[], Array] = field(repr=False)
    state: Callable[[], OptimisationState] = field(repr=False)

    @property
    def seconds_left(self) -> float:
        """Estimate from the speed so far."""
        return self.seconds * (1 - self.share) / max(self.share, 1e-9)


@dataclass(frozen=True)
class OptimisationResult:
    """An optimised picture.

    Attributes:
        rgb: H x W x 3 in [0, 1].
        state: what a later run needs to go on.
        losses: the loss after each iteration.
        interrupted: Ctrl-C came before the end; ``rgb`` is the best there was.
    """

    rgb: Array
    state: OptimisationState
    losses: list[float]
    interrupted: bool = False

    @property
    def change(self) -> float:
        """By which share the loss fell over the last ten iterations; not a number where the scale had no eleven."""
        if min(len(self.losses), self.state.done) < 11 or not self.losses[-11]:
            return math.nan
        return (self.losses[-11] - self.losses[-1]) / abs(self.losses[-11])


@dataclass(frozen=True)
class OptimisationState:
    """An optimisation that can go on.

    Attributes:
        tensors: the optimiser's.
        scale, done: where it is, and the iterations done there.
        size: full height and width.
        content: hash of the photograph at that size.
        optimizer: the recipe's.
        finished: whether it came to its end.
        objective: :attr:`Painter.objective`; empty in files of before it was kept.
        count: iterations over all scales and runs.
    """

    tensors: Mapping[str, Tensor]
    scale: int
    done: int
    size: tuple[int, int]
    content: str
    optimizer: str
    finished: bool
    objective: str = ""
    count: int = 0

    def save(self, path: Path) -> None:
        """Write to a safetensors file."""
        from safetensors.torch import save_file  # straight to the file: a copy in memory might not fit

        about = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "tensors"}
        tensors = {name: value.contiguous().cpu() for name, value in self.tensors.items()}
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata={"impasto-paint": json.dumps(about)})

    @classmethod
    def load(cls, path: Path) -> OptimisationState:
        """Read what :meth:`save` wrote."""
        from safetensors import safe_open

        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()["impasto-paint"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            return cls(tensors, **{**about, "size": tuple(about["size"])})
        except Exception as error:  # whatever is wrong with the file
            raise InputError(f"{path} holds no state to resume from ({error}); start anew without --resume.") from error
