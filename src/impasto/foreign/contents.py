"""What is in a file of another program: named arrays, and what it says of itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

QUANTISED = "its weights are quantised to whole numbers, and only floating-point ones are read"
"""Why a network is not converted whose weights stand for others by a scale; part of a sentence."""

BFLOAT16 = "bfloat16"
"""Name of the type whose numbers are the upper halves of float32, which NumPy does not have."""

LARGEST_FILE = 512 << 20
"""Bytes of the largest file that is read; networks that paint have 1 to 20 MB."""


class ForeignError(Exception):
    """A file cannot be converted; the text is the reason, as a part of a sentence."""


class DamagedError(ForeignError):
    """A file contradicts itself, or ends too early."""


class UnknownNetworkError(ForeignError):
    """A file is sound, but holds no network that is known here."""


@dataclass(frozen=True)
class Contents:
    """A file as named arrays.

    Attributes:
        kind: the file format, for people: ``"Torch7"``.
        arrays: arrays by name, as views of the file where that is possible; float32 where they are weights.
        tree: the whole object that was stored, of a format that stores more than named arrays: plain Python
            containers, and :class:`impasto.foreign.readers.torch7.TorchObject`.
    """

    kind: str
    arrays: Mapping[str, Array] = field(default_factory=dict)
    tree: Any = None

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array; ``()`` where there is none of that name."""
        array = self.arrays.get(name)
        return () if array is None else array.shape


class Cursor:
    """A position in the bytes of a file, which never reads beyond its end.

    Args:
        data: the bytes.
        at: where to begin.
    """

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, count: int) -> memoryview:
        """The next bytes.

        Raises:
            DamagedError: there are fewer.
        """
        if not 0 <= count <= len(self.data) - self.at:
            raise DamagedError("it ends too early, or a length in it is wrong")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int) -> int:
        """The next whole number of a size in bytes, little endian, with a sign."""
        return int.from_bytes(self.take(size), "little", signed=True)

    def numbers(self, size: int, count: int) -> list[int]:
        """The next whole numbers of a size in bytes."""
        raw = self.take(size * count)
        return [int.from_bytes(raw[i : i + size], "little", signed=True) for i in range(0, size * count, size)]


def item_size(kind: str) -> int:
    """Bytes of a number of a type, see :func:`array_of`."""
    return 2 if kind == BFLOAT16 else np.dtype(kind).itemsize


def array_of(raw: memoryview, kind: str, shape: Sequence[int]) -> Array:
    """An array over bytes that are stored in order, little endian; without a copy, but of bfloat16, which gets float32.

    Args:
        raw: the bytes.
        kind: NumPy's name of the type, or :data:`BFLOAT16`.
        shape: of the array.

    Raises:
        DamagedError: there are not as many bytes as the shape says.
    """
    if any(side < 0 for side in shape) or math.prod(shape) * item_size(kind) != len(raw):
        raise DamagedError("an array in it has another size than it says")
    if kind != BFLOAT16:
        return np.frombuffer(raw, f"<{kind}").reshape(shape)
    halves = np.zeros((math.prod(shape), 2), "<u2")
    halves[:, 1] = np.frombuffer(raw, "<u2")
    return halves.view("<f4").reshape(shape)


def array_of_bits(bits: Sequence[int], kind: str, shape: Sequence[int]) -> Array:
    """An array whose numbers of 16 bits are kept as whole numbers, see :func:`array_of`."""
    return array_of(memoryview(np.array(bits, "<u2").tobytes()), kind, shape)


def strided(storage: Array, offset: int, shape: Sequence[int], strides: Sequence[int]) -> Array:
    """An array that lies in a storage with strides, as a view.

    Args:
        storage: one dimension.
        offset: number of the first element in it.
        shape: of the array.
        strides: elements from one position to the next, for each dimension.

    Raises:
        DamagedError: any of it reaches beyond the storage, or the array is larger than the storage.
    """
    if len(shape) != len(strides) or len(shape) > 8 or offset < 0 or any(n < 0 for n in (*shape, *strides)):
        raise DamagedError("an array in it has an impossible shape")
    count = math.prod(shape)
    last = offset + sum((side - 1) * step for side, step in zip(shape, strides, strict=True))
    if count and (count > len(storage) or last >= len(storage)):
        raise DamagedError("an array in it reaches beyond its storage")
    if not count:
        return np.zeros(shape, storage.dtype)
    size = storage.itemsize
    return np.lib.stride_tricks.as_strided(
        storage[offset:], tuple(shape), [step * size for step in strides], writeable=False
    )
