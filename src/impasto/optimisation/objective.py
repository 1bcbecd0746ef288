"""TODO: say what this module is for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from impasto.networks import losses
from impasto.networks.losses import Moments
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.views import (
    FeatureCache,
    FeatureTile,
    RegionWeights,
    TiledFeatures,
    add_moments,
    scale_moments,
)

ExtraLoss = Callable[[Tensor], Tensor]
_RANGE_WEIGHT = 10.0  # of colours beyond what can be shown
_DREAM = 0.15  # a weight of 1 is seen after 20 iterations; how well depends on the layer: docs/from-neural-style.md


class Evaluation(NamedTuple):
    """The losses at a picture."""

    loss: float
    gradient: Tensor
    parts: dict[str, float]


@dataclass(frozen=True)
class Region:
    """Where a style applies.

    Attributes:
        targets: layer to the style's moments.
        weights: H x W in [0, 1] as the picture; ``None``: everywhere.
        variation: total variation of the style picture, the scale of the painting's.
    """

    targets: Mapping[str, Moments]
    weights: Tensor | None = None
    variation: float = 0.0


class Objective:
    """The loss of a picture and its gradient.

    Args:
        viewer: the network's layers, in tiles or at once.
        content: 1 x 3 x H x W in [0, 1], the photograph.
        regions: the styles and where they apply.
        recipe: weights, layers and kinds of losses.
        extra: another differentiable loss of the picture (1 x 3 x H x W to a scalar), added as it is.
    """

    def __init__(
        self,
        viewer: TiledFeatures,
        content: Tensor,
        regions: Sequence[Region],
        recipe: Recipe,
        extra: ExtraLoss | None = None,
    ) -> None:
        self.viewer, self.recipe, self.extra = viewer, recipe, extra
        self.evaluations = 0
        self.regions: list[_WeightedRegion] = []
        self.variation = 0.0
        for region in regions:
            share = 1.0 if region.weights is None else float(region.weights.mean())
            if share > 0:
                place = RegionWeights(viewer, region.weights, content.shape[2:])
                self.regions.append(_WeightedRegion(region.targets, place, share))
                self.variation += share * region.variation
        self.content_layers = _shares(recipe.content_layers, recipe.content_weight)
        self.style_layers = _shares(recipe.style_layers, recipe.style_weight if self.regions else 0)
        self.dream_layers = {tap: _DREAM * weight for tap, weight in recipe.dream.items() if weight > 0}
        self.local_layers = self.content_layers.keys() | self.dream_layers.keys()  # judged position by position
        self.wanted: dict[str, Tensor] = {}
        self.spread: dict[str, float] = {}
        self.energy: dict[str, float] = {}
        self.positions: dict[str, int] = {}
        self.variation /= max(sum(region.share for region in self.regions), 1e-6)
        # A smooth style shall be smooth, a rough one may be rough; without a style, the photograph is the measure.
        self.variation = max(self.variation or float(losses.total_variation(content)), 1e-6)
        self._remember(content)

    def _remember(self, content: Tensor) -> None:
        """Keep the photograph's features at the content layers, and the scale of its features."""
        viewer = self.viewer
        mirrored = viewer.mirrored(content)
        height, width = (side - 2 * viewer.margin for side in mirrored.shape[2:])
        if not self.local_layers:
            return
        sums: dict[str, tuple[Tensor, Tensor]] = {}
        with torch.no_grad():
            for box in viewer.boxes(*mirrored.shape[2:]):
                for tap, features in viewer.look(mirrored, box).items():
                    if tap not in self.local_layers:
                        continue
                    stride = viewer.network.stride(tap)
                    own = viewer.seen(tap, box.own(features, stride))
                    both = own.sum(dim=(0, 1)).cpu().double(), (own**2).sum(dim=(0, 1)).cpu().double()
                    sums[tap] = (sums[tap][0] + both[0], sums[tap][1] + both[1]) if tap in sums else both
                    if tap in self.content_layers:
                        if tap not in self.wanted:
                            self.wanted[tap] = own.new_empty(height // stride, width // stride, own.shape[2])
                        self.wanted[tap][box.at(stride)] = own
        for tap, (first, second) in sums.items():
            count = height * width // viewer.network.stride(tap) ** 2
            self.positions[tap] = count
            self.energy[tap] = max(float(second.sum()) / count, 1e-12)
            variance = self.energy[tap] - float(((first / count) ** 2).sum())
            # A flat photograph hardly has any spread; see losses.content_loss.
            self.spread[tap] = max(variance, 0.05 * self.energy[tap])

    def __call__(self, picture: Tensor) -> Evaluation:
        """Loss, gradient and the losses by name at a picture, 1 x 3 x H x W."""
        self.evaluations += 1
        viewer = self.viewer
        mirrored = viewer.mirrored(picture.detach())
        boxes = list(viewer.boxes(*mirrored.shape[2:]))
        gradient = torch.zeros_like(mirrored)
        seen = FeatureCache(viewer, mirrored, boxes)

        sums: list[dict[str, Moments]] = [{} for _ in self.regions]
        parts: dict[str, float] = {}
        for box, features in seen.values():
            self._add_up(box, features, sums, parts)
        slopes = self._judge(sums, parts)
        norms: dict[tuple[str, str], float] | None = None
        if self.recipe.normalize_gradients:
            norms = {}
            for box, features in seen.values():
                for tap, values in features.items():
                    for name, _, slope in self._slopes(tap, values, box, slopes):
                        norms[tap, name] = norms.get((tap, name), 0.0) + float(slope.abs().sum())
        for box, features, x in seen.graphs():
            heads, seeds = [], []
            for tap, values in features.items():
                seed = torch.zeros_like(values)
                own = box.own(seed, viewer.network.stride(tap))
                for name, weight, slope in self._slopes(tap, values.detach(), box, slopes):
                    own += slope if norms is None else slope * (weight / (norms[tap, name] + 1e-8))
                heads.append(values)
                seeds.append(seed)
            torch.autograd.backward(heads, seeds)
            y, bottom, left, right = box.seen
            if x.grad is not None:
                gradient[:, :, y:bottom, left:right] += x.grad
        gradient = viewer.folded(gradient, *picture.shape[2:])
        self._add_pixels(picture, gradient, parts)
        loss = sum(value for name, value in parts.items() if "/" not in name)
        return Evaluation(loss, gradient, parts)

    def _add_up(
        self, box: FeatureTile, features: Mapping[str, Tensor], sums: list[dict[str, Moments]], parts: dict[str, float]
    ) -> None:
        """Add a tile to the sums over positions, and to the losses that are such sums."""
        for tap, values in features.items():
            stride = self.viewer.network.stride(tap)
            own = box.own(values, stride)
            if tap in self.style_layers:
                flat, exact = own.flatten(0, 1), self.recipe.style_loss != "gram"
                for region, total in zip(self.regions, sums, strict=True):
                    add_moments(total, tap, losses.moment_sums(flat, region.place.at(tap, box), exact=exact))
            if tap in self.local_layers:
                own = self.viewer.seen(tap, own)
            if tap in self.content_layers:
                z2 = (own - self.wanted[tap][box.at(stride)]) ** 2
                if self.recipe.loss == "smooth-l1":
                    z2 *= own.shape[2] / self.spread[tap]
                    value = float(torch.where(z2 < 1, z2, 2 * z2.sqrt() - 1).sum()) / self.wanted[tap].numel()
                else:
                    value = float(z2.sum()) * own.shape[2] / self.wanted[tap].numel() / self.spread[tap]
                _note(parts, "content", tap, self.content_layers[tap] * value)
            if tap in self.dream_layers:
                limit = self._limit(tap, own)
                size = own.abs()
                amplified = torch.where(size < limit, size**2, 2 * limit * size - limit**2).sum()
                value = float(amplified) / self.energy[tap] / self.positions[tap]
                _note(parts, "dream", tap, -self.dream_layers[tap] * value)

    def _judge(self, sums: Sequence[Mapping[str, Moments]], parts: dict[str, float]) -> list[dict[str, Moments]]:
        """Style losses at the sums of all tiles, and their slopes with respect to the moments, weights included."""
        slopes: list[dict[str, Moments]] = []
        for region, total in zip(self.regions, sums, strict=True):
            slope: dict[str, Moments] = {}
            for tap, weight in self.style_layers.items():
                moments = scale_moments(total[tap], 1 / region.place.totals[tap])
                leaves = Moments(*(value.detach().requires_grad_() for value in moments))
                found = self.viewer.judged(tap, leaves)
                loss = losses.moment_loss(found, region.targets[tap], self.recipe.style_loss, self.recipe.loss)
                weighted = weight * region.share * loss
                mean, second = torch.autograd.grad(weighted, leaves, allow_unused=True)
                slope[tap] = Moments(
                    torch.zeros_like(leaves.mean) if mean is None else mean,
                    torch.zeros_like(leaves.second) if second is None else second,
                )
                _note(parts, "style", tap, float(weighted.detach()))
            slopes.append(slope)
        return slopes

    def _slopes(
        self, tap: str, features: Tensor, box: FeatureTile, slopes: Sequence[Mapping[str, Moments]]
    ) -> Iterator[tuple[str, float, Tensor]]:
        """The slopes of each loss with respect to a tile's own features: name, weight, h x w x C."""
        viewer = self.viewer
        stride = viewer.network.stride(tap)
        own = box.own(features, stride)
        if tap in self.style_layers:
            flat = own.flatten(0, 1)
            for number, (region, slope) in enumerate(zip(self.regions, slopes, strict=True)):
                mean, second = (x.to(flat) for x in scale_moments(slope[tap], 1 / region.place.totals[tap]))
                by_features = torch.addmm(mean, flat, second + second.T)
                weights = region.place.at(tap, box)
                if weights is not None:
                    by_features *= weights[:, None]
                yield f"style {number}", self.style_layers[tap] * region.share, by_features.view(own.shape)
        if tap in self.local_layers:
            own = viewer.seen(tap, own)
        if tap in self.content_layers:
            weight = self.content_layers[tap]
            difference = own - self.wanted[tap][box.at(stride)]
            factor = 2 * weight * own.shape[2] / self.spread[tap] / self.wanted[tap].numel()
            if self.recipe.loss == "smooth-l1":
                limit = (self.spread[tap] / own.shape[2]) ** 0.5
                difference.clamp_(-limit, limit)
            yield "content", weight, viewer.sent_back(tap, difference * factor)
        if tap in self.dream_layers:
            weight = self.dream_layers[tap]
            limit = self._limit(tap, own)
            factor = 2 * weight / self.energy[tap] / self.positions[tap]
            yield "dream", weight, viewer.sent_back(tap, own.clamp(-limit, limit) * -factor)

    def _limit(self, tap: str, features: Tensor) -> float:
        """Where dreaming's slope stops growing, or what is amplified would run away."""
        return 10 * math.sqrt(self.energy[tap] / features.shape[2])

    def _add_pixels(self, picture: Tensor, gradient: Tensor, parts: dict[str, float]) -> None:
        """Losses of the pixels themselves: smoothness, colours beyond what can be shown, and the extra one."""
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
class _WeightedRegion:
    """A region on the picture that is painted, and its share of the area."""

    targets: Mapping[str, Moments]
    place: RegionWeights
    share: float


def _shares(layers: Mapping[str, float], weight: float) -> dict[str, float]:
    """A loss's weight divided among its layers in proportion to theirs."""
    total = sum(layers.values())
    return {tap: weight * share / total for tap, share in layers.items() if share * weight > 0}


def _note(parts: dict[str, float], kind: str, tap: str, value: float) -> None:
    for name in (kind, f"{kind}/{tap}"):
        parts[name] = parts.get(name, 0.0) + value
