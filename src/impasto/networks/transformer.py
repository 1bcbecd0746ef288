"""The transformer network: one network for all styles, by conditional instance normalisation.

A style is only the scale and the shift of every instance normalisation (Dumoulin, Shlens and Kudlur 2017,
arXiv 1610.07629): ``scale`` and ``shift`` are vectors over all normalised channels, in the order of the layers.
The network works at an eighth of the picture's size, where a brush stroke is a few pixels wide and a
convolution is cheap; padding reflects, so that borders look like the rest.

**No checkerboard by construction.** Features are enlarged and then convolved (Odena, Dumoulin and Olah 2016),
and each enlargement is followed by a fixed binomial filter (1 2 1)/4 in both directions, whose response is
zero at the grid's Nyquist frequency. After nearest-neighbour doubling that is bilinear interpolation: the
images of coarse features, a weave of four and eight pixels, fall off twice as fast as with nearest neighbour
alone. Bilinear doubling and convolution are one convolution at the smaller size (:class:`UpsamplingConv`). The last
doubling is a pixel shuffle, which is several times cheaper; its two-pixel weave cannot pass the filter.

**Grain beside the picture.** What gives even parts something to paint (:mod:`impasto.networks.grain`) is a fourth plane
of the input. Added to the picture, as in earlier editions, it cannot be told from the photograph's own detail.

**Statistics in and out.** Every normalisation's mean and variance can be read out, and given instead of
measured: tiles of one picture share theirs, video smooths them over frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.networks.architecture import (
    DOUBLING,
    EPSILON,
    MIDDLE,
    MIN_SIDE,
    PLANES,
    SIDE_MULTIPLE,
    receptive_radius,
)


@dataclass(frozen=True)
class Architecture:
    """The numbers that make a transformer network; kept in its file.

    Attributes:
        half: channels at half of the picture's size.
        quarter: channels at a quarter of the picture's size.
        eighth: channels at an eighth of the picture's size.
        blocks: residual blocks at an eighth of the picture's size.
    """

    half: int = 24
    quarter: int = 40
    eighth: int = 80
    blocks: int = 5

    @property
    def normalised_channels(self) -> int:
        """Length of a style's scale and shift."""
        return 2 * (self.half + self.quarter) + self.eighth * (1 + 2 * self.blocks)


@dataclass
class TensorStatistics:
    """What the instance normalisations measure.

    Attributes:
        mean: mean of every normalised channel, N x C, in the order of a style's scale.
        variance: variance of every normalised channel, N x C, biased (divided by the number of positions).
    """

    mean: Tensor
    variance: Tensor


class _ConditionalNormalisation:
    """All conditional instance normalisations of one pass; each takes its slice of the style and of the statistics.

    Args:
        scale: scale of the styles, N x C (or 1 x C), over all normalised channels in the order in which the layers run.
        shift: as ``scale``.
        given: statistics to normalise with instead of measured ones.
        measured_share: share of measured statistics in a mixture with given ones, in [0, 1]; ``None``: 0.

    Attributes:
        at: the first channel of the layer that comes next.
        means: measured, N x C' a layer.
        variances: measured, N x C' a layer.
    """

    def __init__(
        self, scale: Tensor, shift: Tensor, given: TensorStatistics | None, measured_share: Tensor | None
    ) -> None:
        self.scale, self.shift, self.given, self.measured_share = scale, shift, given, measured_share
        self.at = 0
        self.means: list[Tensor] = []
        self.variances: list[Tensor] = []

    def normalise(self, x: Tensor) -> Tensor:
        """Normalise the features of the layer that comes next, N x C' x H x W."""
        part = slice(self.at, self.at + x.shape[1])
        self.at += x.shape[1]
        mean = x.mean(dim=(2, 3))
        variance = (x - mean[:, :, None, None]).square().mean(dim=(2, 3))  # ``var`` takes ten times as long
        self.means.append(mean)
        self.variances.append(variance)
        if self.given is not None:
            measured = 0.0 if self.measured_share is None else self.measured_share
            mean = measured * mean + (1 - measured) * self.given.mean[:, part]
            variance = measured * variance + (1 - measured) * self.given.variance[:, part]
        gain = self.scale[:, part] * torch.rsqrt(variance + EPSILON)
        offset = self.shift[:, part] - mean * gain
        return x * gain[:, :, None, None] + offset[:, :, None, None]


class _Conv(nn.Conv2d):
    """3x3 convolution with reflection padding."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, bias: bool = False) -> None:
        # A normalisation follows and takes the mean out, so a bias would do nothing.
        super().__init__(inputs, outputs, 3, stride=stride, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W to N x C' x H x W, or to half of H and W with a stride of 2."""
        return super().forward(F.pad(x, (1, 1, 1, 1), mode="reflect"))


class UpsamplingConv(nn.Conv2d):
    """Bilinear doubling and a 3x3 convolution of its result, as one convolution at the smaller size.

    Each of the four pixels that a pixel becomes has weights of its own, which follow from the 3x3 that are learnt.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W to N x C' x 2H x 2W; the outermost pixels repeat beyond the border."""
        outputs, inputs = self.weight.shape[:2]
        four = (self.weight.reshape(-1, 9) @ torch.from_numpy(DOUBLING).to(self.weight)).reshape(
            outputs, inputs, 4, 3, 3
        )
        weight = four.transpose(1, 2).reshape(4 * outputs, inputs, 3, 3)
        return F.pixel_shuffle(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight), 2)


