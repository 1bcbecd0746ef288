"""The ONNX zoo's fast_neural_style, of a fixed size: its weights are taken by their order, and the network rebuilt."""

from __future__ import annotations

from impasto.foreign.architectures import pytorch_examples
from impasto.foreign.contents import Contents, DamagedError
from impasto.foreign.layers import Layers
from impasto.foreign.readers.onnx_file import Node

TITLE = "ONNX zoo fast_neural_style"
_CONVS, _NORMS = 16, 15
_HEAD = [(f"conv{i}.conv2d", f"in{i}") for i in (1, 2, 3)]
_BLOCKS = [(f"res{block}.conv{i}.conv2d", f"res{block}.in{i}") for block in range(1, 6) for i in (1, 2)]
_TAIL = [(f"deconv{i}.conv2d", f"in{i + 3}") for i in (1, 2, 3)]
_NAMES = [*_HEAD, *_BLOCKS, *_TAIL]


def _weighted(contents: Contents, kind: str) -> list[tuple[str, ...]]:
    """The names of the weights of all operators of a kind, in order."""
    nodes = contents.tree if isinstance(contents.tree, list) else []
    return [node.inputs[1:] for node in nodes if isinstance(node, Node) and node.kind == kind]


def detect(contents: Contents) -> bool:
    """Whether it has this network's numbers of operators, and not the names of PyTorch's weights."""
    if contents.kind != "ONNX" or pytorch_examples.detect(contents):
        return False
    counts = (len(_weighted(contents, "Conv")), len(_weighted(contents, "InstanceNormalization")))
    return counts == (_CONVS, _NORMS) and not _weighted(contents, "ConvTranspose")


def describe(contents: Contents) -> Layers:
    """The network of pytorch/examples with these weights, for pictures of any size."""
    arrays = {}
    norms = _weighted(contents, "InstanceNormalization")
    for (name, norm), inputs, more in zip(_NAMES, _weighted(contents, "Conv"), [*norms, ()], strict=True):
        for prefix, values in ((name, inputs), (norm, more)):
            if prefix == "in6":
                continue
            if len(values) != 2 or not all(value in contents.arrays for value in values):
                raise DamagedError("the weights of an operator are missing")
            arrays[f"{prefix}.weight"], arrays[f"{prefix}.bias"] = (contents.arrays[value] for value in values)
    return pytorch_examples.describe(Contents(contents.kind, arrays))
