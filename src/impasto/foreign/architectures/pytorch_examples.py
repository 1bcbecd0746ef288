"""The fast_neural_style example of PyTorch, and what was made of it, at any width."""

from __future__ import annotations

from impasto.foreign.architectures.blocks import Named, transformer_net
from impasto.foreign.contents import Contents
from impasto.foreign.layers import Layers

TITLE = "pytorch/examples fast_neural_style"


def detect(contents: Contents) -> bool:
    """Whether the names are those of its ``TransformerNet``."""
    return {"conv1.conv2d.weight", "in1.weight", "deconv3.conv2d.weight"} <= contents.arrays.keys()


def describe(contents: Contents) -> Layers:
    """RGB from 0 to 255 in and out; running statistics of old files are not used by instance normalisation."""
    layers = Layers()
    x = transformer_net(
        Named(layers, contents.arrays), layers.affine(layers.image, 255.0), "deconv{}.conv2d", "deconv3.conv2d"
    )
    layers.finished(layers.affine(x, 1 / 255))
    return layers
