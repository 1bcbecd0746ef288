"""What an engine is: something that runs one network, the same way whatever it is built on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OutOfMemoryError, StyleError, first_line

Array = NDArray[np.float32]

# What errors have in their class's name or their message when memory is short: of Python and torch, of the C++ library,
# onnxruntime's arena, torch's allocator on the CPU, the MPS backend, CUDA, cuDNN and cuBLAS.
_SHORT_OF_MEMORY = re.compile(
    r"MemoryError|(failed to|cannot|can't|could not) allocate|bad[_ ]alloc|alloc_failed|smaller than requested bytes"
    r"|(out of|not enough) memory",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Statistics:
    """Mean and variance of every normalised channel of a network.

    Attributes:
        mean: C numbers, one a channel.
        variance: C numbers, one a channel.
    """

    mean: Array
    variance: Array

    def towards(self, other: Statistics, share: float) -> Statistics:
        """The statistics at a share of the straight line from these (0) to others (1)."""
        part = np.float32(share)
        return Statistics(
            self.mean + part * (other.mean - self.mean), self.variance + part * (other.variance - self.variance)
        )


class Engine(Protocol):
    """A loaded network.

    Attributes:
        name: name for people, for example ``"onnxruntime, CPU"``.
        network: the network's id.
        channels: length of a style's vectors.
        multiple: pixels; sides of pictures must be multiples of it.
        minimum: pixels that a side must have at least.
        radius: input pixels on each side that a painted pixel depends on, statistics aside.
        border: mirrored pixels on each side of a picture that are painted and cut off.
        bytes_per_pixel: memory that painting takes for each pixel that is in the network at once.
    """

    name: str
    network: str
    channels: int
    multiple: int
    minimum: int
    radius: int
    border: int
    bytes_per_pixel: int

    def paint(
        self,
        image: Array,
        scale: Array,
        shift: Array,
        given: Statistics | None = None,
        measured_share: float = 0.0,
    ) -> tuple[Array, Statistics]:
        """Paint one picture, and measure its statistics.

        Args:
            image: 1 x 4 x H x W, RGB in [0, 1] and the grain, or 1 x 3 x H x W without grain.
            scale: scale of the style, C numbers.
            shift: shift of the style, C numbers.
            given: statistics to normalise with instead of the measured ones.
            measured_share: with ``given``, the share of the measured statistics that is mixed in, 0 to 1.

        Returns:
            1 x 3 x H x W in [0, 1], and the statistics measured on the way.

        Raises:
            OutOfMemoryError: there is too little memory for a picture of that size.
            StyleError: the network is damaged.
        """
        ...

    def paint_only(self, image: Array, scale: Array, shift: Array, given: Statistics | None = None) -> Array:
        """Paint one picture without measuring statistics, which takes less time.

        Args:
            image, scale, shift: as for :meth:`paint`.
            given: statistics to normalise with; ``None``: the picture's own.

        Returns:
            1 x 3 x H x W in [0, 1], what :meth:`paint` gives to within a 255th.

        Raises:
            OutOfMemoryError, StyleError: as :meth:`paint`.
        """
        ...

    def prepare(self) -> None:
        """Get ready for :meth:`paint_only`, which else does so when it is first called.

        Raises:
            StyleError: the network is damaged.
        """
        ...

    def release(self) -> None:
        """Give back the memory that is kept for the next picture."""
        ...


def failure(error: Exception, image: Array, source: str) -> OutOfMemoryError | StyleError:
    """The error that an engine raises when its library has failed to paint: too little memory, or a damaged network.

    Few libraries have a class of errors for a lack of memory, so it is told by the message as well.

    Args:
        error: what the library raised.
        image: the picture, 1 x C x H x W.
        source: where the network comes from.
    """
    if not _SHORT_OF_MEMORY.search(f"{type(error).__name__}: {error}"):
        return unusable(source, error)
    height, width = image.shape[2:]
    return OutOfMemoryError(
        f"Painting {width} x {height} pixels at once needs more memory than there is; paint smaller with --size.",
        key="no_memory",
    )


def unusable(source: str, error: BaseException) -> StyleError:
    """The error that an engine raises when a network cannot be loaded or run.

    Args:
        source: where the network comes from.
        error: what the library says.
    """
    return StyleError(
        f"The network of {source} cannot be used ({first_line(error)}): it is damaged or not one of Impasto's; take "
        "the file from its source again."
    )
