"""PyTorch's files: the zip archives that it writes since 1.6, and the streams of pickles of earlier versions.

Only state dicts are read: named tensors, which may stand in a dictionary beside facts of the training.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from impasto.foreign.contents import (
    BFLOAT16,
    QUANTISED,
    Array,
    Contents,
    Cursor,
    DamagedError,
    UnknownNetworkError,
    array_of,
    item_size,
    strided,
)
from impasto.foreign.readers.archives import unpacked
from impasto.foreign.readers.pickles import Name, Nothing, Rebuild, read_pickle

LEGACY_MAGIC = bytes((0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19))
"""The first bytes of the earlier versions' files: a pickle of one long number."""
_KINDS = {
    "FloatStorage": "f4", "DoubleStorage": "f8", "HalfStorage": "f2", "LongStorage": "i8", "IntStorage": "i4",
    "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "u1", "BFloat16Storage": BFLOAT16,
    "UntypedStorage": "u1",
}  # fmt: skip
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network", "params_ema", "params")
_PREFIXES = ("module.", "_orig_mod.", "model.")


@dataclass
class _Storage:
    """The numbers that a tensor lies in; of a legacy file they come after the tensors.

    Attributes:
        kind: NumPy's name of the type; empty for one that is not read.
        count: how many there are.
        data: they themselves.
    """

    kind: str
    count: int
    data: Array | None = None


@dataclass(frozen=True)
class _Tensor:
    """A tensor, before its storage is known.

    Attributes:
        storage: where its numbers lie.
        offset: number of the first one.
        shape: of the tensor.
        strides: elements from one position to the next, for each dimension.
    """

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> Array:
        """The tensor as a view of its storage."""
        if self.storage.data is None:
            raise DamagedError("the numbers of a tensor are missing")
        return strided(self.storage.data, self.offset, self.shape, self.strides)


def _rebuild(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> Any:
    """A tensor of its parts; nothing where it is of a kind that is not read."""
    numbers = (offset, *shape, *strides)
    if not all(isinstance(number, int) for number in numbers):
        raise DamagedError("a tensor in it has no proper shape")
    if not isinstance(storage, _Storage):
        return Nothing("tensor")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _refuse(*parts: Any) -> Any:
    """Refuse a tensor of a type that lies in a storage of plain bytes: float8, whole numbers without a sign."""
    raise _unread(str(parts[6]))


def _unread(kind: str) -> UnknownNetworkError:
    """The error about a tensor of a type that is not read."""
    return UnknownNetworkError(f"it has tensors of the type {kind[:40]}, which is not read (save it as float32)")


_CALLS: dict[str, Rebuild] = {
    "collections.OrderedDict": lambda *pairs: dict(pairs[0]) if pairs else {},
    "torch._utils._rebuild_tensor_v2": _rebuild,
    "torch._utils._rebuild_tensor": _rebuild,
    "torch._utils._rebuild_tensor_v3": _refuse,
    "torch._utils._rebuild_parameter": lambda tensor, *_: tensor,
    "torch.Size": tuple,
}


def read_zip(archive: zipfile.ZipFile, size: int) -> Contents:
    """Read an archive of torch.save.

    Args:
        archive: it has a member ``NAME/data.pkl``.
        size: bytes of the file.

    Raises:
        UnsafePickleError: it would run code of its own.
        DamagedError: it contradicts itself.
    """
    members = {info.filename: info for info in archive.infolist()}
    pickle = next(name for name in members if name.endswith("/data.pkl") or name == "data.pkl")
    folder = pickle.removesuffix("data.pkl")
    if sum(info.file_size for info in members.values()) > size:
        raise DamagedError("it unpacks to more than the file has")
    order = (
        unpacked(archive, members[f"{folder}byteorder"]).decode("ascii", "replace")
        if f"{folder}byteorder" in members
        else ""
    )
    if order.strip() == "big":
        raise UnknownNetworkError("it was written on a machine of another byte order")

    def storage(key: str, kind: str, count: int) -> _Storage:
        info = members.get(f"{folder}data/{key}")
        if info is None:
            raise DamagedError("the numbers of a tensor are missing")
        if info.file_size != count * item_size(kind):
            raise DamagedError("the numbers of a tensor are not as many as it says")
        return _Storage(kind, count, array_of(memoryview(unpacked(archive, info)), kind, [count]))

    return _contents("PyTorch", read_pickle(io.BytesIO(unpacked(archive, members[pickle])), _CALLS, _Storages(storage)))


def read_legacy(data: memoryview) -> Contents:
    """Read a stream of pickles: a magic number, the protocol, the system, the object, the keys of storages; then these.

    Raises:
        UnsafePickleError: it would run code of its own.
        DamagedError: it contradicts itself.
    """
    file: BinaryIO = io.BytesIO(data)
    for _ in range(2):
        read_pickle(file, {})
    system = read_pickle(file, {})
    if isinstance(system, dict) and system.get("little_endian") is False:
        raise UnknownNetworkError("it was written on a machine of another byte order")
    storages = _Storages(lambda _key, kind, count: _Storage(kind, count))
    tree = read_pickle(file, _CALLS, storages)
    keys = read_pickle(file, {})
    cursor = Cursor(data, file.tell())
    for key in keys if isinstance(keys, list) else ():
        known = storages.by_key.get(str(key))
        if known is None or not known.kind:
            raise DamagedError("it has numbers that belong to no tensor")
        count = cursor.number(8)
        if count != known.count:
            raise DamagedError("the numbers of a tensor are not as many as it says")
        known.data = array_of(cursor.take(count * item_size(known.kind)), known.kind, [count])
    return _contents("PyTorch", tree)


class _Storages:
    """Storages by their keys, as a pickle refers to them; each is read once.

    Args:
        read: makes one from key, kind and number of elements.
    """

    def __init__(self, read: Callable[[str, str, int], _Storage]) -> None:
        self.by_key: dict[str, _Storage] = {}
        self._read = read

    def __call__(self, reference: Any) -> _Storage:
        """The storage of ``("storage", kind, key, location, count)``."""
        if not isinstance(reference, tuple) or len(reference) < 5 or reference[0] != "storage":
            raise DamagedError("it refers to something that is no tensor")
        kind, key, count = reference[1], str(reference[2]), reference[4]
        if not isinstance(kind, Name) or not isinstance(count, int) or count < 0:
            raise DamagedError("it refers to something that is no tensor")
        if key not in self.by_key:
            if re.match(r"QU?Int", kind.name):
                raise UnknownNetworkError(QUANTISED)
            if kind.name not in _KINDS:
                raise _unread(kind.name)
            self.by_key[key] = self._read(key, _KINDS[kind.name], count)
        return self.by_key[key]


def _contents(kind: str, tree: Any) -> Contents:
    """The tensors of a state dict by name, of a dictionary with one in it, too."""
    for _ in range(2):
        inner = next(
            (tree[key] for key in _WRAPPERS if isinstance(tree, dict) and isinstance(tree.get(key), dict)), None
        )
        tree = tree if inner is None else inner
    if not isinstance(tree, dict):
        raise UnknownNetworkError("it holds no weights by name; save the state_dict() of its network")
    tensors = {str(name): value for name, value in tree.items() if isinstance(value, _Tensor)}
    for prefix in _PREFIXES:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return Contents(kind, {name: value.array() for name, value in tensors.items()})
