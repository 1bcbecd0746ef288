"""``impasto.paint``: pictures of any kind in, optimised, the same kind out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, MissingExtraError
from impasto.optimisation.recipe import DEFAULTS, Recipe
from impasto.options import options_from_keywords
from impasto.pictures.conversion import as_picture, in_kind_of
from impasto.pictures.masks import read_mask
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent, resize_array, resize_picture
from impasto.pictures.writing import output_format, path_beside, write_picture
from impasto.styles.blending import parse_style
from impasto.styles.catalogue import bundled_names, catalogue_names
from impasto.styles.suitability import style_picture_warning

if TYPE_CHECKING:
    from PIL.Image import Image

    from impasto.optimisation.optimiser import Optimiser
    from impasto.optimisation.planning import Plan
    from impasto.optimisation.state import OptimisationProgress, OptimisationResult, OptimisationState

log = logging.getLogger(__name__)

Array = NDArray[np.float32]
Source = Any  # an images.Source; as a style, also a pair of one and its weight
Masks = Mapping[Any, Source]  # by a style's path, file name, stem (str) or index (int)


@dataclass(frozen=True)
class NamedStyle:
    """A style picture, what it is called, its weight in a blend, and where it applies (``None``: everywhere)."""

    rgb: Array
    name: str
    weight: float = 1.0
    mask: Array | None = None


@overload
def paint(image: str | Path, style: Source | Sequence[Source], **rest: Any) -> Path: ...
@overload
def paint(image: bytes, style: Source | Sequence[Source], **rest: Any) -> bytes: ...
@overload
def paint(image: Image, style: Source | Sequence[Source], **rest: Any) -> Image: ...
@overload
def paint(image: NDArray[Any], style: Source | Sequence[Source], **rest: Any) -> NDArray[Any]: ...


def paint(
    image: Source,
    style: Source | Sequence[Source],
    *,
    output: str | Path | None = None,
    masks: Masks | None = None,
    callback: Callable[[OptimisationProgress], None] | None = None,
    resume: bool = False,
    keep_state: bool = False,
    **options: Any,
) -> Any:
    """Repaint a picture in the style of another by optimising its pixels: the same kind in, the same kind out.

    Gatys, Ecker and Bethge 2015 (arXiv 1508.06576), coarse to fine. Takes minutes, needs the extra ``train``, and
    no training.

    Args:
        image: a path, an encoded file's bytes, a PIL image, or an array (H x W, H x W x 3 or H x W x 4; uint8, uint16,
            or float in [0, 1]).
        style: a picture of any of these kinds, or several to blend, each alone or as (picture, weight); the path of
            one may end in ``:WEIGHT``. Weights are brought to sum 1.
        output: for a path: where to write. Without it, beside the input as ``NAME-STYLE.SUFFIX``.
        masks: a style's path, file name, stem or index to a picture of the image's size: where it is white, that style
            applies; styles without one share the rest.
        callback: called with a :class:`~impasto.optimisation.state.OptimisationProgress` after each iteration.
        resume: for a path: go on from the state beside ``output`` (``NAME.SUFFIX.state``), which ``keep_state`` and
            Ctrl-C leave there: an interrupted run is finished, a finished one gets more iterations at full size.
            Weights, layers and styles may be others; then the optimiser begins afresh on the picture so far.
        keep_state: for a path: write that state at the end, too; without it, an earlier run's is removed then.
        options: the fields of :class:`~impasto.optimisation.recipe.Recipe`.

    Returns:
        A path for a path, bytes in the same format for bytes, a PIL image (RGB or RGBA) for a PIL image, an array of
        the same dtype for an array. On Ctrl-C the picture so far; for a path it is written, its state beside it,
        and ``KeyboardInterrupt`` raised.

    Raises:
        InputError: a picture or mask cannot be read or used, there is no such option, or it is out of range.
        MissingExtraError: torch is not installed.
        OutputError: the result cannot be written.
        DownloadError: the perceptual network cannot be fetched.
    """
    recipe = options_from_keywords(Recipe, options, paint)
    styles = read_styles(style, masks, max_pixels=recipe.max_pixels)
    if isinstance(image, str | Path):
        target = Path(output) if output is not None else path_beside(Path(image), blend_name(styles))
        output_format(target)  # refuse a wrong suffix before the work, not after it
        job = OptimisationTask(read_picture(image, max_pixels=recipe.max_pixels), styles, recipe)
        state = load_state(target, job) if resume else None
        result = job.paint(callback=callback, resume=state)
        write_picture(job.picture(result.rgb), target, settings=job.settings)
        if keep_state or result.interrupted:
            result.state.save(state_path(target))
        else:  # that of an earlier run is not this picture's
            state_path(target).unlink(missing_ok=True)
        if result.interrupted:
            raise KeyboardInterrupt
        return target
    if output is not None or resume or keep_state:
        raise InputError("Only a picture that is given as a path can have an output or a state to resume from.")
    job = OptimisationTask(as_picture(image, max_pixels=recipe.max_pixels), styles, recipe)
    return in_kind_of(job.picture(job.paint(callback=callback).rgb), image, job.settings)


class OptimisationTask:
    """A picture to paint: its content at the result's size, its styles and the recipe.

    Args:
        picture: the photograph as it was read.
        styles: as :func:`read_styles` gives them.
        recipe: how to paint.
        painter: one made earlier from the same styles and recipe, to save its preparations.
    """

    def __init__(
        self, picture: Picture, styles: Sequence[NamedStyle], recipe: Recipe, painter: Optimiser | None = None
    ) -> None:
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
        self.painter = painter or _painter(styles, recipe)

    def paint(
        self, *, callback: Callable[[OptimisationProgress], None] | None = None, resume: OptimisationState | None = None
    ) -> OptimisationResult:
        """Optimise; see :meth:`impasto.optimisation.optimiser.Optimiser.paint`."""
        init = None
        if self.recipe.start is not None and resume is None:
            init = as_picture(self.recipe.start, max_pixels=self.recipe.max_pixels).rgb
        return self.painter.paint(self.content, init=init, callback=callback, resume=resume)

    def picture(self, rgb: Array) -> Picture:
        """A painted H x W x 3, of whatever scale, as the result: full size, colours as wanted, alpha and metadata."""
        painted = rgb if rgb.shape == self.content.shape else resize_array(rgb, self.photograph.size)
        return replace(self.photograph, rgb=self.painter.recoloured(painted, self.content))

    @property
    def estimate(self) -> Plan:
        """Memory and time that it will take."""
        height, width = self.content.shape[:2]
        return self.painter.estimate(height, width)

    @property
    def settings(self) -> str:
        """One line for the result's metadata."""
        from impasto.version import __version__

        names = "+".join(style.name + (f":{style.weight:g}" if len(self.styles) > 1 else "") for style in self.styles)
        return f"impasto {__version__} paint style={names} {self.recipe.describe()}".rstrip()


