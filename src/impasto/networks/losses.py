"""Losses on pictures and on features of a perceptual network (Gatys 2015, Johnson 2016).

All are normalised so that one set of weights suits every picture: a style loss of 1 per layer is that of a
picture whose Gram matrix is zero, a content loss of 1 that of a picture without any of the structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.networks.loss_names import Loss, StyleLoss

_TINY = 1e-12


def gram(features: Tensor) -> Tensor:
    """Gram matrices: N x C x H x W to N x C x C, the mean over positions of the products of channels."""
    n, c, h, w = features.shape
    flat = features.reshape(n, c, h * w)
    return flat @ flat.transpose(1, 2) / (h * w)


def style_loss(grams: Tensor, target: Tensor) -> Tensor:
    """Squared Frobenius distance of Gram matrices relative to the target's own norm, one number a picture.

    Args:
        grams, target: N x C x C. Dividing by the target's energy makes one style weight suit every painting.
    """
    return ((grams - target) ** 2).sum(dim=(1, 2)) / (target**2).sum(dim=(1, 2))


def content_spread(target: Tensor) -> Tensor:
    """What content losses are relative to: the variance of N x C x H x W features over batch and positions.

    Over the batch, not within a picture: a flat crop has none. A batch of flat crops hardly has any either, so it
    counts as a twentieth of the features' energy at least.
    """
    spread = target.var(dim=(0, 2, 3), unbiased=False).sum()
    energy = (target**2).mean(dim=(0, 2, 3)).sum()
    return torch.maximum(spread, 0.05 * energy)


def content_loss(features: Tensor, target: Tensor, spread: Tensor | None = None) -> Tensor:
    """Squared distance of features relative to their spread, one a picture.

    Args:
        features, target: N x C x H x W.
        spread: see :func:`content_spread`; default: the target's.
    """
    spread = content_spread(target) if spread is None else spread
    return ((features - target) ** 2).mean(dim=(2, 3)).sum(dim=1) / spread


def total_variation(images: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of N x 3 x H x W, one number a picture."""
    # One after the other: of a large picture, each difference is another copy.
    rows = _mean_square(images[:, :, 1:] - images[:, :, :-1])
    return rows + _mean_square(images[:, :, :, 1:] - images[:, :, :, :-1])


def _mean_square(differences: Tensor) -> Tensor:
    """One number a picture; 0, not the mean of nothing, where a side of one pixel has no differences."""
    return (differences**2).sum(dim=(1, 2, 3)) / max(1, differences[0].numel())


_REPEATS, _REPEATED, _NEAREST = 8, 0.08, 9  # peaks that count; correlation that chance has; pixels from the centre


def repetition(images: Tensor) -> Tensor:
    """How much pictures repeat a motif, like wallpaper: N x 3 x H x W in [0, 1] to one number in [0, 1] a picture.

    0 is none. Of the highest peaks of the autocorrelation, from 9 pixels to half a side away from its centre, the mean
    height beyond what chance has. Before, the luminance is flattened (a blur of 12 pixels taken away, contrast evened
    out over 24), so that motifs count and not large areas.
    """
    plane = _luminance(images)[:, None]
    plane = plane - _blurred(plane, 12)
    plane = plane / ((_blurred(plane**2, 24) + 1e-8).sqrt() + 2 / 255)
    plane = (plane - plane.mean(dim=(2, 3), keepdim=True))[:, 0]
    height, width = plane.shape[-2:]
    reach = min(height, width) // 2
    offsets = torch.arange(-reach, reach + 1, device=images.device)
    y, x = torch.meshgrid(offsets, offsets, indexing="ij")
    correlation = _autocorrelation(plane, reach) / ((height - y.abs()) * (width - x.abs()))  # what overlaps
    correlation = correlation / correlation[:, reach, reach, None, None].clamp_min(_TINY)
    with torch.no_grad():
        away = torch.hypot(x.float(), y.float())
        half = (y > 0) | ((y == 0) & (x > 0))  # the other half says the same
        highest = correlation >= F.max_pool2d(correlation[:, None], 3, stride=1, padding=1)[:, 0]
        peaks = highest & half & (away >= _NEAREST) & (away <= reach - 1)
    found = torch.where(peaks, correlation, correlation.new_zeros(())).flatten(1).topk(_REPEATS, dim=1).values
    return (found - _REPEATED).clamp_min(0).mean(dim=1)


