"""The perceptual network: features of a pretrained classifier, by the names of its ReLUs.

Everything that trains or optimises judges pictures by such features (Gatys, Ecker and Bethge 2015,
arXiv 1508.06576). One interface serves four kinds of network:

``builtin``
    our own, distilled from VGG-19 (``impasto distill``) and shipped with the package;
``vgg19``, ``vgg16``
    the originals, downloaded once (:mod:`impasto.networks.weights`);
a path
    a torchvision state dict (``.pth``), or one of the safetensors layouts that ``_read`` knows.

**The teacher's metric at the student's price.** A narrow network that imitates a wide one carries, for each
tap, a head: wide = A s + b. With s' = (s, 1) and A' = (A, b) = Q R (QR decomposition, Q orthonormal), every
distance between wide features, and every Frobenius distance between their Gram matrices, equals the one
between the narrow vectors R s': ``||A' G A'^T|| = ||R G R^T||``. So the taps of a network with heads return
``R s'`` (C + 1 channels), and plain losses on these are losses in the teacher's metric, although no wide
feature map is ever made.

**Channels that the head alone reads.** A convolution reads as many channels of what is below it as its kernels have,
the first ones. Where a layer has more, its tap and its head have them too: so it can tell more of the teacher's layer
than the layers above need to know, at half the cost.

**Convolutions of low rank.** What VGG-19's convolutions read, and what they compute before the ReLU, lies close to
spaces of few dimensions (Zhang et al. 2015, arXiv 1505.06798). So a convolution may come as a product of three with
nothing between them: one of 1x1 down to few channels, one of 3x3, one of 1x1 up to the channels of the ReLU (Tucker-2:
Kim et al. 2016, arXiv 1511.06530). A layer can have all channels of VGG-19 so, at a tenth of its multiplications.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Literal

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.errors import InputError, first_line
from impasto.networks.speed import channels_last
from impasto.networks.weights import fetch

WeightAndBias = tuple[Tensor, Tensor]
"""Of a convolution: O x I x k x k, and O."""

_MEAN = (0.485, 0.456, 0.406)  # mean of ImageNet's RGB in [0, 1], which torchvision's weights expect to be subtracted
_STD = (0.229, 0.224, 0.225)  # standard deviation of ImageNet's RGB in [0, 1], by which the difference is divided
# Convolutions in each stage of VGG. A ReLU follows each convolution, a pooling each stage but the last.
_STAGES = {"vgg19": (2, 2, 4, 4, 4), "vgg16": (2, 2, 3, 3, 3)}
_TRIED_SIDE = 32  # pixels, the side of the picture on which a foreign file is tried
_BUILTIN = "perceptual.safetensors"  # file of our own network among the package's assets


class PerceptualNetwork(nn.Module):
    """A VGG-shaped stack of 3x3 convolutions whose ReLUs can be tapped.

    Args:
        convolutions: ``"conv1_1"`` ... to (weight O x I x 3 x 3, bias O); names give order and stages, a
            2x2 pooling stands between stages. I may be less than the O of the layer below, whose first I channels are
            read then.
        preprocess: 1x1 convolution (weight 3 x 3 x 1 x 1, bias 3) from RGB in [0, 1] to what ``conv1_1`` expects.
        heads: tap name to (weight W x C x 1 x 1, bias W), linear maps to a teacher's features; see the module.
        factors: the 1x1 convolutions of those of low rank, before (``"conv2_2_in"``) and behind (``"conv2_2_out"``)
            the one of 3x3; either may be missing.
        padding: ``"zeros"`` or ``"reflect"``.
        pooling: ``"max"`` or ``"average"``.
    """

    def __init__(
        self,
        convolutions: Mapping[str, WeightAndBias],
        preprocess: WeightAndBias,
        heads: Mapping[str, WeightAndBias] | None = None,
        *,
        factors: Mapping[str, WeightAndBias] | None = None,
        padding: Literal["zeros", "reflect"] = "zeros",
        pooling: Literal["max", "average"] = "max",
    ) -> None:
        super().__init__()
        self.names = sorted(convolutions, key=stage_and_index)
        self.padding = padding
        self.pooling = pooling
        self.taps = tuple(name.replace("conv", "relu") for name in self.names)
        self._add("preprocess", preprocess)
        self.factors = frozenset(factors or {})
        for name, weights in {**convolutions, **(factors or {})}.items():
            self._add(name, weights)
        self.heads = {tap: (a.flatten(1).float(), b.float()) for tap, (a, b) in (heads or {}).items()}
        for tap, (a, b) in self.heads.items():
            _, r = torch.linalg.qr(torch.cat([a, b[:, None]], dim=1).double())
            r = r.float()
            self._add(f"{tap}_metric", (r[:, :-1, None, None], r[:, -1]))

    def _add(self, name: str, weights: WeightAndBias) -> None:
        """Keep a convolution as buffers."""
        self.register_buffer(f"{name}_weight", weights[0].float().clone(), persistent=False)
        self.register_buffer(f"{name}_bias", weights[1].float().clone(), persistent=False)

    def _conv(self, name: str, x: Tensor, *, relu: bool = False) -> Tensor:
        """Convolve N x C x H x W by the convolution of that name, padded as the network is, and a ReLU if asked for.

        The ReLU works in place, since these maps are large; on a view, autograd would copy them instead.
        """
        weight, bias = self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")
        if weight.shape[-1] == 1:  # on so few channels ``conv2d`` takes several times as long
            n, _, h, w = x.shape
            flat = F.linear(x.permute(0, 2, 3, 1).flatten(0, 2), weight.flatten(1), bias)
            return (flat.relu_() if relu else flat).view(n, h, w, -1).permute(0, 3, 1, 2)
        if self.padding == "reflect":
            # A side of one pixel has nothing to reflect.
            mode = "reflect" if min(x.shape[-2:]) > 1 else "replicate"
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode=mode), weight, bias)
        else:
            x = F.conv2d(x, weight, bias, padding=1)
        return x.relu_() if relu else x

    def narrow(self, images: Tensor, taps: Iterable[str], *, before_relu: bool = False) -> dict[str, Tensor]:
        """The network's own features after the named ReLUs, without heads: tap to N x C x h x w.

        Args:
            images: N x 3 x H x W, RGB in [0, 1].
            taps: names out of :attr:`taps`.
            before_relu: whether to return what these ReLUs are given instead.

        Raises:
            InputError: a name that the network does not have.
        """
        wanted = self.check_taps(taps)
        last = max(self.taps.index(tap) for tap in wanted)
        x = self._conv("preprocess", images)
        features: dict[str, Tensor] = {}
        stage = 1
        for name, tap in zip(self.names[: last + 1], self.taps, strict=False):
            if stage_and_index(name)[0] > stage:
                stage = stage_and_index(name)[0]
                pool = F.max_pool2d if self.pooling == "max" else F.avg_pool2d
                x = pool(x, 2, ceil_mode=min(x.shape[-2:]) < 2)
            x = self._layer(name, x, relu=not before_relu)
            if tap in wanted:
                features[tap] = x
            if before_relu:
                x = F.relu(x)
        return features

    def _layer(self, name: str, x: Tensor, *, relu: bool) -> Tensor:
        """The features after a convolution, and its ReLU if asked for, for N x C x H x W below it."""
        parts = self.parts(name)
        x = x[:, : self.get_buffer(f"{parts[0]}_weight").shape[1]]
        for part in parts[:-1]:
            x = self._conv(part, x)
        return self._conv(parts[-1], x, relu=relu)

    def parts(self, name: str) -> list[str]:
        """Names of the convolutions that a convolution is made of, in order; up to three where its rank is low."""
        return [part for part in (f"{name}_in", name, f"{name}_out") if part == name or part in self.factors]

    def forward(self, images: Tensor, taps: Iterable[str]) -> dict[str, Tensor]:
        """Features after the named ReLUs, in the teacher's metric where the network has heads.

        Args:
            images: N x 3 x H x W, RGB in [0, 1].
            taps: names out of :attr:`taps`.

        Returns:
            Tap name to N x C x h x w.

        Raises:
            InputError: a name that the network does not have.
        """
        return {tap: self.in_metric(tap, x) for tap, x in self.narrow(images, taps).items()}

    def in_metric(self, tap: str, features: Tensor) -> Tensor:
        """The network's own features at a tap, N x C x h x w, as :meth:`forward` gives them."""
        return self._conv(f"{tap}_metric", features) if tap in self.heads else features

    def metric(self, tap: str) -> Tensor | None:
        """The matrix R, from a tap's own features with a 1 at the end to those of :meth:`forward`.

        Returns:
            (C + 1) x (C + 1); ``None`` where both are the same.
        """
        if tap not in self.heads:
            return None
        weight, bias = self.get_buffer(f"{tap}_metric_weight"), self.get_buffer(f"{tap}_metric_bias")
        return torch.cat([weight.flatten(1), bias[:, None]], dim=1)

    def wide(self, images: Tensor, taps: Iterable[str]) -> dict[str, Tensor]:
        """The teacher's features as the heads predict them (for measuring; costly)."""
        features = self.narrow(images, taps)
        for tap, x in features.items():
            if tap in self.heads:
                a, b = self.heads[tap]
                features[tap] = F.conv2d(x, a[:, :, None, None].to(x), b.to(x))
        return features

    def check_taps(self, taps: Iterable[str]) -> set[str]:
        """Check that the network has taps of these names, and return them as a set.

        Raises:
            InputError: a name that the network does not have.
        """
        import difflib

        wanted = set(taps)
        for tap in sorted(wanted - set(self.taps)):
            near = difflib.get_close_matches(tap, self.taps, n=1)
            hint = f"did you mean {near[0]}?" if near else "choose one of them."
            raise InputError(f"The perceptual network has no layer {tap} but {', '.join(self.taps)}; {hint}")
        return wanted

    def stride(self, tap: str) -> int:
        """Pixels of the picture, along a side, to one position of a tap."""
        return int(2 ** (stage_and_index(tap.replace("relu", "conv"))[0] - 1))

    def receptive_radius(self, tap: str) -> int:
        """How many pixels of the picture beyond its own square a position of a tap depends on, at most."""
        before = self.names[: self.taps.index(tap) + 1]
        return sum(2 ** (stage_and_index(name)[0] - 1) for name in before)

    def channels(self, tap: str) -> int:
        """Channels of a tap, as :meth:`forward` gives it."""
        name = tap.replace("relu", "conv")
        last = f"{tap}_metric" if tap in self.heads else self.parts(name)[-1]
        return int(self.get_buffer(f"{last}_weight").shape[0])

    def macs(self, height: int, width: int, tap: str = "relu5_1") -> int:
        """Multiply-accumulates of one forward pass from an H x W picture to a tap."""
        total = 9 * height * width
        for name in self.names[: self.taps.index(tap) + 1]:
            scale = 2 ** (stage_and_index(name)[0] - 1)
            weights = sum(self.get_buffer(f"{part}_weight").numel() for part in self.parts(name))
            total += weights * (height // scale) * (width // scale)
        return total


def load_features(features: str | Path = "builtin", *, pooling: Literal["max", "average"] = "max") -> PerceptualNetwork:
    """Load a perceptual network.

    Args:
        features: ``"builtin"``, ``"vgg19"``, ``"vgg16"`` or the path of a weights file.
        pooling: ``"max"`` as trained, or ``"average"`` (Gatys 2015, section 2).

    Returns:
        The network, frozen, on the CPU.

    Raises:
        InputError: no such file, a layout that is not known, or a damaged file.
        DownloadError: VGG's weights are not at hand and cannot be fetched.
    """
    if str(features) == "builtin":
        with resources.as_file(resources.files("impasto.assets") / _BUILTIN) as path:
            network = _read(path, pooling)
    elif str(features) in _STAGES:
        network = _read(fetch(str(features)), pooling)
    else:
        path = Path(features)
        if not path.is_file():
            raise InputError(
                f"There are no weights at {path}; give builtin, vgg19, vgg16 or the path of a weights file."
            )
        network = _read_foreign(path, pooling)
    return channels_last(network).eval().requires_grad_(False)


def stage_and_index(name: str) -> tuple[int, int]:
    """Numbers of a convolution by its name: ``"conv3_2"`` is (3, 2), the second convolution of stage 3."""
    stage, index = name.removeprefix("conv").split("_")
    return int(stage), int(index)


def _read_foreign(path: Path, pooling: Literal["max", "average"]) -> PerceptualNetwork:
    """Read a file that anyone may have made, and try whether it is a network.

    Raises:
        InputError: the layout is not known, or names, sizes, types or values are not those of a network.
    """
    try:
        network = _read(path, pooling)
        with torch.inference_mode():
            features = network(torch.full((1, 3, _TRIED_SIDE, _TRIED_SIDE), 0.5), network.taps)
        if not all(value.isfinite().all() for value in (*network.buffers(), *features.values())):
            raise ValueError("it has values that are not finite")
    except InputError:
        raise
    except Exception as error:  # whatever odd names, sizes and types lead to
        raise InputError(
            f"{path} is damaged or no perceptual network ({first_line(error)}); take it from its source again, or give "
            "builtin."
        ) from error
    return network


def _read(path: Path, pooling: Literal["max", "average"]) -> PerceptualNetwork:
    """Read a weights file, whose layout its keys tell.

    Known: torchvision's VGG-16 and VGG-19 (``features.N.weight``), also cut short; the normalised VGG-19
    (``preprocess``, ``conv1_1`` ...); the 16-times smaller VGG-19 of Collaborative Distillation (``conv0``,
    ``conv11`` ..., ``conv11_aux``); our own (``preprocess``, ``conv1_1`` ..., ``relu1_1_head`` ...; large weights in
    int8, then with a ``scale`` for each output channel).
    """
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(  # torch's own message is a page of advice
            f"{path} cannot be read as network weights; give a complete .pth or .safetensors file, or builtin."
        ) from error
    if isinstance(state, dict) and all(isinstance(value, Tensor) for value in state.values()):
        pairs = {
            key.removesuffix(".weight"): (_weight(state, key), state[key.removesuffix("weight") + "bias"])
            for key in state
            if key.endswith(".weight") and key.removesuffix("weight") + "bias" in state
        }
        if "features.0" in pairs:
            return _torchvision(pairs, pooling)
        if "preprocess" in pairs and "conv1_1" in pairs:
            return network_of_pairs(pairs, pooling)
        if "conv0" in pairs and "conv11" in pairs:
            renamed = {re.sub(r"^conv(\d)(\d)$", r"conv\1_\2", key): value for key, value in pairs.items()}
            heads = {f"relu{key[4]}_{key[5]}": pairs[key] for key in pairs if key.endswith("_aux")}
            convolutions = {key: value for key, value in renamed.items() if re.fullmatch(r"conv\d_\d", key)}
            return PerceptualNetwork(convolutions, pairs["conv0"], heads, padding="reflect", pooling=pooling)
    raise InputError(
        f"{path} holds no layout that Impasto knows; give a torchvision VGG-16 or VGG-19 state dict, "
        "or a safetensors file as the documentation of --features lists."
    )


def _weight(state: Mapping[str, Tensor], key: str) -> Tensor:
    """A weight of a state dict; one in int8 times the scales of its output channels."""
    scale = state.get(key.removesuffix("weight") + "scale")
    return state[key] if scale is None else state[key].float() * scale.view(-1, 1, 1, 1)


def network_of_pairs(
    pairs: Mapping[str, WeightAndBias], pooling: Literal["max", "average"] = "max"
) -> PerceptualNetwork:
    """Make a network of our own layout: ``preprocess``, ``conv1_1`` ..., and heads as ``relu1_1_head`` ..."""
    heads = {key.removesuffix("_head"): pairs[key] for key in pairs if key.endswith("_head")}
    factors = {key: pairs[key] for key in pairs if key.startswith("conv") and key.endswith(("_in", "_out"))}
    convolutions = {key: value for key, value in pairs.items() if key.startswith("conv") and key not in factors}
    return PerceptualNetwork(
        convolutions, pairs["preprocess"], heads, factors=factors, padding="reflect", pooling=pooling
    )


def _torchvision(pairs: Mapping[str, WeightAndBias], pooling: Literal["max", "average"]) -> PerceptualNetwork:
    """Make a network of torchvision's VGG-16 or VGG-19.

    In ``features.N``, N counts convolutions, ReLUs and poolings; which VGG it is shows in where convolutions stand.

    Raises:
        InputError: it is neither.
    """
    found = sorted(int(key.split(".")[1]) for key in pairs if key.startswith("features."))
    for stages in _STAGES.values():
        slots: dict[int, str] = {}
        slot = 0
        for stage, count in enumerate(stages, 1):
            for index in range(1, count + 1):
                slots[slot] = f"conv{stage}_{index}"
                slot += 2
            slot += 1
        if found == sorted(slots)[: len(found)]:
            convolutions = {slots[number]: pairs[f"features.{number}"] for number in found}
            std, mean = torch.tensor(_STD), torch.tensor(_MEAN)
            preprocess = (torch.diag(1 / std)[:, :, None, None], -mean / std)
            return PerceptualNetwork(convolutions, preprocess, padding="zeros", pooling=pooling)
    raise InputError("The state dict has VGG's names but neither VGG-16's nor VGG-19's layers; give one of these.")
