"""``impasto.stylize``: the fast path in one call, for pictures of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set, Sized
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, Unpack, overload

from numpy.typing import NDArray

from impasto.arguments import check_arguments
from impasto.errors import InputError
from impasto.feedforward.options import OptionKeywords, Options
from impasto.feedforward.painter import Painter
from impasto.learning.cache import with_learnt_pictures
from impasto.options import options_from_keywords
from impasto.pictures.conversion import Source, is_held, is_stack, restack, unstack
from impasto.pictures.results import is_made_alike, unnamed_result
from impasto.pictures.tensors import Tensor
from impasto.pictures.writing import check_distinct_targets, output_format, path_beside
from impasto.styles.blending import Styles

if TYPE_CHECKING:
    from PIL.Image import Image


ImageT = TypeVar("ImageT", "Image", NDArray[Any])
TensorT = TypeVar("TensorT", bound=Tensor)
ListProgress = Callable[[int, int], None]  # called with the pictures painted and those in all; 0 if that is unknown


@overload
def stylize(
    image: str | Path,
    style: Styles,
    *,
    output: str | Path | None = ...,
    overwrite: bool = ...,
    progress: ListProgress | None = ...,
    **options: Unpack[OptionKeywords],
) -> Path: ...
@overload
def stylize(
    image: bytes | BinaryIO, style: Styles, *, progress: ListProgress | None = ..., **options: Unpack[OptionKeywords]
) -> bytes: ...
@overload
def stylize(  # type: ignore[overload-overlap]  # an array is an iterable, too
    image: ImageT, style: Styles, *, progress: ListProgress | None = ..., **options: Unpack[OptionKeywords]
) -> ImageT: ...
@overload
def stylize(
    image: TensorT, style: Styles, *, progress: ListProgress | None = ..., **options: Unpack[OptionKeywords]
) -> TensorT: ...
@overload
def stylize(
    image: Iterable[Any],
    style: Styles,
    *,
    overwrite: bool = ...,
    progress: ListProgress | None = ...,
    **options: Unpack[OptionKeywords],
) -> list[Any]: ...


def stylize(
    image: Source | Iterable[Any],
    style: Styles,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: ListProgress | None = None,
    **options: Unpack[OptionKeywords],
) -> Any:
    """Repaint a picture in a style: the same kind in, the same kind out.

    Args:
        image: a path, an encoded file's bytes, a file opened in binary mode, a PIL image, an array (H x W, H x W x 3 or
            H x W x 4; uint8, uint16, or float in [0, 1]), a tensor of torch (3 x H x W; uint8, or float in [0, 1]);
            several pictures as an array of N x H x W x 3 or a tensor of N x 3 x H x W; or a list, a generator or
            another iterable of pictures, of any of these kinds.
        style: a name, a style file, a :class:`impasto.Style`, or a picture of any kind but several, whose style is
            learnt at once (see ``style_effort``) and remembered; or several, optionally with weights, to blend:
            ``["scream:2", "udnie"]``, ``[("scream", 2), ("udnie", 1)]`` or ``{"scream": 2, "udnie": 1}``.
        output: for a path: where to write, also where a file exists. Without it, beside the input as
            ``NAME-STYLE.SUFFIX``: where that was made in the same way it is the result, and where another file has that
            name the result gets a number, ``NAME-STYLE-2.SUFFIX``.
        overwrite: for paths without ``output``: paint anew, and replace ``NAME-STYLE.SUFFIX``, whatever it is.
        progress: called after each picture with the number painted and the number of all, which is 0 where it is not
            known beforehand, as of a generator.
        options: the fields of :class:`impasto.Options`.

    Returns:
        A path for a path, bytes in the same format for bytes and for an open file, a PIL image (RGB or RGBA) for a PIL
        image, an array of the same dtype for an array, a tensor of the same dtype on the same device (without
        gradients) for a tensor, a list for an iterable.

    Raises:
        InputError: the picture cannot be read, or an option is out of range.
        StyleError: no such style.
        OutputError: the result cannot be written.
        MissingExtraError: a style is a picture that has to be learnt, and the extra is not installed.
    """
    check_arguments(paths={"output": output}, flags={"overwrite": overwrite}, functions={"progress": progress})
    chosen = options_from_keywords(Options, options, stylize)
    several = _several(image)
    if several is not None and output is not None:
        raise InputError("One output cannot take several pictures; leave it out or paint them one by one.")
    painter = Painter(with_learnt_pictures(style, chosen.style_effort), chosen, many=several is not None)
    if several is None:
        painted = _stylize(image, painter, output, overwrite)
        if progress is not None:
            progress(1, 1)
        return painted
    painted = _stylize_all(several, painter, overwrite, progress)
    return restack(painted, image) if is_stack(image) else painted


def _several(image: Any) -> Iterable[Any] | None:
    """The pictures in whatever holds several; ``None`` for what holds one, or is none.

    Raises:
        InputError: an array of several pictures has another shape than such have.
    """
    if is_stack(image):
        return unstack(image)
    if isinstance(image, str | Path | Mapping | Set) or is_held(image) or not isinstance(image, Iterable):
        return None
    return image


def _stylize_all(
    images: Iterable[Any], painter: Painter, overwrite: bool, progress: ListProgress | None = None
) -> list[Any]:
    """Repaint pictures in order; a generator of what is no path is asked for each when the one before is painted.

    Raises:
        InputError: a picture cannot be read, or the results of two would have one name.
    """
    if not isinstance(images, Sized):
        rest = iter(images)
        first = list(islice(rest, 1))
        images = [*first, *rest] if first and isinstance(first[0], str | Path) else chain(first, rest)
    total = len(images) if isinstance(images, Sized) else 0
    if total:
        paths = [Path(item) for item in images if isinstance(item, str | Path)]
        check_distinct_targets((path, path_beside(path, painter.style.name)) for path in paths)
    painted: list[Any] = []
    for item in images:
        inner = _several(item)
        painted.append(
            _stylize(item, painter, None, overwrite) if inner is None else _stylize_all(inner, painter, overwrite)
        )
        if progress is not None:
            progress(len(painted), total)
    return painted


def _stylize(image: Any, painter: Painter, output: str | Path | None, overwrite: bool) -> Any:
    """Repaint one picture with a painter that has the styles and options of :func:`stylize`."""
    if isinstance(image, str | Path):
        source = Path(image)
        target = Path(output) if output is not None else path_beside(source, painter.style.name)
        output_format(target)  # refuse a wrong suffix before the work, not after it
        if output is None and not overwrite:
            note = painter.describe()
            target, is_there = unnamed_result(target, lambda path: is_made_alike(path, note, source))
            if is_there:
                return target
        painter.paint_file(source, target)
        return target
    if output is not None:
        raise InputError("Only a picture that is given as a path can have an output; keep what comes back instead.")
    return painter.stylize(image)
