"""TODO: say what this module is for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.networks import losses
from impasto.networks.losses import Moments
from impasto.networks.perceptual import PerceptualNetwork
from impasto.pictures.box import mirrored_indices

MARGIN = 16  # pixels, at least


class FeatureTile(NamedTuple):
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


class TiledFeatures:
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
        return torch.from_numpy(mirrored_indices(-self.margin, whole + self.margin, side))

    def boxes(self, height: int, width: int) -> Iterator[FeatureTile]:
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
                yield FeatureTile((top, bottom, left, right), seen, margin)

    def look(self, mirrored: Tensor, box: FeatureTile) -> dict[str, Tensor]:
        """The network's own features at the layers over what a tile sees."""
        y, bottom, x, right = box.seen
        return self.network.narrow(mirrored[:, :, y:bottom, x:right], self.taps)

    def moments(self, picture: Tensor, weights: Tensor | None = None) -> dict[str, Moments]:
        """The moments of a picture's layers (1 x 3 x H x W), averaged with weights (H x W) if given."""
        mirrored = self.mirrored(picture)
        place = RegionWeights(self, weights, picture.shape[2:])
        totals: dict[str, Moments] = {}
        with torch.no_grad():
            for box in self.boxes(*mirrored.shape[2:]):
                for tap, features in self.look(mirrored, box).items():
                    own = box.own(features, self.network.stride(tap)).flatten(0, 1)
                    add_moments(totals, tap, losses.moment_sums(own, place.at(tap, box)))
        return {tap: self.judged(tap, scale_moments(sums, 1 / place.totals[tap])) for tap, sums in totals.items()}

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


class RegionWeights:
    """Where a style applies, at each layer of a picture.

    Args:
        viewer: knows the layers.
        weights: H x W in [0, 1]; ``None``: everywhere.
        size: the picture's height and width.
    """

    def __init__(self, viewer: TiledFeatures, weights: Tensor | None, size: Sequence[int]) -> None:
        strides = {tap: viewer.network.stride(tap) for tap in viewer.taps}
        self.strides, self.maps = strides, dict[str, Tensor]()
        whole = [-(-side // viewer.multiple) * viewer.multiple for side in size]
        self.totals = {tap: float(math.prod(whole) // stride**2) for tap, stride in strides.items()}
        if weights is not None:
            edge = slice(viewer.margin, -viewer.margin)
            own = viewer.mirrored(weights[None, None].float())[:, :, edge, edge]
            self.maps = {tap: F.avg_pool2d(own, stride)[0, 0] for tap, stride in strides.items()}
            self.totals = {tap: float(weights.sum()) for tap, weights in self.maps.items()}

    def at(self, tap: str, box: FeatureTile) -> Tensor | None:
        """The weights of a tile's positions, one after the other; ``None``: all are 1."""
        return self.maps[tap][box.at(self.strides[tap])].flatten() if self.maps else None


class FeatureCache:
    """The layers over all tiles, as often as they are asked for; a single tile is looked at only once."""

    def __init__(self, viewer: TiledFeatures, mirrored: Tensor, boxes: Sequence[FeatureTile]) -> None:
        self.viewer, self.mirrored, self.boxes = viewer, mirrored, boxes
        self.kept = self._graph(boxes[0]) if len(boxes) == 1 else None

    def _graph(self, box: FeatureTile) -> tuple[FeatureTile, dict[str, Tensor], Tensor]:
        y, bottom, left, right = box.seen
        x = self.mirrored[:, :, y:bottom, left:right].detach().requires_grad_()
        with torch.enable_grad():
            return box, self.viewer.network.narrow(x, self.viewer.taps), x

    def values(self) -> Iterator[tuple[FeatureTile, dict[str, Tensor]]]:
        """Tiles and their layers."""
        if self.kept:
            yield self.kept[0], {tap: values.detach() for tap, values in self.kept[1].items()}
            return
        for box in self.boxes:
            with torch.no_grad():
                features = self.viewer.look(self.mirrored, box)
            yield box, features

    def graphs(self) -> Iterator[tuple[FeatureTile, dict[str, Tensor], Tensor]]:
        """Tiles, their layers and the pixels whose gradient these send back."""
        if self.kept:
            yield self.kept
            self.kept = None
            return
        for box in self.boxes:
            yield self._graph(box)


def add_moments(totals: dict[str, Moments], tap: str, more: Moments) -> None:
    more = Moments(more.mean.cpu().double(), more.second.cpu().double())  # small; MPS has no doubles
    known = totals.get(tap)
    totals[tap] = Moments(known.mean + more.mean, known.second + more.second) if known else more


def scale_moments(moments: Moments, factor: float) -> Moments:
    return Moments(moments.mean * factor, moments.second * factor)
