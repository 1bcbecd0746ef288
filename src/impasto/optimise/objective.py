"""What an optimised picture is judged by: content, style, and how both are taken over tiles.

Style losses depend on a picture only through sums over positions (:class:`impasto.losses.Moments`), content losses are
such sums themselves. So loss and gradient are exact tile by tile: one pass without gradients adds up the sums of all
tiles; a second one sends the losses' slopes with respect to these sums back through each tile. Tiles start at
multiples of the coarsest layer's stride and see as far beyond themselves as that layer's receptive field reaches, so
that only the picture's true borders are padded.

Where a network carries a teacher's metric (:mod:`impasto.networks.perceptual`), it is applied to the moments, which are
small, and not to the maps: the second moments of R s' are R times those of s' times R transposed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto import losses, tiles
from impasto.losses import Moments
from impasto.networks.perceptual import PerceptualNetwork
from impasto.optimise.recipe import Recipe

Extra = Callable[[Tensor], Tensor]

MARGIN = 16  # pixels, at least
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


class Box(NamedTuple):
    """A tile: its own rows and columns of the mirrored picture, those that it has to see, and the picture's margin."""

    core: tuple[int, int, int, int]  # top, bottom, left, right
    seen: tuple[int, int, int, int]
    margin: int

    def own(self, features: Tensor, stride: int) -> Tensor:
        """Of the features of what is seen, 1 x C x H x W, those of the tile itself: a view, h x w x C."""
        (top, bottom, left, right), (y, _, x, _) = self.core, self.seen
        rows = slice((top - y) // stride, (bottom - y) // stride)
        return features[0].permute(1, 2, 0)[rows, (left - x) // stride : (right - x) // stride]

    def at(self, stride: int) -> tuple[slice, slice]:
        """The tile's rows and columns in a map of that stride of the picture without its margin."""
        top, bottom, left, right = ((side - self.margin) // stride for side in self.core)
        return slice(top, bottom), slice(left, right)


class Viewer:
    """A perceptual network's layers over pictures of any size, tile by tile.

    Pictures are mirrored outwards: to a multiple of the coarsest stride, or the pooling would drop up to that many
    rows, which then only the finer layers would paint; and by a margin that is seen but not judged, because a frame
    of lines appears along the borders where the layers see the network's own padding.

    Args:
        network: the perceptual network.
        taps: the layers that are asked for.
        tile: side of the tiles, a multiple of 16; 0: all at once.
    """

    def __init__(self, network: PerceptualNetwork, taps: Sequence[str], tile: int = 0) -> None:
        network.check(taps)
        self.network, self.taps, self.tile = network, tuple(taps), tile
        self.multiple = max(network.stride(tap) for tap in taps)
        self.margin = -(-MARGIN // self.multiple) * self.multiple
        self.reach = -(-max(network.reach(tap) for tap in taps) // self.multiple) * self.multiple

    def mirrored(self, picture: Tensor) -> Tensor:
        """The picture, N x C x H x W, with its margin, its sides multiples of the coarsest stride."""
        for dim in (2, 3):
            picture = picture.index_select(dim, self._index(picture.shape[dim]).to(picture.device))
        return picture

    def folded(self, gradient: Tensor, height: int, width: int) -> Tensor:
        """The transpose of :meth:`mirrored`: what mirrored pixels get goes to those that they show."""
        for dim, side in ((2, height), (3, width)):
            index = self._index(side).to(gradient.device)
            after = self.margin + side
            kept = gradient.narrow(dim, self.margin, side).clone()
            kept.index_add_(dim, index[: self.margin], gradient.narrow(dim, 0, self.margin))
            kept.index_add_(dim, index[after:], gradient.narrow(dim, after, len(index) - after))
            gradient = kept
        return gradient

    def _index(self, side: int) -> Tensor:
        whole = -(-side // self.multiple) * self.multiple
        return torch.from_numpy(tiles.mirrored(-self.margin, whole + self.margin, side))

    def boxes(self, height: int, width: int) -> Iterator[Box]:
        """The tiles of a mirrored picture."""
        tile, margin = self.tile or max(height, width), self.margin
        for top in range(margin, height - margin, tile):
            for left in range(margin, width - margin, tile):
                bottom, right = min(top + tile, height - margin), min(left + tile, width - margin)
                seen = (
                    max(0, top - self.reach),
                    min(height, bottom + self.reach),
                    max(0, left - self.reach),
                    min(width, right + self.reach),
                )
                yield Box((top, bottom, left, right), seen, margin)

    def look(self, mirrored: Tensor, box: Box) -> dict[str, Tensor]:
        """The network's own features at the layers over what a tile sees."""
        y, bottom, x, right = box.seen
        return self.network.narrow(mirrored[:, :, y:bottom, x:right], self.taps)

    def moments(self, picture: Tensor, weights: Tensor | None = None) -> dict[str, Moments]:
        """The moments of a picture's layers (1 x 3 x H x W), averaged with weights (H x W) if given."""
        mirrored = self.mirrored(picture)
        place = Place(self, weights, picture.shape[2:])
        totals: dict[str, Moments] = {}
        with torch.no_grad():
            for box in self.boxes(*mirrored.shape[2:]):
                for tap, features in self.look(mirrored, box).items():
                    own = box.own(features, self.network.stride(tap)).flatten(0, 1)
                    _add(totals, tap, losses.moment_sums(own, place.at(tap, box)))
        return {tap: self.judged(tap, _scaled(sums, 1 / place.totals[tap])) for tap, sums in totals.items()}

    def judged(self, tap: str, moments: Moments) -> Moments:
        """Moments of the network's own features in the metric that it judges by."""
        metric = self.network.metric(tap)
        if metric is None:
            return moments
        metric = metric.to(moments.mean)
        mean = F.pad(moments.mean, (0, 1), value=1.0)
        second = torch.cat([torch.cat([moments.second, moments.mean[:, None]], dim=1), mean[None]])
        return Moments(metric @ mean, metric @ second @ metric.T)

    def seen(self, tap: str, features: Tensor) -> Tensor:
        """... x C of the network's own features in that metric."""
        metric = self.network.metric(tap)
        return features if metric is None else features @ metric[:, :-1].T + metric[:, -1]

    def sent_back(self, tap: str, slopes: Tensor) -> Tensor:
        """The transpose of :meth:`seen`: slopes by features in the metric to those by the network's own."""
        metric = self.network.metric(tap)
        return slopes if metric is None else slopes @ metric[:, :-1]


class Place:
    """Where a style applies, at each layer of a picture.

    Args:
        viewer: knows the layers.
        weights: H x W in [0, 1]; ``None``: everywhere.
        size: the picture's height and width.
    """

    def __init__(self, viewer: Viewer, weights: Tensor | None, size: Sequence[int]) -> None:
        strides = {tap: viewer.network.stride(tap) for tap in viewer.taps}
        self.strides, self.maps = strides, dict[str, Tensor]()
        whole = [-(-side // viewer.multiple) * viewer.multiple for side in size]
        self.totals = {tap: float(math.prod(whole) // stride**2) for tap, stride in strides.items()}
        if weights is not None:
            edge = slice(viewer.margin, -viewer.margin)
            own = viewer.mirrored(weights[None, None].float())[:, :, edge, edge]
            self.maps = {tap: F.avg_pool2d(own, stride)[0, 0] for tap, stride in strides.items()}
            self.totals = {tap: float(weights.sum()) for tap, weights in self.maps.items()}

    def at(self, tap: str, box: Box) -> Tensor | None:
        """The weights of a tile's positions, one after the other; ``None``: all are 1."""
        return self.maps[tap][box.at(self.strides[tap])].flatten() if self.maps else None


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
        viewer: Viewer,
        content: Tensor,
        regions: Sequence[Region],
        recipe: Recipe,
        extra: Extra | None = None,
    ) -> None:
        self.viewer, self.recipe, self.extra = viewer, recipe, extra
        self.evaluations = 0
        self.regions: list[_Placed] = []
        self.variation = 0.0
        for region in regions:
            share = 1.0 if region.weights is None else float(region.weights.mean())
            if share > 0:
                place = Place(viewer, region.weights, content.shape[2:])
                self.regions.append(_Placed(region.targets, place, share))
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
        seen = _Seen(viewer, mirrored, boxes)

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
        self, box: Box, features: Mapping[str, Tensor], sums: list[dict[str, Moments]], parts: dict[str, float]
    ) -> None:
        """Add a tile to the sums over positions, and to the losses that are such sums."""
        for tap, values in features.items():
            stride = self.viewer.network.stride(tap)
            own = box.own(values, stride)
            if tap in self.style_layers:
                flat, exact = own.flatten(0, 1), self.recipe.style_loss != "gram"
                for region, total in zip(self.regions, sums, strict=True):
                    _add(total, tap, losses.moment_sums(flat, region.place.at(tap, box), exact=exact))
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
                moments = _scaled(total[tap], 1 / region.place.totals[tap])
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
        self, tap: str, features: Tensor, box: Box, slopes: Sequence[Mapping[str, Moments]]
    ) -> Iterator[tuple[str, float, Tensor]]:
        """The slopes of each loss with respect to a tile's own features: name, weight, h x w x C."""
        viewer = self.viewer
        stride = viewer.network.stride(tap)
        own = box.own(features, stride)
        if tap in self.style_layers:
            flat = own.flatten(0, 1)
            for number, (region, slope) in enumerate(zip(self.regions, slopes, strict=True)):
                mean, second = (x.to(flat) for x in _scaled(slope[tap], 1 / region.place.totals[tap]))
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
class _Placed:
    """A region on the picture that is painted, and its share of the area."""

    targets: Mapping[str, Moments]
    place: Place
    share: float


class _Seen:
    """The layers over all tiles, as often as they are asked for; a single tile is looked at only once."""

    def __init__(self, viewer: Viewer, mirrored: Tensor, boxes: Sequence[Box]) -> None:
        self.viewer, self.mirrored, self.boxes = viewer, mirrored, boxes
        self.kept = self._graph(boxes[0]) if len(boxes) == 1 else None

    def _graph(self, box: Box) -> tuple[Box, dict[str, Tensor], Tensor]:
        y, bottom, left, right = box.seen
        x = self.mirrored[:, :, y:bottom, left:right].detach().requires_grad_()
        with torch.enable_grad():
            return box, self.viewer.network.narrow(x, self.viewer.taps), x

    def values(self) -> Iterator[tuple[Box, dict[str, Tensor]]]:
        """Tiles and their layers."""
        if self.kept:
            yield self.kept[0], {tap: values.detach() for tap, values in self.kept[1].items()}
            return
        for box in self.boxes:
            with torch.no_grad():
                features = self.viewer.look(self.mirrored, box)
            yield box, features

    def graphs(self) -> Iterator[tuple[Box, dict[str, Tensor], Tensor]]:
        """Tiles, their layers and the pixels whose gradient these send back."""
        if self.kept:
            yield self.kept
            self.kept = None
            return
        for box in self.boxes:
            yield self._graph(box)


def _shares(layers: Mapping[str, float], weight: float) -> dict[str, float]:
    """A loss's weight divided among its layers in proportion to theirs."""
    total = sum(layers.values())
    return {tap: weight * share / total for tap, share in layers.items() if share * weight > 0}


def _add(totals: dict[str, Moments], tap: str, more: Moments) -> None:
    more = Moments(more.mean.cpu().double(), more.second.cpu().double())  # small; MPS has no doubles
    known = totals.get(tap)
    totals[tap] = Moments(known.mean + more.mean, known.second + more.second) if known else more


def _scaled(moments: Moments, factor: float) -> Moments:
    return Moments(moments.mean * factor, moments.second * factor)


def _note(parts: dict[str, float], kind: str, tap: str, value: float) -> None:
    for name in (kind, f"{kind}/{tap}"):
        parts[name] = parts.get(name, 0.0) + value
