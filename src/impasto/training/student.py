"""The builtin perceptual network while it learns: VGG's shape, normalisations, and heads to the teacher's features.

A batch normalisation follows each convolution (without it the deep taps do not learn) and is folded into it at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.files import atomic_path
from impasto.networks.perceptual import PerceptualNetwork, WeightAndBias, of_pairs
from impasto.networks.speed import channels_last

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
# Convolutions as (stage, output channels, more of them that the head alone reads): all of VGG-19's, of few channels.
# Most of the cost goes to the shallow stages, where it has most to tell: more than the layers above need to know. Its
# deep features are explained by few channels, but not by fewer convolutions.
PLAN = ((1, 16), (1, 16), (2, 44, 12), (2, 40), (3, 88, 40), (3, 40), (3, 32), (3, 32),
        (4, 72), (4, 72), (4, 64), (4, 88), (5, 96))  # fmt: skip

# Positions are looked at on a coarse grid in the shallow layers, which have most of them and the most alike.
_GRID = {"relu1_1": 4, "relu2_1": 2}

Place = tuple[int, int]


def sampled(tap: str, features: Tensor, place: Place) -> Tensor:
    """C x H x W features on the grid of their tap that starts at a place."""
    step = _GRID.get(tap, 1)
    return features[:, place[0] % step :: step, place[1] % step :: step]


class Student(nn.Module):
    """The builtin network while it learns: convolutions with batch normalisation, and the heads."""

    def __init__(self, widths: Mapping[str, int], plan: Sequence[tuple[int, ...]] = PLAN) -> None:
        super().__init__()
        self.names: list[str] = []
        self.passed: dict[str, int] = {}  # channels that the next convolution reads; a head reads all
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

    def forward(self, images: Tensor, places: Sequence[Place]) -> dict[str, Tensor]:
        """Predicted wide features by tap, on the grids that start at N places."""
        x, stage = self.prepared(images), "1"
        predicted = {}
        for name in self.names:
            if name[4] != stage:
                stage, x = name[4], F.max_pool2d(x, 2)
            x = F.pad(x, (1, 1, 1, 1), mode="reflect")
            x = F.relu(self.norms[name](self.convolutions[name](x)))
            tap = name.replace("conv", "relu")
            if tap in self.heads:
                few = torch.stack([sampled(tap, one, place) for one, place in zip(x, places, strict=True)])
                predicted[tap] = self.heads[tap](few)
            x = x[:, : self.passed[name]]
        return predicted

    @staticmethod
    def prepared(images: Tensor) -> Tensor:
        """What the first convolution sees of pictures in [0, 1]."""
        return (images - 0.45) / 0.225

    def width(self, name: str) -> int:
        """Channels of a convolution, those that the head alone reads among them."""
        convolution = self.convolutions[name]
        assert isinstance(convolution, nn.Conv2d)
        return convolution.out_channels

    @torch.no_grad()
    def as_network(self) -> PerceptualNetwork:
        """The student as it will be used, frozen."""
        return channels_last(of_pairs(self.folded())).requires_grad_(False)

    @torch.no_grad()
    def folded(self) -> dict[str, WeightAndBias]:
        """Convolutions with their normalisation folded in, preprocessing and heads, by name."""
        eye = torch.eye(3)[:, :, None, None] / 0.225
        pairs: dict[str, WeightAndBias] = {"preprocess": (eye, torch.full((3,), -2.0))}
        for name in self.names:
            norm, convolution = self.norms[name], self.convolutions[name]
            assert isinstance(norm, nn.BatchNorm2d)
            assert isinstance(convolution, nn.Conv2d)
            assert norm.running_mean is not None
            assert norm.running_var is not None
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            pairs[name] = (convolution.weight * gain[:, None, None, None], norm.bias - norm.running_mean * gain)
        for tap, head in self.heads.items():
            assert isinstance(head, nn.Conv2d)
            assert head.bias is not None
            pairs[f"{tap}_head"] = (head.weight.detach(), head.bias.detach())
        return pairs


def save_folded(student: Student, path: Path, metadata: Mapping[str, str]) -> None:
    """Write the folded student as fp16 safetensors (rounding costs 76 dB and more: nothing to see)."""
    tensors = {}
    for name, (weight, bias) in student.folded().items():
        tensors[f"{name}.weight"] = weight.half().contiguous()
        tensors[f"{name}.bias"] = bias.half().contiguous()
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors, metadata=dict(metadata)))
