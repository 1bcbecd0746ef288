"""The style predictor: a picture's statistics in the perceptual network in, the scale and shift of its style out.

Ghiasi, Lee, Kudlur, Dumoulin and Shlens 2017 (arXiv 1705.06830) predict the parameters of conditional instance
normalisation from the features of an Inception network. Here they come from the network that judges, which has been
distilled from VGG-19: the mean and the standard deviation of each channel at the layers that define a style, and the
standard deviations in the few directions that its convolutions of low rank read there, which tell of the correlations
between channels. So the predictor is shown what the style loss looks at, and is itself only a few matrix products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.networks.perceptual import PerceptualNetwork

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Layers of the perceptual network whose statistics describe a style."""

READERS = {"relu2_1": "conv2_2_in", "relu3_1": "conv3_2_in", "relu4_1": "conv4_2_in"}
"""Convolutions of 1x1 that read a tap, in whose directions it varies most."""

CLAMP = 5.0
"""Standard deviations beyond which a statistic is cut off."""

REACH = 8.0
"""Deviations of the known styles beyond which a prediction hardly goes."""

LEAST_DEVIATION = 1e-3
"""The least deviation of a statistic over many pictures, so that one that never varies does not divide by zero."""


@dataclass(frozen=True)
class PredictorArchitecture:
    """The numbers that make a style predictor; kept in its file.

    Attributes:
        statistics: numbers that describe a picture, see :func:`style_statistics`.
        hidden: units of each hidden layer.
        code: numbers between hidden layers and style.
        channels: length of a style's scale and shift.
    """

    statistics: int
    hidden: int = 256
    code: int = 96
    channels: int = 1008


def style_statistics(network: PerceptualNetwork, features: Mapping[str, Tensor]) -> Tensor:
    """Describe pictures as styles: roots of means and of standard deviations over positions, N x S.

    Args:
        network: the builtin perceptual network; the predictor belongs to its weights.
        features: its own features of N pictures at :data:`TAPS`, see :meth:`PerceptualNetwork.narrow`.
    """
    found: list[Tensor] = []
    for tap in TAPS:
        x = features[tap].float()
        found += [x.mean(dim=(2, 3)), x.std(dim=(2, 3), unbiased=False)]
        if tap in READERS:
            weight = network.get_buffer(f"{READERS[tap]}_weight").flatten(1)
            found.append(torch.einsum("nchw,oc->nohw", x, weight).std(dim=(2, 3), unbiased=False))
    return torch.cat(found, dim=1).clamp_min(0).sqrt()


class StylePredictor(nn.Module):
    """Statistics of a picture in, scale and shift out.

    Args:
        architecture: its sizes.

    The buffers ``mean`` and ``deviation`` (S each) standardise statistics; ``middle`` and ``spread`` (2 C each) are the
    mean and the deviation of scale and shift over the styles that the transformer network was trained with.
    """

    mean: Tensor
    deviation: Tensor
    middle: Tensor
    spread: Tensor

    def __init__(self, architecture: PredictorArchitecture) -> None:
        super().__init__()
        self.architecture = a = architecture
        self.first = nn.Linear(a.statistics, a.hidden)
        self.second = nn.Linear(a.hidden, a.hidden)
        self.code = nn.Linear(a.hidden, a.code)
        self.last = nn.Linear(a.code, 2 * a.channels)
        for name, count in (("mean", a.statistics), ("middle", 2 * a.channels)):
            self.register_buffer(name, torch.zeros(count))
        for name, count in (("deviation", a.statistics), ("spread", 2 * a.channels)):
            self.register_buffer(name, torch.ones(count))
        nn.init.normal_(self.last.weight, std=0.02)
        nn.init.zeros_(self.last.bias)

    def forward(self, statistics: Tensor) -> tuple[Tensor, Tensor]:
        """Predict styles.

        Args:
            statistics: N x S, see :func:`style_statistics`.

        Returns:
            Scale and shift, N x C each.
        """
        x = F.silu(self.first(self.standardised(statistics)))
        x = x + F.silu(self.second(x))
        x = F.layer_norm(x, x.shape[1:])
        # Beyond what the known styles span, the transformer network paints blotches.
        away = REACH * torch.tanh(self.last(self.code(x)) / REACH)
        scale, shift = (self.middle + self.spread * away).chunk(2, dim=1)
        return scale, shift

    def standardised(self, statistics: Tensor) -> Tensor:
        """Statistics in units of their deviations over many pictures, N x S."""
        return ((statistics - self.mean) / self.deviation.clamp_min(LEAST_DEVIATION)).clamp(-CLAMP, CLAMP)

    def describe(self) -> dict[str, int]:
        """The architecture as plain numbers, for a file's metadata."""
        return asdict(self.architecture)