def _autocorrelation(plane: Tensor, reach: int) -> Tensor:
    """N x H x W to sums of products, by shifts of -reach to reach pixels: N x (2 reach + 1) x (2 reach + 1)."""
    height, width = plane.shape[-2:]
    shape = (2 * height, 2 * width)
    spectrum = torch.fft.rfft2(plane, shape)
    power = spectrum.real**2 + spectrum.imag**2
    sums: Tensor = torch.fft.fftshift(torch.fft.irfft2(power, shape), dim=(-2, -1))
    return sums[:, height - reach : height + reach + 1, width - reach : width + reach + 1]


def _blurred(plane: Tensor, radius: float) -> Tensor:
    """Gaussian blur of N x 1 x H x W by a standard deviation in pixels."""
    reach = int(3 * radius)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=plane.device) / radius) ** 2)
    kernel = (kernel / kernel.sum()).to(plane)
    rows = F.conv2d(F.pad(plane, (0, 0, reach, reach), mode="replicate"), kernel.view(1, 1, -1, 1))
    return F.conv2d(F.pad(rows, (reach, reach, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))


_WOVEN = 4  # pixels of the pattern's period
_LINE, _BESIDE = range(-2, 3), (-6, -5, -4, -3, 3, 4, 5, 6)  # bins of the spectrum that a window makes one line of


def weave(images: Tensor) -> Tensor:
    """How strongly pictures repeat every four pixels: N x 3 x H x W in [0, 1] to the energy in squared levels of 255.

    A network that works at a quarter of the size weaves such a pattern over all that it paints, where strokes are the
    thinnest it can paint. Counted are the lines of the luminance's spectrum at multiples of a quarter cycle a pixel,
    less what is beside them along rows or columns, whichever is more: edges fill the axes of a spectrum. Lines of two
    pixels, which divide four, are left out.
    """
    plane = _luminance(images)
    height, width = (side // _WOVEN * _WOVEN for side in plane.shape[-2:])  # so that lines fall on bins
    plane = plane[:, :height, :width] - plane[:, :height, :width].mean(dim=(1, 2), keepdim=True)
    windows = [torch.hann_window(side + 2, periodic=False, device=plane.device)[1:-1] for side in (height, width)]
    window = torch.outer(*windows)
    spectrum = torch.fft.fft2(plane * window)
    power = (spectrum.real**2 + spectrum.imag**2) / ((window**2).sum() * height * width)

    lines = torch.tensor([(i, j) for i in range(_WOVEN) for j in range(_WOVEN) if i % 2 or j % 2])

    def around(y: Sequence[int], x: Sequence[int]) -> Tensor:
        """N x lines x len(y) x len(x): what is so many bins away from each line."""
        rows = (lines[:, :1] * height // _WOVEN + torch.tensor(y)) % height
        columns = (lines[:, 1:] * width // _WOVEN + torch.tensor(x)) % width
        found: Tensor = power[:, rows[:, :, None], columns[:, None, :]]
        return found

    along_rows = around(_LINE, _BESIDE).mean(dim=3).sum(dim=2)
    along_columns = around(_BESIDE, _LINE).mean(dim=2).sum(dim=2)
    beside = len(_LINE) * torch.maximum(along_rows, along_columns)
    return 255**2 * (around(_LINE, _LINE).sum(dim=(2, 3)) - beside).clamp_min(0).sum(dim=1)


def _luminance(images: Tensor) -> Tensor:
    """N x 3 x H x W to N x H x W, Rec. 709 weights on the values as they are."""
    return (images * images.new_tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(dim=1)


# ---- statistics of features, for optimising a picture ---------------------------------------------------------------


class Moments(NamedTuple):
    """What a style is at one layer: the mean of its features, C, and of their products, C x C.

    Both are averages over positions, so those of several pictures (or tiles) combine linearly.
    """

    mean: Tensor
    second: Tensor

    @property
    def covariance(self) -> Tensor:
        """C x C."""
        return self.second - torch.outer(self.mean, self.mean)


def moment_sums(features: Tensor, weights: Tensor | None = None, *, exact: bool = True) -> Moments:
    """Sums over positions, weighted; divided by the sum of the weights they are moments.

    Args:
        features: P x C.
        weights: P; ``None``: ones.
        exact: in double precision where the device has it. Gram matrices do without, in a third of the time; the root
            in a Wasserstein distance amplifies rounding a hundredfold.
    """
    if exact and features.device.type != "mps":
        features = features.double()
    weighted = features if weights is None else features * weights[:, None]
    return Moments(weighted.sum(dim=0), weighted.T @ features)


def penalty(difference: Tensor, target: Tensor, loss: Loss) -> Tensor:
    """How far statistics are from their target, relative to the target's own size; 1 where they are zero.

    Args:
        difference, target: of one shape.
        loss: ``"l2"``, or ``"smooth-l1"``, which is the same up to the target's root mean square and grows only
            linearly from there on (Johnson's slow_neural_style offered both).
    """
    if loss == "l2":
        return (difference**2).sum() / (target**2).sum().clamp_min(_TINY)
    z = difference.abs() / (target**2).mean().sqrt().clamp_min(_TINY)
    return torch.where(z < 1, z**2, 2 * z - 1).mean()


def moment_loss(moments: Moments, target: Moments, kind: StyleLoss = "gram", loss: Loss = "l2") -> Tensor:
    """The distance of two sets of moments, scaled so that features that are zero everywhere have a loss of 1.

    Args:
        moments, target: of one layer.
        kind: ``"gram"``: squared Frobenius distance of the second moments (Gatys 2015); ``"mean"``: of the means
            (Johnson 2016); ``"covariance"``: of the covariances; ``"wasserstein"``: squared 2-Wasserstein distance of
            the Gaussians with these moments, ``|m - m'|^2 + tr(C + C' - 2 (C'^1/2 C C'^1/2)^1/2)``.
        loss: see :func:`penalty`; a Wasserstein distance has its own.
    """
    if kind == "gram":
        return penalty(moments.second - target.second, target.second, loss)
    if kind == "mean":
        return penalty(moments.mean - target.mean, target.mean, loss)
    if kind == "covariance":
        return penalty(moments.covariance - target.covariance, target.covariance, loss)
    values, vectors = torch.linalg.eigh(target.covariance.cpu().double())
    values = values.clamp_min(0)
    # Directions that the style hardly has count as a thousandth of the average one: the root's slope would be infinite.
    least = (1e-3 * values.mean().clamp_min(_TINY)) ** 2
    root = ((vectors * values.sqrt()) @ vectors.T).to(moments.second)
    coupling: Tensor = _TraceOfRoot.apply(root @ moments.covariance @ root, least)  # type: ignore[no-untyped-call]
    at_target = (values**2 + least).sqrt().sum().to(coupling)
    spread = torch.trace(moments.covariance) - torch.trace(target.covariance)
    distance: Tensor = ((moments.mean - target.mean) ** 2).sum() + spread - 2 * (coupling - at_target)
    return distance / torch.trace(target.second).clamp_min(_TINY)


class _TraceOfRoot(torch.autograd.Function):
    """tr((M + e I)^1/2) of a symmetric positive semidefinite matrix; its gradient is (M + e I)^-1/2 / 2.

    By eigenvalues: a root by iteration (Newton-Schulz) loses the small ones, which are most. In double precision and
    on the CPU: MPS has neither, and matrices of a few hundred rows are quick there.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, least: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(matrix.cpu().double())
        roots = (values.clamp_min(0) + least).sqrt()
        ctx.save_for_backward(((vectors / roots) @ vectors.T / 2).to(matrix))
        trace: Tensor = roots.sum().to(matrix)
        return trace

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return upstream * slope, None


def variation_gradient(image: Tensor) -> tuple[float, Tensor]:
    """:func:`total_variation` of one picture, C x H x W, and its gradient, without autograd's copies."""
    gradient = torch.zeros_like(image)
    value = 0.0
    for plane, slope in zip(image, gradient, strict=True):
        for dim in (0, 1):
            if plane.shape[dim] < 2:
                continue
            step = plane.diff(dim=dim)
            value += float((step**2).sum()) / (step.numel() * len(image))
            step *= 2 / (step.numel() * len(image))
            slope.narrow(dim, 1, plane.shape[dim] - 1).add_(step)
            slope.narrow(dim, 0, plane.shape[dim] - 1).sub_(step)
    return value, gradient
