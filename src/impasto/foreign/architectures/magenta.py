"""Magenta's image_stylization (monet, varied): one network of many styles, as ours is."""

from __future__ import annotations

from impasto.foreign.architectures.blocks import numbered
from impasto.foreign.contents import Array, Contents, DamagedError
from impasto.foreign.layers import Layers, Value

TITLE = "Magenta image_stylization"
_FIRST = "transformer/contract/conv1"


def detect(contents: Contents) -> bool:
    """Whether its first convolution has scales and shifts of several styles, S x C."""
    return len(contents.shape(f"{_FIRST}/InstanceNorm/gamma")) == 2 and f"{_FIRST}/weights" in contents.arrays


def describe(contents: Contents) -> Layers:
    """RGB in [0, 1] in, sigmoid out; mirrored borders, and enlargement before convolutions."""
    layers = Layers()

    def get(name: str) -> Array:
        if name not in contents.arrays:
            raise DamagedError(f"its weights {name} are missing")
        return contents.arrays[name]

    def conv(x: Value, name: str, stride: int = 1) -> Value:
        scope = f"transformer/{name}"
        weight = get(f"{scope}/weights")
        if weight.ndim != 4:
            raise DamagedError(f"its weights {scope} are no convolution")
        padded = layers.padded(x, "reflect", weight.shape[0] // 2)
        x = layers.conv(padded, weight.transpose(3, 2, 0, 1), None, stride)
        return layers.normalised(x, get(f"{scope}/InstanceNorm/gamma"), get(f"{scope}/InstanceNorm/beta"))

    x = layers.image
    for index, stride in ((1, 1), (2, 2), (3, 2)):
        x = layers.activated(conv(x, f"contract/conv{index}", stride), "relu")
    for block in range(1, numbered(contents.arrays, "transformer/residual/residual{}/conv1/weights") + 1):
        y = layers.activated(conv(x, f"residual/residual{block}/conv1"), "relu")
        x = layers.added(x, conv(y, f"residual/residual{block}/conv2"))
    for index in (1, 2):
        x = layers.activated(conv(layers.enlarged(x, 2), f"expand/conv{index}/conv"), "relu")
    layers.finished(layers.activated(conv(x, "expand/conv3/conv"), "sigmoid"))
    return layers
