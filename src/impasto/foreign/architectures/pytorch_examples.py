"""The fast_neural_style example of PyTorch, and what was made of it, at any width."""

from __future__ import annotations

from impasto.foreign.architectures.blocks import Named, numbered
from impasto.foreign.contents import Contents
from impasto.foreign.layers import Layers

TITLE = "pytorch/examples fast_neural_style"


def detect(contents: Contents) -> bool:
    """Whether the names are those of its ``TransformerNet``."""
    return {"conv1.conv2d.weight", "in1.weight", "deconv3.conv2d.weight"} <= contents.arrays.keys()


def describe(contents: Contents) -> Layers:
    """RGB from 0 to 255 in and out; running statistics of old files are not used by instance normalisation."""
    layers = Layers()
    net = Named(layers, contents.arrays)
    x = layers.affine(layers.image, 255.0)
    for index, stride in ((1, 1), (2, 2), (3, 2)):
        x = net.relu(net.norm(net.conv(x, f"conv{index}.conv2d", stride), f"in{index}"))
    for block in range(1, numbered(contents.arrays, "res{}.conv1.conv2d.weight") + 1):
        y = net.relu(net.norm(net.conv(x, f"res{block}.conv1.conv2d"), f"res{block}.in1"))
        x = layers.added(net.norm(net.conv(y, f"res{block}.conv2.conv2d"), f"res{block}.in2"), x)
    for index in (1, 2):
        x = net.conv(layers.enlarged(x, 2), f"deconv{index}.conv2d")
        x = net.relu(net.norm(x, f"in{index + 3}"))
    x = layers.affine(net.conv(x, "deconv3.conv2d"), 1 / 255)
    layers.finished(x)
    return layers
