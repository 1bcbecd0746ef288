"""ONNX graphs built node by node and serialised, without the package onnx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.foreign.protobuf import as_bytes, as_text, field, fields, message
from impasto.foreign.readers.onnx_file import read_node, tensor

OPSET = 18
"""Version of ONNX's operators that graphs are written in by default."""
FLOAT = 1
"""ONNX's number of the type float32."""
OPSETS = range(13, 22)
"""The versions that graphs can be written in."""
_AXES_SINCE = {"ReduceMean": 18, "ReduceSumSquare": 18}  # version since which the axes are an input
_SHAPE_START = 15  # version since which Shape can leave out sides
_LAST = (1 << 63) - 1  # the end of a slice that goes to the last
_IR_VERSION = 8  # version of ONNX's file format
UINT8 = 2
"""ONNX's number of bytes."""
# ONNX's numbers of types, by NumPy's names.
_TYPES = {"float32": FLOAT, "uint8": UINT8, "int8": 3, "int32": 6, "int64": 7, "float16": 10, "float64": 11}
_EXTERNAL = 1  # ONNX's number of data that lie in another file
_ATTRIBUTE = {"float": 1, "int": 2, "str": 3, "ints": 7, "floats": 6}  # ONNX's numbers of the kinds of attributes
Size = Sequence[int | str]
"""Sides of an input or output; a text is the name of a side that is free."""


class GraphBuilder:
    """An ONNX graph; methods add nodes and return the names of their outputs.

    Args:
        opset: version of the operators that nodes are written in. They are given in the present one's form, and those
            that had another form before are rewritten.
    """

    def __init__(self, opset: int = OPSET) -> None:
        self.opset = opset
        self._ints: dict[str, list[int]] = {}  # constants of whole numbers, which earlier versions had as attributes
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}
        self._used: set[str] = set()
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._names = 0

    def input(self, name: str, size: Size, kind: int = FLOAT) -> str:
        """Add an input, and return its name.

        Args:
            name: of the input.
            size: its sides.
            kind: ONNX's number of its type.
        """
        self._inputs.append(_value_info(name, size, kind))
        return name

    def output(self, name: str, value: str, size: Size, kind: int = FLOAT) -> None:
        """Give a value out.

        Args:
            name: of the output.
            value: name of the value.
            size, kind: as for :meth:`input`.
        """
        self._emit("Identity", [value], [name], {})
        self._outputs.append(_value_info(name, size, kind))

    def constant(self, value: NDArray[Any], name: str = "") -> str:
        """Add a constant; without a name it gets a number."""
        self._names += 1
        name = name or f"c{self._names}"
        value = np.asarray(value, order="C")  # not ascontiguousarray, which gives a number a side
        if value.dtype == np.int64:
            self._ints[name] = [int(item) for item in value.flat]
        dims = [(1, side) for side in np.shape(value)]
        raw = value.astype(value.dtype.newbyteorder("<")).tobytes()
        self._constants[name] = message([*dims, (2, _TYPES[value.dtype.name]), (8, name), (9, raw)])
        return name

    def external_constant(self, name: str, kind: str, shape: Sequence[int], file: str, offset: int) -> str:
        """Add a constant that lies in another file; one that is there already is not added again.

        Args:
            name: of the constant.
            kind: NumPy's name of its type.
            shape: of the constant.
            file: name of the file, beside the model's.
            offset: its first byte there.
        """
        dims = [(1, side) for side in shape]
        place = [(13, message([(1, key), (2, str(value))])) for key, value in (("location", file), ("offset", offset))]
        self._constants[name] = message([*dims, (2, _TYPES[kind]), (8, name), *place, (14, _EXTERNAL)])
        return name

    def ints(self, *values: int) -> str:
        """Add a constant of whole numbers, one dimension."""
        return self.constant(np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of an operator with one output."""
        self._names += 1
        output = f"t{self._names}"
        self._emit(kind, list(inputs), [output], attributes)
        return output

    def reshape(self, x: str, *shape: int) -> str:
        """Add a reshape; -1 is the side that follows from the others."""
        return self.op("Reshape", x, self.ints(*shape))

    def pad(self, x: str, mode: str, count: int = 1) -> str:
        """Add a padding of so many positions on each side of height and width.

        Args:
            x: N x C x H x W.
            mode: ``"reflect"``, ``"edge"`` or ``"constant"``, which are zeros.
            count: how many.
        """
        return self.op("Pad", x, self.ints(0, 0, count, count, 0, 0, count, count), mode=mode)

    def _emit(self, kind: str, inputs: list[str], outputs: list[str], attributes: Mapping[str, Any]) -> None:
        """Add a node in the form of the version that is written."""
        if kind in _AXES_SINCE and self.opset < _AXES_SINCE[kind] and len(inputs) > 1:
            attributes = {**attributes, "axes": self._ints[inputs[1]]}
            inputs = inputs[:1]
        if kind == "Shape" and "start" in attributes and self.opset < _SHAPE_START:
            self._names += 1
            whole = f"t{self._names}"
            self._nodes.append(_node(kind, inputs, [whole], {}))
            kind, inputs = "Slice", [whole, self.ints(attributes["start"]), self.ints(_LAST)]
            attributes = {}
        self._used.update(inputs)
        self._nodes.append(_node(kind, inputs, outputs, attributes))

    def inline(self, model: bytes, inputs: Mapping[str, str]) -> dict[str, str]:
        """Add all nodes of another model.

        Args:
            model: serialised, in operators of the present version.
            inputs: the value for each of its inputs, by the input's name.

        Returns:
            The names of its outputs' values, by the outputs' names.
        """
        graph = next(as_bytes(value) for number, value in fields(memoryview(model)) if number == 7)
        parts = [(number, as_bytes(value)) for number, value in fields(graph) if number in (1, 5, 12)]

        def named(name: str) -> str:
            return inputs.get(name, f"n_{name}" if name else "")

        for data in (data for number, data in parts if number == 5):
            name, array = tensor(data)
            assert array is not None
            self.constant(array, named(name))
        for data in (data for number, data in parts if number == 1):
            node = read_node(data)
            self._emit(node.kind, [*map(named, node.inputs)], [*map(named, node.outputs)], node.attributes)
        outputs = (as_text(dict(fields(data))[1]) for number, data in parts if number == 12)
        return {name: named(name) for name in outputs}

    def model(self, metadata: Mapping[str, str], name: str = "impasto") -> bytes:
        """The model, serialised.

        Args:
            metadata: what the file says of the model.
            name: of the graph.
        """
        graph = message(
            [
                *((1, node) for node in self._nodes),
                (2, name),
                *((5, constant) for constant_name, constant in self._constants.items() if constant_name in self._used),
                *((11, value) for value in self._inputs),
                *((12, value) for value in self._outputs),
            ]
        )
        properties = [(14, message([(1, key), (2, value)])) for key, value in metadata.items()]
        operators = message([(1, ""), (2, self.opset)])
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
