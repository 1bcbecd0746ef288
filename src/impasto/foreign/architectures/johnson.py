"""jcjohnson/fast-neural-style (and what was trained with it): the modules of Torch's nn, as they stand in the file."""

from __future__ import annotations

import numpy as np

from impasto.foreign.architectures.blocks import (
    BLUE_FIRST,
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    batch_norm,
    mirrored_at_start,
)
from impasto.foreign.contents import Array, Contents, DamagedError, UnknownNetworkError
from impasto.foreign.layers import Layers, Value
from impasto.foreign.readers.torch7 import TorchObject

TITLE = "jcjohnson/fast-neural-style"
_VGG_MEAN = np.array((103.939, 116.779, 123.68))  # blue, green, red
_DEEPEST = 20
_PLAIN = {"ReLU": "relu", "Tanh": "tanh", "ELU": "elu", "Sigmoid": "sigmoid"}
_NOTHING = ("Identity", "TotalVariation", "NoiseFill", "Dropout", "SpatialDropout", "Contiguous", "Copy")


def _model(contents: Contents) -> TorchObject | None:
    """The network in a file: the object itself, or what stands under ``model``."""
    tree = contents.tree.get("model") if isinstance(contents.tree, dict) else contents.tree
    return tree if isinstance(tree, TorchObject) and tree.kind == "nn.Sequential" else None


def detect(contents: Contents) -> bool:
    """Whether it is a sequence of modules of Torch's nn."""
    return contents.kind == "Torch7" and _model(contents) is not None


def describe(contents: Contents) -> Layers:
    """Blue, green, red from 0 to 255 less VGG's mean in and out, or what its options say.

    What blocks shave off is mirrored at the start, unless the file does so itself.
    """
    return mirrored_at_start(lambda count: _describe(contents, count))


def _describe(contents: Contents, mirrored: int) -> Layers:
    """The layers after a mirrored border of so many pixels."""
    model = _model(contents)
    assert model is not None
    options = contents.tree.get("opt") if isinstance(contents.tree, dict) else None
    kind = options.get("preprocessing", "vgg") if isinstance(options, dict) else "vgg"
    layers = Layers()
    x = layers.image
    if kind == "resnet":
        mean, deviation = np.array(IMAGENET_MEAN), np.array(IMAGENET_DEVIATION)
        x = layers.affine(x, 1 / deviation, -mean / deviation)
    else:
        x = layers.affine(layers.reordered(x, BLUE_FIRST), 255.0, -_VGG_MEAN)
    x = layers.padded(x, "reflect", mirrored)
    (x,) = _module(layers, model, [x], 0)
    if kind == "resnet":
        x = layers.affine(x, deviation, mean)
    else:
        x = layers.reordered(layers.affine(x, 1 / 255, _VGG_MEAN / 255), BLUE_FIRST)
    layers.finished(x)
    return layers


def _children(module: TorchObject) -> list[TorchObject]:
    """The modules in a module, in order."""
    listed = module.fields.get("modules")
    found = [listed.get(i + 1) for i in range(len(listed))] if isinstance(listed, dict) else []
    children = [child for child in found if isinstance(child, TorchObject)]
    if len(children) < len(found):
        raise DamagedError("a module in it has no modules")
    return children


def _number(module: TorchObject, name: str, default: float | None = None) -> int:
    """A whole number among a module's fields."""
    value = module.fields.get(name, default)
    if not isinstance(value, float | int) or not float(value).is_integer() or abs(value) > 1e6:
        raise DamagedError(f"a module in it has no {name}")
    return int(value)


def _array(module: TorchObject, name: str) -> Array:
    """An array among a module's fields."""
    value = module.fields.get(name)
    if not isinstance(value, np.ndarray):
        raise DamagedError(f"a module in it has no {name}")
    return value


def _equal(module: TorchObject, *names: str) -> int:
    """A number that a module has for each direction, the same in all."""
    numbers = {_number(module, name, 0) for name in names}
    if len(numbers) != 1:
        raise UnknownNetworkError("a module in it is not the same in height and width")
    return numbers.pop()


