"""rrmina/fast-neural-style-pytorch: blue first, and transposed convolutions."""

from __future__ import annotations

from impasto.foreign.architectures.blocks import BLUE_FIRST, Named
from impasto.foreign.contents import Contents
from impasto.foreign.layers import Layers

TITLE = "rrmina/fast-neural-style-pytorch"


def detect(contents: Contents) -> bool:
    """Whether the names are those of its ``TransformerNetwork``; its variants with other blocks have others."""
    names = contents.arrays.keys()
    wanted = {"ConvBlock.0.conv_layer.weight", "ConvBlock.0.norm_layer.weight", "DeconvBlock.4.conv_layer.weight"}
    wanted |= {"ResidualBlock.0.conv1.conv_layer.weight"}
    return wanted <= names and not any(".conv3." in name for name in names)


def describe(contents: Contents) -> Layers:
    """Blue, green, red from 0 to 255 in and out; its variant that ends with tanh has the same weights, and is rare."""
    layers = Layers()
    net = Named(layers, contents.arrays)
    x = layers.affine(layers.reordered(layers.image, BLUE_FIRST), 255.0)
    for index, stride in ((0, 1), (2, 2), (4, 2)):
        x = net.conv(x, f"ConvBlock.{index}.conv_layer", stride)
        x = net.relu(net.norm(x, f"ConvBlock.{index}.norm_layer"))
    block = 0
    while f"ResidualBlock.{block}.conv1.conv_layer.weight" in contents.arrays:
        name = f"ResidualBlock.{block}"
        y = net.relu(net.norm(net.conv(x, f"{name}.conv1.conv_layer"), f"{name}.conv1.norm_layer"))
        x = layers.added(net.norm(net.conv(y, f"{name}.conv2.conv_layer"), f"{name}.conv2.norm_layer"), x)
        block += 1
    for index in (0, 2):
        name = f"DeconvBlock.{index}"
        weight, bias = net.get(f"{name}.conv_transpose.weight"), net.get(f"{name}.conv_transpose.bias")
        x = layers.transposed_conv(x, weight, bias, 2, (1, 0))
        x = net.relu(net.norm(x, f"{name}.norm_layer"))
    x = layers.affine(net.conv(x, "DeconvBlock.4.conv_layer"), 1 / 255)
    layers.finished(layers.reordered(x, BLUE_FIRST))
    return layers
