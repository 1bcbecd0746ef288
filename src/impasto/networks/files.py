"""Files of transformer networks: read, and written with their styles as the package ships them.

The network goes to ``network.onnx``, rounded to fp16, from which torch takes its weights as well; a style goes to
``styles/NAME.safetensors``. The ONNX graph is built node by node: that keeps it small, lets height and width vary, and
gives every normalisation's mean and variance as outputs and as inputs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.errors import InputError, first_line
from impasto.files import atomic_path
from impasto.foreign.onnx_graph import FLOAT, GraphBuilder
from impasto.foreign.readers.onnx_file import metadata_of, read_weights
from impasto.networks.architecture import DOUBLING, EPSILON, MIDDLE, PLANES
from impasto.networks.transformer import Architecture, TransformerNetwork
from impasto.styles.catalogue import load_style
from impasto.styles.style import NETWORK_FILE, EmbeddedNetwork, Style

# Which input of torch's stem each input of ONNX's is: SpaceToDepth puts offsets first, pixel_unshuffle the colours.
_STEM_ORDER = [plane * 4 + offset for offset in range(4) for plane in range(PLANES)]


def network_id(network: TransformerNetwork) -> str:
    """Twelve hex digits that name the network's weights, rounded to fp16 as they are shipped."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode() + value.detach().half().numpy().tobytes())
    return digest.hexdigest()[:12]


