"""``impasto.paint``: pictures of any kind come in, are optimised, and come out in the same kind.

The module needs torch only when it paints.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from impasto.arguments import check_arguments
from impasto.errors import InputError
from impasto.extras import needing_extra
from impasto.files import check_writable
from impasto.locks import locked, remove_left_locks
from impasto.optimisation.recipe import Recipe, RecipeKeywords
from impasto.optimisation.scales import scale_sizes
from impasto.optimisation.style_pictures import Array, Masks, StylePicture, blend_name, read_styles
from impasto.options import options_from_keywords
from impasto.pictures.conversion import Source, as_picture, content_of, in_kind_of
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent, resize_array, resize_picture
from impasto.pictures.results import is_made_alike, numbered, unnamed_result
from impasto.pictures.tensors import Tensor
from impasto.pictures.writing import QUALITY, note_with_encoding, output_format, path_beside, write_picture
from impasto.styles.blending import Styles

if TYPE_CHECKING:
    from PIL.Image import Image

    from impasto.optimisation.optimiser import Optimiser
    from impasto.optimisation.planning import Plan
    from impasto.optimisation.state import OptimisationProgress, OptimisationResult, OptimisationState

log = logging.getLogger(__name__)


ImageT = TypeVar("ImageT", "Image", NDArray[Any])
TensorT = TypeVar("TensorT", bound=Tensor)


@overload
def paint(
    image: str | Path,
    style: Styles,
    *,
    output: str | Path | None = ...,
    overwrite: bool = ...,
    masks: Masks | None = ...,
    progress: Callable[[OptimisationProgress], None] | None = ...,
    resume: bool = ...,
    keep_state: bool = ...,
    **options: Unpack[RecipeKeywords],
) -> Path: ...
@overload
def paint(
    image: bytes | BinaryIO,
    style: Styles,
    *,
    masks: Masks | None = ...,
    progress: Callable[[OptimisationProgress], None] | None = ...,
    **options: Unpack[RecipeKeywords],
) -> bytes: ...
@overload
def paint(
    image: ImageT,
    style: Styles,
    *,
    masks: Masks | None = ...,
    progress: Callable[[OptimisationProgress], None] | None = ...,
    **options: Unpack[RecipeKeywords],
) -> ImageT: ...
@overload
def paint(
    image: TensorT,
    style: Styles,
    *,
    masks: Masks | None = ...,
    progress: Callable[[OptimisationProgress], None] | None = ...,
    **options: Unpack[RecipeKeywords],
) -> TensorT: ...


def paint(
    image: Source,
    style: Styles,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    masks: Masks | None = None,
    progress: Callable[[OptimisationProgress], None] | None = None,
    resume: bool = False,
    keep_state: bool = False,
    **options: Unpack[RecipeKeywords],
) -> Any:
    """Repaint a picture in the style of another by optimising its pixels: the same kind in, the same kind out.

    Gatys, Ecker and Bethge 2015 (arXiv 1508.06576), coarse to fine. Takes minutes, needs the extra ``train``, and
    no training.

    Args:
        image: a path, an encoded file's bytes, a file opened in binary mode, a PIL image, an array (H x W, H x W x 3 or
            H x W x 4; uint8, uint16, or float in [0, 1]), or a tensor of torch (3 x H x W; uint8, or float in [0, 1]).
        style: a picture of any of these kinds, or several to blend, each alone or as (picture, weight), or as a
            dictionary of weights by path; the path of one may end in ``:WEIGHT``. Weights are brought to sum 1. The
            name of a bundled style stands for a texture that has its strokes.
        output, overwrite: for a path: where to write; see :func:`impasto.stylize`.
        masks: a style's path, file name, stem or index to a picture of the image's size: where it is white, that style
            applies; styles without one share the rest.
        progress: called with a :class:`~impasto.optimisation.state.OptimisationProgress` after each iteration.
        resume: for a path: go on from the state beside ``output`` (``NAME.SUFFIX.state``; without it, beside the last
            result that has one), which ``keep_state`` and Ctrl-C leave there: an interrupted run is finished, and a
            finished one gets more iterations at full size. Weights, layers and styles may be others; then the optimiser
            begins afresh on the picture so far.
        keep_state: for a path: write that state at the end, too; without it, an earlier run's is removed then.
        options: the fields of :class:`~impasto.optimisation.recipe.Recipe`.

    Returns:
        A path for a path, bytes in the same format for bytes and for an open file, a PIL image (RGB or RGBA) for a PIL
        image, an array of the same dtype for an array, a tensor for a tensor. On Ctrl-C the picture so far; for a path
        it is written, its state beside it, and ``KeyboardInterrupt`` raised.

    Raises:
        InputError: a picture or mask cannot be read or used, there is no such option, or it is out of range.
        MissingExtraError: torch is not installed.
        OutputError: the result cannot be written, or another run is making it.
        DownloadError: the perceptual network cannot be fetched.
    """
    check_arguments(
        paths={"output": output},
        flags={"overwrite": overwrite, "resume": resume, "keep_state": keep_state},
        functions={"progress": progress},
        mappings={"masks": masks},
    )
    recipe = options_from_keywords(Recipe, options, paint)
    styles = read_styles(style, masks, max_pixels=recipe.max_pixels)
    if isinstance(image, str | Path):
        if output is not None:
            target, is_there = Path(output), False
        else:
            target, is_there = result_beside(Path(image), styles, recipe, resume=resume, overwrite=overwrite)
        if is_there:
            remove_left_locks(target.absolute().parent)
            return target
        output_format(target)  # refuse a wrong suffix or place before the work, not after it
        check_writable(target)
        task = OptimisationTask(read_picture(image, max_pixels=recipe.max_pixels), styles, recipe)
        state = load_state(target, task) if resume else None
        with locked(target):
            result = task.paint(progress=progress, resume=state)
            write_picture(task.picture(result.rgb), target, note=task.note)
            if keep_state or result.interrupted:
                result.state.save(state_path(target))
            else:  # a state that an earlier run left does not belong to this picture
                state_path(target).unlink(missing_ok=True)
        if result.interrupted:
            raise KeyboardInterrupt
        return target
    if output is not None or resume or keep_state:
        raise InputError("Only a picture that is given as a path can have an output or a state to resume from.")
    source = content_of(image) if hasattr(image, "read") else image  # a file can be read once only
    task = OptimisationTask(as_picture(source, max_pixels=recipe.max_pixels), styles, recipe)
    return in_kind_of(task.picture(task.paint(progress=progress).rgb), source, task.note)


class OptimisationTask:
    """A picture to paint: its content at the result's size, its styles and the recipe.

    Args:
        picture: the photograph as it was read.
        styles: as :func:`impasto.optimisation.style_pictures.read_styles` gives them.
        recipe: how to paint.

    Raises:
        InputError: there is nothing to paint, or a mask has another size than the picture.
        MissingExtraError: torch is not installed.
    """

    def __init__(self, picture: Picture, styles: Sequence[StylePicture], recipe: Recipe) -> None:
        if not styles and not recipe.dream:
            raise InputError("No style picture is given; give one or several, or name layers to dream of.")
        self.recipe, self.styles = recipe, list(styles)
        self.photograph = resize_picture(picture, recipe.result_size(*picture.size))
        alpha = self.photograph.alpha
        rgb = self.photograph.rgb
        self.content = fill_transparent(rgb, alpha) if alpha is not None else rgb
        for style in styles:
            if style.mask is not None and style.mask.shape not in (picture.rgb.shape[:2], self.content.shape[:2]):
                height, width = style.mask.shape
                raise InputError(
                    f"The mask of {style.name} has {width} x {height} pixels and the picture {picture.size[0]} x "
                    f"{picture.size[1]}; give one of the same size."
                )
        self.optimiser = _make_optimiser(styles, recipe)

    def paint(
        self, *, progress: Callable[[OptimisationProgress], None] | None = None, resume: OptimisationState | None = None
    ) -> OptimisationResult:
        """Paint the picture; see :meth:`impasto.optimisation.optimiser.Optimiser.paint`."""
        init = None
        if self.recipe.refines and self.styles:
            init = self._fast_start(resume)
        elif self.recipe.start is not None and resume is None:
            init = as_picture(self.recipe.start, max_pixels=self.recipe.max_pixels).rgb
        return self.optimiser.paint(self.content, init=init, progress=progress, resume=resume)

    def _fast_start(self, resume: OptimisationState | None) -> Array | None:
        """The fast painting: where to start, and the detail of the scales that follow; ``None`` at the last of them."""
        from impasto.optimisation.fast_start import paint_fast_start  # late: it needs torch

        height, width = self.content.shape[:2]
        if resume is not None and resume.scale == len(scale_sizes(height, width, self.recipe.scale_count)) - 1:
            return None
        self.optimiser.plan_peak(height, width)  # refuses what will not fit before the work
        return paint_fast_start(self.content, self.optimiser.targets)

    def picture(self, rgb: Array) -> Picture:
        """Make the result of a painting, H x W x 3 of any scale: at full size, in the colours that the recipe asks for,
        with the photograph's alpha and metadata.
        """
        painted = rgb if rgb.shape == self.content.shape else resize_array(rgb, self.photograph.size)
        return replace(self.photograph, rgb=self.optimiser.recoloured(painted, self.content))

    @property
    def estimate(self) -> Plan:
        """Memory and time that painting will take; to find out, the evaluation of a small picture is timed."""
        height, width = self.content.shape[:2]
        return self.optimiser.estimate(height, width)

    @property
    def note(self) -> str:
        """One line for the result's metadata."""
        return describe(self.styles, self.recipe)


