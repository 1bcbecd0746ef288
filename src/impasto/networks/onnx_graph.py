"""Building an ONNX graph node by node, which keeps it small and lets height and width vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from impasto import extras

OPSET = 18
"""Version of ONNX's operators."""

FLOAT = 1
"""ONNX's number of the type float32."""

_IR_VERSION = 9  # version of ONNX's file format


class GraphBuilder:
    """Builds a graph node by node; methods add nodes and return the names of their outputs.

    Raises:
        MissingExtraError: the package onnx is not installed.
    """

    def __init__(self) -> None:
        self.onnx = extras.onnx()
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: np.ndarray[Any, Any], name: str = "") -> str:
        """Add a constant; without a name it gets a number."""
        name = name or f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node of an operator; without a name its output gets a number."""
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def shape(self, x: str, *shape: int) -> str:
        """Add a reshape; -1 is the side that follows from the others."""
        return self.op("Reshape", x, self.constant(np.array(shape, np.int64)))

    def pad(self, x: str, mode: str) -> str:
        """Add a padding of one position on each side of height and width."""
        return self.op("Pad", x, self.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)), mode=mode)

    def model(
        self,
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Mapping[str, Sequence[int | str]],
        metadata: Mapping[str, str],
    ) -> bytes:
        """The graph as a model, serialised.

        Args:
            inputs: shape of each input, in float32; a word is a side that varies.
            outputs: as ``inputs``.
            metadata: what is known of the model.
        """
        helper = self.onnx.helper
        values = [
            [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in ends.items()]
            for ends in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "impasto", *values, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="impasto")
        model.ir_version = _IR_VERSION
        helper.set_model_props(model, dict(metadata))
        if not any(constant.external_data for constant in self.constants):  # these the checker cannot follow
            self.onnx.checker.check_model(model)
        serialised: bytes = model.SerializeToString()
        return serialised
