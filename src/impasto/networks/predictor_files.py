"""Files of the style predictor: its weights, and a model from a picture to a style that onnxruntime runs.

``predictor.safetensors`` holds the weights: a layer with many inputs as int8 with a scale for each output, all others
as fp16. ``predictor.onnx`` holds no weights. It names where they lie, byte by byte, in ``predictor.safetensors`` and in
``perceptual.safetensors`` beside it (ONNX calls this external data), so that nothing is shipped twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from impasto.errors import InputError, first_line
from impasto.files import atomic_path
from impasto.foreign.onnx_graph import FLOAT, GraphBuilder
from impasto.networks.perceptual import PerceptualNetwork, load_features, stage_and_index
from impasto.networks.predictor import (
    CLAMP,
    LEAST_DEVIATION,
    REACH,
    READERS,
    TAPS,
    PredictorArchitecture,
    StylePredictor,
)

FORMAT = "impasto-predictor-1"
"""Value of the key ``format`` in a predictor's file: the edition of the layout."""

PERCEPTUAL = "perceptual.safetensors"
"""The file of the perceptual network, beside those of the predictor."""

_WEIGHTS, _MODEL = "predictor.safetensors", "predictor.onnx"
_MANY_INPUTS = 1000  # inputs of a layer from which on its weights are kept as int8
_TYPES = {"F16": "float16", "F32": "float32", "I8": "int8"}  # NumPy's names of types, by those of safetensors


def save_predictor(predictor: StylePredictor, network: str, folder: Path, metadata: Mapping[str, str]) -> None:
    """Write a predictor into a folder, and the builtin perceptual network beside it, to which it belongs.

    Args:
        predictor: the predictor.
        network: id of the transformer network whose styles it predicts.
        folder: where to write.
        metadata: how it was trained.
    """
    perceptual = (resources.files("impasto.assets") / PERCEPTUAL).read_bytes()
    beside = folder / PERCEPTUAL
    if not (beside.is_file() and beside.read_bytes() == perceptual):  # a training saves often, and this never changes
        with atomic_path(beside) as temporary:
            temporary.write_bytes(perceptual)
    state: dict[str, Tensor] = {}
    for name, trained in predictor.state_dict().items():
        value = trained.cpu()
        if value.ndim == 2 and value.shape[1] >= _MANY_INPUTS:
            scale = value.abs().amax(dim=1) / 127
            state[name] = (value / scale[:, None]).round().to(torch.int8)
            state[name.removesuffix("weight") + "scale"] = scale.float()
        else:
            state[name] = value.half()
    judge = hashlib.sha256(perceptual).hexdigest()[:12]
    about = {
        **metadata,
        "format": FORMAT,
        "network": network,
        "perceptual": judge,
        "architecture": json.dumps(predictor.describe()),
    }
    (folder / _MODEL).unlink(missing_ok=True)  # better none, if this is interrupted, than one that names other bytes
    with atomic_path(folder / _WEIGHTS) as temporary:
        temporary.write_bytes(save({name: value.contiguous() for name, value in state.items()}, metadata=about))
    with atomic_path(folder / _MODEL) as temporary:
        temporary.write_bytes(_model(load_features(folder / PERCEPTUAL), folder, about))


def load_predictor(folder: Path) -> StylePredictor:
    """Read ``predictor.safetensors`` of a folder.

    Raises:
        InputError: the file is not there, or not one of ours.
    """
    path = folder / _WEIGHTS
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 (not a dict)
        for key in [key for key in state if key.endswith(".scale")]:
            state[key.removesuffix("scale") + "weight"] *= state.pop(key)[:, None]
        predictor = StylePredictor(PredictorArchitecture(**json.loads(metadata["architecture"])))
        predictor.load_state_dict(state)
    except Exception as error:
        raise InputError(
            f"{path} is not a style predictor ({first_line(error)}); give a folder that impasto train wrote one into."
        ) from error
    return predictor.eval()


@dataclass(frozen=True)
class _Stored:
    """Where a tensor lies in a safetensors file: its type's name there, its shape and its first byte."""

    file: str
    dtype: str
    shape: list[int]
    offset: int


