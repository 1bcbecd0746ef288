"""The options of painting a video by optimisation; :mod:`impasto.video.frame_optimiser` does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import Any, Literal, get_args

from impasto.errors import InputError
from impasto.flow.files import PairPattern
from impasto.optimisation.recipe import DEFAULTS, Recipe
from impasto.options import check_options, documented, option, option_text, suggest

FirstInit = Literal["random", "image"]
LaterInit = Literal["random", "image", "prev", "prev-warped", "first"]
Criterion = Literal["mse", "smooth-l1"]
Combination = Literal["closest-first", "normalize"]

# Sentences that refuse a value of an option.
_NO_CHOICE = "There is no {title} {value}; give one of {choices}."
_TOO_FEW = "The number of {title} must be 1 or more."
_NEGATIVE = "The {title} {value} is negative; give 0 or more."

# Fields of the recipe that do not count for a video, and the options that a video has instead.
_VIDEO_OPTIONS = {
    "size": "--size",
    "init": "--first-init or --init",
    "iterations": "--first-iterations or --iterations",
    "max_pixels": "--max-pixels",
}
# Texts that mean yes and no where a field of the recipe is given on the command line.
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
        help="Iterations of the first frame; of all in the first of several passes, if --init is image or random.",
        doc="Iterations of the first frame at each scale; in the first of several passes, of all frames that do not "
        "start from a result (``init`` is image or random).",
    )
    iterations: int = option(
        40,
        low=1,
        whole=True,
        refusal=_TOO_FEW,
        help="Iterations of every other frame.",
        doc="Iterations of every frame but the first, at one scale.",
    )
    first_init: FirstInit = option(
        "image",
        choices=get_args(FirstInit),
        refusal=_NO_CHOICE,
        help="What the first frame is made from: the frame itself or noise.",
        doc="Where the first frame starts: from the frame itself, or from noise.",
    )
    init: LaterInit = option(
        "prev-warped",
        choices=get_args(LaterInit),
        refusal=_NO_CHOICE,
        help="What later frames are made from: noise; the frame; the painting before, still or moved along; the first.",
        doc="Where later frames start, in the first of several passes: from the last result moved along, or unmoved; "
        "from the first result; from the frame itself; from noise.",
    )
    temporal_weight: float = option(
        5.0,
        low=0,
        high=inf,
        refusal=_NEGATIVE,
        help="How strongly a frame is held to those before it; more flickers less.",
        doc="Weight of the temporal loss, relative to the picture's variance; 0 leaves it out.",
    )
    criterion: Criterion = option(
        "mse",
        choices=get_args(Criterion),
        refusal=_NO_CHOICE,
        help="How the distance to the frames before is counted.",
        doc="The temporal loss.",
    )
    offsets: tuple[int, ...] = option(
        (1,),
        help="Which frames before a frame is held to: 1,2,4 are the last, the one before it and the fourth last.",
        doc="How many frames to look back, for example 1, 2 and 4 (long-term consistency).",
    )
    every: int = option(
        0,
        low=0,
        refusal=_NEGATIVE,
        help="Hold it to every Nth frame before, too; 0: do not.",
        doc="Look back to every so manieth frame, too; 0: do not.",
    )
    combine: Combination = option(
        "closest-first",
        choices=get_args(Combination),
        refusal=_NO_CHOICE,
        help="Of several frames before that show a place, which count: the nearest or all.",
        doc="Which of several earlier frames that show a place count: the nearest, or all.",
    )
    invert: bool = option(
        False,
        help="The certainty files say where flow is not to be trusted.",
        doc="Whether certainty files say 1 where flow is *not* to be trusted.",
    )
    passes: int = option(1, low=1, whole=True, refusal=_TOO_FEW, help="How often to go over the whole video.")
    blend: float = option(
        1.0,
        low=0,
        high=inf,
        refusal=_NEGATIVE,
        help="From the second pass on: share of the neighbour painted in this pass, in what a frame is made from.",
        doc="Share, in a frame's start in passes from the second on, of the neighbour that the pass has painted.",
    )
    blend_other: float = option(
        0.0,
        low=0,
        high=inf,
        refusal=_NEGATIVE,
        help="The same, of the neighbour that comes next.",
        doc="Share, in a frame's start in passes from the second on, of the neighbour that the pass paints next.",
    )
    temporal_after: int = option(8, help="The pass from which frames are held to those before.")
    flow: str | None = option(
        None,
        metavar="PATTERN",
        help="Files with the motion between frames, such as backward_[%d]_{%d}.flo: from frame [] to frame {}.",
        doc="Pattern of files, ``backward_[%d]_{%d}.flo``: from the frame in [] to the one in {}; the video's frames "
        "count from 1, those left out too; pictures have their numbers. ``None``: flow is computed.",
    )
    certainty: str | None = option(
        None,
        metavar="PATTERN",
        help="Files that say where that motion is certain, such as reliable_[%d]_{%d}.pgm.",
        doc="Pattern of the files that say where the flow in ``flow`` is certain.",
    )
    forward_flow: str | None = option(
        None,
        metavar="PATTERN",
        help="Files with the motion to later frames.",
        doc="Pattern of the files of flow to later frames; ``None``: ``flow``.",
    )
    forward_certainty: str | None = option(
        None,
        metavar="PATTERN",
        help="Files that say where that is certain.",
        doc="Pattern of the files that say where the flow in ``forward_flow`` is certain; ``None``: ``certainty``.",
    )
    method: str = option(
        "dis",
        help="How motion is found: dis, deepflow (slower) or a network in an .onnx file.",
        doc="What computes flow; see :func:`impasto.flow.estimate.estimator`.",
    )

    def __post_init__(self) -> None:
        check_options(self)
        if not self.offsets or min(self.offsets) < 1:
            raise InputError("Offsets to earlier frames must be 1 or more, for example 1,2,4.")
        for name, instead in _VIDEO_OPTIONS.items():
            if option_text(getattr(self.recipe, name)) != option_text(getattr(DEFAULTS, name)):
                raise _does_not_count(name, instead)
        for pattern in self._patterns:
            PairPattern(pattern)

    @property
    def _patterns(self) -> list[str]:
        """The patterns of flow and certainty files that were given."""
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


def parse_recipe(texts: Sequence[str]) -> dict[str, Any]:
    """Read fields of the recipe as the command line has them.

    Args:
        texts: ``NAME=VALUE`` each.

    Returns:
        Values by the names of fields of :class:`impasto.optimisation.recipe.Recipe`.

    Raises:
        InputError: there is no such field, it does not count for a video, or the value does not suit it.
    """
    instead = {**_VIDEO_OPTIONS, "device": "--device"}
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
        # The recipe reads texts such as 4G itself.
        values[name] = value if name == "max_memory" else _read_value(text, value, kinds[name])
    return values


def _read_value(text: str, value: str, kind: str) -> Any:
    """Read the value of a field. Layers and choices stay text, which the recipe reads itself.

    Args:
        text: the whole setting, for messages.
        value: its part after the equals sign.
        kind: the type of the field, as its annotation has it.

    Raises:
        InputError: the value is not of that type.
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
    """The error about a field of the recipe that does not count for a video."""
    return InputError(f"The recipe's {name.replace('_', ' ')} does not count for a video; give {instead} instead.")
