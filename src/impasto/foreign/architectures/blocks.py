"""What the networks of Johnson's family share: normalised convolutions and residual blocks, by the names of weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from impasto.foreign.contents import Array, DamagedError
from impasto.foreign.layers import BorderLostError, Layers, Value

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
BLUE_FIRST = (2, 1, 0)
"""The order of channels of programs that read pictures with OpenCV or Caffe; its own inverse."""
_EPSILON = 1e-5  # what PyTorch's instance normalisation adds to the variance


@dataclass
class Named:
    """Layers whose weights are looked up by name, in PyTorch's spelling and order of sides.

    Attributes:
        layers: what has been built.
        arrays: the weights.
    """

    layers: Layers
    arrays: Mapping[str, Array]

    def get(self, name: str) -> Array:
        """Weights.

        Raises:
            DamagedError: there are none of that name.
        """
        if name not in self.arrays:
            raise DamagedError(f"its weights {name} are missing")
        return self.arrays[name]

    def conv(self, x: Value, name: str, stride: int = 1, groups: int = 1) -> Value:
        """A convolution after a mirrored border of half its size.

        Args:
            x: what is convolved.
            name: what the names of its weights begin with.
            stride: in both directions.
            groups: into which its channels are parted.

        Raises:
            DamagedError: there are no weights of that name.
        """
        weight = self.get(f"{name}.weight")
        size = weight.shape[-1] if weight.ndim else 0
        padded = self.layers.padded(x, "reflect", size // 2)
        return self.layers.conv(padded, weight, self.get(f"{name}.bias"), stride, groups=groups)

    def norm(self, x: Value, name: str) -> Value:
        """An instance normalisation."""
        return self.layers.normalised(x, self.get(f"{name}.weight"), self.get(f"{name}.bias"), _EPSILON)

    def relu(self, x: Value) -> Value:
        """What is above zero."""
        return self.layers.activated(x, "relu")


def transformer_net(net: Named, x: Value, enlarging: str, last: str) -> Value:
    """The ``TransformerNet`` of PyTorch's example, from prepared colours to what its last convolution gives.

    Args:
        net: its weights.
        x: the picture.
        enlarging: names of the convolutions after enlargements, with ``{}`` for their number.
        last: name of the last convolution.
    """
    for index, stride in ((1, 1), (2, 2), (3, 2)):
        x = net.relu(net.norm(net.conv(x, f"conv{index}.conv2d", stride), f"in{index}"))
    for block in range(1, numbered(net.arrays, "res{}.conv1.conv2d.weight") + 1):
        y = net.relu(net.norm(net.conv(x, f"res{block}.conv1.conv2d"), f"res{block}.in1"))
        x = net.layers.added(net.norm(net.conv(y, f"res{block}.conv2.conv2d"), f"res{block}.in2"), x)
    for index in (1, 2):
        x = net.conv(net.layers.enlarged(x, 2), enlarging.format(index))
        x = net.relu(net.norm(x, f"in{index + 3}"))
    return net.conv(x, last)


def batch_norm(
    layers: Layers, x: Value, mean: Array, variance: Array, scale: Array | float, shift: Array, epsilon: float
) -> Value:
    """A batch normalisation of fixed statistics: a factor and an offset for each channel.

    Args:
        layers: get it.
        x: what is normalised, of C channels.
        mean, variance, shift: C numbers each.
        scale: C numbers, or one.
        epsilon: is added to the variance.

    Raises:
        DamagedError: there are not as many numbers as channels.
    """
    sides = {np.shape(values) for values in (mean, variance, shift)} | ({np.shape(scale)} - {()})
    if sides != {(x.channels,)}:
        raise DamagedError("the numbers of a batch normalisation do not fit its channels")
    factor = scale / np.sqrt(np.maximum(variance, 0) + epsilon)
    return layers.affine(x, factor, shift - mean * factor)


def numbered(arrays: Mapping[str, Array], pattern: str) -> int:
    """How many names there are of a pattern with ``{}`` for 1, 2, 3 and so on without a gap."""
    count = 0
    while pattern.format(count + 1) in arrays:
        count += 1
    return count


def mirrored_at_start(build: Callable[[int], Layers]) -> Layers:
    """Layers whose painting is as large as the picture, by mirroring first what they lose at the borders.

    Args:
        build: makes the layers after a mirrored border of so many pixels.

    Raises:
        DamagedError: the painting is smaller even so.
    """
    try:
        return build(0)
    except BorderLostError as lost:
        try:
            return build(lost.each_side)
        except BorderLostError as error:
            raise DamagedError("its painting is smaller than the picture") from error
