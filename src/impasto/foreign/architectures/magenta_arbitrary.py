"""Magenta's arbitrary_image_stylization in TensorFlow.js: a network that makes numbers of a style picture, and one that
paints with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from impasto.foreign.architectures.blocks import batch_norm, numbered
from impasto.foreign.architectures.style_picture import read_style_picture
from impasto.foreign.contents import LARGEST_FILE, Array, Contents, DamagedError, UnknownNetworkError
from impasto.foreign.layers import Layers, Value
from impasto.foreign.onnx_network import run_features

TITLE = "Magenta arbitrary_image_stylization"
_MODEL = "model.json"
_STYLE_NET = "style_net/"  # prefix of the names of the network that looks at a style picture
_STYLE_SIDE, _STYLE_GRID = 256, 32  # pixels: shorter side of a style picture, and what its sides are multiples of
_STRIDES = {1: 2, 3: 2, 6: 2, 13: 2}  # of MobileNet's blocks, by number; all others have 1
_BATCH_EPSILON = 1e-3
_STYLE_EPSILON = 1e-5


def files(path: Path) -> list[Path]:
    """The two models and their weights, by the folder of one of them, or by the folder of both."""
    inside = path.parent if path.name == _MODEL else path
    base = inside.parent if (inside / _MODEL).is_file() else inside
    if not base.is_dir():
        return []
    painting, looking = [], []
    for model in sorted(base.glob(f"*/{_MODEL}")):
        if model.stat().st_size > LARGEST_FILE:
            continue
        text = model.read_bytes()
        if b"style_params/transformer" in text:
            painting.append(model)
        elif b"MobilenetV2/Conv/weights" in text:
            looking.append(model)
    chosen = [model for model in painting if model.parent == inside] or painting
    if not chosen or not looking:
        return []
    found = [chosen[-1], looking[-1]]
    return found + [file for model in found for file in sorted(model.parent.glob("group*"))]


def gather(path: Path, read: Callable[[Path], Contents]) -> Contents | None:
    """The arrays of both networks."""
    models = files(path)[:2]
    if not models:
        return None
    painting, looking = (read(model) for model in models)
    arrays = {**painting.arrays, **{_STYLE_NET + name: array for name, array in looking.arrays.items()}}
    return Contents(painting.kind, arrays, painting.tree)


def detect(contents: Contents) -> bool:
    """Whether the names are those of both networks; one alone is told that the other is missing."""
    names = contents.arrays.keys()
    paints = {"transformer/contract/conv1/weights", "transformer/contract/conv1/BatchNorm/beta"} <= names
    looks = f"{_STYLE_NET}MobilenetV2/Conv/weights" in names
    if paints != looks or "MobilenetV2/Conv/weights" in names:
        raise UnknownNetworkError(
            "it is one of two networks; put the folders of both, that of the transformer and that of MobileNet for the "
            "style, into one folder, and give that"
        )
    return paints


def describe_style(contents: Contents, style_picture: Path | None) -> Layers:
    """RGB in [0, 1] in, sigmoid out; batch normalisation at first, then the style's.

    Raises:
        UnknownNetworkError: no style picture is given.
        InputError: it cannot be read.
    """
    numbers = _style_numbers(contents, read_style_picture(style_picture, _STYLE_SIDE, _STYLE_GRID))
    layers, get = Layers(), _getter(contents.arrays)
    mode = "reflect" if "MirrorPad" in (contents.tree or ()) else "zero"

    def conv(x: Value, name: str, stride: int = 1) -> Value:
        """A convolution, whole or in depth and then across channels."""
        separable = re.sub(r"(conv\d?)$", r"dilate_\1", name)
        if f"{separable}/depthwise_weights" in contents.arrays:
            weight = get(f"{separable}/depthwise_weights")
            x = layers.padded(x, mode, weight.shape[0] // 2)  # type: ignore[arg-type]
            x = layers.conv(x, weight.transpose(2, 3, 0, 1), None, stride, groups=x.channels)
            return layers.conv(x, get(f"{separable}/pointwise_weights").transpose(3, 2, 0, 1))
        weight = get(f"{name}/weights")
        x = layers.padded(x, mode, weight.shape[0] // 2)  # type: ignore[arg-type]
        return layers.conv(x, weight.transpose(3, 2, 0, 1), None, stride)

    def styled(x: Value, name: str) -> Value:
        shift, scale = (
            numbers @ get(f"style_params/{name}/StyleNorm/{part}/weights")[0, 0]
            + get(f"style_params/{name}/StyleNorm/{part}/biases")
            for part in ("Conv", "Conv_1")
        )
        return layers.normalised(x, scale, shift, epsilon)

    given = [array for name, array in contents.arrays.items() if name.endswith("StyleNorm/batchnorm/add/y")]
    epsilon = float(given[0]) if given and given[0].size == 1 and 0 < float(given[0]) < 1 else _STYLE_EPSILON
    x = layers.image
    for index, stride in ((1, 1), (2, 2), (3, 2)):
        name = f"transformer/contract/conv{index}"
        x = layers.activated(_batch_normed(layers, conv(x, name, stride), get, name), "relu")
    ends = ("dilate_conv1/depthwise_weights", "conv1/weights")
    count = max(numbered(contents.arrays, f"transformer/residual/residual{{}}/{end}") for end in ends)
    for block in range(1, count + 1):
        name = f"transformer/residual/residual{block}"
        y = layers.activated(styled(conv(x, f"{name}/conv1"), f"{name}/conv1"), "relu")
        x = layers.added(x, styled(conv(y, f"{name}/conv2"), f"{name}/conv2"))
    for index in (1, 2):
        name = f"transformer/expand/conv{index}/conv"
        x = layers.activated(styled(conv(layers.enlarged(x, 2), name), name), "relu")
    name = "transformer/expand/conv3/conv"
    layers.finished(layers.activated(styled(conv(x, name), name), "sigmoid"))
    return layers


def _getter(arrays: Mapping[str, Array]) -> Callable[[str], Array]:
    """A function that gives an array by its name, or says that it is missing."""

    def get(name: str) -> Array:
        if name not in arrays:
            raise DamagedError(f"its weights {name} are missing")
        return arrays[name]

    return get


def _batch_normed(layers: Layers, x: Value, get: Callable[[str], Array], name: str) -> Value:
    """The batch normalisation of a layer, with or without a scale."""
    mean, variance, shift = (get(f"{name}/BatchNorm/{part}") for part in ("moving_mean", "moving_variance", "beta"))
    try:
        scale: Array | float = get(f"{name}/BatchNorm/gamma")
    except DamagedError:
        scale = 1.0
    return batch_norm(layers, x, mean, variance, scale, shift, _BATCH_EPSILON)


def _style_numbers(contents: Contents, picture: Array) -> Array:
    """What MobileNet makes of a style picture, 1 x 3 x H x W in [0, 1]: about a hundred numbers."""
    layers, get = Layers(), _getter(contents.arrays)
    root = f"{_STYLE_NET}MobilenetV2"

    def layer(x: Value, name: str, stride: int = 1) -> Value:
        """A convolution and its batch normalisation; TensorFlow's SAME padding of even sides."""
        depth = f"{name}/depthwise_weights"
        weight = get(depth if depth in contents.arrays else f"{name}/weights")
        groups = x.channels if depth in contents.arrays else 1
        total = max(weight.shape[0] - stride, 0)
        order = (2, 3, 0, 1) if groups > 1 else (3, 2, 0, 1)
        x = layers.conv(x, weight.transpose(order), None, stride, (total // 2, total - total // 2), groups)
        return _batch_normed(layers, x, get, name)

    x = layers.activated(layer(layers.image, f"{root}/Conv", 2), "relu6")
    number = 0
    while f"{(name := root + '/expanded_conv' + (f'_{number}' if number else ''))}/project/weights" in contents.arrays:
        y = x
        if f"{name}/expand/weights" in contents.arrays:
            y = layers.activated(layer(y, f"{name}/expand"), "relu6")
        y = layers.activated(layer(y, f"{name}/depthwise", _STRIDES.get(number, 1)), "relu6")
        y = layer(y, f"{name}/project")
        x = layers.added(x, y) if (x.channels, x.cell) == (y.channels, y.cell) else y
        number += 1
    if f"{root}/Conv_1/weights" in contents.arrays:
        x = layers.activated(layer(x, f"{root}/Conv_1"), "relu6")
    (features,) = run_features(layers, [x], picture)
    ends = [name for name in contents.arrays if name.startswith(_STYLE_NET) and not name.startswith(root)]
    ends = [name for name in ends if name.endswith("/weights") and contents.shape(name)[:3] == (1, 1, x.channels)]
    if len(ends) != 1:
        raise DamagedError("the last layer of its network for styles is missing")
    biases = contents.arrays.get(f"{ends[0].removesuffix('weights')}biases", np.float32(0))
    numbers: Array = features.mean(axis=(1, 2)) @ contents.arrays[ends[0]][0, 0] + biases
    return numbers
