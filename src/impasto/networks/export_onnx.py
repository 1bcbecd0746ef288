"""A network of ours, or a converted one, as an ONNX model for other programs: pixels in, pixels out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from impasto.foreign.onnx_graph import FLOAT, UINT8, GraphBuilder, Size
from impasto.networks.export_settings import Exported, ExportSettings
from impasto.networks.grain import OCTAVES, around_cells

_LEVELS = 255.0


def exported_onnx(what: Exported, settings: ExportSettings, about: Mapping[str, str]) -> bytes:
    """The model, serialised.

    Args:
        what: the network, and the style that is baked in.
        settings: its form.
        about: what its metadata are to say.
    """
    builder = _Builder(what, settings)
    return builder.run(about)


class _Builder:
    """Puts what is around a network, as the settings have it, into a graph."""

    def __init__(self, what: Exported, settings: ExportSettings) -> None:
        self.what, self.settings = what, settings
        self.graph = GraphBuilder(settings.opset)
        width, height = settings.size or ("width", "height")
        self.sides: Size = [height, width]

    def run(self, about: Mapping[str, str]) -> bytes:
        """Build all of it."""
        g, what, settings = self.graph, self.what, self.settings
        of_bytes = settings.pixels == "bytes"
        if of_bytes:
            g.input("image", [1, *self.sides, 3], UINT8)
            planes, tops, lengths = self._prepared()
        else:
            planes = g.input("image", [1, what.planes, *self.sides])
        values = {"image": planes, **self._vectors(), **self._statistics()}
        outputs = g.inline(what.onnx, values)
        if of_bytes:
            g.output("painted", self._finished(outputs["painted"], tops, lengths), [1, *self.sides, 3], UINT8)
        else:
            g.output("painted", outputs["painted"], [1, 3, *self.sides])
        if settings.statistics:
            for name in ("mean", "variance"):
                g.output(name, outputs[name], [what.channels])
        return g.model(about)

    def _vectors(self) -> dict[str, str]:
        """Scale and shift: as inputs, or as the style has them."""
        names = ("scale", "shift")
        if self.settings.vectors == "inputs":
            return {name: self.graph.input(name, [self.what.channels]) for name in names}
        assert self.what.style is not None
        vectors = (self.what.style.scale, self.what.style.shift)
        return {name: self.graph.constant(vector, name) for name, vector in zip(names, vectors, strict=True)}

    def _statistics(self) -> dict[str, str]:
        """What the normalisations take: as inputs, or the picture's own."""
        names = ("given_mean", "given_variance")
        if self.settings.statistics:
            given = {name: self.graph.input(name, [self.what.channels]) for name in names}
            return given | {"measured_share": self.graph.input("measured_share", [1])}
        nothing = np.zeros(self.what.channels, np.float32)
        given = {name: self.graph.constant(nothing, name) for name in names}
        return given | {"measured_share": self.graph.constant(np.ones(1, np.float32), "measured_share")}

    def _int(self, value: int) -> str:
        """A whole number without sides."""
        return self.graph.constant(np.array(value, np.int64))

    def _prepared(self) -> tuple[str, list[str], list[str]]:
        """The network's input of a picture's bytes: mirrored around, and with grain.

        Returns:
            The planes; the picture's first row and column in them; its height and width.
        """
        g, what = self.graph, self.what
        x = g.op("Transpose", g.op("Cast", "image", to=FLOAT), perm=[0, 3, 1, 2])
        x = g.op("Div", x, g.constant(np.array(_LEVELS, np.float32)))
        shape = g.op("Shape", "image")
        tops, lengths, padded = [], [], []
        for axis in (1, 2):
            length = g.op("Gather", shape, self._int(axis))
            wide = g.op("Add", length, self._int(2 * what.fit.border + what.fit.multiple - 1))
            multiple = self._int(what.fit.multiple)
            side = g.op("Mul", g.op("Div", wide, multiple), multiple)
            side = g.op("Max", side, self._int(what.fit.minimum))
            top = g.op("Div", g.op("Sub", side, length), self._int(2))
            at = g.op("Sub", g.op("Range", self._int(0), side, self._int(1)), top)
            twice = g.op("Mul", length, self._int(2))
            at = g.op("Mod", at, twice)  # mirrored again and again where the picture is smaller than its border
            at = g.op("Min", at, g.op("Sub", g.op("Sub", twice, self._int(1)), at))
            x = g.op("Gather", x, at, axis=axis + 1)
            tops.append(top)
            lengths.append(length)
            padded.append(side)
        if what.planes == 4:
            x = g.op("Concat", x, self._grain(*padded), axis=1)
        return x, tops, lengths

    def _grain(self, height: str, width: str) -> str:
        """The plane of grain, as :mod:`impasto.networks.grain` makes it."""
        g, total = self.graph, ""
        share = 1.0 if self.what.style is None else self.what.style.grain_share
        for cell, count, deviation in OCTAVES:
            around = g.constant(around_cells(cell, count)[None, None])
            scales = g.constant(np.array([1, 1, cell, cell], np.float32))
            where = {"coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": -0.5}  # as Pillow has it
            smooth = g.op("Resize", around, "", scales, mode="cubic", **where)
            inner = g.op("Slice", smooth, g.ints(2 * cell, 2 * cell), g.ints(-2 * cell, -2 * cell), g.ints(2, 3))
            inner = g.op("Sub", inner, g.op("ReduceMean", inner, g.ints(2, 3), keepdims=1))
            square = g.op("ReduceMean", g.op("Mul", inner, inner), g.ints(2, 3), keepdims=1)
            factor = g.op("Div", g.constant(np.array(deviation * share, np.float32)), g.op("Sqrt", square))
            pattern = g.op("Mul", inner, factor)
            for axis, side in ((2, height), (3, width)):
                at = g.op("Range", self._int(0), side, self._int(1))
                pattern = g.op("Gather", pattern, g.op("Mod", at, self._int(cell * count)), axis=axis)
            total = g.op("Add", total, pattern) if total else pattern
        return total

    def _finished(self, painted: str, tops: list[str], lengths: list[str]) -> str:
        """The painting's bytes, without the border."""
        g = self.graph
        one = g.ints(1)
        starts = g.op("Concat", *(g.op("Reshape", top, one) for top in tops), axis=0)
        sizes = g.op("Concat", *(g.op("Reshape", length, one) for length in lengths), axis=0)
        x = g.op("Slice", painted, starts, g.op("Add", starts, sizes), g.ints(2, 3))
        x = g.op("Mul", x, g.constant(np.array(_LEVELS, np.float32)))
        x = g.op("Floor", g.op("Add", x, g.constant(np.array(0.5, np.float32))))
        limits = (g.constant(np.array(value, np.float32)) for value in (0.0, _LEVELS))
        return g.op("Cast", g.op("Transpose", g.op("Clip", x, *limits), perm=[0, 2, 3, 1]), to=UINT8)
