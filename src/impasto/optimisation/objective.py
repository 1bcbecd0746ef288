"""The loss of an optimised picture and its gradient: content, style, total variation, dreaming.

Loss and gradient are exact tile by tile; :mod:`impasto.optimisation.feature_tiles` says how.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from impasto.networks import losses
from impasto.networks.losses import Moments
from impasto.optimisation.feature_tiles import (
    FeatureTile,
    RegionWeights,
    Strip,
    TiledFeatures,
    add_moments,
    on_each,
    scale_moments,
)
from impasto.optimisation.recipe import Recipe

K = TypeVar("K")

ExtraLoss = Callable[[Tensor], Tensor]
"""A differentiable loss of the picture: 1 x 3 x H x W to a scalar."""

_RANGE_WEIGHT = 10.0  # weight of the mean squared distance of colours from [0, 1]
_DREAM_WEIGHT = 0.15  # weight of a layer that the recipe dreams of with 1: the effect shows after 20 iterations
_DREAM_LIMIT = 10.0  # in root mean squares of a layer: features beyond it are not amplified more strongly
_LEAST_SPREAD = 0.05  # share of the features' energy that counts as their variance at least, for content losses
_TINY = 1e-6  # least divisor, so that nothing is divided by 0


class Evaluation(NamedTuple):
    """The losses at a picture.

    Attributes:
        loss: the weighted sum of all losses.
        gradient: the gradient of ``loss`` with respect to the picture, 1 x 3 x H x W.
        parts: the weighted losses by name (``"content"``, ``"style"``, ``"tv"``), also by layer (``"style/relu3_1"``).
    """

    loss: float
    gradient: Tensor
    parts: dict[str, float]


@dataclass(frozen=True)
class Region:
    """A style and where it applies.

    Attributes:
        targets: layer to the style's moments.
        weights: H x W in [0, 1], of the picture's size; ``None``: everywhere.
        variation: total variation of the style picture, to which the painting's is relative.
    """

    targets: Mapping[str, Moments]
    weights: Tensor | None = None
    variation: float = 0.0


class Objective:
    """The loss of a picture and its gradient.

    Args:
        tiled: the network's layers, in tiles or at once.
        content: the photograph, 1 x 3 x H x W in [0, 1].
        regions: the styles and where they apply.
        recipe: weights, layers and kinds of losses.
        extra: another differentiable loss, added as it is.

    Attributes:
        precision: type of the numbers in which moments are compared.
        content_layers: layer to the weight of its content loss.
        style_layers: layer to the weight of its style loss.
        dream_layers: layer to the weight with which its features are amplified.
        local_layers: the layers whose losses are sums over positions: those of content and of dreaming.
        variation: total variation to which the picture's is relative.
        content_features: layer and tile to the photograph's features, h x w x C, on the tile's device.
        spread: layer to the variance of the photograph's features, summed over channels.
        energy: layer to the mean square of the photograph's features, summed over channels.
        positions: layer to the number of its positions.
    """

    def __init__(
        self,
        tiled: TiledFeatures,
        content: Tensor,
        regions: Sequence[Region],
        recipe: Recipe,
        extra: ExtraLoss | None = None,
    ) -> None:
        self.tiled, self.recipe, self.extra = tiled, recipe, extra
        # Only Gram matrices do without double precision, in which products of matrices take twice the time.
        self.precision = content.dtype if recipe.style_loss == "gram" else torch.float64
        self.regions = [
            _PlacedRegion(
                {
                    tap: losses.style_distance(x, recipe.style_loss, recipe.loss, tiled.network.metric(tap))
                    for tap, x in region.targets.items()
                },
                RegionWeights(tiled, region.weights, content.shape[2:]),
                share,
            )
            for region in regions
            if (share := _area_share(region)) > 0
        ]
        self.content_layers = _divided(recipe.content_weight, recipe.content_layers)
        self.style_layers = _divided(recipe.style_weight if self.regions else 0, recipe.style_layers)
        self.dream_layers = {tap: _DREAM_WEIGHT * weight for tap, weight in recipe.dream.items() if weight > 0}
        self.local_layers = self.content_layers.keys() | self.dream_layers.keys()
        # Total variation counts relative to the style picture's, so that a rough style may stay rough; without a
        # style, it counts relative to the photograph's.
        variation = sum(_area_share(region) * region.variation for region in regions)
        variation /= max(sum(region.share for region in self.regions), _TINY)
        self.variation = max(variation or float(losses.total_variation(content)), _TINY)
        self.content_features: dict[tuple[str, FeatureTile], Tensor] = {}
        self.spread: dict[str, float] = {}
        self.energy: dict[str, float] = {}
        self.positions: dict[str, int] = {}
        self._measure_content(content)

    def _measure_content(self, content: Tensor) -> None:
        """Keep the photograph's features at the content layers, and the scale of its features at all local layers."""
        tiled = self.tiled
        mirrored = tiled.mirror(content)
        height, width = (side - 2 * tiled.margin for side in mirrored.shape[2:])
        if not self.local_layers:
            return

        def measure(strip: Strip) -> dict[str, tuple[Tensor, Tensor]]:
            sums: dict[str, tuple[Tensor, Tensor]] = {}
            for tile, features in strip.values():
                for tap in self.local_layers:
                    stride = tiled.network.stride(tap)
                    core = tiled.to_metric(tap, tile.crop(features[tap], stride))
                    more = core.sum(dim=(0, 1)).cpu().double(), (core**2).sum(dim=(0, 1)).cpu().double()
                    sums[tap] = (sums[tap][0] + more[0], sums[tap][1] + more[1]) if tap in sums else more
                    if tap in self.content_layers:
                        self.content_features[tap, tile] = core.contiguous()
            return sums

        sums: dict[str, tuple[Tensor, Tensor]] = {}
        for strip in on_each(tiled.strips(mirrored), measure):
            for tap, more in strip.items():
                sums[tap] = (sums[tap][0] + more[0], sums[tap][1] + more[1]) if tap in sums else more
        for tap, (first, second) in sums.items():
            count = height * width // tiled.network.stride(tap) ** 2
            self.positions[tap] = count
            self.energy[tap] = max(float(second.sum()) / count, 1e-12)
            variance = self.energy[tap] - float(((first / count) ** 2).sum())
            # A flat photograph hardly has any spread; see losses.content_loss.
            self.spread[tap] = max(variance, _LEAST_SPREAD * self.energy[tap])

    def __call__(self, picture: Tensor) -> Evaluation:
        """Evaluate the losses and their gradient at a picture, 1 x 3 x H x W."""
        tiled = self.tiled
        mirrored = tiled.mirror(picture.detach())
        strips = tiled.strips(mirrored, gradients=True)
        sums: list[dict[str, Moments]] = [{} for _ in self.regions]
        parts: dict[str, float] = {}
        for found, losses_of_strip in on_each(strips, self._add_up):
            for total, more in zip(sums, found, strict=True):
                for tap, moments in more.items():
                    add_moments(total, tap, moments)
            _add_numbers(parts, losses_of_strip)
        slopes = self._judge_styles(sums, parts)
        norms: dict[tuple[str, str], float] | None = None
        if self.recipe.normalize_gradients:
            norms = {}
            for norms_of_strip in on_each(strips, partial(self._norms, slopes=slopes)):
                _add_numbers(norms, norms_of_strip)
        gradient, *others = on_each(strips, partial(self._gradient, slopes=slopes, norms=norms))
        for other in others:
            gradient += other.to(gradient.device)
        gradient = tiled.fold(gradient, *picture.shape[2:])
        self._add_pixels(picture, gradient, parts)
        loss = sum(value for name, value in parts.items() if "/" not in name)
        return Evaluation(loss, gradient, parts)

    def _add_up(self, strip: Strip) -> tuple[list[dict[str, Moments]], dict[str, float]]:
        """The sums over a strip's positions by region, and the losses that are such sums."""
        sums: list[dict[str, Moments]] = [{} for _ in self.regions]
        parts: dict[str, float] = {}
        for tile, features in strip.values():
            self._add_tile(tile, features, sums, parts)
        return sums, parts

    def _norms(self, strip: Strip, slopes: Sequence[Mapping[str, Moments]]) -> dict[tuple[str, str], float]:
        """The L1 norms of the losses' slopes over a strip, by layer and name."""
        norms: dict[tuple[str, str], float] = {}
        for tile, features in strip.values():
            for tap, values in features.items():
                for name, _, slope in self._slopes(tap, values, tile, slopes):
                    norms[tap, name] = norms.get((tap, name), 0.0) + float(slope.abs().sum())
        return norms

    def _gradient(
        self,
        strip: Strip,
        slopes: Sequence[Mapping[str, Moments]],
        norms: Mapping[tuple[str, str], float] | None,
    ) -> Tensor:
        """The gradient of a strip's losses by the mirrored picture, 1 x 3 x H x W, on the strip's device."""
        gradient = torch.zeros_like(strip.mirrored, device=strip.device)
        for tile, features, pixels in strip.graphs():
            heads, seeds = [], []
            for tap, values in features.items():
                seed = torch.zeros_like(values)
                core = tile.crop(seed, self.tiled.network.stride(tap))
                for name, weight, slope in self._slopes(tap, values.detach(), tile, slopes):
                    core += slope if norms is None else slope * (weight / (norms[tap, name] + 1e-8))
                heads.append(values)
                seeds.append(seed)
            torch.autograd.backward(heads, seeds)
            if pixels.grad is not None:
                window = tile.cut_window(gradient)
                window += pixels.grad
        return gradient

    def _add_tile(
        self, tile: FeatureTile, features: Mapping[str, Tensor], sums: list[dict[str, Moments]], parts: dict[str, float]
    ) -> None:
        """Add a tile to the sums over positions, and to the losses that are such sums."""
        for tap, values in features.items():
            stride = self.tiled.network.stride(tap)
            core = tile.crop(values, stride)
            if tap in self.style_layers:
                flat, exact = core.flatten(0, 1), self.precision == torch.float64
                for region, total in zip(self.regions, sums, strict=True):
                    add_moments(total, tap, losses.moment_sums(flat, region.weights.of_tile(tap, tile), exact=exact))
            if tap in self.local_layers:
                core = self.tiled.to_metric(tap, core)
            if tap in self.content_layers:
                wanted, spread = self.content_features[tap, tile], self.spread[tap]
                squares = (core - wanted) ** 2
                count = self.positions[tap] * core.shape[2]
                if self.recipe.loss == "smooth-l1":
                    squares *= core.shape[2] / spread
                    value = float(torch.where(squares < 1, squares, 2 * squares.sqrt() - 1).sum()) / count
                else:
                    value = float(squares.sum()) / self.positions[tap] / spread
                _add_part(parts, "content", tap, self.content_layers[tap] * value)
            if tap in self.dream_layers:
                limit = self._dream_limit(tap, core)
                size = core.abs()
                amplified = torch.where(size < limit, size**2, 2 * limit * size - limit**2).sum()
                value = float(amplified) / self.energy[tap] / self.positions[tap]
                _add_part(parts, "dream", tap, -self.dream_layers[tap] * value)

    def _judge_styles(self, sums: Sequence[Mapping[str, Moments]], parts: dict[str, float]) -> list[dict[str, Moments]]:
        """Take the style losses at the sums of all tiles.

        Args:
            sums: by region and layer, over all positions.
            parts: the losses are added there.

        Returns:
            By region and layer, the slopes of the weighted losses with respect to the moments.
        """
        slopes: list[dict[str, Moments]] = []
        for region, total in zip(self.regions, sums, strict=True):
            slope: dict[str, Moments] = {}
            for tap, weight in self.style_layers.items():
                moments = scale_moments(total[tap], 1 / region.weights.totals[tap])
                leaves = Moments(*(value.detach().to(self.precision).requires_grad_() for value in moments))
                weighted = weight * region.share * region.distances[tap](leaves)
                mean, second = torch.autograd.grad(weighted, leaves, allow_unused=True)
                slope[tap] = Moments(
                    torch.zeros_like(leaves.mean) if mean is None else mean,
                    torch.zeros_like(leaves.second) if second is None else second,
                )
                _add_part(parts, "style", tap, float(weighted.detach()))
            slopes.append(slope)
        return slopes

    def _slopes(
        self, tap: str, features: Tensor, tile: FeatureTile, slopes: Sequence[Mapping[str, Moments]]
    ) -> Iterator[tuple[str, float, Tensor]]:
        """The slopes of each loss with respect to a tile's own features: name, weight, h x w x C."""
        tiled = self.tiled
        stride = tiled.network.stride(tap)
        core = tile.crop(features, stride)
        if tap in self.style_layers:
            flat = core.flatten(0, 1)
            for number, (region, slope) in enumerate(zip(self.regions, slopes, strict=True)):
                mean, second = (x.to(flat) for x in scale_moments(slope[tap], 1 / region.weights.totals[tap]))
                by_features = torch.addmm(mean, flat, second + second.T)
                weights = region.weights.of_tile(tap, tile)
                if weights is not None:
                    by_features *= weights[:, None]
                yield f"style {number}", self.style_layers[tap] * region.share, by_features.view(core.shape)
        if tap in self.local_layers:
            core = tiled.to_metric(tap, core)
        if tap in self.content_layers:
            weight, wanted, spread = self.content_layers[tap], self.content_features[tap, tile], self.spread[tap]
            difference = core - wanted
            factor = 2 * weight / spread / self.positions[tap]
            if self.recipe.loss == "smooth-l1":
                limit = (spread / core.shape[2]) ** 0.5
                difference.clamp_(-limit, limit)
            yield "content", weight, tiled.from_metric(tap, difference * factor)
        if tap in self.dream_layers:
            weight = self.dream_layers[tap]
            limit = self._dream_limit(tap, core)
            factor = 2 * weight / self.energy[tap] / self.positions[tap]
            yield "dream", weight, tiled.from_metric(tap, core.clamp(-limit, limit) * -factor)

    def _dream_limit(self, tap: str, features: Tensor) -> float:
        """The feature beyond which the slope of dreaming is constant; if it grew on, features would grow for ever."""
        return _DREAM_LIMIT * math.sqrt(self.energy[tap] / features.shape[2])

    def _add_pixels(self, picture: Tensor, gradient: Tensor, parts: dict[str, float]) -> None:
        """Add the losses of the pixels themselves: total variation, colours outside [0, 1], and the extra loss."""
        if self.recipe.tv_weight > 0:
            weight = self.recipe.tv_weight / self.variation
            value, slope = losses.variation_gradient(picture[0])
            parts["tv"] = weight * value
            gradient[0] += slope.mul_(weight)
        beyond = 0.0
        for plane, slope_of_plane in zip(picture[0], gradient[0], strict=True):  # temporaries of one plane only
            excess = plane - plane.clamp(0, 1)
            beyond += float((excess**2).sum())
            slope_of_plane += excess.mul_(2 * _RANGE_WEIGHT / picture.numel())
        parts["range"] = _RANGE_WEIGHT * beyond / picture.numel()
        if self.extra is not None:
            with torch.enable_grad():
                leaf = picture.detach().requires_grad_()
                value_of_extra = self.extra(leaf)
                (slope,) = torch.autograd.grad(value_of_extra, leaf)
            parts["extra"] = float(value_of_extra.detach())
            gradient += slope