def save_folder(
    network: TransformerNetwork,
    styles: Mapping[str, tuple[Tensor, Tensor]],
    folder: Path,
    metadata: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Write network and styles into a folder laid out as ``impasto/assets``.

    Args:
        network: the network, on the CPU.
        styles: style name to scale and shift, C numbers each.
        folder: where to write; is made where it is missing.
        metadata: what is known of each style, by its name: title, artist, year, licence and the like.

    Returns:
        The network's id.
    """
    own_id = network_id(network)
    about = description(network, own_id)
    with atomic_path(folder / NETWORK_FILE) as temporary:
        temporary.write_bytes(onnx_model(network, about))
    for name, (scale, shift) in styles.items():
        style = Style(name, scale.float().numpy(), shift.float().numpy(), own_id, (metadata or {}).get(name, {}))
        style.save(folder / "styles" / f"{name}.safetensors")
    return own_id


def load_network(path: Path) -> tuple[TransformerNetwork, str]:
    """Read ``network.onnx``: the network and its id.

    Raises:
        InputError: the file is not one of ours.
    """
    try:
        return _rebuilt(path.read_bytes())
    except Exception as error:
        raise InputError(
            f"{path} is not an Impasto network ({first_line(error)}); give a {NETWORK_FILE} that impasto train wrote."
        ) from error


def network_of_onnx(model: bytes) -> tuple[TransformerNetwork, str]:
    """Rebuild the network that :func:`onnx_model` wrote, and its id.

    Raises:
        InputError: the model is not one of ours.
    """
    try:
        return _rebuilt(model)
    except Exception as error:
        reason = first_line(error)
        raise InputError(f"The style's own network cannot be read ({reason}); is its file complete?") from error


def _rebuilt(model: bytes) -> tuple[TransformerNetwork, str]:
    """The network of a model, to be looked through only, and its id.

    Raises:
        Exception: the model is damaged or not one of ours.
    """
    data = memoryview(model)
    about, weights = metadata_of(data), read_weights(data)
    network = TransformerNetwork(Architecture(**json.loads(about["architecture"])))
    state = {name: torch.from_numpy(weights[name].copy()).float() for name in network.state_dict()}
    stem = state["stem.weight"]  # offsets first, whatever the number of planes
    state["stem.weight"] = _stem_of_all_planes(stem.reshape(len(stem), 4, -1, 3, 3).transpose(1, 2).flatten(1, 2))
    if not all(value.isfinite().all() for value in state.values()):
        raise ValueError("it has weights that are not finite")
    network.load_state_dict(state)
    return network.eval().requires_grad_(False), about["id"]


def _stem_of_all_planes(stem: Tensor) -> Tensor:
    """The first convolution's weights with a plane for the grain.

    Earlier editions added the grain to the picture. A plane of its own does the same where its weights are the sums of
    those of the three colours.

    Args:
        stem: O x (4 planes) x 3 x 3, of three planes or of all four.
    """
    planes = stem.reshape(len(stem), -1, 4, 3, 3)
    if planes.shape[1] < PLANES:
        planes = torch.cat([planes, planes.sum(dim=1, keepdim=True)], dim=1)
    return planes.flatten(1, 2)


def with_network(style: Style, network: TransformerNetwork) -> Style:
    """The style with its network in it, so that its file needs nothing beside it.

    Args:
        style: the style.
        network: the network that the style belongs to, on the CPU.
    """
    own_id = network_id(network)
    own = EmbeddedNetwork(own_id, onnx_model(network, description(network, own_id)))
    return replace(style, network=own_id, embedded=own)


def load_folder(folder: Path) -> tuple[TransformerNetwork, dict[str, tuple[Tensor, Tensor]]]:
    """Read what :func:`save_folder` wrote: the network, and scale and shift by style name.

    Raises:
        InputError: the folder holds no network.
    """
    if not (folder / NETWORK_FILE).is_file():
        raise InputError(f"There is no {NETWORK_FILE} in {folder}; give a folder that impasto train wrote.")
    network, _ = load_network(folder / NETWORK_FILE)
    styles = {}
    for path in sorted((folder / "styles").glob("*.safetensors")):
        style = load_style(path)
        styles[style.name] = (torch.from_numpy(style.scale.copy()), torch.from_numpy(style.shift.copy()))
    return network, styles


def description(network: TransformerNetwork, own_id: str) -> dict[str, str]:
    """The metadata of a network's file: format, id and architecture."""
    return {"format": "impasto-network-1", "id": own_id, "architecture": json.dumps(network.describe())}


@contextmanager
def folder_of(name: str) -> Iterator[Path]:
    """The folder of a trained network by its name on the command line: a path, or ``bundled``, the package's own."""
    if name == "bundled":
        with resources.as_file(resources.files("impasto.assets")) as folder:
            yield folder
    else:
        yield Path(name)


def load_bundled() -> tuple[TransformerNetwork, dict[str, tuple[Tensor, Tensor]]]:
    """The package's network and its styles, as :func:`load_folder` gives them."""
    with folder_of("bundled") as folder:
        return load_folder(folder)


class _NetworkGraph(GraphBuilder):
    """The graph of a transformer network.

    Attributes:
        at: the first channel, in the style's vectors, of the normalisation that comes next.
        means: names of the means that normalisations measure.
        variances: names of the variances that normalisations measure.
    """

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self.means: list[str] = []
        self.variances: list[str] = []

    def weight(self, name: str, value: Tensor) -> str:
        """Add weights as fp16; the run time folds the cast, and what is computed from it alone, when it loads them."""
        return self.op("Cast", self.constant(value.detach().half().numpy(), name), to=FLOAT)

    def conv(self, x: str, name: str, weight: Tensor, bias: Tensor | None = None, **attributes: Any) -> str:
        """Add a 3x3 convolution with reflection padding."""
        inputs = [self.weight(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.weight(f"{name}.bias", bias))
        return self.op("Conv", self.pad(x, "reflect"), *inputs, kernel_shape=[3, 3], **attributes)

    def doubling(self, x: str, name: str, weight: Tensor) -> str:
        """Add a :class:`impasto.networks.transformer.UpsamplingConv`."""
        outputs, inputs = weight.shape[:2]
        nine = self.reshape(self.weight(f"{name}.weight", weight), -1, 9)
        four = self.reshape(self.op("MatMul", nine, self.constant(DOUBLING)), outputs, inputs, 4, 9)
        folded = self.reshape(self.op("Transpose", four, perm=[0, 2, 1, 3]), 4 * outputs, inputs, 3, 3)
        x = self.op("Conv", self.pad(x, "edge"), folded, kernel_shape=[3, 3])
        return self.op("DepthToSpace", x, blocksize=2, mode="CRD")

    def normalise(self, x: str, channels: int) -> str:
        """Add a conditional instance normalisation of one picture: BatchNormalization with run-time statistics."""
        ends = [self.ints(self.at), self.ints(self.at + channels)]
        self.at += channels
        scale, shift, given_mean, given_variance = (
            self.op("Slice", name, *ends) for name in ("scale", "shift", "given_mean", "given_variance")
        )
        axes = self.ints(0, 2, 3)
        count = self.op("Cast", self.op("ReduceProd", self.op("Shape", x, start=2), keepdims=0), to=FLOAT)
        mean = self.op("ReduceMean", x, axes, keepdims=0)
        square = self.op("Div", self.op("ReduceSumSquare", x, axes, keepdims=0), count)
        variance = self.op("Relu", self.op("Sub", square, self.op("Mul", mean, mean)))
        self.means.append(mean)
        self.variances.append(variance)
        return self.op(
            "BatchNormalization",
            x, scale, shift, self._mixed(mean, given_mean), self._mixed(variance, given_variance),
            epsilon=EPSILON,
        )  # fmt: skip

    def _mixed(self, measured: str, given: str) -> str:
        """Add a mixture of measured and given statistics, by the model's input ``measured_share``."""
        return self.op("Add", given, self.op("Mul", self.op("Sub", measured, given), "measured_share"))


def onnx_model(network: TransformerNetwork, metadata: Mapping[str, str]) -> bytes:
    """The network as an ONNX model, serialised.

    Inputs: ``image`` (1 x 4 x H x W, RGB in [0, 1] and the grain; H and W multiples of 8), ``scale``, ``shift``,
    ``given_mean``, ``given_variance`` (C each) and ``measured_share`` (one number: 1 normalises with the picture's own
    statistics, 0 with the given ones). Outputs: ``painted``, ``mean``, ``variance``.
    """
    g = _NetworkGraph()
    count = network.architecture.normalised_channels
    g.input("image", [1, PLANES, "height", "width"])
    for name in ("scale", "shift", "given_mean", "given_variance"):
        g.input(name, [count])
    g.input("measured_share", [1])
    names = {module: name for name, module in network.named_modules()}

    def layer(x: str, conv: torch.nn.Conv2d, stride: int = 1) -> str:
        return g.normalise(g.conv(x, names[conv], conv.weight, strides=[stride, stride]), conv.out_channels)

    middle = g.constant(np.array(MIDDLE, np.float32)[:, None, None])
    x = g.op("SpaceToDepth", g.op("Sub", "image", middle), blocksize=2)
    x = g.op("Relu", g.normalise(g.conv(x, "stem", network.stem.weight[:, _STEM_ORDER]), network.stem.out_channels))
    x = g.op("Relu", layer(x, network.down1, 2))
    x = g.op("Relu", layer(x, network.down2, 2))
    for first, second in network.pairs():
        x = g.op("Add", x, layer(g.op("Relu", layer(x, first)), second))
    for up in (network.up1, network.up2):
        x = g.op("Relu", g.normalise(g.doubling(x, names[up], up.weight), up.out_channels))
    x = g.op("DepthToSpace", g.conv(x, "head", network.head.weight, network.head.bias), blocksize=2, mode="CRD")
    x = g.conv(g.op("Sigmoid", x), "binomial", network.binomial, group=3)
    g.output("painted", x, [1, 3, "height", "width"])
    for name, parts in (("mean", g.means), ("variance", g.variances)):
        g.output(name, g.op("Concat", *parts, axis=0), [count])
    return g.model(metadata)