def _module(layers: Layers, module: TorchObject, values: list[Value], depth: int) -> list[Value]:
    """Add a module; a table of values goes in and comes out where modules branch and join."""
    if depth > _DEEPEST:
        raise DamagedError("its modules are nested without end")
    kind = module.kind.partition(".")[2]
    if kind == "Sequential":
        for child in _children(module):
            values = _module(layers, child, values, depth + 1)
        return values
    if kind == "ConcatTable":
        return [_single(_module(layers, child, values, depth + 1)) for child in _children(module)]
    if kind == "CAddTable":
        x = values[0]
        for value in values[1:]:
            x = layers.added(x, value)
        return [x]
    return [_plain(layers, module, kind, _single(values))]


def _single(values: list[Value]) -> Value:
    if len(values) != 1:
        raise UnknownNetworkError("its modules are joined in a way that is not known here")
    return values[0]


def _plain(layers: Layers, module: TorchObject, kind: str, x: Value) -> Value:
    """Add a module that takes one value and gives one."""
    if kind in _PLAIN:
        return layers.activated(x, _PLAIN[kind])  # type: ignore[arg-type]
    if kind in _NOTHING:
        return x
    if kind in ("SpatialConvolution", "SpatialConvolutionMM"):
        return _conv(layers, module, x)
    if kind == "SpatialFullConvolution":
        cut, adjusted = _equal(module, "padW", "padH"), _equal(module, "adjW", "adjH")
        weight = _array(module, "weight")
        return layers.transposed_conv(x, weight, _bias(module), _equal(module, "dW", "dH"), (cut, cut - adjusted))
    if kind == "InstanceNormalization":
        return layers.normalised(x, _array(module, "weight"), _array(module, "bias"), _epsilon(module))
    if kind == "SpatialBatchNormalization":
        return _batch_norm(layers, module, x)
    if kind in ("SpatialReflectionPadding", "SpatialReplicationPadding", "SpatialZeroPadding"):
        count = _equal(module, "pad_l", "pad_r", "pad_t", "pad_b")
        modes = {
            "SpatialReflectionPadding": "reflect",
            "SpatialReplicationPadding": "edge",
            "SpatialZeroPadding": "zero",
        }
        return layers.padded(x, modes[kind], count)  # type: ignore[arg-type]
    if kind == "ShaveImage":
        return layers.cropped(x, _number(module, "size"))
    if kind == "SpatialUpSamplingNearest":
        return layers.enlarged(x, _number(module, "scale_factor"))
    if kind == "MulConstant":
        return layers.affine(x, float(module.fields.get("constant_scalar", 1.0)))
    raise UnknownNetworkError(f"it has a module that is not known here, {module.kind[:60]}")


def _conv(layers: Layers, module: TorchObject, x: Value) -> Value:
    """Add a convolution; some editions keep its weights as a matrix."""
    weight, size = _array(module, "weight"), _equal(module, "kW", "kH")
    zeros, stride = _equal(module, "padW", "padH"), _equal(module, "dW", "dH")
    if weight.ndim == 2:
        if weight.size != weight.shape[0] * x.channels * size * size:
            raise DamagedError("the weights of a convolution do not fit its size")
        weight = weight.reshape(weight.shape[0], x.channels, size, size)
    return layers.conv(x, weight, _bias(module), stride, (zeros, zeros))


def _bias(module: TorchObject) -> Array | None:
    bias = module.fields.get("bias")
    return bias if isinstance(bias, np.ndarray) else None


def _epsilon(module: TorchObject) -> float:
    value = module.fields.get("eps", 1e-5)
    return float(value) if isinstance(value, float) and 0 < value < 1 else 1e-5


def _batch_norm(layers: Layers, module: TorchObject, x: Value) -> Value:
    """Add a batch normalisation; early editions keep the inverse deviation in place of the variance."""
    epsilon = _epsilon(module)
    if "running_std" in module.fields:
        variance = 1 / np.square(np.maximum(_array(module, "running_std"), 1e-12)) - epsilon
    else:
        variance = _array(module, "running_var")
    mean = _array(module, "running_mean")
    has_scale = isinstance(module.fields.get("weight"), np.ndarray)
    scale: Array | float = _array(module, "weight") if has_scale else 1.0
    shift = _array(module, "bias") if has_scale else np.zeros_like(mean)
    return batch_norm(layers, x, mean, variance, scale, shift, epsilon)
