"""A network's model, ours or another program's, as plain layers, of which engines make the graphs that they run."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from impasto.foreign.contents import Array, DamagedError
from impasto.foreign.layers import Layers, Value
from impasto.foreign.readers.onnx_file import metadata_of, read_weights
from impasto.networks.architecture import DOUBLING, EPSILON, MIDDLE, is_foreign


def layers_of(model: bytes) -> Layers:
    """The plain layers of a network.

    Args:
        model: as :func:`impasto.networks.files.onnx_model` or :mod:`impasto.foreign` makes it.

    Raises:
        DamagedError, KeyError, ValueError: it is none of these.
    """
    data = memoryview(model)
    about, arrays = metadata_of(data), read_weights(data)
    if not is_foreign(about):
        return _own_layers(json.loads(about["architecture"])["blocks"], arrays)
    steps = json.loads(about["layers"])
    channels = sum(step["count"] for step in steps if step["op"] == "normalise")
    return Layers(steps, {name: value for name, value in arrays.items() if name[:1] == "w"}, channels)


def _own_layers(blocks: int, arrays: Mapping[str, Array]) -> Layers:
    """The layers of a network of ours; see :class:`impasto.networks.transformer.TransformerNetwork`.

    Args:
        blocks: residual blocks.
        arrays: the model's weights by name.
    """
    layers = Layers(planes=arrays["stem.weight"].shape[1] // 4)
    if not 3 <= layers.planes <= len(MIDDLE):
        raise DamagedError("its first convolution takes another picture than ours do")

    def weight(name: str) -> Array:
        return arrays[f"{name}.weight"].astype(np.float32)

    def conv(x: Value, values: Array, bias: Array | None = None, stride: int = 1) -> Value:
        return layers.conv(layers.padded(x, "reflect", 1), values, bias, stride)

    def normalised(x: Value, group: int = 1) -> Value:
        ones = np.ones(x.channels // group, np.float32)  # the style's own are given when the network runs
        return layers.normalised(x, ones, 0 * ones, EPSILON, group=group, centred=False)

    def relu(x: Value) -> Value:
        return layers.activated(x, "relu")

    # In the model offsets go first, here planes do. What is taken from each plane goes into a bias.
    stem = weight("stem")
    stem = stem.reshape(len(stem), 4, layers.planes, 3, 3).swapaxes(1, 2)
    bias = -stem.sum(axis=(2, 3, 4)) @ np.array(MIDDLE[: layers.planes], np.float32)
    x = relu(normalised(conv(layers.unshuffled(layers.image), stem.reshape(len(stem), -1, 3, 3), bias)))
    for name in ("down1", "down2"):
        x = relu(normalised(conv(x, weight(name), stride=2)))
    for block in range(blocks):
        y = relu(normalised(conv(x, weight(f"blocks.{block}.0"))))
        x = layers.added(x, normalised(conv(y, weight(f"blocks.{block}.1"))))
    for name in ("up1", "up2"):
        values = weight(name)
        outputs, inputs = values.shape[:2]
        # Not by @, whose last bits depend on how many threads there are.
        four = np.einsum("nw,wp->np", values.reshape(-1, 9), DOUBLING).reshape(outputs, inputs, 4, 9).swapaxes(1, 2)
        x = layers.conv(layers.padded(x, "edge", 1), four.reshape(4 * outputs, inputs, 3, 3))
        x = layers.shuffled(relu(normalised(x, group=4)))
    x = layers.activated(conv(x, weight("head"), arrays["head.bias"].astype(np.float32)), "sigmoid")
    x = layers.padded(layers.shuffled(x), "reflect", 1)
    layers.conv(x, weight("binomial"), groups=3)
    return layers