class TransformerNetwork(nn.Module):
    """Picture and style in, painted picture out.

    Input and output sizes agree; both sides must be multiples of :attr:`multiple` and at least :attr:`minimum`.
    """

    multiple = SIDE_MULTIPLE
    minimum = MIN_SIDE
    binomial: Tensor
    middle: Tensor

    def __init__(self, architecture: Architecture | None = None) -> None:
        super().__init__()
        self.architecture = a = architecture or Architecture()
        self.stem = _Conv(4 * PLANES, a.half)
        self.down1 = _Conv(a.half, a.quarter, stride=2)
        self.down2 = _Conv(a.quarter, a.eighth, stride=2)
        self.blocks = nn.ModuleList(
            nn.ModuleList([_Conv(a.eighth, a.eighth), _Conv(a.eighth, a.eighth)]) for _ in range(a.blocks)
        )
        self.up1 = UpsamplingConv(a.eighth, a.quarter)
        self.up2 = UpsamplingConv(a.quarter, a.half)
        self.head = _Conv(a.half, 12, bias=True)
        self.register_buffer("binomial", _binomial(), persistent=False)
        self.register_buffer("middle", torch.tensor(MIDDLE)[:, None, None], persistent=False)

    def forward(
        self,
        images: Tensor,
        scale: Tensor,
        shift: Tensor,
        given: TensorStatistics | None = None,
        measured_share: Tensor | None = None,
    ) -> tuple[Tensor, TensorStatistics]:
        """Paint pictures.

        Args:
            images: N x 4 x H x W, RGB in [0, 1] and the grain, or N x 3 x H x W without grain.
            scale: scale of the styles, N x C (or 1 x C), C = ``architecture.normalised_channels``.
            shift: shift of the styles, N x C (or 1 x C).
            given: statistics to normalise with, N x C (or 1 x C); ``None`` measures them on the images.
            measured_share: with ``given``, the share of measured statistics in what is used, a number in
                [0, 1]: 0 or ``None`` uses the given ones alone, in between is what video smoothing wants.

        Returns:
            Painted images, N x 3 x H x W in [0, 1], and the statistics measured on the way.
        """
        style = _ConditionalNormalisation(scale, shift, given, measured_share)
        planes = F.pad(images, (0, 0, 0, 0, 0, PLANES - images.shape[1]))
        x = F.pixel_unshuffle(planes - self.middle, 2)
        x = F.relu(style.normalise(self.stem(x)))
        x = F.relu(style.normalise(self.down1(x)))
        x = F.relu(style.normalise(self.down2(x)))
        for first, second in self.pairs():
            y = F.relu(style.normalise(first(x)))
            x = x + style.normalise(second(y))
        x = F.relu(style.normalise(self.up1(x)))
        x = F.relu(style.normalise(self.up2(x)))
        x = torch.sigmoid(F.pixel_shuffle(self.head(x), 2))
        return _filtered(x, self.binomial), TensorStatistics(torch.cat(style.means, 1), torch.cat(style.variances, 1))

    def pairs(self) -> Iterator[tuple[nn.Conv2d, nn.Conv2d]]:
        """The two convolutions of each residual block."""
        for block in self.blocks:
            assert isinstance(block, nn.ModuleList)
            first, second = block
            assert isinstance(first, nn.Conv2d)
            assert isinstance(second, nn.Conv2d)
            yield first, second

    def receptive_radius(self) -> int:
        """Input pixels on each side that a painted pixel depends on, statistics aside."""
        return receptive_radius(self.architecture.blocks)

    def macs(self, height: int, width: int) -> int:
        """Multiply-accumulates of one forward pass for an H x W picture."""
        pixels = height * width
        # Each layer, and how many of the picture's pixels become one position of its output.
        layers: list[tuple[nn.Conv2d, int]] = [
            (self.stem, 4), (self.down1, 16), (self.down2, 64), (self.up1, 16), (self.up2, 4), (self.head, 4),
        ]  # fmt: skip
        layers += [(conv, 64) for pair in self.pairs() for conv in pair]
        binomial = 27 * pixels  # 3 x 3 weights for each of three colours
        return sum(layer.weight.numel() * pixels // shrink for layer, shrink in layers) + binomial

    def describe(self) -> dict[str, int]:
        """The architecture as plain numbers, for a file's metadata."""
        return asdict(self.architecture)


def as_if_painted(images: Tensor) -> Tensor:
    """Images, N x 3 x H x W, as the network could paint them at best: under the binomial filter of its head."""
    return _filtered(images, _binomial().to(images))


def _binomial() -> Tensor:
    """(1 2 1)/4 in both directions for each of three colours, as a convolution's weights."""
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    return (row[:, None] * row).expand(3, 1, 3, 3).clone()


def _filtered(images: Tensor, kernel: Tensor) -> Tensor:
    """Images, N x 3 x H x W, under a filter of each colour, 3 x 1 x 3 x 3."""
    return F.conv2d(F.pad(images, (1, 1, 1, 1), mode="reflect"), kernel, groups=3)