def _stored(path: Path) -> dict[str, _Stored]:
    """Where each tensor of a safetensors file lies."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return {
        name: _Stored(path.name, item["dtype"], item["shape"], 8 + size + item["data_offsets"][0])
        for name, item in header.items()
    }


class _PredictorGraph(GraphBuilder):
    """The graph from a picture to a style.

    Args:
        stored: where each weight lies, by name.
    """

    def __init__(self, stored: Mapping[str, _Stored]) -> None:
        super().__init__()
        self.stored = stored

    def external(self, name: str) -> str:
        """Add a constant that lies in another file, as it is stored."""
        place = self.stored[name]
        return self.external_constant(name, _TYPES[place.dtype], place.shape, place.file, place.offset)

    def weight(self, name: str) -> str:
        """Add a weight as float32: of fp16, or of int8 with a scale for each output."""
        scale = f"{name.removesuffix('weight')}scale"
        if self.stored[name].dtype == "I8":
            return self.op("DequantizeLinear", self.external(name), self.external(scale), axis=0)
        return self.op("Cast", self.external(name), to=FLOAT)

    def conv(self, x: str, name: str) -> str:
        """Add a convolution of the perceptual network, with reflection padding where it is of 3x3."""
        sides = self.stored[f"{name}.weight"].shape[2:]
        padded = self.pad(x, "reflect") if sides == [3, 3] else x
        return self.op("Conv", padded, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), kernel_shape=sides)

    def linear(self, x: str, name: str) -> str:
        """Add a layer of the predictor."""
        return self.op("Gemm", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1)

    def silu(self, x: str) -> str:
        """Add the activation x times its sigmoid."""
        return self.op("Mul", x, self.op("Sigmoid", x))

    def number(self, value: float) -> str:
        """Add a constant number."""
        return self.constant(np.array(value, np.float32))

    def mean(self, x: str) -> str:
        """Add the mean over positions, N x C."""
        return self.op("ReduceMean", x, self.ints(2, 3), keepdims=0)

    def deviation(self, x: str) -> str:
        """Add the standard deviation over positions, N x C, by differences from the mean so that none is negative."""
        away = self.op("Sub", x, self.op("ReduceMean", x, self.ints(2, 3), keepdims=1))
        return self.op("Sqrt", self.mean(self.op("Mul", away, away)))


def _model(judge: PerceptualNetwork, folder: Path, metadata: Mapping[str, str]) -> bytes:
    """The model from a picture (1 x 3 x H x W in [0, 1]) to scale and shift (1 x C each), serialised."""
    g = _PredictorGraph({**_stored(folder / PERCEPTUAL), **_stored(folder / _WEIGHTS)})
    g.input("picture", [1, 3, "height", "width"])
    row = np.array([1, 2, 1], np.float32) / 4
    binomial = g.constant(np.repeat(np.outer(row, row)[None, None], 3, axis=0))
    x = g.op("Conv", g.pad("picture", "reflect"), binomial, kernel_shape=[3, 3], group=3)
    x = g.conv(x, "preprocess")
    statistics: list[str] = []
    stage, channels = 1, 3
    for name, tap in zip(judge.names, judge.taps, strict=True):
        if stage_and_index(name)[0] > stage:
            stage = stage_and_index(name)[0]
            x = g.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        parts = judge.parts(name)
        read = g.stored[f"{parts[0]}.weight"].shape[1]
        if read < channels:  # of what is below, a convolution may read the first channels only
            x = g.op("Slice", x, *map(g.ints, (0, read, 1)))
        for part in parts:
            x = g.conv(x, part)
        x, channels = g.op("Relu", x), g.stored[f"{parts[-1]}.weight"].shape[0]
        if tap in TAPS:
            statistics += [g.mean(x), g.deviation(x)]
            if tap in READERS:
                statistics.append(g.deviation(g.op("Conv", x, g.weight(f"{READERS[tap]}.weight"), kernel_shape=[1, 1])))
        if tap == TAPS[-1]:
            break
    x = g.op("Sqrt", g.op("Concat", *statistics, axis=1))
    deviation = g.op("Max", g.weight("deviation"), g.number(LEAST_DEVIATION))
    x = g.op("Div", g.op("Sub", x, g.weight("mean")), deviation)
    x = g.op("Clip", x, g.number(-CLAMP), g.number(CLAMP))
    x = g.silu(g.linear(x, "first"))
    x = g.op("Add", x, g.silu(g.linear(x, "second")))
    ones = g.constant(np.ones(g.stored["second.weight"].shape[0], np.float32))
    x = g.op("LayerNormalization", x, ones, epsilon=1e-5)
    x = g.linear(g.linear(x, "code"), "last")
    x = g.op("Mul", g.op("Tanh", g.op("Div", x, g.number(REACH))), g.number(REACH))
    x = g.op("Add", g.op("Mul", x, g.weight("spread")), g.weight("middle"))
    count = g.stored["middle"].shape[0] // 2
    for name, first in (("scale", 0), ("shift", count)):
        g.output(name, g.op("Slice", x, *map(g.ints, (first, first + count, 1))), [1, count])
    return g.model(metadata)
