"""ONNX graphs built node by node and serialised, without the package onnx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.foreign.protobuf import field, message

OPSET = 18
"""Version of ONNX's operators that graphs are written in by default."""
FLOAT = 1
"""ONNX's number of the type float32."""
_IR_VERSION = 9  # version of ONNX's file format
_TYPES = {"float32": 1, "uint8": 2, "int32": 6, "int64": 7, "float16": 10}  # ONNX's numbers, by NumPy's names
_ATTRIBUTE = {"float": 1, "int": 2, "str": 3, "ints": 7, "floats": 6}  # ONNX's numbers of the kinds of attributes
Size = Sequence[int | str]
"""Sides of an input or output; a text is the name of a side that is free."""


class GraphBuilder:
    """An ONNX graph; methods add nodes and return the names of their outputs."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._names = 0

    def input(self, name: str, size: Size, kind: int = FLOAT) -> str:
        """Add an input."""
        self._inputs.append(_value_info(name, size, kind))
        return name

    def output(self, name: str, value: str, size: Size, kind: int = FLOAT) -> None:
        """Give a value out under a name."""
        self._nodes.append(_node("Identity", [value], [name], {}))
        self._outputs.append(_value_info(name, size, kind))

    def constant(self, value: NDArray[Any], name: str = "") -> str:
        """Add a constant; without a name it gets a number."""
        self._names += 1
        name = name or f"c{self._names}"
        value = np.ascontiguousarray(value)
        dims = [(1, side) for side in np.shape(value)]
        raw = value.astype(value.dtype.newbyteorder("<")).tobytes()
        self._constants.append(message([*dims, (2, _TYPES[value.dtype.name]), (8, name), (9, raw)]))
        return name

    def ints(self, *values: int) -> str:
        """Add a constant of whole numbers, one dimension."""
        return self.constant(np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of an operator with one output."""
        self._names += 1
        output = f"t{self._names}"
        self._nodes.append(_node(kind, inputs, [output], attributes))
        return output

    def model(self, metadata: Mapping[str, str], opset: int = OPSET, name: str = "impasto") -> bytes:
        """The model, serialised.

        Args:
            metadata: what the file says of the model.
            opset: version of the operators that the nodes are written in.
            name: of the graph.
        """
        graph = message(
            [
                *((1, node) for node in self._nodes),
                (2, name),
                *((5, constant) for constant in self._constants),
                *((11, value) for value in self._inputs),
                *((12, value) for value in self._outputs),
            ]
        )
        properties = [(14, message([(1, key), (2, value)])) for key, value in metadata.items()]
        operators = message([(1, ""), (2, opset)])
        return message([(1, _IR_VERSION), (2, "impasto"), (7, graph), (8, operators), *properties])


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Mapping[str, Any]) -> bytes:
    """A node, serialised."""
    parts: list[tuple[int, int | float | str | bytes]] = [(1, name) for name in inputs]
    parts += [(2, name) for name in outputs]
    parts += [(4, kind), *((5, _attribute(name, value)) for name, value in attributes.items())]
    return message(parts)


def _attribute(name: str, value: Any) -> bytes:
    """An attribute of a node, serialised: a number, a text, or several numbers."""
    if isinstance(value, float):
        return message([(1, name), (2, value), (20, _ATTRIBUTE["float"])])
    if isinstance(value, int):
        return message([(1, name), (3, value), (20, _ATTRIBUTE["int"])])
    if isinstance(value, str):
        return message([(1, name), (4, value), (20, _ATTRIBUTE["str"])])
    return field(1, name) + b"".join(field(8, int(item)) for item in value) + field(20, _ATTRIBUTE["ints"])


def _value_info(name: str, size: Size, kind: int) -> bytes:
    """Name, type and size of an input or output, serialised."""
    sides = [(1, message([(1, side) if isinstance(side, int) else (2, side)])) for side in size]
    tensor = message([(1, kind), (2, message(sides))])
    return message([(1, name), (2, message([(1, tensor)]))])
