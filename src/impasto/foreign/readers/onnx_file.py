"""ONNX files, without the package onnx: the weights, and the operators in order."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from impasto.foreign.contents import (
    BFLOAT16,
    QUANTISED,
    Array,
    Contents,
    DamagedError,
    UnknownNetworkError,
    array_of,
    array_of_bits,
)
from impasto.foreign.protobuf import as_bytes, as_int, as_text, fields, numbers

# ONNX's numbers of types
_KINDS = {1: "f4", 2: "u1", 3: "i1", 6: "i4", 7: "i8", 10: "f2", 11: "f8", 16: BFLOAT16}
_OF_16_BITS = (10, 16)  # types whose numbers may stand as whole numbers of the same bits
_RAW, _FLOATS, _INTS, _LONGS, _DOUBLES = 9, 4, 5, 7, 10  # fields of a tensor's values
_MOST_NODES = 20_000
_OF_QUANTISED = re.compile(r"(De|Dynamic)?[Qq]uantize.*|QLinear.*|.*Integer")  # operators on quantised numbers


@dataclass(frozen=True)
class Node:
    """An operator of a graph.

    Attributes:
        kind: its name, ``"Conv"``.
        inputs: names of its inputs.
        outputs: names of its outputs.
        attributes: its attributes that are numbers, texts or several whole numbers, by name.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


def read_onnx(data: memoryview) -> Contents:
    """Read a model: its weights by name, and as the tree its operators in order.

    Raises:
        DamagedError: it is no ONNX model, or contradicts itself.
        UnknownNetworkError: its numbers are quantised.
    """
    nodes = []
    for number, value in fields(_graph(data)):
        if number == 1:
            nodes.append(read_node(as_bytes(value)))
            if len(nodes) > _MOST_NODES:
                raise DamagedError("it has more operators than any network that paints")
            if _OF_QUANTISED.fullmatch(nodes[-1].kind):
                raise UnknownNetworkError(QUANTISED)
    return Contents("ONNX", read_weights(data), nodes)


def read_weights(data: memoryview) -> dict[str, Array]:
    """The weights of a model by name.

    Raises:
        DamagedError: it is no ONNX model, or contradicts itself.
    """
    found = (tensor(as_bytes(value)) for number, value in fields(_graph(data)) if number == 5)
    return {name: array for name, array in found if array is not None}


def _graph(data: memoryview) -> memoryview:
    """The graph of a model.

    Raises:
        DamagedError: there is none.
    """
    graph = next((value for number, value in fields(data) if number == 7), None)
    if graph is None:
        raise DamagedError("it has no graph")
    return as_bytes(graph)


def metadata_of(data: memoryview) -> dict[str, str]:
    """What a model says of itself: the metadata by name."""
    found = {}
    for number, value in fields(data):
        if number == 14:
            entry = dict(fields(as_bytes(value)))
            found[as_text(entry.get(1, b""))] = as_text(entry.get(2, b""))
    return found


def shapes_of_inputs(data: memoryview) -> dict[str, list[int]]:
    """The sides of each input of a model, by its name; those that are free are 0.

    Raises:
        DamagedError: it is no ONNX model.
    """
    graph = next((value for number, value in fields(data) if number == 7), b"")
    shapes = {}
    for number, value in fields(as_bytes(graph)):
        if number == 11:
            about = dict(fields(as_bytes(value)))
            kind = dict(fields(as_bytes(about.get(2, b""))))  # a tensor, and of it element type and shape
            shape = dict(fields(as_bytes(kind.get(1, b"")))).get(2, b"")
            sides = (dict(fields(as_bytes(side))) for number, side in fields(as_bytes(shape)) if number == 1)
            shapes[as_text(about.get(1, b""))] = [as_int(side.get(1, 0)) for side in sides]
    return shapes


def tensor(data: memoryview) -> tuple[str, Array | None]:
    """A tensor of a model: its name and itself; ``None`` for a kind that holds no weights.

    Raises:
        DamagedError: it has another size than it says.
    """
    shape: list[int] = []
    values: dict[int, list[memoryview]] = {}
    kind, name = 0, ""
    for number, value in fields(data):
        if number == 1:
            shape += numbers(value)
        elif number == 2:
            kind = as_int(value)
        elif number == 8:
            name = as_text(value)
        elif not isinstance(value, int):
            values.setdefault(number, []).append(memoryview(value))
    if kind not in _KINDS:
        return name, None
    if _RAW in values:
        return name, array_of(values[_RAW][-1], _KINDS[kind], shape)
    if kind == 1 and _FLOATS in values:
        return name, array_of(memoryview(b"".join(values[_FLOATS])), "f4", shape)
    if kind == 11 and _DOUBLES in values:
        return name, array_of(memoryview(b"".join(values[_DOUBLES])), "f8", shape)
    if _LONGS in values or _INTS in values:
        flat = [item for part in values.get(_LONGS, values.get(_INTS, [])) for item in numbers(part)]
        if kind in _OF_16_BITS:
            return name, array_of_bits(flat, _KINDS[kind], shape)
        return name, array_of(memoryview(np.array(flat, "<i8").tobytes()), "i8", shape)
    return name, None


def read_node(data: memoryview) -> Node:
    """An operator."""
    kind, inputs, outputs, attributes = "", [], [], {}
    for number, value in fields(data):
        if number == 1:
            inputs.append(as_text(value))
        elif number == 2:
            outputs.append(as_text(value))
        elif number == 4:
            kind = as_text(value)
        elif number == 5:
            name, content = _attribute(as_bytes(value))
            attributes[name] = content
    return Node(kind, tuple(inputs), tuple(outputs), attributes)


def _attribute(data: memoryview) -> tuple[str, Any]:
    """Name and value of an attribute: a number, a text, or whole numbers; ``None`` for other kinds."""
    name, content = "", None
    several: list[int] = []
    for number, value in fields(data):
        if number == 1:
            name = as_text(value)
        elif number == 2:
            content = struct.unpack("<f", as_bytes(value))[0]
        elif number == 3:
            content = as_int(value)
        elif number == 4:
            content = as_text(value)
        elif number == 8:
            several += numbers(value)
    return name, several or content
