"""Losses on pictures and on features of a perceptual network.

Content and style by Gram matrices: Gatys, Ecker and Bethge 2015 (arXiv 1508.06576). Both with total variation: Johnson,
Alahi and Fei-Fei 2016 (arXiv 1603.08155). All are normalised so that one set of weights suits every picture: a layer's
style loss of 1 is that of a picture whose Gram matrix is zero, a content loss of 1 that of a picture without any of the
structure. Features are N x C x H x W, pictures N x 3 x H x W in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.networks.loss_names import Loss, StyleLoss

_TINY = 1e-12  # keeps divisors above 0
_LEAST_VARIANCE = 1e-3  # of the mean variance along a direction: what a style has less of has an infinitely steep root
_MIN_SPREAD = 0.05  # share of the features' energy: the least variance that content losses are relative to


def gram(features: Tensor) -> Tensor:
    """Gram matrices: the mean over positions of the products of channels (Gatys 2015, equation 3).

    Args:
        features: N x C x H x W.

    Returns:
        N x C x C.
    """
    h, w = features.shape[2:]
    # Of channels-last features this is a view, and so is its gradient.
    flat = features.permute(0, 2, 3, 1).flatten(1, 2)
    grams: Tensor = _Gram.apply(flat)  # type: ignore[no-untyped-call]
    return grams / (h * w)


class _Gram(torch.autograd.Function):
    """The products of channels summed over positions, with a gradient that is one product of matrices, not two."""

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> Tensor:
        """N x P x C, features at P positions, to N x C x C."""
        ctx.save_for_backward(flat)
        return flat.transpose(1, 2) @ flat

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """The gradient along the sums, N x C x C, to that along the features, N x P x C."""
        (flat,) = ctx.saved_tensors
        result: Tensor = flat @ (gradient + gradient.transpose(1, 2))
        return result


def style_loss(grams: Tensor, target: Tensor) -> Tensor:
    """Squared Frobenius distance of Gram matrices relative to the target's squared norm.

    Dividing by the target's norm makes one style weight suit every painting.

    Args:
        grams: Gram matrices of the pictures, N x C x C.
        target: Gram matrices of the styles, N x C x C, or 1 x C x C for one style.

    Returns:
        One number a picture, N.
    """
    return ((grams - target) ** 2).sum(dim=(1, 2)) / (target**2).sum(dim=(1, 2))


def content_spread(target: Tensor) -> Tensor:
    """The variance of features over batch and positions, summed over channels; content losses are relative to it.

    It is taken over the batch and not within a picture, because a flat crop has none. A batch of flat crops hardly has
    any either, so a twentieth of the features' energy counts at least.

    Args:
        target: N x C x H x W.

    Returns:
        A scalar.
    """
    energy = (target**2).mean(dim=(0, 2, 3)).sum()
    spread = energy - (target.mean(dim=(0, 2, 3)) ** 2).sum()  # ``var`` takes four times as long
    return torch.maximum(spread, _MIN_SPREAD * energy)


def content_loss(features: Tensor, target: Tensor, spread: Tensor | None = None) -> Tensor:
    """Squared distance of features relative to their spread (Gatys 2015, equation 1, but for the scale).

    Args:
        features: features of the pictures, N x C x H x W.
        target: features of the photographs, N x C x H x W.
        spread: a scalar from :func:`content_spread`; ``None``: the target's.

    Returns:
        One number a picture, N.
    """
    spread = content_spread(target) if spread is None else spread
    return ((features - target) ** 2).mean(dim=(2, 3)).sum(dim=1) / spread


def total_variation(images: Tensor) -> Tensor:
    """Total variation: the mean squared difference of neighbouring pixels, of rows plus of columns.

    Args:
        images: N x 3 x H x W.

    Returns:
        One number a picture, N, in squared units of the pictures.
    """
    # Rows before columns: of a large picture, each tensor of differences is another copy.
    rows = _mean_square(images[:, :, 1:] - images[:, :, :-1])
    return rows + _mean_square(images[:, :, :, 1:] - images[:, :, :, :-1])


def _mean_square(differences: Tensor) -> Tensor:
    """The mean square of N x C x H x W for each picture; 0 where a side of one pixel has no differences."""
    return (differences**2).sum(dim=(1, 2, 3)) / max(1, differences[0].numel())


class Moments(NamedTuple):
    """The first and second moments of a layer's features, which are what a style is at that layer.

    Both are averages over positions, so those of several pictures (or tiles) combine linearly. The second moments are
    the Gram matrix.

    Attributes:
        mean: mean of the features, C.
        second: mean of the products of channels, C x C.
    """

    mean: Tensor
    second: Tensor

    @property
    def covariance(self) -> Tensor:
        """The covariance of the channels, C x C."""
        return self.second - torch.outer(self.mean, self.mean)


def moment_sums(features: Tensor, weights: Tensor | None = None, *, exact: bool = True) -> Moments:
    """Weighted sums over positions; divided by the sum of the weights they are moments.

    Args:
        features: P x C.
        weights: P; ``None``: ones.
        exact: add up in double precision where the device has it. Gram matrices do without, in a third of the time; the
            root in a Wasserstein distance amplifies rounding a hundredfold.
    """
    if exact and features.device.type != "mps":
        features = features.double()
    weighted = features if weights is None else features * weights[:, None]
    return Moments(weighted.sum(dim=0), weighted.T @ features)


def penalty(difference: Tensor, target: Tensor, loss: Loss) -> Tensor:
    """How far statistics are from their target, relative to the target's own size; 1 where they are zero.

    Args:
        difference: the statistics less their target, of the target's shape.
        target: the target, of any shape.
        loss: ``"l2"``: relative squared norm; ``"smooth-l1"`` (Huber): the same up to the target's root mean square,
            from where it grows only linearly (Johnson's slow_neural_style offered both).

    Returns:
        A scalar.
    """
    if loss == "l2":
        return (difference**2).sum() / (target**2).sum().clamp_min(_TINY)
    z = difference.abs() / (target**2).mean().sqrt().clamp_min(_TINY)
    return torch.where(z < 1, z**2, 2 * z - 1).mean()


def moments_in_metric(moments: Moments, metric: Tensor | None) -> Moments:
    """The moments that features have after the map of a metric, from those that they have before it.

    Args:
        moments: of features s, C channels.
        metric: R, C' x (C + 1), by which the features are R (s, 1); ``None``: these are s.

    Returns:
        Moments of C' channels.
    """
    if metric is None:
        return moments
    metric = metric.to(moments.mean)
    mean = F.pad(moments.mean, (0, 1), value=1.0)
    second = torch.cat([torch.cat([moments.second, moments.mean[:, None]], dim=1), mean[None]])
    return Moments(metric @ mean, metric @ second @ metric.T)


def style_distance(
    target: Moments, kind: StyleLoss = "gram", loss: Loss = "l2", metric: Tensor | None = None
) -> Callable[[Moments], Tensor]:
    """How to measure the distance of moments from a target, scaled so that features that are 0 everywhere have about 1.

    What depends on the target alone, such as the root of its covariance, is taken once.

    Args:
        target: moments of the style at one layer, in the metric.
        kind: ``"gram"``: squared Frobenius distance of the second moments (Gatys 2015); ``"mean"``: of the means
            (as Johnson's slow_neural_style offered it); ``"covariance"``: of the covariances; ``"wasserstein"``: the
            squared 2-Wasserstein distance of the Gaussians with these moments,
            ``|m - m'|^2 + tr(C + C' - 2 (C'^1/2 C C'^1/2)^1/2)``, whose trace is the squared Bures metric of the
            covariances (Bhatia, Jain and Lim 2019, arXiv 1712.01504).
        loss: see :func:`penalty`; does not count for a Wasserstein distance, which is squared.
        metric: the map from the features to those whose moments are compared; see :func:`moments_in_metric`.

    Returns:
        A function of a picture's moments at the same layer, without the metric, which returns a scalar.
    """
    if kind == "wasserstein":
        return _wasserstein_distance(target, metric)

    def distance(moments: Moments) -> Tensor:
        found = moments_in_metric(moments, metric)
        if kind == "gram":
            return penalty(found.second - target.second, target.second, loss)
        if kind == "mean":
            return penalty(found.mean - target.mean, target.mean, loss)
        return penalty(found.covariance - target.covariance, target.covariance, loss)

    return distance


def _wasserstein_distance(target: Moments, metric: Tensor | None) -> Callable[[Moments], Tensor]:
    """The function of :func:`style_distance` for the kind ``"wasserstein"``.

    Directions that the style hardly has are left out of the root, and count as much as the picture varies along them.
    Of a small style picture these are most, since a layer has no more directions than positions; and a product of a
    covariance with a map of few rows is cheap.
    """
    values, vectors = torch.linalg.eigh(target.covariance.cpu().double())
    least = _LEAST_VARIANCE * values.mean().clamp_min(_TINY)
    values, vectors = values[values > least], vectors[:, values > least]
    factor = (vectors * values.sqrt()).T
    at_target = (values**2 + least**2).sqrt().sum().to(target.second)
    scale = torch.trace(target.second).clamp_min(_TINY)
    # Covariances know nothing of the constant.
    linear = None if metric is None else metric[:, :-1].cpu().double()
    factor = (factor if linear is None else factor @ linear).to(target.second)
    squared = None if linear is None else (linear.T @ linear).to(target.second)

    def distance(moments: Moments) -> Tensor:
        mean, covariance = moments.mean, moments.covariance
        spread = torch.trace(covariance) if squared is None else (squared.to(covariance) * covariance).sum()
        if metric is not None:
            mean = metric[:, :-1].to(mean) @ mean + metric[:, -1].to(mean)
        coupling: Tensor = _TraceOfSquareRoot.apply(covariance, factor, least**2)  # type: ignore[no-untyped-call]
        apart = ((mean - target.mean) ** 2).sum() + spread - torch.trace(target.covariance)
        relative: Tensor = (apart - 2 * (coupling - at_target)) / scale
        return relative

    return distance


class _TraceOfSquareRoot(torch.autograd.Function):
    """The trace of (F C F^T + e I)^1/2 for a covariance C; its gradient is F^T (F C F^T + e I)^-1/2 F / 2.

    By eigenvalues: a root by iteration (Newton-Schulz) loses the small ones, which are most. In double precision and
    on the CPU: MPS has neither doubles nor eigenvalues, and matrices of a few hundred rows are quick on the CPU.
    """

    @staticmethod
    def forward(ctx: Any, covariance: Tensor, factor: Tensor, least: Tensor) -> Tensor:
        """The trace, a scalar, by C, C x C, F, R x C, and the scalar e."""
        matrix, factor = covariance.cpu().double(), factor.cpu().double()
        values, vectors = torch.linalg.eigh(factor @ matrix @ factor.T)
        roots = (values.clamp_min(0) + least).sqrt()
        half = factor.T @ (vectors / roots.sqrt())
        ctx.save_for_backward((half @ half.T / 2).to(covariance))
        trace: Tensor = roots.sum().to(covariance)
        return trace

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        """The gradient by the covariance."""
        (slope,) = ctx.saved_tensors
        return upstream * slope, None, None


def variation_gradient(image: Tensor) -> tuple[float, Tensor]:
    """:func:`total_variation` of one picture and its gradient, without autograd's copies.

    Args:
        image: C x H x W.

    Returns:
        The total variation, and its gradient, C x H x W.
    """
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
