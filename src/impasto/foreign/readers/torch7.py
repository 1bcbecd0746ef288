"""Torch7's binary files (``.t7``), as fast-neural-style wrote its models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from impasto.foreign.contents import (
    Array,
    Contents,
    Cursor,
    DamagedError,
    UnknownNetworkError,
    array_of,
    item_size,
    strided,
)

_NIL, _NUMBER, _STRING, _TABLE, _TORCH, _BOOLEAN = range(6)
_FUNCTIONS = (6, 7, 8)  # three editions of their layout
_DEEPEST = 200
_MOST_OBJECTS = 200_000
_KINDS = {"Float": "f4", "Double": "f8", "Half": "f2", "Long": "i8", "Int": "i4", "Short": "i2", "Char": "i1"}
_KINDS |= {"Byte": "u1", "Cuda": "f4", "CudaDouble": "f8", "CudaHalf": "f2", "CudaLong": "i8", "CudaInt": "i4"}
_OWN_LAYOUTS = ("tds.", "torch.Generator", "torch.Timer", "torch.File", "torch.DiskFile", "torch.MemoryFile")


@dataclass
class TorchObject:
    """An object of a Torch class that is stored as a table, as the modules of nn are.

    Attributes:
        kind: the class, ``"nn.SpatialConvolution"``.
        fields: its table.
    """

    kind: str
    fields: dict[Any, Any] = field(default_factory=dict)


def is_torch7(head: bytes) -> bool:
    """Whether a file begins as Torch7's do: with a table or an object, and its number."""
    return len(head) >= 8 and head[:4] in (b"\3\0\0\0", b"\4\0\0\0") and head[4:8] != b"\0\0\0\0"


def read_torch7(data: memoryview) -> Contents:
    """Read a file.

    Raises:
        DamagedError: it contradicts itself, ends too early, or is nested without end.
        UnknownNetworkError: it has objects whose layout is not known here.
    """
    return Contents("Torch7", tree=_Reader(data).object(0))


class _Reader:
    """Reads objects; those that are referred to again are kept by their number."""

    def __init__(self, data: memoryview) -> None:
        self.cursor = Cursor(data)
        self.known: dict[int, Any] = {}
        self.count = 0

    def object(self, depth: int) -> Any:
        """The next object.

        Args:
            depth: how many objects it lies in.
        """
        self.count += 1
        if depth > _DEEPEST or self.count > _MOST_OBJECTS:
            raise DamagedError("it is nested deeper, or has more parts, than any network")
        kind = self.cursor.number(4)
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return float(np.frombuffer(self.cursor.take(8), "<f8")[0])
        if kind == _STRING:
            return self._string()
        if kind == _BOOLEAN:
            return self.cursor.number(4) == 1
        if kind not in (_TABLE, _TORCH, *_FUNCTIONS):
            raise DamagedError("it has a part of a kind that there is not")
        index = self.cursor.number(4)
        if index in self.known:
            return self.known[index]
        if kind == _TABLE:
            return self._table(self.known.setdefault(index, {}), depth)
        if kind == _TORCH:
            return self._torch(index, depth)
        self.known[index] = None  # code of a function, and the values that it holds: neither is kept
        self.cursor.take(self.cursor.number(4))
        self.object(depth + 1)
        return None

    def _string(self) -> str:
        return bytes(self.cursor.take(self.cursor.number(4))).decode("latin-1")

    def _table(self, table: dict[Any, Any], depth: int) -> dict[Any, Any]:
        """Fill a table, which may contain itself."""
        for _ in range(self.cursor.number(4)):
            key, value = self.object(depth + 1), self.object(depth + 1)
            if not isinstance(key, str | float | bool):
                continue
            table[int(key) if isinstance(key, float) and key.is_integer() else key] = value
        return table

    def _torch(self, index: int, depth: int) -> Any:
        """An object of a Torch class: a tensor, a storage, or one that is stored as a table."""
        name = self._string()
        if name.startswith("V "):  # the version of the layout; earlier files begin with the class
            name = self._string()
        library, _, rest = name.partition(".")
        if library == "torch" and rest.endswith("Storage"):
            raw = self._kind(name, rest.removesuffix("Storage"))
            count = self.cursor.number(8)
            self.known[index] = array_of(self.cursor.take(count * item_size(raw)), raw, [count])
        elif library == "torch" and rest.endswith("Tensor"):
            self._kind(name, rest.removesuffix("Tensor"))
            self.known[index] = self._tensor(depth)
        elif name.startswith(_OWN_LAYOUTS):
            raise UnknownNetworkError(f"it has an object {name[:60]!r}, which cannot be read here")
        else:
            made = self.known[index] = TorchObject(name)
            inner = self.object(depth + 1)
            if isinstance(inner, dict):
                made.fields = inner
        return self.known[index]

    def _kind(self, name: str, number: str) -> str:
        if number not in _KINDS:
            raise UnknownNetworkError(f"it has an object {name[:60]!r}, which cannot be read here")
        return _KINDS[number]

    def _tensor(self, depth: int) -> Array:
        """A tensor as a view of its storage."""
        sides = self.cursor.number(4)
        if not 0 <= sides <= 8:
            raise DamagedError("an array in it has an impossible number of sides")
        shape, strides = self.cursor.numbers(8, sides), self.cursor.numbers(8, sides)
        offset = self.cursor.number(8) - 1  # counted from 1
        storage = self.object(depth + 1)
        if storage is None or not sides:
            return np.zeros(0, np.float32)
        if not isinstance(storage, np.ndarray) or storage.ndim != 1:
            raise DamagedError("an array in it has no storage")
        return strided(storage, max(offset, 0), shape, strides)
