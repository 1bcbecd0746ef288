"""Videos painted by optimisation, each frame held to those around it.

Source: Ruder, Dosovitskiy and Brox 2016, *Artistic style transfer for videos*, arXiv 1604.08610. One pass paints frame
after frame: each starts from the last result, moved along with the picture, and a temporal loss holds it to earlier
results where the flow can be trusted. Several passes go back and forth over the whole video, so that later frames act
on earlier ones, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.extras import needing_extra, opencv
from impasto.flow.estimate import estimator, warp
from impasto.flow.files import PairPattern, read_certainty
from impasto.flow.forward_backward import consistency
from impasto.optimisation.style_pictures import StylePicture
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import write_picture
from impasto.video.flow_files import read_known_flow
from impasto.video.pass_options import FirstInit, PassOptions

if TYPE_CHECKING:
    from impasto.optimisation.optimiser import Optimiser

Floats = NDArray[np.float32]

# RGB in [0, 1]: the mean of ImageNet, which the perceptual network sees as zero.
_MEAN_COLOR = np.array([123.68, 116.779, 103.939], np.float32) / 256


def combined_certainties(certainties: Sequence[Floats], how: str) -> list[Floats]:
    """Weights of several earlier frames that show a place (Ruder et al. 2016).

    Args:
        certainties: how certain the flow to each frame is, H x W in [0, 1], the nearest frame first.
        how: ``"closest-first"`` takes from each certainty the weight of all nearer frames; ``"normalize"`` scales
            certainties down where their sum is above 1.

    Returns:
        One weight for each frame, H x W.
    """
    if how == "normalize":
        total = np.maximum(1, np.sum(certainties, axis=0))
        return [np.asarray(c / total, np.float32) for c in certainties]
    weights: list[Floats] = []
    taken = np.zeros_like(certainties[0])
    for certainty in certainties:
        weights.append(np.maximum(certainty - taken, 0))
        taken = taken + weights[-1]
    return weights


class VideoOptimiser:
    """Paints the frames of a folder by optimisation.

    Args:
        folder: holds the frames as ``in-N.png``, from 0. Results go there as ``out-N-PASS.png``, passes counted from 1;
            those that exist are kept.
        count: how many frames there are.
        styles: as :func:`impasto.optimisation.style_pictures.read_styles` gives them.
        settings: how frames are painted and held together.
        first: the number of the first frame in names of flow files.

    Raises:
        MissingExtraError: the extra ``train`` is not installed.
    """

    def __init__(
        self, folder: Path, count: int, styles: Sequence[StylePicture], settings: PassOptions, *, first: int = 1
    ) -> None:
        with needing_extra("train", "--method paint"):
            from impasto.optimisation.optimiser import Optimiser
        self.folder, self.count, self.settings, self.first = folder, count, settings, first
        recipe = replace(settings.recipe, iterations=settings.first_iterations)
        self.coarse_to_fine = Optimiser(styles, recipe)
        self.single_scale = Optimiser(
            styles, replace(recipe, scales=1, iterations=settings.iterations), network=self.coarse_to_fine.network
        )
        self.estimate = cache(lambda: estimator(settings.method))
        self.notices: list[str] = []  # sentences for people on the flow files

    def run(self) -> Iterator[int]:
        """Paint what is not painted yet.

        Yields:
            How many paintings are done, of ``count`` times the number of passes.

        Raises:
            KeyboardInterrupt: an optimisation was interrupted; its frame is not kept.
        """
        done = 0
        for number in range(1, self.settings.passes + 1):
            order = range(self.count) if number % 2 else range(self.count - 1, -1, -1)
            for index in order:
                path = self.result(index, number)
                if not path.is_file():
                    painted = (
                        self._paint_in_single_pass(index)
                        if self.settings.passes == 1
                        else self._paint_in_pass(index, number)
                    )
                    write_picture(from_array(to_samples(painted)), path)
                done += 1
                yield done

    def result(self, index: int, number: int) -> Path:
        """The file of a frame (from 0) as a pass (from 1) painted it."""
        return self.folder / f"out-{index:06}-{number:03}.png"

    def painting(self, index: int) -> Floats:
        """A frame as its last pass painted it, in the colours that the recipe asks for."""
        return self.coarse_to_fine.recoloured(self._painted(index, self.settings.passes), self._frame(index))

    def _frame(self, index: int) -> Floats:
        """A frame of the video, H x W x 3 in [0, 1]."""
        return read_picture(self.folder / f"in-{index:06}.png").rgb

    def _painted(self, index: int, number: int) -> Floats:
        """A frame as a pass painted it, H x W x 3 in [0, 1]."""
        return read_picture(self.result(index, number)).rgb

    def _paint_in_single_pass(self, index: int) -> Floats:
        """Paint a frame where there is only one pass."""
        settings, content = self.settings, self._frame(index)
        if index == 0:
            return self._paint_alone(content, settings.first_init)
        earlier = settings.earlier(index)
        flows = {j: self._flow(index, j) for j in {*earlier, index - 1}}
        if settings.init == "image":
            start = content
        elif settings.init == "random":
            start = self._noise(content.shape)
        else:
            start = self._carried_start(index, flows[index - 1])
        held = []
        if settings.temporal_weight and earlier:
            weights = combined_certainties([self._certainty(index, j, flows[j]) for j in earlier], settings.combine)
            held = [(_warped_on_grey(self._painted(j, 1), flows[j]), w) for j, w in zip(earlier, weights, strict=True)]
        return self._optimise(self.single_scale, content, start, held)

    def _paint_in_pass(self, index: int, number: int) -> Floats:
        """Paint a frame in one of several passes, which go forwards and backwards by turns."""
        settings, content = self.settings, self._frame(index)
        if number == 1:
            if index == 0:
                return self._paint_alone(content, settings.first_init)
            if settings.init == "image" or settings.init == "random":
                return self._paint_alone(content, settings.init)
            flow = self._flow(index, index - 1) if settings.init == "prev-warped" else None
            return self._optimise(self.single_scale, content, self._carried_start(index, flow))
        towards = -1 if number % 2 else 1  # the neighbour that this pass has painted already
        start, total = self._painted(index, number - 1), np.ones((*content.shape[:2], 1), np.float32)
        held: list[tuple[Floats, Floats]] = []
        for side, share, painted_in in (
            (towards, settings.blend, number),
            (-towards, settings.blend_other, number - 1),
        ):
            j = index + side
            if not 0 <= j < self.count:
                continue
            flow = self._flow(index, j)
            certainty = self._certainty(index, j, flow)
            moved = warp(self._painted(j, painted_in), flow)
            start = start + share * certainty[..., None] * moved
            total = total + share * certainty[..., None]
            if side == towards and number >= settings.temporal_after and settings.temporal_weight:
                held = [(moved, certainty)]
        return self._optimise(self.single_scale, content, np.asarray(start / total, np.float32), held)

    def _paint_alone(self, content: Floats, init: FirstInit) -> Floats:
        """Paint a frame on its own, coarse to fine."""
        return self._optimise(self.coarse_to_fine, content, self._noise(content.shape) if init == "random" else None)

    def _carried_start(self, index: int, flow: Floats | None) -> Floats:
        """The result that a frame starts from, moved along with a flow where the options ask for that."""
        if self.settings.init == "first":
            return self._painted(0, 1)
        before = self._painted(index - 1, 1)
        return before if flow is None or self.settings.init == "prev" else _warped_on_grey(before, flow)

    def _optimise(
        self, optimiser: Optimiser, content: Floats, init: Floats | None, held: Sequence[tuple[Floats, Floats]] = ()
    ) -> Floats:
        """Optimise a frame.

        Args:
            optimiser: coarse to fine, or at a single scale.
            content: the frame, H x W x 3.
            init: the picture to start from; ``None`` leaves it to the recipe.
            held: earlier results, moved along, and the weights, H x W, with which the frame is held to them.

        Raises:
            KeyboardInterrupt: the optimisation was interrupted.
        """
        from impasto.optimisation.temporal_loss import temporal_loss

        settings = self.settings
        loss = temporal_loss(content, held, weight=settings.temporal_weight, criterion=settings.criterion)
        result = optimiser.paint(content, init=init, extra=loss)
        if result.interrupted:  # an unfinished frame is not kept: the next run paints it anew
            raise KeyboardInterrupt
        return result.rgb

    def _noise(self, shape: tuple[int, ...]) -> Floats:
        """Noise in [0, 1); the same for every frame, so that all frames start alike."""
        return np.random.default_rng(self.settings.recipe.seed).random(shape, np.float32)

    def _flow(self, index: int, other: int) -> Floats:
        """The flow from a frame to another one, read or estimated: H x W x 2 in pixels of the frames, NaN: unknown."""
        settings = self.settings
        pattern = settings.forward_flow or settings.flow if other > index else settings.flow
        if pattern is not None:
            path = PairPattern(pattern).path(index + self.first, other + self.first)
            height, width = self._frame(index).shape[:2]
            flow, known = read_known_flow(path, height, width, self.notices)
            flow[~known] = np.nan
            return flow
        return self.estimate()(*(to_samples(self._frame(i)) for i in (index, other)))

    def _certainty(self, index: int, other: int, flow: Floats) -> Floats:
        """How far the flow from a frame to another one can be trusted, read or computed: H x W, 0 to 1."""
        settings = self.settings
        pattern = settings.forward_certainty or settings.certainty if other > index else settings.certainty
        if pattern is not None:
            certainty = read_certainty(PairPattern(pattern).path(index + self.first, other + self.first))
            certainty = opencv().resize(certainty, flow.shape[1::-1])
        else:
            certainty = consistency(flow, self._flow(other, index))
        share = certainty.astype(np.float32) / 255
        if pattern is not None and settings.invert:
            share = 1 - share
        return np.asarray(np.where(np.isnan(flow).any(axis=2), 0, share), np.float32)


def _warped_on_grey(picture: Floats, flow: Floats) -> Floats:
    """A result moved along with a flow; places that come from outside the picture are grey."""
    moved = warp(picture, flow, outside=-1.0)
    outside = (moved == -1).all(axis=2)
    moved[outside] = _MEAN_COLOR
    return moved
