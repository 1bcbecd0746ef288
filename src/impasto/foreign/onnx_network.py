"""Plain layers as ONNX models: one that takes and gives the statistics of normalisations, and one that only paints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from impasto.foreign.contents import Array
from impasto.foreign.layers import Layers, Value
from impasto.foreign.onnx_graph import FLOAT, GraphBuilder
from impasto.threads import session_options

_PAD = {"reflect": "reflect", "edge": "edge", "zero": "constant"}  # ONNX's names of paddings
_ACTIVATIONS = {"relu": "Relu", "elu": "Elu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def onnx_model(layers: Layers, metadata: Mapping[str, str]) -> bytes:
    """The network as an ONNX model, serialised.

    Inputs: ``image`` (1 x 3 or 4 x H x W, RGB in [0, 1] and the grain), ``scale``, ``shift``, ``given_mean``,
    ``given_variance`` (C each) and ``measured_share`` (one number: 1 normalises with the picture's own statistics, 0
    with the given ones). Outputs: ``painted``, ``mean``, ``variance``. A network without normalisations has C = 1, of
    which nothing depends.

    Args:
        layers: the network, finished.
        metadata: what :meth:`impasto.foreign.layers.Layers.metadata` gives.
    """
    channels = max(1, layers.channels)
    builder = _Builder(layers)
    g = builder.graph
    g.input("image", [1, layers.planes, "height", "width"])
    for name in ("scale", "shift", "given_mean", "given_variance"):
        g.input(name, [channels])
    g.input("measured_share", [1])
    painted = builder.run()
    g.output("painted", painted, [1, 3, "height", "width"])
    for name, parts, nothing in (("mean", builder.means, 0.0), ("variance", builder.variances, 1.0)):
        parts = parts or [g.constant(np.full(1, nothing, np.float32))]
        g.output(name, g.op("Concat", *parts, axis=0), [channels])
    return g.model(metadata)


def painting_model(layers: Layers, *, given: bool = False) -> bytes:
    """The network as an ONNX model that only paints, serialised; it takes less time than :func:`onnx_model`.

    Inputs: ``image``; and where the network normalises ``scale`` and ``shift``, with ``given`` also ``given_mean`` and
    ``given_variance``. Output: ``painted``.

    Args:
        layers: the network, finished.
        given: whether statistics are given, rather than the picture's own.
    """
    builder = _Builder(layers, "given" if given else "own")
    g = builder.graph
    g.input("image", [1, layers.planes, "height", "width"])
    if layers.channels:
        for name in ("scale", "shift", *(("given_mean", "given_variance") if given else ())):
            g.input(name, [layers.channels])
    g.output("painted", builder.run(), [1, 3, "height", "width"])
    return g.model({})


def run_features(layers: Layers, values: Sequence[Value], picture: Array) -> list[Array]:
    """Run layers without normalisations on a picture, 1 x 3 x H x W in [0, 1]; returns values, C x H x W each."""
    import onnxruntime

    builder = _Builder(layers)
    g = builder.graph
    g.input("image", [1, 3, "height", "width"])
    builder.run()
    for index, value in enumerate(values):
        g.output(f"value{index}", builder.values[value.index], [1, value.channels, f"h{index}", f"w{index}"])
    session = onnxruntime.InferenceSession(g.model({}), session_options(), providers=["CPUExecutionProvider"])
    return [value[0] for value in session.run(None, {"image": picture})]


class _Builder:
    """Adds the layers of a network to a graph.

    Args:
        layers: the network.
        statistics: what is normalised with: given statistics, the picture's own, or ``"mixed"``, by a share that is an
            input, where its own come out.
    """

    def __init__(self, layers: Layers, statistics: Literal["mixed", "given", "own"] = "mixed") -> None:
        self.graph = GraphBuilder()
        self.layers, self.statistics = layers, statistics
        self.means: list[str] = []
        self.variances: list[str] = []
        self.values: dict[int, str] = {-1: "image"}  # names of the layers' values
        self.axes = self.graph.ints(2, 3)

    def run(self) -> str:
        """Add all layers; returns the name of the last one's value."""
        values = self.values
        for index, step in enumerate(self.layers.steps):
            add: Callable[..., str] = getattr(self, f"_{step['op']}", self._activation)
            values[index] = add(step, *(values[at] for at in step["in"]))
        return values[len(self.layers.steps) - 1]

    def _weight(self, name: str) -> str:
        """Add weights under their own name; weights that several layers share are added once for each."""
        return self.graph.constant(self.layers.weights[name], name)

    def _activation(self, step: Mapping[str, Any], x: str) -> str:
        return self.graph.op(_ACTIVATIONS[step["op"]], x)

    def _relu6(self, step: Mapping[str, Any], x: str) -> str:
        return self.graph.op("Clip", x, self._scalar(0.0), self._scalar(6.0))

    def _clip(self, step: Mapping[str, Any], x: str) -> str:
        return self.graph.op("Clip", x, self._scalar(0.0), self._scalar(1.0))

    def _scalar(self, value: float) -> str:
        return self.graph.constant(np.array(value, np.float32))

    def _affine(self, step: Mapping[str, Any], x: str) -> str:
        for kind, name in (("Mul", "scale"), ("Add", "offset")):
            if name in step:
                values = self.layers.weights[step[name]]
                x = self.graph.op(kind, x, self.graph.constant(values.reshape(-1, 1, 1), step[name]))
        return x

    def _reorder(self, step: Mapping[str, Any], x: str) -> str:
        return self.graph.op("Gather", x, self.graph.ints(*step["order"]), axis=1)

    def _pad(self, step: Mapping[str, Any], x: str) -> str:
        return self.graph.pad(x, _PAD[step["mode"]], step["count"])

    def _crop(self, step: Mapping[str, Any], x: str) -> str:
        first, last = self.graph.ints(step["count"], step["count"]), self.graph.ints(-step["count"], -step["count"])
        return self.graph.op("Slice", x, first, last, self.axes)

    def _conv(self, step: Mapping[str, Any], x: str) -> str:
        before, after = step["zeros"]
        side = self.layers.weights[step["weight"]].shape[2]
        inputs = [x, *(self._weight(step[name]) for name in ("weight", "bias") if name in step)]
        return self.graph.op(
            "Conv",
            *inputs,
            kernel_shape=[side, side],
            strides=[step["stride"]] * 2,
            pads=[before, before, after, after],
            group=step["groups"],
        )

    def _transposed_conv(self, step: Mapping[str, Any], x: str) -> str:
        before, after = step["cut"]
        side = self.layers.weights[step["weight"]].shape[2]
        inputs = [x, *(self._weight(step[name]) for name in ("weight", "bias") if name in step)]
        return self.graph.op(
            "ConvTranspose",
            *inputs,
            kernel_shape=[side, side],
            strides=[step["stride"]] * 2,
            pads=[before, before, max(after, 0), max(after, 0)],
            output_padding=[max(-after, 0)] * 2,
        )

    def _enlarge(self, step: Mapping[str, Any], x: str) -> str:
        scales = self.graph.constant(np.array([1, 1, step["factor"], step["factor"]], np.float32))
        more = {"nearest_mode": "floor"} if step["mode"] == "nearest" else {}
        where = "asymmetric" if step["mode"] == "nearest" else "half_pixel"
        return self.graph.op("Resize", x, "", scales, mode=step["mode"], coordinate_transformation_mode=where, **more)

    def _add(self, step: Mapping[str, Any], x: str, y: str) -> str:
        return self.graph.op("Add", x, y)

    def _side(self, shape: str, axis: int) -> str:
        """A side of a shape, as one whole number."""
        return self.graph.op("Slice", shape, self.graph.ints(axis), self.graph.ints(axis + 1))

    def _sides(self, *sides: int | str) -> str:
        """A shape of whole numbers and of sides that :meth:`_side` gives."""
        return self.graph.op("Concat", *(self.graph.ints(s) if isinstance(s, int) else s for s in sides), axis=0)

    # Columns and rows are taken apart one after the other, as onnxruntime has fast ways for either step, but runs
    # SpaceToDepth and DepthToSpace at half of that rate.

    def _unshuffle(self, step: Mapping[str, Any], x: str) -> str:
        g, shape, two = self.graph, self.graph.op("Shape", x), self.graph.ints(2)
        height, width = (g.op("Div", self._side(shape, axis), two) for axis in (2, 3))
        x = g.op("Reshape", x, self._sides(-1, height, 2, self._side(shape, 3)))
        x = g.op("Reshape", g.op("Transpose", x, perm=[0, 2, 1, 3]), self._sides(-1, g.op("Mul", height, width), 2))
        return g.op("Reshape", g.op("Transpose", x, perm=[0, 2, 1]), self._sides(1, -1, height, width))

    def _shuffle(self, step: Mapping[str, Any], x: str) -> str:
        g, shape, two = self.graph, self.graph.op("Shape", x), self.graph.ints(2)
        height, width = self._side(shape, 2), g.op("Mul", self._side(shape, 3), two)
        x = g.op("Reshape", x, self._sides(-1, 2, g.op("Mul", height, self._side(shape, 3))))
        x = g.op("Reshape", g.op("Transpose", x, perm=[0, 2, 1]), self._sides(-1, 2, height, width))
        x = g.op("Transpose", x, perm=[0, 2, 1, 3])
        return g.op("Reshape", x, self._sides(1, -1, g.op("Mul", height, two), width))

    def _normalise(self, step: Mapping[str, Any], x: str) -> str:
        """Add a normalisation of one picture; channels of a group lie one below the other meanwhile."""
        g, shape = self.graph, ""
        if step.get("group", 1) > 1:
            shape = g.op("Shape", x)
            x = g.op("Reshape", x, self._sides(1, step["count"], -1, self._side(shape, 3)))
        ends = [g.ints(step["first"]), g.ints(step["first"] + step["count"])]
        scale, shift = (g.op("Slice", name, *ends) for name in ("scale", "shift"))
        epsilon = float(step["epsilon"])
        if self.statistics == "own" and not step["unbiased"]:
            x = g.op("InstanceNormalization", x, scale, shift, epsilon=epsilon)
        else:
            used = [] if self.statistics == "given" else self._measured(step, x)
            if self.statistics != "own":
                given = [g.op("Slice", name, *ends) for name in ("given_mean", "given_variance")]
                used = [self._mixed(*both) for both in zip(used, given, strict=True)] if used else given
            x = g.op("BatchNormalization", x, scale, shift, *used, epsilon=epsilon)
        return g.op("Reshape", x, shape) if shape else x

    def _measured(self, step: Mapping[str, Any], x: str) -> list[str]:
        """Mean and variance of each channel, C numbers each, noted among those that come out.

        The variance is that of the differences from the mean, where the step does not say otherwise: what networks of
        other programs compute first has means of hundreds, of which squares would leave few digits.
        """
        g = self.graph
        middle = g.op("ReduceMean", x, self.axes, keepdims=1)
        mean = g.op("Reshape", middle, g.ints(-1))
        centred = step.get("centred", True)
        away = g.op("Sub", x, middle) if centred else x
        # Mul and ReduceMean: onnxruntime's ReduceSumSquare takes three times as long as both.
        variance = g.op("Reshape", g.op("ReduceMean", g.op("Mul", away, away), self.axes, keepdims=1), g.ints(-1))
        if not centred:
            variance = g.op("Relu", g.op("Sub", variance, g.op("Mul", mean, mean)))
        if step["unbiased"]:
            count = g.op("Cast", g.op("ReduceProd", g.op("Shape", x, start=2), keepdims=0), to=FLOAT)
            variance = g.op("Mul", variance, g.op("Div", count, g.op("Sub", count, self._scalar(1.0))))
        self.means.append(mean)
        self.variances.append(variance)
        return [mean, variance]

    def _mixed(self, measured: str, given: str) -> str:
        """Add a mixture of measured and given statistics, by the model's input ``measured_share``."""
        g = self.graph
        return g.op("Add", given, g.op("Mul", g.op("Sub", measured, given), "measured_share"))
