"""A painting as a list of passes, from the coarsest to the last.

Strokes are laid by the first pass, at a size where the network's strokes look as large as they are wanted. Each
further pass refines that painting at about twice the size. The last one works at the picture's own size and puts
styles, masks and colours together. Without a size of strokes there is one pass. Strokes smaller than the network's
take one pass that is larger than the picture, whose result is then shrunk. Where what is laid by the first pass is
refined by optimisation, there are two passes at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, log

import numpy as np
from PIL import Image

from impasto.feedforward.composition import Array, Composition, pad_picture
from impasto.feedforward.options import Options
from impasto.feedforward.refinement import FINAL_SHARE, KEPT, PASSING_SHARE, EnlargedPicture, Refinement
from impasto.pictures.picture import Picture, RowSource
from impasto.pictures.resampling import shrink_picture

PaintingProgress = Callable[[int, int], None]
"""Called with the pixels of one picture that are painted, over all passes and styles, and with all there are."""
_REFINING_WORK = 4  # by how many times an iteration of refining at full size takes as long as a pass
_LARGEST_STEP = 2.6  # by how much a pass enlarges the painting of the pass before it, at most


@dataclass(frozen=True)
class Pass:
    """One pass of a painting.

    Attributes:
        index: its place among the passes, from 0; part of the key of its statistics.
        side: longer side in pixels at which it paints.
        is_last: whether its painting is the result.
    """

    index: int
    side: int
    is_last: bool

    def compositions(self, last: Composition, coarse: Sequence[Picture]) -> Iterator[Composition]:
        """What this pass has to paint: in the last pass one composition, in a coarser one every layer by itself.

        Args:
            last: everything that the last pass puts together; its picture has the size of the last pass.
            coarse: what the pass before painted, one picture for each layer; empty in the first pass.
        """
        if self.is_last:
            layers = list(last.layers)
            for index, painting in enumerate(coarse):
                share = KEPT if painting.size == last.padded.source.size else FINAL_SHARE
                layers[index] = replace(layers[index], refinement=Refinement(painting.rgb, last.padded, share))
            yield replace(last, layers=layers, pass_index=self.index)
            return
        sources: list[RowSource]
        if coarse:
            sources = [EnlargedPicture(painting, self._size(last.padded.source.size)) for painting in coarse]
        else:
            sources = [shrink_picture(last.padded.source, self.side)] * len(last.layers)
        grain = None if coarse or last.grain is None else _shrunk_grain(last.grain, sources[0].size)
        for index, (layer, source) in enumerate(zip(last.layers, sources, strict=True)):
            padded = pad_picture(source, [layer])
            refinement = Refinement(coarse[index].rgb, padded, PASSING_SHARE) if coarse else None
            alone = replace(layer, mask=None, refinement=refinement)
            yield Composition(padded, [alone], grain=grain, pass_index=self.index, normalisation=last.normalisation)

    def _size(self, full: tuple[int, int]) -> tuple[int, int]:
        """Width and height at which this pass paints a picture of a full width and height."""
        width, height = full
        longer = max(full)
        return max(1, width * self.side // longer), max(1, height * self.side // longer)


def _shrunk_grain(grain: Array, size: tuple[int, int]) -> Array:
    """A picture's own grain, H x W, for a smaller version of the picture; what is finer than its pixels is lost."""
    return np.asarray(Image.fromarray(grain).resize(size, Image.Resampling.BOX))


def plan_passes(size: tuple[int, int], options: Options, whole: int = 0) -> list[Pass]:
    """Plan the passes that a picture takes, in order.

    Args:
        size: width and height of the result, pixels.
        options: ``work_size``, ``style_scale`` and ``refine`` count.
        whole: longer side of the picture that this one is a view of, whose strokes are to be as large; 0: it is none.

    Returns:
        At least one pass. The last one has the result's size, or a larger one where strokes are to be smaller than
        the network's.
    """
    longer = max(size)
    sides = pass_sides(options.stroke_side(whole or longer), whole or longer)
    if whole:
        sides = [max(1, round(side * longer / whole)) for side in sides]
    if options.refine and len(sides) == 1:
        sides *= 2  # what is refined is put together with the other layers by a pass of its own
    return [Pass(index, side, index == len(sides) - 1) for index, side in enumerate(sides)]


def pass_sides(first: int, full: int) -> list[int]:
    """Longer sides from the first pass to the full size, each about twice the one before; both are among them.

    Larger steps cost less, but the network paints a picture that was enlarged more than about twice as a weave.

    Args:
        first: longer side at which strokes are laid. If it is as large as ``full`` or larger, it is the only one.
        full: longer side of the result.
    """
    if first >= full:
        return [first]
    count = max(1, ceil(log(full / first, _LARGEST_STEP)))
    return [round(first * (full / first) ** (index / count)) for index in range(count + 1)]


def refining_pixels(first: Pass, composition: Composition, iterations: int) -> int:
    """The pixels that would be painted in the time in which the painting of one layer is refined.

    Args:
        first: the pass that is refined.
        composition: what the last pass puts together.
        iterations: at half and at full size each.
    """
    pixels = composition.padded.whole.pixels * (first.side / max(composition.padded.source.size)) ** 2
    return round(pixels * iterations * _REFINING_WORK * (1 + 1 / 4))


def pass_reporter(
    passes: list[Pass], composition: Composition, progress: PaintingProgress | None, iterations: int = 0
) -> Callable[[int, int], None]:
    """What is to be called with the styles and the pixels of each tile that is painted.

    Args:
        passes: all of them.
        composition: what the last one puts together.
        progress: as for :meth:`impasto.feedforward.painter.Painter.paint`.
        iterations: by which the first pass is refined, at half and at full size each.
    """
    if progress is None:
        return lambda _styles, _pixels: None
    whole, longer = composition.padded.whole, max(composition.padded.source.size)
    styles = len(composition.layers)
    total = round(sum(whole.pixels * styles * (one_pass.side / longer) ** 2 for one_pass in passes))
    total += styles * refining_pixels(passes[0], composition, iterations)
    done = 0

    def report(styles: int, pixels: int) -> None:
        nonlocal done
        done = min(total, done + styles * pixels)  # the borders of coarser passes are not foreseen to the pixel
        progress(done, total)

    progress(0, total)
    return report
