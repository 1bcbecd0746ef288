"""The builtin perceptual network while it learns: VGG-19's layers at a tenth of their multiplications.

From conv2_1 on each convolution is a product of three (see :mod:`impasto.networks.perceptual`), and has all channels of
the teacher's: its features are the prediction. Feature maps of full size are slow with 64 channels, so the convolutions
of the first stage are dense and have few; a head, a linear map, predicts the teacher's channels from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.files import atomic_path
from impasto.networks.perceptual import PerceptualNetwork, WeightAndBias, network_of_pairs, stage_and_index
from impasto.networks.speed import channels_last

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")  # layers whose features the student predicts


class Dense(NamedTuple):
    """Size of a dense convolution: its channels, and how many, the first ones, the next convolution reads."""

    channels: int
    passed: int


class LowRank(NamedTuple):
    """Ranks of a convolution: channels that the 3x3 reads (``None``: all of those below), and that it computes."""

    read: int | None
    computed: int


# The convolutions of VGG-19 up to relu5_1. The ranks were measured: what each layer loses by them, for its
# multiplications (lab book, 2026-11-30). A teacher with fewer layers or channels has a smaller student.
PLAN: Mapping[str, Dense | LowRank] = {
    "conv1_1": Dense(24, passed=16), "conv1_2": Dense(16, passed=16),
    "conv2_1": LowRank(None, 40), "conv2_2": LowRank(32, 44),
    "conv3_1": LowRank(48, 68), "conv3_2": LowRank(48, 48), "conv3_3": LowRank(40, 40), "conv3_4": LowRank(40, 56),
    "conv4_1": LowRank(64, 96), "conv4_2": LowRank(80, 96), "conv4_3": LowRank(96, 112), "conv4_4": LowRank(112, 128),
    "conv5_1": LowRank(192, 192),
}  # fmt: skip

# Pixels between the positions that are compared, by layer; the shallow layers have most positions and the most alike.
_GRID_STEPS = {"relu1_1": 4, "relu1_2": 4, "relu2_1": 2, "relu2_2": 2}

GridStart = tuple[int, int]
"""Row and column of a layer's features, 0 to 3, at which a picture's grid starts."""

_MIN_INT8_WEIGHTS = 8_000  # weights of a convolution or head from which on they are stored in int8
# Mean and standard deviation of photographs in [0, 1], all colours alike, by which the input is normalised.
_PIXEL_MEAN, _PIXEL_DEVIATION = 0.45, 0.225
_MIN_SPREAD = 1e-3  # share of a layer's largest standard deviation; what varies less is not scaled up all the way to 1


def on_grid(layer: str, features: Tensor, start: GridStart) -> Tensor:
    """C x H x W features at the positions of their layer's grid, C x h x w."""
    step = _GRID_STEPS.get(layer, 1)
    return features[:, start[0] % step :: step, start[1] % step :: step]


def relu_of(name: str) -> str:
    """The layer behind a convolution: ``"relu3_2"`` for ``"conv3_2"``."""
    return name.replace("conv", "relu")


class DenseConvolution(nn.Conv2d):
    """A convolution of 3x3 with a border that is reflected."""

    def forward(self, x: Tensor) -> Tensor:
        """The values before the ReLU, for N x C x H x W features below."""
        return F.conv2d(_padded(x), self.weight, self.bias)

    def folded(self, name: str) -> dict[str, WeightAndBias]:
        """Weights by the names that they have in the network's file."""
        return {name: _pair(self)}

    @torch.no_grad()
    def take_over(self, name: str, parts: Mapping[str, WeightAndBias], _x: Tensor) -> None:
        """Replace the weights by others, named as :meth:`folded` names them."""
        copy_pair(self, parts[name])


