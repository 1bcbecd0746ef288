"""Files in the formats of other programs, written as these programs write them."""

import json
import struct
from pathlib import Path

import numpy as np

from impasto.foreign.protobuf import field, message, varint

TABLE_MAGIC = bytes.fromhex("57fb808b247547db")


class Torch7Writer:
    """Writes objects as Torch7 does: dictionaries, lists, arrays, numbers, texts, and modules."""

    def __init__(self):
        self.out = bytearray()
        self.index = 0

    def write(self, value) -> bytes:
        if value is None:
            self._ints(0)
        elif isinstance(value, bool):
            self._ints(5, int(value))
        elif isinstance(value, int | float):
            self._ints(1)
            self.out += struct.pack("<d", value)
        elif isinstance(value, str):
            self._ints(2)
            self._text(value)
        elif isinstance(value, np.ndarray):
            self._tensor(value)
        elif isinstance(value, tuple):  # a module: its class and its fields
            self._ints(4, self._next())
            self._text("V 1")
            self._text(value[0])
            self.write(value[1])
        else:
            items = dict(enumerate(value, 1)) if isinstance(value, list) else value
            self._ints(3, self._next(), len(items))
            for key, item in items.items():
                self.write(key)
                self.write(item)
        return bytes(self.out)

    def _next(self) -> int:
        self.index += 1
        return self.index

    def _ints(self, *values):
        self.out += struct.pack(f"<{len(values)}i", *values)

    def _longs(self, *values):
        self.out += struct.pack(f"<{len(values)}q", *values)

    def _text(self, text):
        self._ints(len(text))
        self.out += text.encode("latin-1")

    def _tensor(self, array, strides=None, count=None):
        self._ints(4, self._next())
        self._text("V 1")
        self._text("torch.FloatTensor")
        self._ints(array.ndim)
        self._longs(*array.shape)
        self._longs(*(strides or [step // array.itemsize for step in array.strides]))
        self._longs(1)
        self._ints(4, self._next())
        self._text("V 1")
        self._text("torch.FloatStorage")
        self._longs(array.size if count is None else count)
        self.out += np.ascontiguousarray(array, "<f4").tobytes()


def table(entries: dict[bytes, bytes], block: int = 4096) -> bytes:
    """A sorted table of LevelDB's: blocks with prefix-compressed keys, their index, and the footer."""
    out, index, pending = bytearray(), {}, {}
    for key in sorted(entries):
        pending[key] = entries[key]
        if sum(map(len, pending.values())) > block:
            index[key] = _block(out, pending)
            pending = {}
    if pending:
        index[max(pending)] = _block(out, pending)
    meta, handle = _block(out, {}), _block(out, index)
    footer = (meta + handle).ljust(40, b"\0")
    return bytes(out) + footer + TABLE_MAGIC


def _block(out: bytearray, entries: dict[bytes, bytes]) -> bytes:
    """Append a block; returns where it lies, and its size."""
    start, last = len(out), b""
    for key, value in entries.items():
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    out += struct.pack("<II", 0, 1)  # one restart, at the beginning
    size = len(out) - start
    out += b"\0" + bytes(4)  # not compressed; a checksum that nobody reads
    return varint(start) + varint(size)


def _shape(array) -> bytes:
    return b"".join(field(2, message([(1, side)])) for side in array.shape)


def first_format(arrays: dict[str, np.ndarray]) -> bytes:
    """A checkpoint of TensorFlow's first format: one table, in which each value holds an array."""
    metas = [message([(1, name), (2, _shape(array)), (3, 1)]) for name, array in arrays.items()]
    entries = {b"": field(1, b"".join(field(1, meta) for meta in metas))}
    for name, array in arrays.items():
        extents = b"".join(field(1, b"") for _ in array.shape)
        tensor = message([(1, 1), (5, np.ascontiguousarray(array, "<f4").tobytes())])
        entries[b"\0" + name.encode()] = field(2, message([(1, name), (2, extents), (3, tensor)]))
    return table(entries)


def write_second_format(prefix: Path, arrays: dict[str, np.ndarray]) -> None:
    """A checkpoint of TensorFlow's second format: ``PREFIX.index``, and the data beside it."""
    data, entries = bytearray(), {b"": message([(1, 1), (3, message([(1, 1)]))])}
    for name in sorted(arrays):
        raw = np.ascontiguousarray(arrays[name], "<f4").tobytes()
        parts = [(1, 1), (2, _shape(arrays[name])), (4, len(data)), (5, len(raw))]
        entries[name.encode()] = message(parts) + struct.pack("<B", 6 << 3 | 5) + bytes(4)
        data += raw
    prefix.with_name(f"{prefix.name}.data-00000-of-00001").write_bytes(bytes(data))
    prefix.with_name(f"{prefix.name}.index").write_bytes(table(entries))


def onnx_model(nodes: list[tuple[str, list[str]]], arrays: dict[str, np.ndarray]) -> bytes:
    """A model with operators, which are only named with their inputs, and weights."""
    parts = [(1, message([*((1, name) for name in inputs), (2, "y"), (4, kind)])) for kind, inputs in nodes]
    for name, array in arrays.items():
        dims = [(1, side) for side in array.shape]
        parts.append((5, message([*dims, (2, 1), (8, name), (9, np.ascontiguousarray(array, "<f4").tobytes())])))
    return message([(1, 3), (7, message(parts)), (8, message([(2, 9)]))])


def write_tfjs(folder: Path, arrays: dict[str, np.ndarray], operators: list[str]) -> None:
    """A model of TensorFlow.js in a new folder; its weights are cut in two files."""
    folder.mkdir()
    raw = b"".join(np.ascontiguousarray(array, "<f4").tobytes() for array in arrays.values())
    paths = ["group1-shard1of2", "group1-shard2of2"]
    for name, part in zip(paths, (raw[:1000], raw[1000:]), strict=True):
        (folder / name).write_bytes(part)
    weights = [{"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in arrays.items()]
    nodes = [{"name": str(index), "op": kind} for index, kind in enumerate(operators)]
    model = {"modelTopology": {"node": nodes}, "weightsManifest": [{"paths": paths, "weights": weights}]}
    (folder / "model.json").write_text(json.dumps(model))