@dataclass(frozen=True)
class _PlacedRegion:
    """A region on the picture that is painted.

    Attributes:
        distances: by layer, how far moments are from the style's.
        weights: where the style applies, at each layer.
        share: of the picture's area.
    """

    distances: Mapping[str, Callable[[Moments], Tensor]]
    weights: RegionWeights
    share: float


def _area_share(region: Region) -> float:
    """The share of the picture's area in which a style applies, in [0, 1]."""
    return 1.0 if region.weights is None else float(region.weights.mean())


def _divided(weight: float, layers: Mapping[str, float]) -> dict[str, float]:
    """Divide a loss's weight among its layers in proportion to their own weights; leaves out layers without a share."""
    total = sum(layers.values())
    return {tap: weight * share / total for tap, share in layers.items() if share * weight > 0}


def _add_part(parts: dict[str, float], kind: str, tap: str, value: float) -> None:
    """Add a layer's loss to the sum of its kind, and note it by layer."""
    for name in (kind, f"{kind}/{tap}"):
        parts[name] = parts.get(name, 0.0) + value


def _add_numbers(totals: dict[K, float], more: Mapping[K, float]) -> None:
    """Add numbers to the totals of the same keys."""
    for key, value in more.items():
        totals[key] = totals.get(key, 0.0) + value
