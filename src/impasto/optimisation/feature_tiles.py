"""Features of a perceptual network over pictures of any size, tile by tile.

Style losses depend on a picture only through sums over positions (:class:`impasto.networks.losses.Moments`), content
losses are such sums themselves. So loss and gradient are exact tile by tile: one pass without gradients adds up the
sums of all tiles; a second one sends the slopes of the losses with respect to these sums back through each tile. Tiles
start at multiples of the coarsest layer's stride and see as far beyond themselves as that layer's receptive field
reaches, so that only the picture's true borders are padded.

Several devices share the tiles: the picture is cut into one strip a device, and each strip into tiles. Each device has
a copy of the network, and a thread that goes through its tiles. What they find is added up in the order of the strips,
so that two runs are the same.

Where a network carries a teacher's metric (:mod:`impasto.networks.perceptual`), it is applied to the moments, which are
small, and not to the maps: the second moments of R s' are R times those of s' times R transposed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.networks import losses
from impasto.networks.losses import Moments
from impasto.networks.perceptual import PerceptualNetwork
from impasto.pictures.box import mirrored_indices

T = TypeVar("T")

MIN_MIRRORED_MARGIN = 16
"""Pixels mirrored outwards on each side, at least: seen by the network and not judged."""


class FeatureTile(NamedTuple):
    """A tile of a mirrored picture.

    Attributes:
        core: top, bottom, left and right of the tile itself, in pixels of the mirrored picture.
        window: top, bottom, left and right of what the network has to see for it.
        margin: pixels by which the picture was mirrored outwards on each side.
        strip: index of the strip that the tile is in, and of the device that sees it.
    """

    core: tuple[int, int, int, int]
    window: tuple[int, int, int, int]
    margin: int
    strip: int

    def crop(self, features: Tensor, stride: int) -> Tensor:
        """Cut the tile itself out of the features of what is seen.

        Args:
            features: 1 x C x H x W, of all that is seen.
            stride: pixels to one position of the features.

        Returns:
            h x w x C, a view of the features.
        """
        (top, bottom, left, right), (y, _, x, _) = self.core, self.window
        rows = slice((top - y) // stride, (bottom - y) // stride)
        return features[0].permute(1, 2, 0)[rows, (left - x) // stride : (right - x) // stride]

    def place(self, stride: int) -> tuple[slice, slice]:
        """The tile's rows and columns in a map of the picture without its margin, at a stride in pixels."""
        top, bottom, left, right = ((side - self.margin) // stride for side in self.core)
        return slice(top, bottom), slice(left, right)

    def cut_window(self, mirrored: Tensor) -> Tensor:
        """What the network has to see: a view of the mirrored picture, 1 x 3 x H x W."""
        top, bottom, left, right = self.window
        return mirrored[:, :, top:bottom, left:right]


class TiledFeatures:
    """A perceptual network's layers over pictures of any size, tile by tile.

    Pictures are mirrored outwards: to a multiple of the coarsest stride, or the pooling would drop up to that many
    rows, which then only the finer layers would paint; and by a margin that is seen but not judged, because a frame
    of lines appears along the borders where the layers see the network's own padding.

    Args:
        network: the perceptual network.
        taps: the layers that are asked for.
        tile: side of the tiles in pixels, a multiple of 16; 0: each strip is one tile.
        copies: of the network, on further devices that share the work. A network that stands here twice gets two
            strips and two threads.
        half: compute the features in bfloat16, in two thirds of the time where the devices have it
            (:func:`impasto.networks.speed.has_bfloat16`). The gradient's cosine to float32's is 0.996; paintings reach
            the same losses in as many iterations.
    """

    def __init__(
        self,
        network: PerceptualNetwork,
        taps: Sequence[str],
        tile: int = 0,
        copies: Sequence[PerceptualNetwork] = (),
        *,
        half: bool = False,
    ) -> None:
        network.check_taps(taps)
        self.network, self.taps, self.tile, self.half = network, tuple(taps), tile, half
        self.networks = (network, *copies)
        self.multiple = max(network.stride(tap) for tap in taps)
        self.margin = -(-MIN_MIRRORED_MARGIN // self.multiple) * self.multiple
        self.reach = -(-max(network.receptive_radius(tap) for tap in taps) // self.multiple) * self.multiple

    def mirror(self, picture: Tensor) -> Tensor:
        """Add the margin to a picture, N x C x H x W, and make its sides multiples of the coarsest stride."""
        for dim in (2, 3):
            picture = picture.index_select(dim, self._mirrored_indices(picture.shape[dim]).to(picture.device))
        return picture

    def fold(self, gradient: Tensor, height: int, width: int) -> Tensor:
        """Apply the transpose of :meth:`mirror`: what mirrored pixels get goes to the pixels that they show.

        Args:
            gradient: by the mirrored picture, N x C x H' x W'.
            height: of the picture before it was mirrored.
            width: of the picture before it was mirrored.

        Returns:
            The gradient by the picture, N x C x H x W.
        """
        for dim, side in ((2, height), (3, width)):
            index = self._mirrored_indices(side).to(gradient.device)
            after = self.margin + side
            kept = gradient.narrow(dim, self.margin, side).clone()
            kept.index_add_(dim, index[: self.margin], gradient.narrow(dim, 0, self.margin))
            kept.index_add_(dim, index[after:], gradient.narrow(dim, after, len(index) - after))
            gradient = kept
        return gradient

    def _mirrored_indices(self, side: int) -> Tensor:
        """Which pixel of a side each pixel of the mirrored side shows."""
        whole = -(-side // self.multiple) * self.multiple
        return torch.from_numpy(mirrored_indices(-self.margin, whole + self.margin, side))

    def tiles(self, height: int, width: int) -> Iterator[FeatureTile]:
        """The tiles of a mirrored picture of that height and width, strip by strip and row by row."""
        tile, margin = self.tile or max(height, width), self.margin
        for strip, (first, after, start, end) in enumerate(self._strips(height, width)):
            for top in range(first, after, tile):
                for left in range(start, end, tile):
                    bottom, right = min(top + tile, after), min(left + tile, end)
                    window = (
                        max(0, top - self.reach),
                        min(height, bottom + self.reach),
                        max(0, left - self.reach),
                        min(width, right + self.reach),
                    )
                    yield FeatureTile((top, bottom, left, right), window, margin, strip)

    def _strips(self, height: int, width: int) -> Iterator[tuple[int, int, int, int]]:
        """Top, bottom, left and right of a strip for each device, across the longer side of a mirrored picture.

        A picture that is too small for all devices has fewer strips.
        """
        margin = self.margin
        inner = max(height, width) - 2 * margin
        depth = -(-inner // len(self.networks) // self.multiple) * self.multiple
        for start in range(margin, margin + inner, depth):
            end = min(start + depth, margin + inner)
            yield (start, end, margin, width - margin) if height >= width else (margin, height - margin, start, end)

    def strips(self, mirrored: Tensor, *, gradients: bool = False) -> list[Strip]:
        """A mirrored picture, 1 x 3 x H x W, as one strip a device.

        Args:
            mirrored: the picture with its margin.
            gradients: whether gradients will be sent back through the layers.
        """
        found: dict[int, list[FeatureTile]] = {}
        for tile in self.tiles(*mirrored.shape[2:]):
            found.setdefault(tile.strip, []).append(tile)
        return [Strip(self, mirrored, tiles, gradients=gradients) for tiles in found.values()]

    def device(self, tile: FeatureTile) -> torch.device:
        """Where a tile is seen."""
        return next(self.networks[tile.strip].buffers()).device

    def cut_window(self, mirrored: Tensor, tile: FeatureTile) -> Tensor:
        """What the network has to see of a mirrored picture for a tile, 1 x 3 x h x w, on the tile's device."""
        return tile.cut_window(mirrored).to(self.device(tile))

    def features(self, window: Tensor, tile: FeatureTile) -> dict[str, Tensor]:
        """The network's own features at the layers over what a tile sees, each 1 x C x h x w, of the window's type."""
        with torch.autocast(window.device.type, torch.bfloat16, enabled=self.half):
            found = self.networks[tile.strip].narrow(window, self.taps)
        return {tap: values.to(window.dtype) for tap, values in found.items()}

    def moments(self, picture: Tensor, weights: Tensor | None = None) -> dict[str, Moments]:
        """The moments of a picture's layers, in the network's metric.

        Args:
            picture: 1 x 3 x H x W in [0, 1].
            weights: of each pixel, H x W in [0, 1]; ``None``: all 1.
        """
        mirrored = self.mirror(picture)
        region = RegionWeights(self, weights, picture.shape[2:])

        def add_up(strip: Strip) -> dict[str, Moments]:
            sums: dict[str, Moments] = {}
            for tile, features in strip.values():
                for tap, values in features.items():
                    core = tile.crop(values, self.network.stride(tap)).flatten(0, 1)
                    add_moments(sums, tap, losses.moment_sums(core, region.of_tile(tap, tile)))
            return sums

        totals: dict[str, Moments] = {}
        for sums in on_each(self.strips(mirrored), add_up):
            for tap, more in sums.items():
                add_moments(totals, tap, more)
        return {
            tap: losses.moments_in_metric(scale_moments(sums, 1 / region.totals[tap]), self.network.metric(tap))
            for tap, sums in totals.items()
        }

    def to_metric(self, tap: str, features: Tensor) -> Tensor:
        """Bring the network's own features, ... x C, into the metric that it judges by, ... x C'."""
        metric = self.network.metric(tap)
        if metric is None:
            return features
        metric = metric.to(features.device)
        return features @ metric[:, :-1].T + metric[:, -1]

    def from_metric(self, tap: str, slopes: Tensor) -> Tensor:
        """Apply the transpose of :meth:`to_metric`: slopes by features in the metric to slopes by the network's own."""
        metric = self.network.metric(tap)
        return slopes if metric is None else slopes @ metric[:, :-1].to(slopes.device)


class RegionWeights:
    """Where a style applies, at each layer of a picture.

    Args:
        tiled: knows the layers.
        weights: H x W in [0, 1]; ``None``: everywhere.
        size: the picture's height and width.

    Attributes:
        totals: layer to the sum of the weights of its positions.
    """

    def __init__(self, tiled: TiledFeatures, weights: Tensor | None, size: Sequence[int]) -> None:
        strides = {tap: tiled.network.stride(tap) for tap in tiled.taps}
        self.tiled = tiled
        self.strides, self.maps = strides, dict[str, Tensor]()
        whole = [-(-side // tiled.multiple) * tiled.multiple for side in size]
        self.totals = {tap: float(math.prod(whole) // stride**2) for tap, stride in strides.items()}
        if weights is not None:
            inner = slice(tiled.margin, -tiled.margin)
            plane = tiled.mirror(weights[None, None].float())[:, :, inner, inner]
            self.maps = {tap: F.avg_pool2d(plane, stride)[0, 0] for tap, stride in strides.items()}
            self.totals = {tap: float(weights.sum()) for tap, weights in self.maps.items()}

    def of_tile(self, tap: str, tile: FeatureTile) -> Tensor | None:
        """The weights of a tile's positions as one vector, on the tile's device; ``None``: all are 1."""
        if not self.maps:
            return None
        return self.maps[tap][tile.place(self.strides[tap])].flatten().to(self.tiled.device(tile))


class Strip:
    """The layers over a device's tiles, as often as they are asked for; a single tile is computed only once.

    Args:
        tiled: the network's layers.
        mirrored: the picture with its margin, 1 x 3 x H x W.
        tiles: all tiles of the strip.
        gradients: whether :meth:`graphs` will be asked for.

    Attributes:
        device: where the tiles are seen.
    """

    def __init__(
        self, tiled: TiledFeatures, mirrored: Tensor, tiles: Sequence[FeatureTile], *, gradients: bool
    ) -> None:
        self.tiled, self.mirrored, self.tiles = tiled, mirrored, tiles
        self.device = tiled.device(tiles[0])
        self._keeps = gradients and len(tiles) == 1
        self._kept: tuple[FeatureTile, dict[str, Tensor], Tensor] | None = None

    def _with_graph(self, tile: FeatureTile) -> tuple[FeatureTile, dict[str, Tensor], Tensor]:
        """A tile, its layers with their graph, and the pixels that the graph ends in."""
        with torch.enable_grad():
            pixels = self.tiled.cut_window(self.mirrored, tile).detach().requires_grad_()
            return tile, self.tiled.features(pixels, tile), pixels

    def values(self) -> Iterator[tuple[FeatureTile, dict[str, Tensor]]]:
        """Tiles and their layers, without graphs."""
        if self._keeps:
            self._kept = self._kept or self._with_graph(self.tiles[0])
            yield self._kept[0], {tap: values.detach() for tap, values in self._kept[1].items()}
            return
        for tile in self.tiles:
            with torch.no_grad():
                features = self.tiled.features(self.tiled.cut_window(self.mirrored, tile), tile)
            yield tile, features

    def graphs(self) -> Iterator[tuple[FeatureTile, dict[str, Tensor], Tensor]]:
        """Tiles, their layers, and the pixels whose gradient these layers send back; may be asked for once."""
        if self._kept:
            yield self._kept
            self._kept = None
            return
        for tile in self.tiles:
            yield self._with_graph(tile)


def on_each(strips: Sequence[Strip], work: Callable[[Strip], T]) -> list[T]:
    """Work on all strips at the same time, each in a thread of its own; returns what came out in their order."""
    if len(strips) == 1:
        return [work(strips[0])]
    with ThreadPoolExecutor(len(strips), "strip") as pool:
        return list(pool.map(work, strips))


def add_moments(totals: dict[str, Moments], tap: str, more: Moments) -> None:
    """Add moments to the total of their layer, in double precision on the CPU."""
    more = Moments(more.mean.cpu().double(), more.second.cpu().double())  # small; MPS has no doubles
    known = totals.get(tap)
    totals[tap] = Moments(known.mean + more.mean, known.second + more.second) if known else more


def scale_moments(moments: Moments, factor: float) -> Moments:
    """Multiply both moments by a number."""
    return Moments(moments.mean * factor, moments.second * factor)
