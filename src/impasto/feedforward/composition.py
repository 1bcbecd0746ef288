"""What is painted: styles as layers over one padded picture, with their masks, the strength and the colours.

A :class:`Composition` can paint all of its picture at once, or any box of it with statistics that were measured on a
sample before. It knows nothing of memory, nor of how boxes are chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm

import numpy as np
from numpy.typing import NDArray

from impasto.engines.base import Engine, Statistics
from impasto.errors import StyleError
from impasto.feedforward.padding import PaddedPicture
from impasto.feedforward.refinement import Refinement
from impasto.networks.grain import grain_of_box
from impasto.pictures.box import Box, round_up
from impasto.pictures.colors import ColorMode, ColorTransport, apply_color_mode, color_transport
from impasto.pictures.masks import Mask
from impasto.pictures.picture import RowSource, to_unit_range
from impasto.styles.style import Style

Array = NDArray[np.float32]
PassStatistics = Mapping[tuple[int, int], Statistics]
"""What the networks of a painting were normalised with, by the index of the pass and the index of the layer."""
Sample = Sequence[Sequence[Box]]
"""Rows of boxes; all boxes of a row have one height, and all rows together one width."""


@dataclass
class Normalisation:
    """How the networks of one painting are normalised.

    Attributes:
        given: statistics of another picture, to normalise with instead of this one's own; empty: its own.
        measured_share: with ``given``, the share of this picture's own statistics in what is used, 0 to 1.
        wanted: whether the statistics that were used are to be known; without, a picture that is painted at once takes
            less time.
        used: the statistics that were used; filled in while the passes run, unless a picture is painted at once and
            they are not wanted.
        transport: the map of colours for ``colors="match"``: another picture's, or made by the last pass.
    """

    given: PassStatistics = field(default_factory=dict)
    measured_share: float = 0.0
    wanted: bool = True
    used: dict[tuple[int, int], Statistics] = field(default_factory=dict)
    transport: ColorTransport | None = None


@dataclass(frozen=True)
class StyleLayer:
    """A style and where it applies.

    Attributes:
        style: scale and shift of the normalisations.
        engine: runs the network that the style belongs to.
        mask: where the style applies, H x W of the picture's size; ``None``: where no other layer's mask is.
        grain: strength of the grain that the network sees beside the picture; see :mod:`impasto.networks.grain`.
        refinement: a coarse painting that the network is to refine, instead of painting the picture.
        index: its place among the layers, from 0; part of the key of its statistics.
    """

    style: Style
    engine: Engine
    mask: Mask | None = None
    grain: float = 0.0
    refinement: Refinement | None = None
    index: int = 0

    @property
    def margin(self) -> int:
        """Pixels that a box has to see around itself."""
        reach = self.engine.radius + (0 if self.refinement is None else self.refinement.reach)
        return round_up(reach, self.engine.multiple)

    def network_input(self, content: Array, box: Box, grain: Array | None = None) -> Array:
        """What the network gets of a box: the picture with its grain, or the coarse painting that it is to refine.

        Args:
            content: the picture in the box, H x W x 3 in [0, 1].
            box: where it lies in the padded picture.
            grain: the picture's own grain in the box, H x W; ``None``: the grain that is fixed in place.

        Returns:
            H x W x 3, or H x W x 4 with a plane for grain.
        """
        if self.refinement is not None:
            return self.refinement.network_input(box)
        if not self.grain:
            return content
        pattern = grain_of_box(box.top, box.left, box.height, box.width) if grain is None else grain[..., None]
        # The array is filled plane by plane, as the network takes it; pixel by pixel takes ten times as long.
        planes: Array = np.empty((4, *content.shape[:2]), np.float32)
        planes[:3] = content.transpose(2, 0, 1)
        np.multiply(pattern[..., 0], np.float32(self.grain), out=planes[3])
        return planes.transpose(1, 2, 0)

    def run(
        self, network_input: Array, given: Statistics | None, measured_share: float = 0.0, *, wanted: bool = True
    ) -> tuple[Array, Statistics | None]:
        """Run the network.

        Args:
            network_input: H x W x 3 or 4, see :meth:`network_input`.
            given: statistics to normalise with; ``None``: those measured on ``network_input``.
            measured_share: with ``given``, the share of the measured statistics, 0 to 1.
            wanted: whether the statistics that were used are to be known where they are measured.

        Returns:
            H x W x 3 in [0, 1], and the statistics that were used; ``None``: they are not known.

        Raises:
            StyleError: the painting has values that are not finite.
        """
        batch = np.ascontiguousarray(network_input.transpose(2, 0, 1)[None])
        scale, shift = self.style.scale, self.style.shift
        used = given
        if given is not None and measured_share == 0:
            painted = self.engine.paint_only(batch, scale, shift, given)
        elif given is None and not wanted:
            painted = self.engine.paint_only(batch, scale, shift)
        else:
            painted, measured = self.engine.paint(batch, scale, shift, given, measured_share)
            used = measured if given is None else given.towards(measured, measured_share)
        numbers = [painted] if used is None else [painted, used.mean, used.variance]
        if not all(np.isfinite(values.sum()) for values in numbers):
            raise StyleError(
                f"Painting in the style {self.style.name} gives numbers that are not finite: the style or its network "
                "is damaged; learn it again, or give another."
            )
        return painted[0].transpose(1, 2, 0), used

    def merged(self, painted: Array, network_input: Array) -> Array:
        """The layer's painting, H x W x 3 in [0, 1].

        Args:
            painted: what the network made of its input, H x W x 3 in [0, 1].
            network_input: the input; it counts only where the network refines a coarse painting.
        """
        return painted if self.refinement is None else self.refinement.merged(painted, network_input)


@dataclass
class Composition:
    """Everything that it takes to paint a box of one picture in one pass.

    Attributes:
        padded: the picture.
        layers: which styles are painted where.
        strength: the share of the painting in the result, 0 to 1.
        mask: where the strength applies, H x W; ``None``: everywhere.
        colors: whose colours the result has.
        grain: the picture's own, H x W; ``None``: the grain that is fixed in place.
        pass_index: the pass's place among the passes, from 0.
        normalisation: how the networks are normalised; the passes of a painting share one.
    """

    padded: PaddedPicture
    layers: Sequence[StyleLayer]
    strength: float = 1.0
    mask: Mask | None = None
    colors: ColorMode = "style"
    grain: Array | None = None
    pass_index: int = 0
    normalisation: Normalisation = field(default_factory=Normalisation)

    @property
    def margin(self) -> int:
        """Pixels that a box has to see around itself."""
        return max(layer.margin for layer in self.layers)

    @property
    def multiple(self) -> int:
        """Boxes start and end on multiples of this."""
        return lcm(*(layer.engine.multiple for layer in self.layers))

    def use_given_statistics(self) -> bool:
        """Normalise boxes with the given statistics, if these are all that boxes need; say whether they are."""
        given = [self.normalisation.given.get(self._key(layer)) for layer in self.layers]
        if self.normalisation.measured_share > 0 or self._lacks_transport or None in given:
            return False
        for layer, statistics in zip(self.layers, given, strict=True):
            assert statistics is not None
            self.normalisation.used[self._key(layer)] = statistics
        return True

    @property
    def _shows_content(self) -> bool:
        """Whether anything needs the picture itself: a network that paints it, or what is mixed with the painting."""
        blends = len(self.layers) > 1 or self.layers[0].mask is not None or self.mask is not None
        return blends or self.strength < 1 or self.colors != "style" or self.layers[0].refinement is None

    def _content(self, box: Box) -> Array:
        """The picture in a box, H x W x 3 in [0, 1]; empty where nothing needs it."""
        return self.padded.content(box) if self._shows_content else np.empty((0, 0, 3), np.float32)

    def paint_whole(self) -> Array:
        """Paint all of the picture at once, H x W x 3 in [0, 1]."""
        whole, inner = self.padded.whole, self.padded.inner
        part = inner.seen_from(whole)
        content = self._content(whole)
        results = []
        for layer in self.layers:
            network_input = self._network_input(layer, content, whole)
            painted = self._normalised_run(layer, network_input, wanted=self.normalisation.wanted)
            results.append(layer.merged(painted, network_input)[part])
        return self._finished(results, content[part], inner)

    def measure_sample(self, sample: Sample) -> None:
        """Measure what boxes need of the whole picture on a sample of it: statistics, and the map of colours.

        The pieces of the sample go through the network side by side, as one picture.
        """
        boxes = [box for row in sample for box in row]
        contents = {box: self._content(box) for box in boxes}
        results: dict[Box, list[Array]] = {box: [] for box in boxes}
        for layer in self.layers:
            rows = [
                np.concatenate([self._network_input(layer, contents[box], box) for box in row], axis=1)
                for row in sample
            ]
            network_input = np.concatenate(rows)
            painted = self._normalised_run(layer, network_input, wanted=True)
            if self._lacks_transport:
                for box, at in zip(boxes, _places(sample), strict=True):
                    results[box].append(layer.merged(painted[at], network_input[at]))
        if self._lacks_transport:
            blends = [self._blended(results[box], contents[box], box)[0].reshape(-1, 3) for box in boxes]
            pixels = [contents[box].reshape(-1, 3) for box in boxes]
            self.normalisation.transport = color_transport(np.concatenate(blends), np.concatenate(pixels))

    def paint_box(self, box: Box) -> Array:
        """Paint what a box on the network's grid holds of the picture, H x W x 3 in [0, 1].

        The box is painted with the statistics of :meth:`measure_sample` or of :meth:`use_given_statistics`.
        """
        inner = box.intersection(self.padded.inner)
        weights = self._weights(inner)
        has_strength = self.mask is None or self.padded.take(self.mask, inner).any()
        if not has_strength or not any(_is_painted(weight) for weight in weights):
            return self.padded.content(inner)  # nothing is painted here
        wide = box.grown(self.margin, self.padded.whole)
        part = inner.seen_from(wide)
        content = self._content(wide)
        results = []
        for layer, weight in zip(self.layers, weights, strict=True):
            if _is_painted(weight):
                network_input = self._network_input(layer, content, wide)
                painted, _ = layer.run(network_input, self.normalisation.used[self._key(layer)])
                results.append(layer.merged(painted, network_input)[part])
            else:
                results.append(content[part])
        return self._finished(results, content[part], inner)

    @property
    def _lacks_transport(self) -> bool:
        """Whether a map of colours is needed that nothing has made yet."""
        return self.colors == "match" and self.normalisation.transport is None

    def _key(self, layer: StyleLayer) -> tuple[int, int]:
        """The key of a layer's statistics in this pass."""
        return self.pass_index, layer.index

    def _normalised_run(self, layer: StyleLayer, network_input: Array, *, wanted: bool) -> Array:
        """Run a layer's network as the normalisation says, and note the statistics that were used, where wanted."""
        key, normalisation = self._key(layer), self.normalisation
        given, share = normalisation.given.get(key), normalisation.measured_share
        painted, used = layer.run(network_input, given, share, wanted=wanted)
        if used is not None:
            normalisation.used[key] = used
        return painted

    def _network_input(self, layer: StyleLayer, content: Array, box: Box) -> Array:
        """See :meth:`StyleLayer.network_input`."""
        return layer.network_input(content, box, None if self.grain is None else self.padded.take(self.grain, box))

    def _weights(self, box: Box) -> list[Array | None]:
        """The share of every layer in a box, H x W x 1 in [0, 1]; ``None`` stands for 1 everywhere."""
        if len(self.layers) == 1 and self.layers[0].mask is None:
            return [None]
        masks: list[Array | None] = [
            None if layer.mask is None else to_unit_range(self.padded.take(layer.mask, box))[..., None]
            for layer in self.layers
        ]
        total: Array = np.sum([mask for mask in masks if mask is not None], axis=0)
        rest: Array = np.maximum(1 - total, 0)
        divisor: Array = np.maximum(total, 1)  # above 1 only where masks overlap
        return [rest if mask is None else mask / divisor for mask in masks]

    def _blended(self, results: list[Array], content: Array, box: Box) -> tuple[Array, Array | None]:
        """The layers' results by their weights, and the share that is painted, H x W x 1; ``None`` stands for 1."""
        weights = self._weights(box)
        if weights[0] is None:
            return results[0], None
        cover: Array = np.sum([weight for weight in weights if weight is not None], axis=0)
        blended = content.copy()
        for weight, result in zip(weights, results, strict=True):
            blended += weight / np.maximum(cover, 1e-6) * (result - content)
        return blended, cover

    def _finished(self, results: list[Array], content: Array, box: Box) -> Array:
        """The layers' results blended, with the colours and the strength that were asked for."""
        painted, cover = self._blended(results, content, box)
        if self._lacks_transport:
            self.normalisation.transport = color_transport(painted, content)
        result = apply_color_mode(painted, content, self.colors, self.normalisation.transport)
        if cover is None and self.mask is None and self.strength == 1:
            return result
        share = np.float32(self.strength) if cover is None else np.float32(self.strength) * cover
        if self.mask is not None:
            share = share * to_unit_range(self.padded.take(self.mask, box))[..., None]
        return content + share * (result - content)


def pad_picture(source: RowSource, layers: Sequence[StyleLayer]) -> PaddedPicture:
    """A picture padded to sides that the networks of all layers take."""
    engines = [layer.engine for layer in layers]
    least, border = (max(getattr(engine, name) for engine in engines) for name in ("minimum", "border"))
    return PaddedPicture(source, lcm(*(engine.multiple for engine in engines)), least, border)


def _is_painted(weight: Array | None) -> bool:
    """Whether a layer of that weight (``None``: all) is painted at all."""
    return weight is None or bool(weight.any())


def _places(sample: Sample) -> Iterator[tuple[slice, slice]]:
    """Where the boxes of a sample lie, as rows and columns of the array that they are put together to."""
    top = 0
    for row in sample:
        left = 0
        for box in row:
            yield slice(top, top + box.height), slice(left, left + box.width)
            left += box.width
        top += row[0].height
