"""The builtin perceptual network while it learns: VGG's shape, normalisations, and heads to the teacher's features.

A batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167) follows each convolution, because the deep taps do not
learn without it, and is folded into the convolution at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.files import atomic_path
from impasto.networks.perceptual import PerceptualNetwork, WeightAndBias, network_of_pairs, stage_and_index
from impasto.networks.speed import channels_last

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")  # layers whose features the student predicts
# Convolutions as (stage, output channels, more channels that the head alone reads): all convolutions of VGG-19 up to
# relu5_1, with a tenth of its multiplications. How many channels a layer needs was measured: what is lost at each tap
# if a layer of VGG-19 is reduced to its first principal components (lab book, 2026-11-30). At full size 16 are enough;
# relu4_3 and relu4_4 lose most.
PLAN = ((1, 16), (1, 16), (2, 56, 16), (2, 44), (3, 72, 72), (3, 48), (3, 40), (3, 56),
        (4, 112, 112), (4, 128), (4, 192), (4, 272), (5, 288))  # fmt: skip
SHALLOW_PLAN = PLAN[:5]  # the convolutions up to relu3_1

# Pixels between the positions that are compared, by tap; the shallow layers have most positions and the most alike.
_GRID_STEPS = {"relu1_1": 4, "relu1_2": 4, "relu2_1": 2, "relu2_2": 2}

GridStart = tuple[int, int]
"""Row and column of a tap's features, 0 to 3, at which a picture's grid starts."""

_MIN_INT8_WEIGHTS = 50_000  # weights of a convolution or head from which on they are stored in int8
# Mean and standard deviation of photographs in [0, 1], all colours alike, by which the input is normalised.
_PIXEL_MEAN, _PIXEL_DEVIATION = 0.45, 0.225


def on_grid(tap: str, features: Tensor, start: GridStart) -> Tensor:
    """C x H x W features at the positions of their tap's grid, C x h x w."""
    step = _GRID_STEPS.get(tap, 1)
    return features[:, start[0] % step :: step, start[1] % step :: step]


class Student(nn.Module):
    """The builtin network while it learns: convolutions with batch normalisation, and the heads.

    Args:
        widths: channels of the teacher by layer; each such layer gets a head. The heads of :data:`TAPS` stay with the
            student, those of other layers only guide it while it learns.
        plan: the convolutions, see :data:`PLAN`.

    Attributes:
        names: the convolutions as VGG calls them, ``conv1_1`` first.
        passed: channels by convolution that the next convolution reads; a head reads all.
    """

    def __init__(self, widths: Mapping[str, int], plan: Sequence[tuple[int, ...]] = PLAN) -> None:
        super().__init__()
        self.names: list[str] = []
        self.passed: dict[str, int] = {}
        self.convolutions, self.norms, self.heads = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        channels, counts = 3, [0] * 6
        for stage, passed, *beside in plan:
            counts[stage] += 1
            name, width = f"conv{stage}_{counts[stage]}", passed + sum(beside)
            self.names.append(name)
            self.convolutions[name] = nn.Conv2d(channels, width, 3, bias=False)
            self.norms[name] = nn.BatchNorm2d(width, momentum=0.02)
            channels = self.passed[name] = passed
            tap = name.replace("conv", "relu")
            if tap in widths:
                self.heads[tap] = nn.Conv2d(width, widths[tap], 1)

    def forward(self, images: Tensor, starts: Sequence[GridStart]) -> dict[str, Tensor]:
        """Predict the teacher's features by tap.

        Args:
            images: N x 3 x H x W in [0, 1].
            starts: where the grids of each picture start.

        Returns:
            N x C x h x w by tap, on the tap's grid.
        """
        x, stage = self.preprocess(images), 1
        predicted = {}
        for name in self.names:
            if stage_and_index(name)[0] != stage:
                stage, x = stage_and_index(name)[0], F.max_pool2d(x, 2)
            x = self.layer(name, x)
            tap = name.replace("conv", "relu")
            if tap in self.heads:
                sample = torch.stack([on_grid(tap, one, start) for one, start in zip(x, starts, strict=True)])
                predicted[tap] = self.heads[tap](sample)
            x = x[:, : self.passed[name]]
        return predicted

    def layer(self, name: str, x: Tensor) -> Tensor:
        """Return the features after a convolution, its normalisation and the ReLU, for the features below it."""
        features: Tensor = F.relu(self.norms[name](self.convolutions[name](F.pad(x, (1, 1, 1, 1), mode="reflect"))))
        return features

    @staticmethod
    def preprocess(images: Tensor) -> Tensor:
        """Normalise pictures in [0, 1] to the first convolution's input."""
        return (images - _PIXEL_MEAN) / _PIXEL_DEVIATION

    def width(self, name: str) -> int:
        """The channels of a convolution, those included that the head alone reads."""
        convolution = self.convolutions[name]
        assert isinstance(convolution, nn.Conv2d)
        return convolution.out_channels

    @torch.no_grad()
    def as_network(self) -> PerceptualNetwork:
        """The student as it will be used, frozen."""
        return channels_last(network_of_pairs(self.folded())).requires_grad_(False)

    @torch.no_grad()
    def folded(self) -> dict[str, WeightAndBias]:
        """Convolutions with their normalisation folded in, preprocessing and heads, by name."""
        eye = torch.eye(3)[:, :, None, None] / _PIXEL_DEVIATION
        pairs: dict[str, WeightAndBias] = {"preprocess": (eye, torch.full((3,), -_PIXEL_MEAN / _PIXEL_DEVIATION))}
        for name in self.names:
            norm, convolution = self.norms[name], self.convolutions[name]
            assert isinstance(norm, nn.BatchNorm2d)
            assert isinstance(convolution, nn.Conv2d)
            assert norm.running_mean is not None
            assert norm.running_var is not None
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            pairs[name] = (convolution.weight * gain[:, None, None, None], norm.bias - norm.running_mean * gain)
        for tap, head in self.heads.items():
            if tap not in TAPS:
                continue
            assert isinstance(head, nn.Conv2d)
            assert head.bias is not None
            pairs[f"{tap}_head"] = (head.weight.detach(), head.bias.detach())
        return pairs


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
