"""lengstrom/fast-style-transfer: variables without names, in the order in which they were made."""

from __future__ import annotations

from impasto.foreign.contents import Array, Contents, DamagedError
from impasto.foreign.layers import Layers, Value

TITLE = "lengstrom/fast-style-transfer"
_LAYERS = 16  # of three variables each: weights, shift, scale
_CONVS, _BLOCKS = 3, 5
_EPSILON = 1e-3


def _variable(index: int) -> str:
    """The name of a variable by its number."""
    return f"Variable_{index}" if index else "Variable"


def detect(contents: Contents) -> bool:
    """Whether the first variables are a convolution of 9 x 9 with its normalisation, and there are 48."""
    first = contents.shape("Variable")
    is_normalised = contents.shape("Variable_1") == contents.shape("Variable_2") == first[3:]
    return first[:3] == (9, 9, 3) and is_normalised and _variable(3 * _LAYERS - 1) in contents.arrays


def describe(contents: Contents) -> Layers:
    """RGB from 0 to 255 in, and tanh x 150 + 127.5 out; borders are continued with zeros, as SAME padding has it."""
    layers = Layers()
    at = 0

    def taken() -> tuple[Array, Array, Array]:
        """Weights in ONNX's order, shift and scale of the next layer."""
        nonlocal at
        weight, shift, scale = (contents.arrays.get(_variable(at + i)) for i in range(3))
        if weight is None or shift is None or scale is None or weight.ndim != 4:
            raise DamagedError(f"its variable {_variable(at)} is missing, or no convolution")
        at += 3
        return weight.transpose(3, 2, 0, 1), shift, scale

    def conv(x: Value, stride: int = 1) -> Value:
        weight, shift, scale = taken()
        before = (weight.shape[2] - stride) // 2
        x = layers.conv(x, weight, None, stride, (before, weight.shape[2] - stride - before))
        return layers.normalised(x, scale, shift, _EPSILON)

    x = layers.affine(layers.image, 255.0)
    for stride in (1, 2, 2):
        x = layers.activated(conv(x, stride), "relu")
    for _ in range(_BLOCKS):
        x = layers.added(x, conv(layers.activated(conv(x), "relu")))
    for _ in range(2):
        weight, shift, scale = taken()
        x = layers.transposed_conv(x, weight, None, 2, (0, 1))
        x = layers.activated(layers.normalised(x, scale, shift, _EPSILON), "relu")
    x = layers.activated(conv(x), "tanh")
    layers.finished(layers.affine(x, 150 / 255, 0.5))
    return layers
