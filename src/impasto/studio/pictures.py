"""The work of the Picture tab: a photograph is painted as a small preview, and at full size."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.preview import preview_options
from impasto.pictures.picture import Picture
from impasto.pictures.reading import size_of_file
from impasto.pictures.writing import path_beside, write_picture
from impasto.studio.crops import Crop
from impasto.styles.blending import parse_style
from impasto.styles.style import Style

if TYPE_CHECKING:
    from impasto.studio.state import Studio

MaskLevels = NDArray[np.uint8]
"""A mask, H x W: levels from 0 to 255, 255 where it applies."""


@dataclass(frozen=True)
class PictureRequest:
    """What a visitor has chosen for a picture.

    Attributes:
        styles: names, each with or without a weight, or styles with one: ``["scream:2", (style, 1)]``.
        options: fields of :class:`impasto.feedforward.options.Options` that differ from their defaults.
        mask: H x W of any size with levels from 0 to 255, 255 where it applies; ``None`` applies everywhere.
        masked: name of the style that the mask limits; empty if the mask limits the strength.
        crop: the part to paint; ``None`` paints everything.
    """

    styles: Sequence[str | tuple[Style, float]]
    options: Mapping[str, Any] = field(default_factory=dict)
    mask: MaskLevels | None = None
    masked: str = ""
    crop: Crop | None = None

    def painter(self, shape: tuple[int, int] | None, options: Options | None = None) -> Painter:
        """Make the painter of this request.

        Args:
            shape: width and height of the pictures that it is to paint, for the mask; ``None`` leaves the mask out.
            options: replace those of the request.

        Raises:
            InputError: no style is chosen, or an option is out of range.
            StyleError: a style is unknown.
        """
        if not self.styles:
            raise InputError("No style is chosen; choose one.", key="no_style_chosen")
        options = options or Options(**self.options)
        if self.mask is not None and shape is not None:
            mask = np.asarray(Image.fromarray(self.mask).resize(shape, Image.Resampling.BILINEAR))
            names = [parse_style(item)[0] if isinstance(item, str) else item[0].name for item in self.styles]
            options = options.with_masks({self.masked if self.masked in names else None: mask})
        return Painter(list(self.styles), options, many=True)


@dataclass(frozen=True)
class PaintedPicture:
    """A painting in a file.

    Attributes:
        path: the file, under the name that a download gets.
        before: the photograph.
        after: the painting.
        seconds: time from before the photograph is read until the file is written.
    """

    path: Path
    before: Picture
    after: Picture
    seconds: float


def paint_preview(small: Picture, full: tuple[int, int], picture_request: PictureRequest) -> Picture:
    """Paint a small picture that looks as the full result will.

    Args:
        small: the photograph as :func:`impasto.feedforward.preview.preview_original` gives it.
        full: width and height of the photograph itself, or of its part to paint, in pixels.
        picture_request: what the visitor has chosen.

    Returns:
        The painting, of the size of ``small``.
    """
    options = preview_options(Options(**picture_request.options), small.size, full)
    return picture_request.painter(small.size, options).paint_only(small)


def paint_picture(
    studio: Studio, upload: str | Path, picture_request: PictureRequest, *, strip: bool = False
) -> PaintedPicture:
    """Paint an upload at full size into a file that is named as the command line names it.

    Args:
        studio: the studio, whose limits apply.
        upload: a file in the studio's folder.
        picture_request: what the visitor has chosen.
        strip: whether to leave the photograph's metadata out.

    Raises:
        ImpastoError: the upload cannot be read or painted, or the result cannot be written: see
            :func:`impasto.stylize`.
    """
    started = time.perf_counter()
    path, name = studio.uploads.picture(upload), studio.uploads.name(upload)
    _check_size(studio, path, picture_request)
    options = {**picture_request.options, "max_pixels": studio.settings.max_pixels}
    picture = replace(picture_request, options=options).painter(None).read(path.read_bytes())
    if picture_request.crop is not None:
        picture = picture_request.crop.cut(picture)
    side, chosen = options.get("size") or max(picture.size), Options(**options)
    if chosen.stroke_side(side) == replace(chosen, work_size="auto").stroke_side(side):
        options.pop("work_size", None)  # no effect at this size, so the result's metadata should not list it
    painter = replace(picture_request, options=options).painter(picture.size)
    painted = painter.paint_only(picture)
    target = studio.uploads.new_path(path_beside(Path(name), painter.style.name).name)
    write_picture(painted, target, strip=strip, note=painter.describe())
    return PaintedPicture(target, picture, painted, time.perf_counter() - started)


def _check_size(studio: Studio, path: Path, picture_request: PictureRequest) -> None:
    """Raise :class:`InputError` if the result would have more pixels than the studio allows."""
    wanted, size = picture_request.options.get("size", 0), size_of_file(path)
    if wanted and size:
        width, height = size if picture_request.crop is None else picture_request.crop.size(*size)
        pixels = width * height * (wanted / max(width, height)) ** 2
        if pixels > studio.settings.max_pixels:
            raise InputError(
                f"The result would have {pixels / 1e6:.0f} million pixels, more than the limit of "
                f"{studio.settings.max_pixels / 1e6:.0f} million: ask for a smaller one.",
                key="result_too_large",
                pixels=pixels / 1e6,
                limit=studio.settings.max_pixels / 1e6,
            )