def read_styles(
    style: Source | Sequence[Source],
    masks: Masks | None = None,
    *,
    max_pixels: int = DEFAULTS.max_pixels,
) -> list[NamedStyle]:
    """Style pictures of all kinds that :func:`paint` takes, with their weights and masks.

    Styles of weight 0 are left out. Logs a warning about one that has hardly any strokes to take over.

    Args:
        style, masks: as for :func:`paint`.
        max_pixels: larger pictures and masks are refused before they are decoded.

    Raises:
        InputError: a picture or mask cannot be read or used, a weight is out of range, or a mask has no style.
    """
    several = isinstance(style, Sequence) and not isinstance(style, str | bytes)
    items = list(style) if several and not _is_pair(style) else [style]
    styles = []
    for index, item in enumerate(items):
        source, weight = item if _is_pair(item) else _split_weight(item)
        if not 0 <= weight < float("inf"):
            raise InputError(f"The weight {weight:g} of a style is out of range; give a number of 0 or more.")
        name = Path(source).name if isinstance(source, str | Path) else f"style {index + 1}"
        picture = as_picture(source, max_pixels=max_pixels)
        rgb = fill_transparent(picture.rgb, picture.alpha) if picture.alpha is not None else picture.rgb
        warning = style_picture_warning(rgb)
        if warning:
            log.warning("%s: %s", name, warning)
        styles.append(NamedStyle(rgb, name, weight))
    taken: dict[str, Array] = {}  # styles with the same mask share a region
    for key, source in (masks or {}).items():
        index = _index_of(key, [item if not _is_pair(item) else item[0] for item in items])
        place = str(source) if isinstance(source, str | Path) else str(id(source))
        if place not in taken:
            taken[place] = to_unit_range(read_mask(source, max_pixels))
        if styles[index].mask is not None:
            raise InputError(f"There are two masks for {styles[index].name}; give one, in which all parts are white.")
        styles[index] = replace(styles[index], mask=taken[place])
    if styles and not any(style.weight for style in styles):
        raise InputError("The weights of all styles are 0; give at least one more than that.")
    return [style for style in styles if style.weight]


