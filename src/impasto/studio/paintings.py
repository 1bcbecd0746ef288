"""The work of the Paint tab: one picture is optimised, and some of its steps are kept to choose from."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.networks.loss_names import StyleLoss
from impasto.optimisation import api, recipe
from impasto.optimisation.recipe import DEFAULTS, ITERATIONS, LONGEST, Recipe
from impasto.optimisation.style_pictures import (
    StylePicture,
    blend_name,
    bundled_style_picture,
    read_styles,
)
from impasto.pictures.picture import Picture, to_samples, to_unit_range
from impasto.pictures.resampling import shrink_picture
from impasto.pictures.writing import path_beside, write_picture
from impasto.studio.jobs import ReportFunction
from impasto.studio.previews import DISPLAY_SIDE, data_uri
from impasto.styles.blending import parse_style
from impasto.styles.textures import has_texture

if TYPE_CHECKING:
    from impasto.optimisation.state import OptimisationProgress
    from impasto.studio.state import Studio

_MAX_STEPS = 12  # steps whose pictures are kept to choose from
_SHOW_INTERVAL = 0.8  # seconds between two pictures that the page shows
_STEP_SIDE = 256  # pixels: longer side of the small picture of a step
_WHOLE = ("size", "iterations", "scales", "seed")  # options that are whole numbers
OFFERED = (
    *("size", "iterations", "style_weight", "style_scale", "colors", "content_weight", "tv_weight"),
    *("init", "style_loss", "coarse_style_loss", "optimizer", "scales", "seed"),
)
"""Names of the options that visitors may set."""


@dataclass(frozen=True)
class Step:
    """A picture on the way to a painting.

    Attributes:
        iteration: after which iteration.
        path: its file, which is named as the command line names a result.
        small: address of a small picture of it.
    """

    iteration: int
    path: Path
    small: str


@dataclass(frozen=True)
class OptimisedPicture:
    """An optimised painting.

    Attributes:
        steps: steps to choose from, the last of them the result.
        before: the photograph as the page shows it, a data address.
        after: the painting, likewise.
        interrupted: whether it was stopped early.
    """

    steps: Sequence[Step]
    before: str
    after: str
    interrupted: bool


def offered_recipe() -> dict[str, Any]:
    """What the page is told of the options: the default and the choices of each."""
    choices = {
        "colors": recipe.Colors,
        "init": recipe.Init,
        "optimizer": recipe.Optimizer,
        "style_loss": StyleLoss,
        "coarse_style_loss": StyleLoss,
    }
    told: dict[str, Any] = {name: {"default": getattr(DEFAULTS, name)} for name in OFFERED}
    told["size"]["default"], told["iterations"]["default"] = LONGEST, ITERATIONS
    told["iterations"]["fast"] = Recipe(init="fast").iterations_a_scale
    for name, kind in choices.items():
        told[name]["choices"] = list(get_args(kind))
    return told


def texture_asked_for(text: str) -> StylePicture | None:
    """The texture of a bundled style, if a request names one, as ``NAME`` or ``NAME:WEIGHT``.

    Raises:
        InputError: the weight is out of range.
    """
    name, weight = parse_style(text)
    return bundled_style_picture(name, weight) if has_texture(name) else None


def optimisation_task(
    studio: Studio, upload: str | Path, styles: Sequence[str | Path | StylePicture], options: Mapping[str, Any]
) -> api.OptimisationTask:
    """Make the task of painting an upload, at the wanted size or that of the upload if it is smaller.

    Args:
        studio: the studio, whose limits apply.
        upload: the photograph, a file in the studio's folder.
        styles: the style pictures, likewise, and textures.
        options: values of :data:`OFFERED`; ``None`` is the default.

    Raises:
        InputError: an upload cannot be read, or an option is unknown or out of range.
    """
    if not styles:
        raise InputError("There is no picture whose style to paint in; add one.", key="no_paint_style")
    chosen = {name: value for name, value in options.items() if value is not None}
    for name in chosen:
        if name not in OFFERED:
            raise InputError(f"There is no option {name[:40]}; there are {', '.join(OFFERED)}.")
        if name in _WHOLE and isinstance(chosen[name], float) and chosen[name].is_integer():
            chosen[name] = int(chosen[name])
    if chosen.get("iterations") == Recipe(init=chosen.get("init", DEFAULTS.init)).iterations_a_scale:
        del chosen["iterations"]  # as many as the start has by itself, so the result's metadata should not list them
    picture = studio.uploads.read(upload)
    chosen["size"] = min(chosen.get("size") or LONGEST, max(picture.size))
    if chosen["size"] == Recipe().result_size(*picture.size):
        del chosen["size"]  # no effect at this size, so the result's metadata should not list it
    made = Recipe(**chosen, max_pixels=studio.settings.max_pixels)
    if made.init not in get_args(recipe.Init):  # the library would take any other text as the path of a picture
        raise InputError(f"There is no start {made.init[:40]}; choose one of {', '.join(get_args(recipe.Init))}.")
    named = [
        style
        if isinstance(style, StylePicture)
        else replace(read_styles(studio.uploads.read(style))[0], name=studio.uploads.name(style))
        for style in styles
    ]
    return api.OptimisationTask(picture, named, made)


def optimise_picture(
    studio: Studio,
    upload: str | Path,
    styles: Sequence[str | Path | StylePicture],
    options: Mapping[str, Any],
    report: ReportFunction,
    *,
    last_only: bool = False,
) -> OptimisedPicture:
    """Paint an upload; when ``report`` raises, the picture so far is the result.

    Args:
        studio: the studio, whose limits apply.
        upload: the photograph, a file in the studio's folder.
        styles: the style pictures, likewise.
        options: values of :data:`OFFERED`.
        report: called with what the page shows meanwhile, see :class:`_Monitor`; may raise an exception to stop.
        last_only: whether only the result is of interest, so that no other step is kept or shown.

    Raises:
        ImpastoError: what :func:`optimisation_task` raises, or the result cannot be written.
    """
    task = optimisation_task(studio, upload, styles, options)
    monitor = _Monitor(task, report, last_only=last_only)
    with studio.uploads.protect(upload):  # the result is named after it
        result = task.paint(progress=monitor)
    monitor.keep(len(result.losses), result.rgb)
    name = path_beside(Path(studio.uploads.name(upload)), blend_name(task.styles)).name
    steps = []
    for iteration, picture in monitor.steps:
        target = studio.uploads.new_path(name)
        write_picture(task.picture(to_unit_range(picture)), target, note=task.note)
        steps.append(Step(iteration, target, data_uri(Picture(to_unit_range(picture)), _STEP_SIDE)))
    shown = shrink_picture(task.photograph, DISPLAY_SIDE) if max(task.photograph.size) > DISPLAY_SIDE else None
    return OptimisedPicture(
        steps, data_uri(shown or task.photograph), monitor.shown_picture(monitor.steps[-1][1]), result.interrupted
    )


@dataclass
class _Monitor:
    """Callback of the optimisation that shows the picture from time to time and keeps some steps.

    Attributes:
        task: the task that is painted.
        report: the job's function to report with.
        last_only: whether nothing is shown or kept on the way.
        steps: iteration and picture (H x W x 3, 0 to 255) of the steps that are kept.
        shown: when a picture was shown last, in seconds of the monotonic clock.
    """

    task: api.OptimisationTask
    report: ReportFunction
    last_only: bool
    steps: list[tuple[int, NDArray[np.uint8]]] = field(default_factory=list)
    shown: float = 0.0

    def __call__(self, progress: OptimisationProgress) -> None:
        """Show and keep the picture of an iteration if it is time; raises :class:`KeyboardInterrupt` to stop."""
        n, count = progress.iteration, progress.iterations
        if self.last_only:
            self.report(None)
            return
        if n == 1 or n * (_MAX_STEPS - 1) // count > len(self.steps) - 1:
            self.keep(n, progress.picture())
        now = time.monotonic()
        if now - self.shown < _SHOW_INTERVAL and n < count:
            self.report(None)
            return
        self.shown = now
        width, height = progress.size
        self.report(
            {
                "iteration": n,
                "iterations": count,
                "width": width,
                "height": height,
                "loss": float(progress.loss),
                "left": progress.seconds_left,
                "after": self.shown_picture(progress.picture()),
            }
        )

    def keep(self, n: int, rgb: NDArray[Any]) -> None:
        """Keep the picture of a step, in place of an earlier picture of the same step."""
        picture = to_samples(rgb)
        if self.steps and (self.steps[-1][0] == n):
            self.steps.pop()
        self.steps.append((n, picture))

    def shown_picture(self, picture: NDArray[Any]) -> str:
        """A picture as the page shows it, a data address."""
        return data_uri(self.task.picture(to_unit_range(picture)), DISPLAY_SIDE)