def describe(styles: Sequence[StylePicture], recipe: Recipe) -> str:
    """One line for a result's metadata: how a picture is painted, and an id of the style pictures and the start."""
    from impasto.version import __version__

    names = "+".join(style.name + (f":{style.weight:g}" if len(styles) > 1 else "") for style in styles)
    parts = [part for style in styles for part in (style.rgb, style.mask) if part is not None]
    if recipe.start is not None:
        parts.append(as_picture(recipe.start, max_pixels=recipe.max_pixels).rgb)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    words = [f"impasto {__version__} paint style={names}", recipe.describe(), f"id={digest.hexdigest()[:8]}"]
    return " ".join(filter(None, words))


def result_beside(
    source: Path,
    styles: Sequence[StylePicture],
    recipe: Recipe,
    *,
    resume: bool,
    overwrite: bool = False,
    quality: int = QUALITY,
    strip: bool = False,
) -> tuple[Path, bool]:
    """Where the result goes that nobody named; see :mod:`impasto.pictures.results`.

    Args:
        source: the photograph.
        styles, recipe: how it is painted.
        resume: whether to go on with the last result beside the photograph that has a state.
        overwrite: whether to take the usual name in any case.
        quality, strip: as for :func:`impasto.pictures.writing.write_picture`.

    Returns:
        The path, and whether the result is there already, made in the same way.
    """
    wanted = path_beside(source, blend_name(styles))
    if overwrite:
        return wanted, False
    if resume:
        path, last, number = wanted, wanted, 1
        while path.exists() or state_path(path).exists():
            last = path if state_path(path).exists() else last
            number += 1
            path = numbered(wanted, number)
        return last, False
    note = note_with_encoding(describe(styles, recipe), output_format(wanted), quality=quality, strip=strip)
    return unnamed_result(wanted, lambda path: is_made_alike(path, note, source))


def _make_optimiser(styles: Sequence[StylePicture], recipe: Recipe) -> Optimiser:
    """An optimiser for these styles.

    Raises:
        MissingExtraError: torch is not installed.
    """
    with needing_extra("train", "Painting by optimisation"):
        from impasto.optimisation.optimiser import Optimiser
    return Optimiser(styles, recipe)


def state_path(output: Path) -> Path:
    """The file of a run's state, beside its result: ``NAME.SUFFIX.state``."""
    return output.with_name(output.name + ".state")


def load_state(output: Path, task: OptimisationTask) -> OptimisationState:
    """Read the state beside a result, for a task to go on with.

    Logs a warning where the earlier run painted with other losses or styles.

    Raises:
        InputError: there is no state beside the result, or it is damaged.
    """
    from impasto.optimisation.state import OptimisationState

    path = state_path(output)
    if not path.is_file():
        raise InputError(f"There is no {path} to resume from; start without --resume.")
    state = OptimisationState.load(path)
    if state.objective != task.optimiser.objective_hash:
        log.warning(
            "The run to resume had other weights, layers or styles; the optimiser begins afresh on the picture so far."
        )
    return state
