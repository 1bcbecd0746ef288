"""Videos painted by optimisation, each frame held to those around it (Ruder, Dosovitskiy and Brox 2016).

*Artistic style transfer for videos*, arXiv 1604.08610. One pass paints frame after frame: each starts from the last
result, moved along with the picture, and a temporal loss holds it to earlier results where the flow can be trusted.
Several passes go back and forth over the whole video, so that later frames act on earlier ones, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, MissingExtraError
from impasto.extras import opencv
from impasto.flow.consistency import consistency
from impasto.flow.estimate import estimator, fit_flow, warp
from impasto.flow.files import PairPattern, read_certainty, read_flo
from impasto.optimisation.recipe import DEFAULTS, Recipe
from impasto.optimisation.style_pictures import StylePicture
from impasto.options import check_options, documented, option, option_text, suggest
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import write_picture

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.optimisation.optimiser import Optimiser as Painter

FirstInit = Literal["random", "image"]
LaterInit = Literal["random", "image", "prev", "prev-warped", "first"]
Criterion = Literal["mse", "smooth-l1"]
Combination = Literal["closest-first", "normalize"]
Floats = NDArray[np.float32]

_MEAN = np.array([123.68, 116.779, 103.939], np.float32) / 256  # grey to the perceptual network: says nothing
_BEND = 1 / 256  # where the smooth L1 loss turns straight
_NO_CHOICE = "There is no {title} {value}; give one of {choices}."
_TOO_FEW = "The number of {title} must be 1 or more."
_NEGATIVE = "The {title} {value} is negative; give 0 or more."

# What a video has of its own, in place of these fields of the recipe.
_INSTEAD = {
    "size": "--size",
    "init": "--first-init or --init",
    "iterations": "--first-iterations or --iterations",
    "max_pixels": "--max-pixels",
}
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@documented
@dataclass(frozen=True, kw_only=True)
class PassOptions:
    """How frames are held together; names and meanings follow artistic-videos."""

    recipe: Recipe = option(
        factory=Recipe,
        doc="How a frame is painted; ``size``, ``init``, ``iterations`` and ``max_pixels`` must be left alone, since a "
        "video has its own.",
    )
    first_iterations: int = option(
        100,
        low=1,
        whole=True,
        refusal=_TOO_FEW,
        help="Of the first frame, at each scale; in several passes of all, if --init is image or random.",
        doc="Iterations of the first frame at each scale; in the first of several passes, of all frames that do not "
        "start from a result (``init`` is image or random).",
    )
    iterations: int = option(
        40,
        low=1,
        whole=True,
        refusal=_TOO_FEW,
        help="Of every other frame.",
        doc="Iterations of every frame but the first, at one scale.",
    )
    first_init: FirstInit = option(
        "image",
        choices=get_args(FirstInit),
        refusal=_NO_CHOICE,
        help="Where the first frame starts.",
        doc="Where the first frame starts: from the frame itself, or from noise.",
    )
    init: LaterInit = option(
        "prev-warped",
        choices=get_args(LaterInit),
        refusal=_NO_CHOICE,
        help="Where later frames start.",
        doc="Where later frames start, in the first of several passes: from the last result moved along, or unmoved; "
        "from the first result; from the frame itself; from noise.",
    )
    temporal_weight: float = option(
        5.0,
        low=0,
        high=inf,
        refusal=_NEGATIVE,
        help="How strongly a frame is held to those before it.",
        doc="Weight of the temporal loss, relative to the picture's variance; 0 leaves it out.",
    )
    criterion: Criterion = option(
        "mse", choices=get_args(Criterion), refusal=_NO_CHOICE, help="Of the temporal loss.", doc="The temporal loss."
    )
    offsets: tuple[int, ...] = option(
        (1,),
        help="Frames to look back by: 1,2,4.",
        doc="How many frames to look back, for example 1, 2 and 4 (long-term consistency).",
    )
    every: int = option(
        0,
        low=0,
        refusal=_NEGATIVE,
        help="Look back to every so manieth frame, too.",
        doc="Look back to every so manieth frame, too; 0: do not.",
    )
    combine: Combination = option(
        "closest-first",
        choices=get_args(Combination),
        refusal=_NO_CHOICE,
        help="Which of several earlier frames count.",
        doc="Which of several earlier frames that show a place count: the nearest, or all.",
    )
    invert: bool = option(
        False,
        help="Certainty files say where flow is not to be trusted.",
        doc="Whether certainty files say 1 where flow is *not* to be trusted.",
    )
    passes: int = option(1, low=1, whole=True, refusal=_TOO_FEW, help="How often to go over the video.")
    blend: float = option(
        1.0,
        low=0,
        high=inf,
        refusal=_NEGATIVE,
        help="Share of the neighbour that a pass has painted, in a frame's start.",
        doc="Share, in a frame's start in passes from the second on, of the neighbour that the pass has painted.",
    )
    blend_other: float = option(
        0.0,
        low=0,
        high=inf,
        refusal=_NEGATIVE,
        help="Share of the other neighbour.",
        doc="Share, in a frame's start in passes from the second on, of the neighbour that the pass paints next.",
    )
    temporal_after: int = option(8, help="The pass from which the temporal loss counts.")
    flow: str | None = option(
        None,
        metavar="PATTERN",
        help="Flow files: backward_[%d]_{%d}.flo (both methods).",
        doc="Pattern of files, ``backward_[%d]_{%d}.flo``: from the frame in [] to the one in {}; the video's frames "
        "count from 1, those left out too; pictures have their numbers. ``None``: flow is computed.",
    )
    certainty: str | None = option(
        None,
        metavar="PATTERN",
        help="Their certainty: reliable_[%d]_{%d}.pgm.",
        doc="Pattern of the files that say where the flow in ``flow`` is certain.",
    )
    forward_flow: str | None = option(
        None,
        metavar="PATTERN",
        help="Flow to later frames.",
        doc="Pattern of the files of flow to later frames; ``None``: ``flow``.",
    )
    forward_certainty: str | None = option(
        None,
        metavar="PATTERN",
        help="Its certainty.",
        doc="Pattern of the files that say where the flow in ``forward_flow`` is certain; ``None``: ``certainty``.",
    )
    method: str = option(
        "dis",
        help="dis, deepflow, an .onnx file (both methods).",
        doc="What computes flow; see :func:`impasto.flow.estimate.estimator`.",
    )

    def __post_init__(self) -> None:
        check_options(self)
        if not self.offsets or min(self.offsets) < 1:
            raise InputError("Offsets to earlier frames must be 1 or more, for example 1,2,4.")
        for name, instead in _INSTEAD.items():
            if option_text(getattr(self.recipe, name)) != option_text(getattr(DEFAULTS, name)):
                raise _does_not_count(name, instead)
        for pattern in self._patterns:
            PairPattern(pattern)

    @property
    def _patterns(self) -> list[str]:
        given = (self.flow, self.certainty, self.forward_flow, self.forward_certainty)
        return [pattern for pattern in given if pattern is not None]

    @property
    def has_files(self) -> bool:
        """Whether flow or certainty comes from files."""
        return bool(self._patterns)

    def earlier(self, index: int) -> list[int]:
        """The frames that a frame (from 0) is held to in one pass, the nearest first."""
        found = {index - offset for offset in self.offsets}
        if self.every:
            found |= set(range(index - self.every, -1, -self.every))
        return sorted((j for j in found if j >= 0), reverse=True)


def combined(certainties: Sequence[Floats], how: str) -> list[Floats]:
    """Weights of several earlier frames, the nearest first, from how certain each is (H x W in [0, 1]).

    ``"closest-first"``: what nearer frames have taken is taken off; ``"normalize"``: sums above 1 are brought to 1.
    """
    if how == "normalize":
        total = np.maximum(1, np.sum(certainties, axis=0))
        return [np.asarray(c / total, np.float32) for c in certainties]
    left: list[Floats] = []
    taken = np.zeros_like(certainties[0])
    for certainty in certainties:
        left.append(np.maximum(certainty - taken, 0))
        taken = taken + left[-1]
    return left


class VideoOptimiser:
    """Paints the frames of a folder by optimisation.

    Args:
        folder: holds ``in-N.png``, frames from 0; results go there as ``out-N-PASS.png``, and are kept if they exist.
        count: how many frames.
        styles: as :func:`impasto.optimisation.style_pictures.read_styles` gives them.
        settings: how.
        first: number of the first frame in patterns of flow files.
    """

    def __init__(
        self, folder: Path, count: int, styles: Sequence[StylePicture], settings: PassOptions, *, first: int = 1
    ) -> None:
        try:
            from impasto.optimisation.optimiser import Optimiser as Painter
        except ImportError as error:
            raise MissingExtraError("--method paint", "train") from error
        self.folder, self.count, self.settings, self.first = folder, count, settings, first
        recipe = replace(settings.recipe, iterations=settings.first_iterations)
        self.whole = Painter(styles, recipe)
        self.touch_up = Painter(
            styles, replace(recipe, scales=1, iterations=settings.iterations), network=self.whole.network
        )
        self.estimate = cache(lambda: estimator(settings.method))

    def run(self) -> Iterator[int]:
        """Paint what is not painted yet; yields how many of all frames in all passes are done."""
        done = 0
        for number in range(1, self.settings.passes + 1):
            order = range(self.count) if number % 2 else range(self.count - 1, -1, -1)
            for index in order:
                path = self.result(index, number)
                if not path.is_file():
                    painted = self._once(index) if self.settings.passes == 1 else self._again(index, number)
                    write_picture(from_array(to_samples(painted)), path)
                done += 1
                yield done

    def result(self, index: int, number: int) -> Path:
        """The picture of a frame and a pass."""
        return self.folder / f"out-{index:06}-{number:03}.png"

    def painting(self, index: int) -> Floats:
        """A frame as its last pass painted it, in the colours that the recipe asks for."""
        return self.whole.recoloured(self._painted(index, self.settings.passes), self._frame(index))

    def _frame(self, index: int) -> Floats:
        return read_picture(self.folder / f"in-{index:06}.png").rgb

    def _painted(self, index: int, number: int) -> Floats:
        return read_picture(self.result(index, number)).rgb

    def _once(self, index: int) -> Floats:
        """A frame of the single pass."""
        settings, content = self.settings, self._frame(index)
        if index == 0:
            return self._fresh(content, settings.first_init)
        earlier = settings.earlier(index)
        flows = {j: self._flow(index, j) for j in {*earlier, index - 1}}
        if settings.init == "image":
            start = content
        elif settings.init == "random":
            start = self._noise(content.shape)
        else:
            start = self._carried_on(index, flows[index - 1])
        held = []
        if settings.temporal_weight and earlier:
            weights = combined([self._certainty(index, j, flows[j]) for j in earlier], settings.combine)
            held = [(_warped(self._painted(j, 1), flows[j]), w) for j, w in zip(earlier, weights, strict=True)]
        return self._optimised(self.touch_up, content, start, held)

    def _again(self, index: int, number: int) -> Floats:
        """A frame of one of several passes."""
        settings, content = self.settings, self._frame(index)
        if number == 1:
            if index == 0:
                return self._fresh(content, settings.first_init)
            if settings.init == "image" or settings.init == "random":
                return self._fresh(content, settings.init)
            flow = self._flow(index, index - 1) if settings.init == "prev-warped" else None
            return self._optimised(self.touch_up, content, self._carried_on(index, flow))
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
        return self._optimised(self.touch_up, content, np.asarray(start / total, np.float32), held)

    def _fresh(self, content: Floats, init: FirstInit) -> Floats:
        """A frame on its own, coarse to fine."""
        return self._optimised(self.whole, content, self._noise(content.shape) if init == "random" else None)

    def _carried_on(self, index: int, flow: Floats | None) -> Floats:
        """The result that a frame starts from, moved along with a flow where that is asked for."""
        if self.settings.init == "first":
            return self._painted(0, 1)
        before = self._painted(index - 1, 1)
        return before if flow is None or self.settings.init == "prev" else _warped(before, flow)

    def _optimised(
        self, painter: Painter, content: Floats, init: Floats | None, held: Sequence[tuple[Floats, Floats]] = ()
    ) -> Floats:
        result = painter.paint(content, init=init, extra=self._loss(content, held))
        if result.interrupted:  # half a frame is not kept: the next run paints it anew
            raise KeyboardInterrupt
        return result.rgb

    def _noise(self, shape: tuple[int, ...]) -> Floats:
        """The same for every frame, so that they start alike."""
        return np.random.default_rng(self.settings.recipe.seed).random(shape, np.float32)

    def _flow(self, index: int, other: int) -> Floats:
        settings = self.settings
        pattern = settings.forward_flow or settings.flow if other > index else settings.flow
        if pattern is not None:
            flow = read_flo(PairPattern(pattern).path(index + self.first, other + self.first))
            return fit_flow(flow, *self._frame(index).shape[:2])
        return self.estimate()(*(to_samples(self._frame(i)) for i in (index, other)))

    def _certainty(self, index: int, other: int, flow: Floats) -> Floats:
        settings = self.settings
        pattern = settings.forward_certainty or settings.certainty if other > index else settings.certainty
        if pattern is not None:
            certainty = read_certainty(PairPattern(pattern).path(index + self.first, other + self.first))
            certainty = opencv().resize(certainty, flow.shape[1::-1])
        else:
            certainty = consistency(flow, self._flow(other, index))
        share = certainty.astype(np.float32) / 255
        return np.asarray(1 - share if settings.invert and pattern is not None else share, np.float32)

    def _loss(self, content: Floats, held: Sequence[tuple[Floats, Floats]]) -> Callable[[Tensor], Tensor] | None:
        """The temporal loss: mean of c (x - w)^2 over earlier results w with certainty c, in the frame's variances.

        Its true gradient: that of artistic-videos lacks one of the two factors sqrt(c).
        """
        if not held:
            return None
        import torch
        from torch.nn import functional as F

        unit = self.settings.temporal_weight / max(float(content.var()), 1e-3)
        pairs = [
            (torch.from_numpy(np.ascontiguousarray(w.transpose(2, 0, 1)[None])), torch.from_numpy(c)[None, None])
            for w, c in held
        ]

        def loss(picture: Tensor) -> Tensor:
            total = picture.new_zeros(())
            for target, certainty in pairs:
                target, certainty = target.to(picture), certainty.to(picture)
                if self.settings.criterion == "mse":
                    total = total + (certainty * (picture - target) ** 2).mean()
                else:
                    root = certainty.sqrt()
                    total = total + F.smooth_l1_loss(root * picture, root * target, beta=_BEND) * 2 * _BEND
            return unit * total

        return loss


def _warped(picture: Floats, flow: Floats) -> Floats:
    """A result moved along with a flow; what comes from outside is grey."""
    moved = warp(picture, flow, outside=-1.0)
    outside = (moved == -1).all(axis=2)
    moved[outside] = _MEAN
    return moved


def parse_recipe(texts: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` for fields of the recipe, as the command line has them.

    Raises:
        InputError: no such field, one that does not count for a video, or not such a value.
    """
    instead = {**_INSTEAD, "device": "--device"}
    kinds = {item.name: str(item.type) for item in fields(Recipe) if item.name not in instead}
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise InputError(f"{text} is no setting of the recipe; write it as NAME=VALUE, such as style_weight=20.")
        if name in instead:
            raise _does_not_count(name, instead[name])
        if name not in kinds:
            raise InputError(f"There is no setting {name} of the recipe; {suggest(name, tuple(kinds))}")
        values[name] = value if name == "max_memory" else _read(text, value, kinds[name])  # 4G is read by the recipe
    return values


def _read(text: str, value: str, kind: str) -> Any:
    """A value of the kind that a field has; layers and choices stay text, which the recipe reads itself.

    Args:
        text: the whole of it, for messages.
    """
    if kind == "bool":
        if value.lower() not in (*_YES, *_NO):
            raise InputError(f"{text} is neither yes nor no; give one of these.")
        return value.lower() in _YES
    try:
        if kind.startswith("int"):
            return int(value)
        return float(value) if kind.startswith("float") else value
    except ValueError:
        what = "whole number" if kind.startswith("int") else "number"
        raise InputError(f"{text} is no {what}; give one, such as style_weight=20.") from None


def _does_not_count(name: str, instead: str) -> InputError:
    return InputError(f"The recipe's {name.replace('_', ' ')} does not count for a video; give {instead} instead.")
