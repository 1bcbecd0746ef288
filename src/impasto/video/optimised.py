"""The options of painting a video by optimisation; :mod:`impasto.video.frame_optimiser` does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from impasto.errors import InputError
from impasto.flow.files import PairPattern
from impasto.optimisation.recipe import DEFAULTS, Recipe, option_text
from impasto.options import nearest

FirstInit = Literal["random", "image"]
LaterInit = Literal["random", "image", "prev", "prev-warped", "first"]
# Fields of the options and the values that they may have.
CHOICES = {
    "first_init": ("random", "image"),
    "init": ("random", "image", "prev", "prev-warped", "first"),
    "criterion": ("mse", "smooth-l1"),
    "combine": ("closest-first", "normalize"),
}

# Fields of the recipe that do not count for a video, and the options that a video has instead.
_VIDEO_OPTIONS = {
    "size": "--size",
    "init": "--first-init or --init",
    "iterations": "--first-iterations or --iterations",
    "max_pixels": "--max-pixels",
}
# Texts that mean yes and no where a field of the recipe is given on the command line.
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, kw_only=True)
class PassOptions:
    """How frames are held together; names and meanings follow artistic-videos.

    Attributes:
        recipe: how a frame is painted; see :class:`impasto.optimisation.recipe.Recipe`. Its ``size``, ``init``,
            ``iterations`` and ``max_pixels`` must be left alone: a video has its own.
        first_iterations: of the first frame, at each scale; in the first of several passes, of all frames that do not
            start from a result (``init`` is ``"image"`` or ``"random"``).
        iterations: of every other frame, at one scale.
        first_init: where the first frame starts: ``"image"`` (the frame itself) or ``"random"``.
        init: where later frames start, in the first of several passes: ``"prev-warped"``, the last result moved along;
            ``"prev"``, unmoved; ``"first"``, the first result; ``"image"``; ``"random"``.
        temporal_weight: of the temporal loss, relative to the picture's variance; 0 leaves it out.
        criterion: ``"mse"`` or ``"smooth-l1"``.
        offsets: how many frames back to look, for example 1, 2, 4 (long-term consistency).
        every: look back to every so manieth frame, too; 0: do not.
        combine: of several frames that show a place, ``"closest-first"`` counts the nearest, ``"normalize"`` all.
        invert: certainty files say 1 where flow is *not* to be trusted.
        passes: 1, or how often to go over the video.
        blend, blend_other: share of the neighbour that this pass has already painted, and of the other one, in a
            frame's start in passes from the second on.
        temporal_after: from this pass on the temporal loss counts.
        flow, certainty: patterns of files, ``backward_[%d]_{%d}.flo``: from the frame in [] to the one in {}; the
            video's frames count from 1, those left out too; pictures have their numbers. Without it, flow is computed.
        forward_flow, forward_certainty: the same for flow to later frames; without them, ``flow`` and ``certainty``.
        method: what computes flow; see :func:`impasto.flow.estimate.estimator`.
    """

    recipe: Recipe = field(default_factory=Recipe)
    first_iterations: int = 100
    iterations: int = 40
    first_init: FirstInit = "image"
    init: LaterInit = "prev-warped"
    temporal_weight: float = 5.0
    criterion: Literal["mse", "smooth-l1"] = "mse"
    offsets: tuple[int, ...] = (1,)
    every: int = 0
    combine: Literal["closest-first", "normalize"] = "closest-first"
    invert: bool = False
    passes: int = 1
    blend: float = 1.0
    blend_other: float = 0.0
    temporal_after: int = 8
    flow: str | None = None
    certainty: str | None = None
    forward_flow: str | None = None
    forward_certainty: str | None = None
    method: str = "dis"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                words = name.replace("_", " ")
                raise InputError(f"There is no {words} {getattr(self, name)}; give one of {', '.join(choices)}.")
        for name in ("first_iterations", "iterations", "passes"):
            if getattr(self, name) < 1:
                raise InputError(f"The number of {name.replace('_', ' ')} must be 1 or more.")
        if not self.offsets or min(self.offsets) < 1:
            raise InputError("Offsets to earlier frames must be 1 or more, for example 1,2,4.")
        for name in ("temporal_weight", "blend", "blend_other", "every"):
            if getattr(self, name) < 0:
                raise InputError(f"The {name.replace('_', ' ')} {getattr(self, name)} is negative; give 0 or more.")
        for name, instead in _VIDEO_OPTIONS.items():
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
            raise InputError(f"There is no setting {name} of the recipe; {nearest(name, tuple(kinds))}")
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
