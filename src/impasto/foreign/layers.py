"""A network as a list of plain layers: the one form into which every architecture is brought.

:class:`Layers` is built layer by layer. It checks that weights fit, and follows how many pixels a position stands for,
where it lies and how far it sees, from which the sides, the margins and the borders of the network come.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.foreign.contents import QUANTISED, Array, DamagedError, UnknownNetworkError

FORMAT = "impasto-foreign-1"
"""Value of the key ``format`` in the metadata of a network of another program."""
PADDINGS = ("reflect", "edge", "zero")
Padding = Literal["reflect", "edge", "zero"]
_LARGEST_WEIGHT = 1e6  # beyond which a weight is taken for damage
_MOST_LAYERS = 500
_ZERO_BORDER = 32  # pixels that are mirrored around a picture where a network itself continues it with zeros
_BORDER = 8  # pixels that are mirrored around a picture for all other networks

_LEAST_MULTIPLE = 4  # pixels: what refines a painting works in cells of so many
_LEAST_BYTES = 220  # bytes that painting takes for each pixel at least
_VALUES_AT_ONCE = 5  # how many values of the largest layer's size are in memory at once


@dataclass(frozen=True)
class Value:
    """What a layer gives.

    Attributes:
        index: the layer's number; -1 is the picture.
        channels: channels of it.
        cell: pixels from one position to the next.
        extra: positions more than the picture's side divided by ``cell``.
        at: pixel that the first position stands for.
        reach: pixels on each side that a position depends on, statistics aside.
    """

    index: int
    channels: int
    cell: Fraction = Fraction(1)
    extra: int = 0
    at: Fraction = Fraction(0)
    reach: Fraction = Fraction(0)


@dataclass
class Layers:
    """A network as plain layers; each method adds one and returns its value.

    A method raises a :class:`impasto.foreign.contents.DamagedError` where weights do not fit what they are for.

    Attributes:
        steps: the layers, in order: ``op``, the numbers of their inputs under ``in``, and what else the layer takes.
        weights: arrays by name, float32.
        channels: normalised channels so far, the length of a style's vectors.
        scale: parts of the scale that the file itself has, by normalisation; of several styles, S x C each.
        shift: the same of the shift.
        planes: planes of the picture: 3, or 4 with grain.
        minimum: pixels that a side must have at least.
        multiple: pixels; sides are multiples of it.
        pads_with_zeros: whether any layer continues its input with zeros.
        reach: pixels on each side that a painted pixel depends on, statistics aside; known once it is finished.
        largest: bytes for each pixel of the largest value.
    """

    steps: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    channels: int = 0
    scale: list[NDArray[np.float32]] = field(default_factory=list)
    shift: list[NDArray[np.float32]] = field(default_factory=list)
    planes: int = 3
    minimum: int = 16
    multiple: int = 1
    pads_with_zeros: bool = False
    reach: int = 0
    largest: float = 0.0

    @property
    def image(self) -> Value:
        """The picture, RGB in [0, 1], and the grain where there is a plane for it."""
        return Value(-1, self.planes)

    def _add(self, op: str, inputs: Sequence[Value], result: Value, **attributes: Any) -> Value:
        """Add a layer whose value is like ``result``."""
        if len(self.steps) >= _MOST_LAYERS:
            raise DamagedError("it has more layers than any network that paints")
        self.steps.append({"op": op, "in": [value.index for value in inputs], **attributes})
        self.largest = max(self.largest, float(4 * result.channels / result.cell**2))
        return replace(result, index=len(self.steps) - 1)

    def _weight(self, array: Array, shape: Sequence[int | None]) -> str:
        """Keep weights under a new name.

        Args:
            array: the weights.
            shape: what they must have; ``None`` is any side.

        Raises:
            DamagedError: they have another shape, or numbers that no network has.
            UnknownNetworkError: they are whole numbers.
        """
        shapes = len(array.shape) == len(shape) and all(
            b is None or a == b for a, b in zip(array.shape, shape, strict=True)
        )
        if not shapes or not array.size or array.dtype.kind not in "fiu":
            wanted = " x ".join("any" if side is None else str(side) for side in shape)
            raise DamagedError(f"weights of {wanted} are expected, and there are {' x '.join(map(str, array.shape))}")
        if array.dtype.kind != "f":
            raise UnknownNetworkError(QUANTISED)
        kept = np.ascontiguousarray(array, np.float32)
        if not np.abs(kept).max() < _LARGEST_WEIGHT:
            raise DamagedError("it has weights that are not finite, or too large for any network")
        name = f"w{len(self.weights)}"
        self.weights[name] = kept
        return name

    def affine(self, x: Value, scale: Array | float = 1.0, offset: Array | float = 0.0) -> Value:
        """x * scale + offset, each a number or one a channel."""
        names = {}
        for name, value, nothing in (("scale", scale, 1.0), ("offset", offset, 0.0)):
            values = np.broadcast_to(np.asarray(value, np.float32), (x.channels,))
            if (values != nothing).any():
                names[name] = self._weight(values, (x.channels,))
        return self._add("affine", [x], x, **names)

    def reordered(self, x: Value, order: Sequence[int]) -> Value:
        """The channels in another order, such as blue, green, red."""
        return self._add("reorder", [x], x, order=list(order))

    def padded(self, x: Value, mode: Padding, count: int) -> Value:
        """Continued beyond all four borders, by so many positions."""
        if not 0 <= count <= 256:
            raise DamagedError("it mirrors an impossible number of pixels")
        if not count:
            return x
        self.pads_with_zeros |= mode == "zero"
        if mode == "reflect":
            self.minimum = max(self.minimum, math.ceil((count + 1 - x.extra) * x.cell))
        result = replace(x, extra=x.extra + 2 * count, at=x.at - count * x.cell)
        return self._add("pad", [x], result, mode=mode, count=count)

    def cropped(self, x: Value, count: int) -> Value:
        """Without so many positions at all four borders."""
        result = replace(x, extra=x.extra - 2 * count, at=x.at + count * x.cell)
        return self._add("crop", [x], result, count=count) if count else x

    def conv(
        self,
        x: Value,
        weight: Array,
        bias: Array | None = None,
        stride: int = 1,
        zeros: Sequence[int] = (0, 0),
        groups: int = 1,
    ) -> Value:
        """A convolution.

        Args:
            x: its input.
            weight: O x I/groups x K x K.
            bias: O numbers.
            stride: positions from one output to the next.
            zeros: zeros before and after height and width.
            groups: groups of channels.
        """
        if groups < 1 or x.channels % groups:
            raise DamagedError("the channels of a convolution do not divide into its groups")
        name = self._weight(weight, (None, x.channels // groups, None, None))
        outputs, _, size, wide = weight.shape
        before, after = zeros
        if size != wide or outputs % groups or not 1 <= stride <= 4 or not 0 <= max(zeros) < 2 * size:
            raise DamagedError("a convolution in it is of a kind that no such network has")
        more = {} if bias is None else {"bias": self._weight(bias, (outputs,))}
        self.pads_with_zeros |= any(zeros)
        reach = Fraction(size - 1, 2) * x.cell
        result = Value(
            0,
            outputs,
            x.cell * stride,
            (x.extra + before + after - size) // stride + 1,
            x.at + reach - before * x.cell,
            x.reach + reach,
        )
        self.multiple = math.lcm(self.multiple, math.ceil(result.cell))
        return self._add("conv", [x], result, weight=name, stride=stride, zeros=list(zeros), groups=groups, **more)

    def transposed_conv(self, x: Value, weight: Array, bias: Array | None, stride: int, cut: Sequence[int]) -> Value:
        """A transposed convolution.

        Args:
            x: its input.
            weight: I x O x K x K.
            bias: O numbers.
            stride: by how much it enlarges.
            cut: positions that are cut off before and after height and width; negative: zeros that are added there.
        """
        name = self._weight(weight, (x.channels, None, None, None))
        _, outputs, size, wide = weight.shape
        before, after = cut
        if size != wide or not 1 <= stride <= 4 or not (0 <= before < size and -stride < after < size):
            raise DamagedError("a transposed convolution in it is of a kind that no such network has")
        more = {} if bias is None else {"bias": self._weight(bias, (outputs,))}
        self.pads_with_zeros = True  # its outermost results miss what would lie beyond the border
        cell = x.cell / stride
        half = Fraction(size - 1, 2)
        result = Value(
            0,
            outputs,
            cell,
            x.extra * stride + size - stride - before - after,
            x.at + (before - half) * cell,
            x.reach + half * cell,
        )
        return self._add("transposed_conv", [x], result, weight=name, stride=stride, cut=list(cut), **more)

    def normalised(
        self,
        x: Value,
        scale: Array,
        shift: Array,
        epsilon: float = 1e-5,
        *,
        unbiased: bool = False,
        group: int = 1,
        centred: bool = True,
    ) -> Value:
        """An instance normalisation, whose scale and shift belong to the style.

        Args:
            x: its input.
            scale: C numbers, or S x C of S styles.
            shift: the same.
            epsilon: added to the variance.
            unbiased: whether the variance is divided by one less than the number of positions.
            group: channels in a row that are normalised as one, such as those that :meth:`shuffled` will make one.
            centred: whether squares are taken of differences from the mean, as means of hundreds need it, or of the
                values themselves, which takes less time.
        """
        rows = []
        channels = x.channels // group
        for values in (scale, shift):
            array = np.atleast_2d(np.asarray(values, np.float32))
            if array.ndim != 2 or array.shape[1] != channels or np.shape(scale) != np.shape(shift):
                raise DamagedError("the scale and shift of a normalisation do not fit its channels")
            rows.append(array)
        self.scale.append(rows[0])
        self.shift.append(rows[1])
        at, self.channels = self.channels, self.channels + channels
        more: dict[str, Any] = {} if group == 1 else {"group": group}  # left out where files have always left them out
        more |= {} if centred else {"centred": False}
        return self._add("normalise", [x], x, first=at, count=channels, epsilon=epsilon, unbiased=unbiased, **more)

    def activated(self, x: Value, kind: Literal["relu", "elu", "tanh", "sigmoid", "relu6"]) -> Value:
        """An activation."""
        return self._add(kind, [x], x)

    def enlarged(self, x: Value, factor: int, mode: Literal["nearest", "linear"] = "nearest") -> Value:
        """Enlarged by repeating positions, or by linear interpolation between the middles of cells."""
        if not 1 <= factor <= 8:
            raise DamagedError("it enlarges by an impossible factor")
        cell = x.cell / factor
        shift = Fraction(factor - 1, 2) * cell
        reach = x.reach + (shift if mode == "nearest" else x.cell)
        result = replace(x, cell=cell, extra=x.extra * factor, at=x.at - shift, reach=reach)
        return self._add("enlarge", [x], result, factor=factor, mode=mode)

    def unshuffled(self, x: Value) -> Value:
        """Squares of 2 x 2 positions as four channels in a row: half the height and width."""
        cell = x.cell * 2
        half = x.cell / 2
        result = replace(x, channels=4 * x.channels, cell=cell, at=x.at + half, reach=x.reach + half)
        self.multiple = math.lcm(self.multiple, math.ceil(cell))
        return self._add("unshuffle", [x], result)

    def shuffled(self, x: Value) -> Value:
        """Four channels in a row as squares of 2 x 2 positions: twice the height and width."""
        if x.channels % 4:
            raise DamagedError("it makes squares of a number of channels that is no multiple of four")
        cell = x.cell / 2
        half = cell / 2
        result = replace(
            x, channels=x.channels // 4, cell=cell, extra=2 * x.extra, at=x.at - half, reach=x.reach + half
        )
        return self._add("shuffle", [x], result)

    def added(self, x: Value, y: Value) -> Value:
        """The sum of two values of one size."""
        if (x.channels, x.cell, x.extra) != (y.channels, y.cell, y.extra):
            raise DamagedError("two of its layers are added that have different sizes")
        return self._add("add", [x, y], replace(x, reach=max(x.reach, y.reach + abs(x.at - y.at))))

    def finished(self, x: Value) -> Value:
        """End with a painting in [0, 1], of the picture's size.

        Raises:
            BorderLostError: the network gives less than the picture, so that it is to be mirrored first.
            DamagedError: it gives something else.
        """
        if x.channels != 3 or x.cell != 1:
            raise DamagedError("it does not give a picture of the size of its input")
        if x.extra < 0:
            raise BorderLostError(-x.extra)
        if x.extra % 2:
            raise DamagedError("it does not give a picture of the size of its input")
        x = self.cropped(x, x.extra // 2)
        self.reach = math.ceil(x.reach + abs(x.at))
        return self._add("clip", [x], x)

    @property
    def styles(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Scale and shift of every style in the file, C numbers each.

        A network without instance normalisation has one of one number, which nothing depends on.

        Raises:
            DamagedError: its normalisations have different numbers of styles.
        """
        if not self.scale:
            return [(np.ones(1, np.float32), np.zeros(1, np.float32))]
        if len({len(rows) for rows in self.scale}) > 1:
            raise DamagedError("its normalisations have different numbers of styles")
        scale, shift = np.concatenate(self.scale, axis=1), np.concatenate(self.shift, axis=1)
        return list(zip(scale, shift, strict=True))

    def metadata(self, title: str) -> dict[str, str]:
        """What a model's file says of the network: id, layers, and what sides and margins it takes.

        Args:
            title: whose network it is.
        """
        steps = json.dumps(self.steps, separators=(",", ":"))
        digest = hashlib.sha256(steps.encode())
        for name, array in self.weights.items():
            digest.update(name.encode() + array.tobytes())
        multiple = math.lcm(self.multiple, _LEAST_MULTIPLE)
        return {
            "format": FORMAT,
            "id": f"{digest.hexdigest()[:12]}",
            "title": title,
            "layers": steps,
            "multiple": str(multiple),
            "minimum": str(-(-self.minimum // multiple) * multiple),
            "radius": str(self.reach),
            "bytes_per_pixel": str(max(_LEAST_BYTES, math.ceil(_VALUES_AT_ONCE * self.largest))),
            "border": str(_ZERO_BORDER if self.pads_with_zeros else _BORDER),
        }


class BorderLostError(Exception):
    """A network gives less than its picture.

    Args:
        count: pixels that are missing in height and width.
    """

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.each_side = -(-count // 2)
