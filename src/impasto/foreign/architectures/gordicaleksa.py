"""gordicaleksa/pytorch-neural-style-johnson: colours in units of ImageNet."""

from __future__ import annotations

import numpy as np

from impasto.foreign.architectures.blocks import IMAGENET_DEVIATION, IMAGENET_MEAN, Named, numbered
from impasto.foreign.contents import Contents
from impasto.foreign.layers import Layers

TITLE = "gordicaleksa/pytorch-neural-style-johnson"


def detect(contents: Contents) -> bool:
    """Whether the names are those of its ``TransformerNet``."""
    names = contents.arrays.keys()
    return {"conv1.conv2d.weight", "in1.weight", "up3.conv2d.weight"} <= names and "up1.conv2d.conv2d.weight" in names


def describe(contents: Contents) -> Layers:
    """RGB less ImageNet's mean, divided by its deviation, in and out."""
    mean, deviation = np.array(IMAGENET_MEAN), np.array(IMAGENET_DEVIATION)
    layers = Layers()
    net = Named(layers, contents.arrays)
    x = layers.affine(layers.image, 1 / deviation, -mean / deviation)
    for index, stride in ((1, 1), (2, 2), (3, 2)):
        x = net.relu(net.norm(net.conv(x, f"conv{index}.conv2d", stride), f"in{index}"))
    for block in range(1, numbered(contents.arrays, "res{}.conv1.conv2d.weight") + 1):
        y = net.relu(net.norm(net.conv(x, f"res{block}.conv1.conv2d"), f"res{block}.in1"))
        x = layers.added(net.norm(net.conv(y, f"res{block}.conv2.conv2d"), f"res{block}.in2"), x)
    for index in (1, 2):
        x = net.conv(layers.enlarged(x, 2), f"up{index}.conv2d.conv2d")
        x = net.relu(net.norm(x, f"in{index + 3}"))
    layers.finished(layers.affine(net.conv(x, "up3.conv2d"), deviation, mean))
    return layers
