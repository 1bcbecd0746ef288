"""TensorFlow 1's checkpoints: a single file of the first format, or ``NAME.index`` and ``NAME.data-...`` of the second.

Both hold a sorted table of keys and values (LevelDB's), which are protocol buffers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from impasto.foreign.contents import (
    BFLOAT16,
    Array,
    Contents,
    Cursor,
    DamagedError,
    UnknownNetworkError,
    array_of,
    array_of_bits,
)
from impasto.foreign.protobuf import Value, as_bytes, as_int, as_text, fields, numbers, read_varint

_MAGIC = bytes.fromhex("57fb808b247547db")
_FOOTER = 48  # bytes
_MOST_ENTRIES = 20_000
_KINDS = {1: "f4", 2: "f8", 3: "i4", 9: "i8", 14: BFLOAT16, 19: "f2"}  # TensorFlow's numbers of types
_FIELDS = {1: 5, 2: 6, 3: 7, 9: 10, 14: 13, 19: 13}  # field of a tensor's values by its type
_PACKED, _BITS = (5, 6), 13  # fields with plain floats, and the one with numbers of 16 bits as whole numbers
_SHARD = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")


def is_table(tail: bytes) -> bool:
    """Whether a file ends as tables do."""
    return tail.endswith(_MAGIC)


def checkpoint_index(path: Path) -> Path | None:
    """The index of a checkpoint of the second format, by the path of any of its files or by what they begin with."""
    prefix = Path(_SHARD.sub("", str(path)))
    index = prefix.with_name(f"{prefix.name}.index")
    return index if index.is_file() else None


def read_table_file(path: Path, data: memoryview) -> Contents:
    """Read a checkpoint.

    Args:
        path: of the first format's file, or of the second's index, beside which its data lie.
        data: the bytes of that file.

    Raises:
        DamagedError: it contradicts itself, or its data are missing.
        UnknownNetworkError: it is compressed, or spread over several files.
    """
    entries = dict(_entries(data))
    header = entries.pop(b"", None)
    if header is None:
        raise DamagedError("its table has no header")
    first = next(fields(header), (0, 0))
    if isinstance(first[1], int):
        return Contents("TensorFlow checkpoint", _second_format(path, entries))
    return Contents("TensorFlow checkpoint", _first_format(header, entries))


def _second_format(path: Path, entries: dict[bytes, memoryview]) -> dict[str, Array]:
    """Arrays by name: each value says where in the data file the array lies."""
    shard = path.with_name(f"{path.name.removesuffix('.index')}.data-00000-of-00001")
    if not shard.is_file():
        raise DamagedError(f"its data are missing; put {shard.name} beside it")
    raw = memoryview(shard.read_bytes())
    arrays = {}
    for name, value in entries.items():
        found = dict(fields(value))
        kind, place, size = (as_int(found.get(number, 0)) for number in (1, 4, 5))
        if as_int(found.get(3, 0)) or 7 in found:
            raise UnknownNetworkError("it is spread over several data files")
        if kind not in _KINDS:
            continue  # texts and truth values are no weights
        shape = _shape(as_bytes(found.get(2, b"")))
        arrays[_name(name)] = array_of(Cursor(raw, max(place, 0)).take(size), _KINDS[kind], shape)
    return arrays


def _first_format(header: memoryview, entries: dict[bytes, memoryview]) -> dict[str, Array]:
    """Arrays by name: each value holds one, of which the numbers are a field; the header has their shapes."""
    shapes: dict[str, list[int]] = {}
    for number, value in fields(as_bytes(dict(fields(header)).get(1, b""))):
        if number == 1:
            about = dict(fields(as_bytes(value)))
            shapes[as_text(about.get(1, b""))] = _shape(as_bytes(about.get(2, b"")))
    arrays = {}
    for value in entries.values():
        parts = dict(fields(as_bytes(dict(fields(value)).get(2, b""))))
        name = as_text(parts.get(1, b""))
        array = _tensor(as_bytes(parts.get(3, b"")), shapes.get(name, []))
        if array is not None:
            arrays[name] = array
    if not arrays:
        raise DamagedError("it has no arrays")
    return arrays


def _tensor(data: memoryview, shape: list[int]) -> Array | None:
    """An array of a TensorProto; ``None`` for a kind that holds no weights."""
    values: dict[int, list[Value]] = {}
    for number, value in fields(data):
        values.setdefault(number, []).append(value)
    kind = as_int(values.get(1, [0])[-1])
    if kind not in _FIELDS:
        return None
    name, number = _KINDS[kind], _FIELDS[kind]
    parts = values.get(number, [])
    try:
        if 4 in values:
            return array_of(as_bytes(values[4][-1]), name, shape)
        if number in _PACKED:
            return array_of(memoryview(b"".join(as_bytes(part) for part in parts)), name, shape)
        whole = [item for part in parts for item in numbers(part)]
        if number == _BITS:
            return array_of_bits(whole, name, shape)
        return array_of(memoryview(np.array(whole, f"<{name}").tobytes()), name, shape)
    except DamagedError as error:
        raise UnknownNetworkError("it keeps an array in several slices, or of another size than it says") from error


def _shape(data: memoryview) -> list[int]:
    """The sides of a TensorShapeProto."""
    dims = (dict(fields(as_bytes(value))) for number, value in fields(data) if number == 2)
    return [as_int(dim.get(1, 0)) for dim in dims]


def _name(key: bytes) -> str:
    return key.decode("utf-8", "replace")


def _entries(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Keys and values of a table, in order."""
    if len(data) < _FOOTER or data[-len(_MAGIC) :] != _MAGIC:
        raise DamagedError("it does not end as a checkpoint does")
    footer, at = data[-_FOOTER:], 0
    handles = []
    for _ in range(4):  # where the block of further facts lies, and its size; then those of the index
        number, at = read_varint(footer, at)
        handles.append(number)
    count = 0
    for _, handle in _block(data, handles[2], handles[3]):
        start, after = read_varint(handle, 0)
        size, _ = read_varint(handle, after)
        for key, value in _block(data, start, size):
            count += 1
            if count > _MOST_ENTRIES:
                raise DamagedError("it has more arrays than any network")
            yield key, value


def _block(data: memoryview, start: int, size: int) -> Iterator[tuple[bytes, memoryview]]:
    """Keys and values of one block; a key is kept as what it adds to the one before."""
    block = Cursor(data, start) if start <= len(data) else Cursor(data, len(data))
    raw = block.take(size)
    if block.number(1) != 0:
        raise UnknownNetworkError("it is compressed in a way that is not read here")
    if size < 4:
        raise DamagedError("a block of its table is empty")
    restarts = int.from_bytes(raw[-4:], "little")
    end = size - 4 - 4 * restarts
    if end < 0:
        raise DamagedError("a block of its table is too short")
    at, key = 0, b""
    while at < end:
        lengths = []
        for _ in range(3):
            number, at = read_varint(raw, at)
            lengths.append(number)
        shared, more, length = lengths
        if shared > len(key) or more + length > end - at:
            raise DamagedError("an entry of its table is longer than the table")
        key = key[:shared] + bytes(raw[at : at + more])
        at += more + length
        yield key, raw[at - length : at]
