"""``impasto.stylize``: the fast path in one call, for pictures of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS, Options
from impasto.feedforward.painter import Painter
from impasto.learning.api import with_learnt_pictures
from impasto.options import options_from_keywords
from impasto.pictures.conversion import in_kind_of
from impasto.pictures.picture import Picture
from impasto.pictures.results import is_made_alike, unnamed_result
from impasto.pictures.writing import check_distinct_targets, output_format, path_beside
from impasto.styles.blending import Styles

if TYPE_CHECKING:
    from PIL.Image import Image


@overload
def stylize(
    image: str | Path, style: Styles, *, output: str | Path | None = ..., overwrite: bool = ..., **options: Any
) -> Path: ...
@overload
def stylize(image: bytes, style: Styles, **options: Any) -> bytes: ...
@overload
def stylize(image: Image, style: Styles, **options: Any) -> Image: ...
@overload
def stylize(image: NDArray[Any], style: Styles, **options: Any) -> NDArray[Any]: ...
@overload
def stylize(image: Sequence[Any], style: Styles, *, overwrite: bool = ..., **options: Any) -> list[Any]: ...


def stylize(
    image: str | Path | bytes | Image | NDArray[Any] | Sequence[Any],
    style: Styles,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    **options: Any,
) -> Any:
    """Repaint a picture in a style: the same kind in, the same kind out.

    Args:
        image: a path, an encoded file's bytes, a PIL image, an array (H x W, H x W x 3 or H x W x 4; uint8, uint16,
            or float in [0, 1]), or a sequence of such pictures.
        style: a name, a style file, a :class:`impasto.Style`, or a picture, whose style is learnt at once (minutes;
            needs the extra ``train``) and remembered; or several, optionally with weights, to blend:
            ``["scream:2", "udnie"]`` or ``[("scream", 2), ("udnie", 1)]``.
        output: for a path: where to write, also where a file exists. Without it, beside the input as
            ``NAME-STYLE.SUFFIX``: where that was made in the same way it is the result, and where another file has that
            name the result gets a number, ``NAME-STYLE-2.SUFFIX``.
        overwrite: for paths without ``output``: paint anew, and replace ``NAME-STYLE.SUFFIX``, whatever it is.
        options: the fields of :class:`impasto.Options`.

    Returns:
        A path for a path, bytes in the same format for bytes, a PIL image (RGB or RGBA) for a PIL image, an array of
        the same dtype for an array, a list for a sequence.

    Raises:
        InputError: the picture cannot be read, or an option is out of range.
        StyleError: no such style.
        OutputError: the result cannot be written.
        MissingExtraError: a style is a picture that has to be learnt, and the extra is not installed.
    """
    chosen = options_from_keywords(Options, options, stylize)
    painter = Painter(with_learnt_pictures(style), chosen)
    return _stylize(image, painter, output, overwrite)


def _stylize(image: Any, painter: Painter, output: str | Path | None, overwrite: bool) -> Any:
    """Repaint a picture, or each of a sequence, with a painter that has the styles and options of :func:`stylize`."""
    if isinstance(image, Sequence) and not isinstance(image, (str, bytes)):
        if output is not None:
            raise InputError("One output cannot take several pictures; leave it out or paint them one by one.")
        paths = [Path(item) for item in image if isinstance(item, (str, Path))]
        check_distinct_targets((path, path_beside(path, painter.style.name)) for path in paths)
        return [_stylize(item, painter, None, overwrite) for item in image]
    if isinstance(image, (str, Path)):
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
    return in_kind_of(painter.paint(painter.read(image)).picture, image, painter.describe())


def paint(picture: Picture, style: Styles, options: Options = DEFAULTS) -> Picture:
    """Repaint a decoded picture; alpha and metadata stay.

    Args:
        picture: any size.
        style: as :func:`stylize` takes it, but no picture to learn from.
        options: how to paint.

    Returns:
        The painting.

    Raises:
        StyleError: no such style.
        InputError: a mask cannot be read or used.
        OutOfMemoryError: there is too little memory even for small tiles.
    """
    return Painter(style, options).paint(picture).picture