def _is_pair(item: Any) -> bool:
    """Whether it is a picture and its weight."""
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], int | float)


def _split_weight(item: Source) -> tuple[Source, float]:
    """``"picture.jpg:2"`` to its path and 2: only a last colon followed by a number is a weight.

    Raises:
        InputError: it is no file, but a file and something else than a weight, or a style that is no picture.
    """
    if not isinstance(item, str) or Path(item).exists():
        return item, 1.0
    name, weight = parse_style(item)
    head, _, tail = name.rpartition(":")
    if Path(head).is_file():
        raise InputError(f"The weight {tail!r} of {head} is no number; write it as {head}:2.")
    if not Path(name).exists() and name in (*bundled_names(), *catalogue_names()):
        raise InputError(
            f"{name} is a style that was learnt, and painting by optimisation takes a picture file; "
            f"paint with it by impasto apply --style {name}."
        )
    return name, weight


def _index_of(key: str | int, items: Sequence[Source]) -> int:
    if isinstance(key, int) and 0 <= key < len(items):
        return key
    paths = [Path(_split_weight(item)[0]) if isinstance(item, str | Path) else None for item in items]
    for index, path in enumerate(paths):
        if path is not None and str(key) in (str(path), path.name, path.stem):
            return index
    known = ", ".join(path.name if path else str(index) for index, path in enumerate(paths))
    raise InputError(f"There is no style {key} for the mask; give one of {known}.")


def _painter(styles: Sequence[NamedStyle], recipe: Recipe) -> Optimiser:
    try:
        from impasto.optimisation.optimiser import Optimiser
        from impasto.optimisation.style_pictures import StylePicture
    except ImportError as error:
        raise MissingExtraError("Painting by optimisation", "train") from error
    return Optimiser([StylePicture(style.rgb, style.weight, style.mask) for style in styles], recipe)


def blend_name(styles: Sequence[NamedStyle]) -> str:
    """What results are named after: waves.png and scream.jpg are ``waves+scream``."""
    return "+".join(Path(style.name).stem for style in styles)


def state_path(output: Path) -> Path:
    """Where the state of a run lies, beside its result."""
    return output.with_name(output.name + ".state")


def load_state(output: Path, job: OptimisationTask) -> OptimisationState:
    """The state beside a result, for a job to go on with.

    Logs a warning where that painted with other losses or styles.

    Raises:
        InputError: there is none, or it is damaged.
    """
    from impasto.optimisation.state import OptimisationState

    path = state_path(output)
    if not path.is_file():
        raise InputError(f"There is no {path} to resume from; start without --resume.")
    state = OptimisationState.load(path)
    if state.objective != job.painter.objective:
        log.warning(
            "The run to resume had other weights, layers or styles; the optimiser begins afresh on the picture so far."
        )
    return state
