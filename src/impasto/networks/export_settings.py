"""In what form a network goes to other programs, and what goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from impasto.errors import InputError
from impasto.foreign.onnx_graph import OPSET, OPSETS
from impasto.networks.architecture import Geometry
from impasto.styles.style import Style

Target = Literal["onnx", "torch", "safetensors"]
TARGETS: tuple[Target, ...] = get_args(Target)
"""The formats that networks are exported to."""
SUFFIXES = {"onnx": ".onnx", "torch": ".pt2", "safetensors": ".safetensors"}
"""End of a file's name by its format."""
Pixels = Literal["bytes", "planes"]
Vectors = Literal["baked", "inputs"]
LARGEST_SIDE = 16384
"""Pixels of the largest side that a fixed size can have."""


@dataclass(frozen=True)
class ExportSettings:
    """The form of an exported model.

    Attributes:
        to: the format.
        size: width and height in pixels that it is fixed to; ``None``: any.
        opset: version of ONNX's operators.
        vectors: whether the style is baked in, or its scale and shift are inputs.
        pixels: ``"bytes"``: 1 x H x W x 3 of any size in and out, and all that Impasto does around the network is in
            the model; ``"planes"``: what the network itself takes and gives.
        statistics: whether those of the normalisations are inputs and outputs, for tiles and video.

    Raises:
        InputError: they do not go together.
    """

    to: Target = "onnx"
    size: tuple[int, int] | None = None
    opset: int = OPSET
    vectors: Vectors = "baked"
    pixels: Pixels = "bytes"
    statistics: bool = False

    def __post_init__(self) -> None:
        if self.to not in TARGETS:
            raise InputError(f"There is no format {self.to} to export to; take one of {', '.join(TARGETS)}.")
        if self.opset not in OPSETS:
            raise InputError(f"ONNX is written in opset {OPSETS[0]} to {OPSETS[-1]}, not {self.opset}.")
        if self.size is not None and not all(1 <= side <= LARGEST_SIDE for side in self.size):
            raise InputError(f"A fixed size has sides of 1 to {LARGEST_SIDE} pixels, as 640x480.")
        if self.to != "onnx" and (self.size is not None or self.opset != OPSET):
            raise InputError("A size and an opset are for --to onnx; leave them out.")
        if self.to == "safetensors" and (self.vectors, self.pixels, self.statistics) != ("baked", "bytes", False):
            raise InputError("A .safetensors file has the weights and the style alone; leave the other options out.")


@dataclass(frozen=True)
class Exported:
    """What is exported.

    Attributes:
        name: of the style, or of the network.
        network: the network's id.
        onnx: the network as a model that our engines run.
        style: the style; ``None``: the network alone.
        fit: what sides the network takes.
        planes: planes of its input: 3, or 4 with grain.
        channels: length of a style's vectors.
    """

    name: str
    network: str
    onnx: bytes
    style: Style | None
    fit: Geometry
    planes: int
    channels: int
