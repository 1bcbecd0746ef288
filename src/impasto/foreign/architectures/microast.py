"""EndyWon/MicroAST: any style, of which the statistics of a style picture's features are the scale and shift."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from impasto.foreign.architectures.blocks import Named
from impasto.foreign.architectures.style_picture import read_style_picture
from impasto.foreign.contents import Array, Contents, DamagedError, UnknownNetworkError
from impasto.foreign.layers import Layers, Value
from impasto.foreign.onnx_network import run_features

TITLE = "EndyWon/MicroAST"
_PARTS = ("content_encoder", "style_encoder", "modulator", "decoder")
_NAME = re.compile(rf"({'|'.join(_PARTS)})(.*)\.(pth\.tar|pth|pt)")
_STYLE_SIDE = 512  # pixels: shorter side at which a style picture is looked at
_EPSILON = 1e-5


def files(path: Path) -> list[Path]:
    """The four files of a network, by the path of one of them or of their folder; of several networks the last."""
    found = _NAME.fullmatch(path.name)
    if not (path.is_dir() or found):
        return []
    folder = path if path.is_dir() else path.parent
    editions: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir()):
        match = _NAME.fullmatch(file.name)
        if match and (path.is_dir() or match[2] == (found or match)[2]):
            editions.setdefault(match[2], {})[match[1]] = file
    whole = [edition for edition in editions.values() if len(edition) == len(_PARTS)]
    return [whole[-1][part] for part in _PARTS] if whole else []


def gather(path: Path, read: Callable[[Path], Contents]) -> Contents | None:
    """The arrays of the four files, each under the name of its part."""
    arrays: dict[str, Array] = {}
    for part, file in zip(_PARTS, files(path), strict=False):
        arrays |= {f"{part}.{name}": array for name, array in read(file).arrays.items()}
    return Contents("PyTorch", arrays) if arrays else None


def detect(contents: Contents) -> bool:
    """Whether the names are those of its parts; one part alone is told that the others are missing."""
    names = contents.arrays.keys()
    if {"enc1.0.conv_layer.weight", "enc2.0.conv1.conv_layer.weight"} <= names or "dec3.1.conv_layer.weight" in names:
        parts = f"{', '.join(_PARTS[:-1])} and {_PARTS[-1]}"
        raise UnknownNetworkError(f"it is one of MicroAST's four files; put {parts} into one folder, and give that")
    return {"content_encoder.enc1.0.conv_layer.weight", "decoder.dec3.1.conv_layer.weight"} <= names


def describe_style(contents: Contents, style_picture: Path | None) -> Layers:
    """RGB in [0, 1] in and out; what the style picture makes of weights and statistics is in the layers.

    Raises:
        UnknownNetworkError: no style picture is given.
        InputError: it cannot be read.
    """
    features = _style_features(contents, read_style_picture(style_picture, _STYLE_SIDE))
    layers = Layers()
    net = Named(layers, contents.arrays)
    first, second = _encoder(net, "content_encoder")(layers.image)
    del first  # only the style's is used
    x = _adapted(layers, second, features[1])
    x = _modulated(net, x, "decoder.dec1", _signals(contents, features[1], 2))
    x = _adapted(layers, x, features[0])
    x = _modulated(net, x, "decoder.dec2", _signals(contents, features[0], 1))
    for at in (1, 3, 6, 8, 10):
        if at in (1, 6):
            x = layers.enlarged(x, 2, "linear")
        x = _grouped(net, x, f"decoder.dec3.{at}")
        x = x if at == 10 else net.relu(x)
    layers.finished(x)
    return layers


def _style_features(contents: Contents, picture: Array) -> list[Array]:
    """The style encoder's two values of a picture, C x H x W each."""
    layers = Layers()
    values = _encoder(Named(layers, contents.arrays), "style_encoder")(layers.image)
    return run_features(layers, values, picture)


def _encoder(net: Named, part: str) -> Callable[[Value], list[Value]]:
    """An encoder: two values of a picture, the second from the first."""

    def encoded(x: Value) -> list[Value]:
        for at, stride in ((0, 1), (2, 2), (4, 1), (6, 2), (8, 1)):
            x = net.relu(_grouped(net, x, f"{part}.enc1.{at}", stride))
        first = _residual(net, x, f"{part}.enc1.10")
        return [first, _residual(net, first, f"{part}.enc2.0")]

    return encoded


def _grouped(net: Named, x: Value, name: str, stride: int = 1) -> Value:
    """A convolution in as many groups as its weights have."""
    inputs = net.get(f"{name}.conv_layer.weight").shape[1:2]
    if not inputs or not inputs[0] or x.channels % inputs[0]:
        raise DamagedError("the channels of a convolution do not divide into its groups")
    return net.conv(x, f"{name}.conv_layer", stride, x.channels // inputs[0])


def _residual(net: Named, x: Value, name: str) -> Value:
    """A residual block of an encoder."""
    y = net.relu(net.conv(x, f"{name}.conv1.conv_layer"))
    return net.layers.added(x, net.conv(y, f"{name}.conv2.conv_layer"))


def _modulated(net: Named, x: Value, name: str, signals: tuple[Array, Array]) -> Value:
    """A residual block whose convolutions are weighed by a style, and get their input added, weighed, too."""
    weight, bias = signals
    layers = net.layers

    def conv(value: Value, part: str) -> Value:
        weights, offsets = (net.get(f"{name}.{part}.conv_layer.{kind}") for kind in ("weight", "bias"))
        padded = layers.padded(value, "reflect", weights.shape[-1] // 2)
        y = layers.conv(padded, weights * weight[:, None, None, None], offsets * weight)
        return layers.added(y, layers.affine(value, bias))

    return layers.added(x, conv(net.relu(conv(x, "conv1")), "conv2"))


def _signals(contents: Contents, features: Array, index: int) -> tuple[Array, Array]:
    """What the modulator makes of a value of the style picture: a weight and a bias for each channel.

    It is the mean of a convolution of each channel, which is the convolution of the means of the shifted channel.
    """
    net = Named(Layers(), contents.arrays)
    padded = np.pad(features, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    height, width = features.shape[1:]
    means = np.array([[padded[:, i : i + height, j : j + width].mean(axis=(1, 2)) for j in range(3)] for i in range(3)])
    made = []
    for kind in ("weight", "bias"):
        name = f"modulator.{kind}{index}.0.conv_layer"
        weights, offsets = net.get(f"{name}.weight"), net.get(f"{name}.bias")
        if weights.shape != (len(features), 1, 3, 3) or offsets.shape != (len(features),):
            raise DamagedError("the modulator's weights do not fit the style encoder's")
        made.append(np.einsum("ijc,cij->c", means, weights[:, 0]) + offsets)
    return made[0], made[1]


def _adapted(layers: Layers, x: Value, features: Array) -> Value:
    """The content's features with the mean and the deviation of the style's."""
    deviation = np.sqrt(features.var(axis=(1, 2), ddof=1) + _EPSILON)
    return layers.normalised(x, deviation, features.mean(axis=(1, 2)), _EPSILON, unbiased=True)
