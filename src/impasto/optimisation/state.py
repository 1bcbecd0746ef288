"""What is known of an optimisation while it goes on, at its end, and when a later run goes on from there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from torch import Tensor

from impasto.errors import InputError
from impasto.files import atomic_path, temporary_folder
from impasto.optimisation.style_pictures import Array
from impasto.pictures.picture import to_samples
from impasto.remaining import seconds_left

_METADATA_KEY = "impasto-paint"  # key in a state file's metadata of everything but the tensors, as JSON
_SPAN = 10  # iterations over which the loss of a result is compared


@dataclass(frozen=True)
class OptimisationProgress:
    """Where the optimisation is; handed to ``progress`` after each iteration.

    Attributes:
        iteration: number of the iteration that is done, from 1, over all scales and all runs that were resumed.
        iterations: how many are planned, over all scales and all runs that were resumed.
        scale: number of the size that is painted at now, from 1.
        scales: how many sizes there are.
        size: width and height that is painted at now.
        loss: weighted sum of all losses.
        parts: the weighted losses by name (``content``, ``style``, ``tv``), also by layer (``style/relu3_1``).
        seconds: since this run started.
        share: of the work that is done, in [0, 1].
        picture: makes the picture so far, H x W x 3 in [0, 1], at the size that is painted at now.
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
    def seconds_left(self) -> float | None:
        """Seconds that are left, by the speed so far; ``None`` as long as that would be a guess."""
        return seconds_left(self.seconds, self.share)


@dataclass(frozen=True)
class OptimisationResult:
    """An optimised picture.

    Attributes:
        rgb: H x W x 3 in [0, 1].
        state: what a later run needs to go on.
        losses: the loss after each iteration.
        interrupted: whether Ctrl-C came before the end; ``rgb`` is the picture so far then.
    """

    rgb: Array
    state: OptimisationState
    losses: list[float]
    interrupted: bool = False

    @property
    def change(self) -> float:
        """The share by which the loss fell over the last ten iterations; NaN where the last scale had fewer than 11."""
        if min(len(self.losses), self.state.done) <= _SPAN or not self.losses[-1 - _SPAN]:
            return math.nan
        before, now = self.losses[-1 - _SPAN], self.losses[-1]
        return (before - now) / abs(before)


@dataclass(frozen=True)
class OptimisationState:
    """An optimisation that can go on.

    Attributes:
        tensors: the minimiser's, by name; ``picture`` is the picture so far, 1 x 3 x h x w.
        scale: index of the size that was painted at, 0 is the coarsest.
        done: iterations done at that size.
        size: height and width of the result.
        content: hash of the photograph at the result's size.
        optimizer: the recipe's, ``"adam"`` or ``"lbfgs"``.
        finished: whether the run came to its end.
        objective: :attr:`impasto.optimisation.optimiser.Optimiser.objective_hash` of the run; empty in files that were
            written before it was kept.
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
        """Write to a safetensors file.

        Raises:
            OutputError: it cannot be written.
        """
        from safetensors.torch import save_file  # straight to the file: a copy in memory might not fit

        about = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "tensors"}
        tensors = {name: value.contiguous().cpu() for name, value in self.tensors.items()}
        # safetensors writes to a file of its own name first, and leaves it behind where it is killed.
        with atomic_path(path) as temporary, temporary_folder(beside=temporary) as folder:
            written = folder / temporary.name
            save_file(tensors, written, metadata={_METADATA_KEY: json.dumps(about)})
            written.replace(temporary)

    @classmethod
    def load(cls, path: Path) -> OptimisationState:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: the file cannot be read, or holds no state.
        """
        from safetensors import safe_open

        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()[_METADATA_KEY])
                # Copied out of the mapped file: sums depend on how tensors are aligned, and the file is soon replaced.
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (not a dict)
            return cls(tensors, **{**about, "size": tuple(about["size"])})
        except Exception as error:  # whatever is wrong with the file
            raise InputError(f"{path} holds no state to resume from ({error}); start anew without --resume.") from error


def eight_bit_levels(values: Array) -> bytes:
    """A picture or mask in [0, 1] as levels of 8 bits, for hashing: small differences of rounding do not count."""
    return to_samples(values, np.dtype(np.uint8)).tobytes()
