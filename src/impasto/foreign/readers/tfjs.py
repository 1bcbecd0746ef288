"""TensorFlow.js's models: ``model.json``, and beside it the files of weights that it names."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from impasto.foreign.contents import (
    LARGEST_FILE,
    Array,
    Contents,
    Cursor,
    DamagedError,
    UnknownNetworkError,
    array_of,
    item_size,
)

_KINDS = {"float32": "f4", "int32": "i4", "uint8": "u1", "uint16": "u2", "float16": "f2"}

_LARGEST_MODEL = 16 << 20  # bytes of model.json


def read_tfjs(path: Path, data: memoryview) -> Contents:
    """Read a model: its weights by name, and as the tree the names of its operators.

    Args:
        path: of ``model.json``.
        data: its bytes.

    Raises:
        DamagedError: it contradicts itself, or files of weights are missing.
    """
    if len(data) > _LARGEST_MODEL:
        raise UnknownNetworkError("its model.json is larger than any of a network that paints")
    try:
        model = json.loads(bytes(data))
        groups = model["weightsManifest"]
        operators = {str(node["op"]) for node in model.get("modelTopology", {}).get("node", [])}
        arrays: dict[str, Array] = {}
        for group in groups:
            raw = _shards(path.parent, group["paths"])
            cursor = Cursor(raw)
            for entry in group["weights"]:
                array = _weights(cursor, entry)
                if array is not None:
                    arrays[str(entry["name"])] = array
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise DamagedError("it is no model of TensorFlow.js that makes sense") from error
    return Contents("TensorFlow.js", arrays, operators)


def _shards(folder: Path, names: list[str]) -> memoryview:
    """The files of weights, one after the other."""
    parts, total = [], 0
    for name in names:
        file = folder / Path(name).name  # never outside of the folder
        if not file.is_file():
            raise DamagedError(f"its weights are missing; put {file.name} beside it")
        total += file.stat().st_size
        if total > LARGEST_FILE:
            raise DamagedError("its weights are larger than any network that paints")
        parts.append(file.read_bytes())
    return memoryview(b"".join(parts))


def _weights(cursor: Cursor, entry: dict[str, Any]) -> Array | None:
    """The next array; ``None`` for a kind that holds no weights."""
    shape = [int(side) for side in entry["shape"]]
    stored = entry.get("quantization", {})
    kind = str(stored.get("dtype", entry["dtype"]))
    if kind == "bool":
        cursor.take(math.prod(shape))
        return None
    if kind not in _KINDS:
        raise UnknownNetworkError(f"it has weights of a kind that is not read, {kind[:40]}")
    array = array_of(cursor.take(math.prod(shape) * item_size(_KINDS[kind])), _KINDS[kind], shape)
    if "scale" in stored:
        array = array.astype(np.float32) * np.float32(stored["scale"]) + np.float32(stored.get("min", 0))
    return array