class LowRankConvolution(nn.Module):
    """A product of three convolutions with constants between them: B (s K (d A (x - m))) + b.

    With the constants what the kernels read and compute has about unit variance, and A and B have rows and columns of
    length 1, so that one learning rate suits all. They never learn, and are folded into the weights at the end.

    Args:
        channels: channels of the features below.
        ranks: ranks of the convolution; where they are no less than the channels read, A is left out.
        width: channels of the layer.
    """

    def __init__(self, channels: int, ranks: LowRank, width: int) -> None:
        super().__init__()
        read, computed = min(ranks.read or channels, channels), min(ranks.computed, width)
        self.before = nn.Conv2d(channels, read, 1, bias=False) if read < channels else None
        self.kernel = nn.Conv2d(read, computed, 3, bias=False)
        self.after = nn.Conv2d(computed, width, 1)
        for name, size in (("mean", channels), ("input_scale", read), ("output_scale", computed)):
            self.register_buffer(name, torch.ones(size, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The values before the ReLU, for N x C x H x W features below."""
        x = x - self.get_buffer("mean")
        x = (x if self.before is None else self.before(x)) * self.get_buffer("input_scale")
        values: Tensor = self.after(self.kernel(_padded(x)) * self.get_buffer("output_scale"))
        return values

    @torch.no_grad()
    def folded(self, name: str) -> dict[str, WeightAndBias]:
        """Weights by the names that they have in the network's file, with the constants folded in."""
        mean, scale = self.get_buffer("mean").flatten(), self.get_buffer("input_scale")
        kernel = self.kernel.weight * self.get_buffer("output_scale")[:, None]
        if self.before is None:
            kernel = kernel * scale
            parts = {name: (kernel, -kernel.sum(dim=(2, 3)) @ mean)}
        else:
            before = self.before.weight * scale[:, None]
            parts = {f"{name}_in": (before, -before.flatten(1) @ mean), name: (kernel, kernel.new_zeros(len(kernel)))}
        return {**parts, f"{name}_out": _pair(self.after)}

    @torch.no_grad()
    def take_over(self, name: str, parts: Mapping[str, WeightAndBias], x: Tensor) -> None:
        """Replace the weights by others that need not be conditioned, and choose the constants anew.

        Args:
            name: name of the convolution.
            parts: weights as :meth:`folded` returns them.
            x: N x C x H x W features below, some, on which the constants are measured.
        """
        (kernel, kernel_bias), (after, bias) = parts[name], parts[f"{name}_out"]
        mean = x.mean(dim=(0, 2, 3))
        x, shift = x - mean[:, None, None], mean  # the kernel reads a map of x, whose mean is 0, and of the shift
        if self.before is not None:
            before, before_bias = parts[f"{name}_in"]
            shift = before.flatten(1) @ mean + before_bias
            lengths = before.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None]
            self.before.weight.copy_(before / lengths[..., None])
            x, shift, kernel = self.before(x), shift / lengths.flatten(), kernel * lengths
        bias = bias + after.flatten(1) @ (kernel_bias + kernel.sum(dim=(2, 3)) @ shift)
        lengths = after.flatten(1).norm(dim=0).clamp_min(1e-12)[:, None, None]
        copy_pair(self.after, (after / lengths, bias))
        read = _spread(x)
        kernel = kernel * lengths[..., None] * read
        computed = _spread(F.conv2d(_padded(x / read), kernel))
        self.kernel.weight.copy_(kernel / computed[:, None])
        for constant, value in (("mean", mean[:, None, None]), ("input_scale", 1 / read), ("output_scale", computed)):
            self.get_buffer(constant).copy_(value)


Convolution = DenseConvolution | LowRankConvolution


class Student(nn.Module):
    """The builtin network while it learns: convolutions, and heads where a layer has not the teacher's channels.

    Args:
        widths: the teacher's layers and their channels, the lowest first.
        plan: sizes of the convolutions, see :data:`PLAN`.

    Attributes:
        names: the convolutions as VGG calls them, ``conv1_1`` first.
        passed: channels by convolution that the next convolution reads.
        heads: linear maps to the teacher's channels, by layer. Those of :data:`TAPS` stay with the student, others only
            guide it while it learns.
    """

    def __init__(self, widths: Mapping[str, int], plan: Mapping[str, Dense | LowRank] = PLAN) -> None:
        super().__init__()
        self.names = [name for name in plan if relu_of(name) in widths]
        self.passed: dict[str, int] = {}
        self.convolutions, self.heads = nn.ModuleDict(), nn.ModuleDict()
        channels = 3
        for name in self.names:
            size, width = plan[name], widths[relu_of(name)]
            if isinstance(size, Dense):
                own = min(size.channels, width)
                self.convolutions[name] = DenseConvolution(channels, own, 3)
                self.heads[relu_of(name)] = nn.Conv2d(own, width, 1)
                channels = min(size.passed, width)
            else:
                self.convolutions[name] = LowRankConvolution(channels, size, width)
                channels = width
            self.passed[name] = channels

    def forward(self, images: Tensor, starts: Sequence[GridStart]) -> dict[str, Tensor]:
        """Predict the teacher's features by layer.

        Args:
            images: N x 3 x H x W in [0, 1].
            starts: where the grids of each picture start.

        Returns:
            N x C x h x w by layer, on the layer's grid.
        """
        x = self.preprocess(images)
        predicted = {}
        for name in self.names:
            x, layer = F.relu(self.convolution(name)(self.pooled(name, x))), relu_of(name)
            sample = torch.stack([on_grid(layer, one, start) for one, start in zip(x, starts, strict=True)])
            predicted[layer] = self.heads[layer](sample) if layer in self.heads else sample
            x = x[:, : self.passed[name]]
        return predicted

    def convolution(self, name: str) -> Convolution:
        """A convolution by its name."""
        return cast(Convolution, self.convolutions[name])

    def features_below(self, name: str, images: Tensor) -> Tensor:
        """What a convolution reads for N x 3 x H x W pictures in [0, 1]."""
        x = self.preprocess(images)
        for before in self.names[: self.names.index(name)]:
            x = F.relu(self.convolution(before)(self.pooled(before, x)))[:, : self.passed[before]]
        return self.pooled(name, x)

    @staticmethod
    def preprocess(images: Tensor) -> Tensor:
        """Normalise pictures in [0, 1] to the first convolution's input."""
        return (images - _PIXEL_MEAN) / _PIXEL_DEVIATION

    @staticmethod
    def pooled(name: str, x: Tensor) -> Tensor:
        """The features below a convolution as it reads them: pooled where it opens a stage."""
        stage, index = stage_and_index(name)
        return F.max_pool2d(x, 2) if index == 1 and stage > 1 else x

    def as_network(self) -> PerceptualNetwork:
        """The student as it will be used, frozen."""
        return channels_last(network_of_pairs(self.folded())).requires_grad_(False)

    def folded(self) -> dict[str, WeightAndBias]:
        """Preprocessing, convolutions and the heads that stay, by name."""
        eye = torch.eye(3)[:, :, None, None] / _PIXEL_DEVIATION
        pairs: dict[str, WeightAndBias] = {"preprocess": (eye, torch.full((3,), -_PIXEL_MEAN / _PIXEL_DEVIATION))}
        for name in self.names:
            pairs |= self.convolution(name).folded(name)
        heads = {layer: cast(nn.Conv2d, head) for layer, head in self.heads.items() if layer in TAPS}
        return pairs | {f"{layer}_head": _pair(head) for layer, head in heads.items()}


def save_folded(student: Student, path: Path, metadata: Mapping[str, str]) -> None:
    """Write the folded student as safetensors, in fp16; large weights in int8, with a scale for each output channel.

    Rounding to fp16 leaves a signal-to-noise ratio of 76 dB, rounding to int8 one of about 40 dB.
    """
    tensors = {}
    for name, (weight, bias) in student.folded().items():
        if weight.numel() >= _MIN_INT8_WEIGHTS:
            scale = (weight.flatten(1).abs().amax(dim=1) / 127).clamp_min(1e-12)
            weight = (weight / scale[:, None, None, None]).round().to(torch.int8)
            tensors[f"{name}.scale"] = scale.contiguous()
        tensors[f"{name}.weight"] = (weight if weight.dtype == torch.int8 else weight.half()).contiguous()
        tensors[f"{name}.bias"] = bias.half().contiguous()
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors, metadata=dict(metadata)))


def _padded(x: Tensor) -> Tensor:
    """Features with a border of one position, reflected, for a kernel of 3x3."""
    return F.pad(x, (1, 1, 1, 1), mode="reflect")


def _spread(x: Tensor) -> Tensor:
    """The standard deviation of each channel of N x C x H x W values, C x 1 x 1, none much below the others."""
    deviation = x.std(dim=(0, 2, 3))
    return deviation.clamp_min(_MIN_SPREAD * float(deviation.max())).clamp_min(1e-12)[:, None, None]


def copy_pair(convolution: nn.Conv2d, pair: WeightAndBias) -> None:
    """Replace weight and bias of a convolution."""
    convolution.load_state_dict(dict(zip(("weight", "bias"), pair, strict=True)))


def _pair(convolution: nn.Conv2d) -> WeightAndBias:
    """Weight and bias of a convolution, apart from its gradients."""
    assert convolution.bias is not None
    return convolution.weight.detach(), convolution.bias.detach()
