"""gordicaleksa/pytorch-neural-style-johnson: colours in units of ImageNet."""

from __future__ import annotations

import numpy as np

from impasto.foreign.architectures.blocks import IMAGENET_DEVIATION, IMAGENET_MEAN, Named, transformer_net
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
    x = transformer_net(
        Named(layers, contents.arrays),
        layers.affine(layers.image, 1 / deviation, -mean / deviation),
        "up{}.conv2d.conv2d",
        "up3.conv2d",
    )
    layers.finished(layers.affine(x, deviation, mean))
    return layers
