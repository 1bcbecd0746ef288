"""TODO: say what this module is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.engines.base import Engine, Statistics
from impasto.feedforward.padding import PaddedPicture
from impasto.feedforward.passes import CoarsePainting
from impasto.feedforward.tiles import Mosaic
from impasto.networks.grain import grain_of_box
from impasto.pictures import colors as color_modes
from impasto.pictures.box import Box, round_up
from impasto.pictures.colors import ColorMode, ColorTransport
from impasto.pictures.masks import Mask
from impasto.pictures.picture import to_unit_range
from impasto.styles.style import Style

Array = NDArray[np.float32]
PassStatistics = tuple[Statistics, ...]
"""What the networks of a scene were normalised with, in the order they run."""


@dataclass(frozen=True)
class StyleLayer:
    """A style, the network that it belongs to, and where it applies (``None``: where no mask is).

    Attributes:
        grain: how much of it the network sees beside the picture; see :mod:`impasto.networks.grain`.
        finer: a coarse painting that is to be refined, instead of the picture.
    """

    style: Style
    engine: Engine
    mask: Mask | None = None
    grain: float = 0.0
    finer: CoarsePainting | None = None

    @property
    def margin(self) -> int:
        """What a box has to see around itself."""
        reach = self.engine.radius + (0 if self.finer is None else self.finer.reach)
        return round_up(reach, self.engine.multiple)

    def seen(self, content: Array, box: Box, own_grain: Array | None = None) -> Array:
        """What the network is to see of a box: the picture with its grain, or the coarse painting it is to refine.

        Args:
            content: the picture in the box.
            box: where it lies.
            own_grain: the picture's own grain in the box, H x W; ``None``: the one that is fixed in place.
        """
        if self.finer is not None:
            return self.finer.seen(box)
        if not self.grain:
            return content
        rough = grain_of_box(box.top, box.left, box.height, box.width) if own_grain is None else own_grain[..., None]
        # Plane by plane, as the network takes it: interleaved it takes ten times as long.
        planes: Array = np.empty((4, *content.shape[:2]), np.float32)
        planes[:3] = content.transpose(2, 0, 1)
        np.multiply(rough[..., 0], np.float32(self.grain), out=planes[3])
        return planes.transpose(1, 2, 0)

    def run(self, seen: Array, given: Statistics | None, share: float = 0.0) -> tuple[Array, Statistics]:
        """H x W x 3 or 4 through the network; returns H x W x 3 and the statistics that were used."""
        batch = np.ascontiguousarray(seen.transpose(2, 0, 1)[None])
        painted, measured = self.engine.paint(batch, self.style.scale, self.style.shift, given, share)
        return painted[0].transpose(1, 2, 0), measured if given is None else given.towards(measured, share)

    def merged(self, painted: Array, seen: Array) -> Array:
        """The painting, from what the network made of what it saw."""
        return painted if self.finer is None else self.finer.merged(painted, seen)


@dataclass
class Composition:
    """Everything that it takes to paint a box of one picture.

    Attributes:
        canvas: the picture.
        layers: which styles are painted where.
        strength: the share of the painting in the result, 0 to 1.
        mask: where strength applies; ``None``: everywhere.
        colors: whose colours.
        memory: statistics for boxes, one for each layer.
        matching: for ``colors="match"`` in boxes.
        grain: the picture's own, H x W; ``None``: the one that is fixed in place.
    """

    canvas: PaddedPicture
    layers: Sequence[StyleLayer]
    strength: float = 1.0
    mask: Mask | None = None
    colors: ColorMode = "style"
    memory: PassStatistics = ()
    matching: ColorTransport | None = None
    grain: Array | None = None

    @property
    def margin(self) -> int:
        """What a box has to see around itself."""
        return max(layer.margin for layer in self.layers)

    @property
    def multiple(self) -> int:
        """Boxes start and end on multiples of this."""
        return max(layer.engine.multiple for layer in self.layers)

    def whole(self, given: PassStatistics | None, share: float) -> tuple[Array, PassStatistics]:
        """All of the picture at once, with statistics measured on the way."""
        whole, picture = self.canvas.whole, self.canvas.picture
        part = picture.seen_from(whole)
        content = self.canvas.content(whole)
        results, memory = [], []
        for index, layer in enumerate(self.layers):
            seen = self._seen(layer, content, whole)
            painted, used = layer.run(seen, given[index] if given else None, share)
            results.append(layer.merged(painted, seen)[part])
            memory.append(used)
        return self._finished(results, content[part], picture), tuple(memory)

    def survey(self, sample: Mosaic, given: PassStatistics | None, share: float) -> None:
        """Measure statistics for boxes on a sample of the picture, all of its pieces side by side in one."""
        boxes = [box for row in sample for box in row]
        contents = {box: self.canvas.content(box) for box in boxes}
        results: dict[Box, list[Array]] = {box: [] for box in boxes}
        memory = []
        for index, layer in enumerate(self.layers):
            rows = [np.concatenate([self._seen(layer, contents[box], box) for box in row], axis=1) for row in sample]
            seen = np.concatenate(rows)
            painted, used = layer.run(seen, given[index] if given else None, share)
            memory.append(used)
            if self.colors == "match":
                for box, at in zip(boxes, _places(sample), strict=True):
                    results[box].append(layer.merged(painted[at], seen[at]))
        self.memory = tuple(memory)
        if self.colors == "match":
            blends = [self._blended(results[box], contents[box], box)[0].reshape(-1, 3) for box in boxes]
            pixels = [contents[box].reshape(-1, 3) for box in boxes]
            self.matching = color_modes.color_transport(np.concatenate(blends), np.concatenate(pixels))

    def box(self, box: Box) -> Array:
        """What a box on the network's grid holds of the picture, painted with the statistics in :attr:`memory`."""
        inner = box.cut(self.canvas.picture)
        weights = self._weights(inner)
        strong = self.mask is None or self.canvas.take(self.mask, inner).any()
        if not strong or not any(_counts(weight) for weight in weights):
            return self.canvas.content(inner)  # nothing is painted here
        wide = box.grown(self.margin, self.canvas.whole)
        part = inner.seen_from(wide)
        content = self.canvas.content(wide)
        results = []
        for layer, used, weight in zip(self.layers, self.memory, weights, strict=True):
            if _counts(weight):
                seen = self._seen(layer, content, wide)
                painted, _ = layer.run(seen, used)
                results.append(layer.merged(painted, seen)[part])
            else:
                results.append(content[part])
        return self._finished(results, content[part], inner)

    def _seen(self, layer: StyleLayer, content: Array, box: Box) -> Array:
        return layer.seen(content, box, None if self.grain is None else self.canvas.take(self.grain, box))

    def _weights(self, box: Box) -> list[Array | None]:
        """The share of every layer in a box, H x W x 1; ``None`` is all of it."""
        if len(self.layers) == 1 and self.layers[0].mask is None:
            return [None]
        masks: list[Array | None] = [
            None if layer.mask is None else to_unit_range(self.canvas.take(layer.mask, box))[..., None]
            for layer in self.layers
        ]
        total: Array = np.sum([mask for mask in masks if mask is not None], axis=0)
        rest: Array = np.maximum(1 - total, 0)
        most: Array = np.maximum(total, 1)
        return [rest if mask is None else mask / most for mask in masks]

    def _blended(self, results: list[Array], content: Array, box: Box) -> tuple[Array, Array | None]:
        """The layers' results by their weights, and the share of the painting, ``None`` being all."""
        weights = self._weights(box)
        if weights[0] is None:
            return results[0], None
        cover: Array = np.sum([weight for weight in weights if weight is not None], axis=0)
        blended = content.copy()
        for weight, result in zip(weights, results, strict=True):
            blended += weight / np.maximum(cover, 1e-6) * (result - content)
        return blended, cover

    def _finished(self, results: list[Array], content: Array, box: Box) -> Array:
        """Blended, with the colours and the strength that were asked for."""
        painted, cover = self._blended(results, content, box)
        result = color_modes.apply_color_mode(painted, content, self.colors, self.matching)
        if cover is None and self.mask is None and self.strength == 1:
            return result
        share = np.float32(self.strength) if cover is None else np.float32(self.strength) * cover
        if self.mask is not None:
            share = share * to_unit_range(self.canvas.take(self.mask, box))[..., None]
        return content + share * (result - content)


def _counts(weight: Array | None) -> bool:
    return weight is None or bool(weight.any())


def _places(sample: Mosaic) -> Iterator[tuple[slice, slice]]:
    """Where the pieces of a sample lie in the picture that they are put together to."""
    top = 0
    for row in sample:
        left = 0
        for box in row:
            yield slice(top, top + box.height), slice(left, left + box.width)
            left += box.width
        top += row[0].height
