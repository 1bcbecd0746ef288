"""The Picture tab's work: a photograph and what was chosen, painted small at once and then in full."""

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
from impasto.pictures.picture import Picture
from impasto.pictures.reading import size_of_file
from impasto.pictures.writing import path_beside, write_picture

if TYPE_CHECKING:
    from impasto.studio.state import Studio

Mask = NDArray[np.uint8]

# A preview lays strokes as the result will have them, as long as that takes no more than this many times its pixels.
_FINEST_PREVIEW = 0.6
# Longer side at which the page lays strokes, unless it is told to lay them at full size: a photograph of a phone's size
# looks like its preview then, and not like hatching.
WORK_SIZE = 1024


@dataclass(frozen=True)
class PictureRequest:
    """What a visitor has chosen.

    Attributes:
        styles: as ``["scream:2", "udnie"]``.
        options: fields of :class:`impasto.feedforward.options.Options` that differ from the defaults.
        mask: H x W of any size, white where it applies; ``None`` is everywhere.
        masked: the style that the mask is for; empty: it is for the strength.
    """

    styles: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    mask: Mask | None = None
    masked: str = ""

    def painter(self, shape: tuple[int, int] | None, **more: Any) -> Painter:
        """Ready to paint pictures of that width and height; without it masks are left out.

        Raises:
            InputError: no style is chosen, or an option is out of range.
            StyleError: a style is unknown.
        """
        if not self.styles:
            raise InputError("No style is chosen; choose one.")
        options = {**self.options, **more}
        if self.mask is not None and shape is not None:
            mask = np.asarray(Image.fromarray(self.mask).resize(shape, Image.Resampling.BILINEAR))
            names = [item.rpartition(":")[0] or item for item in self.styles]
            if self.masked in names:
                options["masks"] = {self.masked: mask}
            else:
                options["mask"] = mask
        return Painter(list(self.styles), Options(**options))


@dataclass(frozen=True)
class PaintedPicture:
    """A painted file.

    Attributes:
        path: where it lies; its name is the one to save it under.
        before, after: the photograph and the painting.
        seconds: from reading to writing.
    """

    path: Path
    before: Picture
    after: Picture
    seconds: float


def preview(small: Picture, full: tuple[int, int], wish: PictureRequest) -> Picture:
    """What a photograph will look like.

    Args:
        small: the photograph, made smaller.
        full: width and height of the photograph itself.
        wish: what was chosen.
    """
    longest = wish.options.get("size") or max(full)
    laid = min(wish.options.get("work_size") or longest, longest)
    scale = wish.options.get("style_scale", 1.0) * min(1.0, max(small.size) / laid)
    scale = max(scale, min(_FINEST_PREVIEW, wish.options.get("style_scale", 1.0)))
    return wish.painter(small.size, size=0, work_size=0, style_scale=scale).paint(small).picture


def paint(studio: Studio, upload: str | Path, wish: PictureRequest, *, strip: bool = False) -> PaintedPicture:
    """Paint an upload at full size into a file that is named as the command line names it.

    Args:
        studio: whose limits apply.
        upload: a file in the studio's folder.
        wish: what was chosen.
        strip: leave the photograph's metadata out.

    Raises:
        ImpastoError: as :func:`impasto.stylize` does.
    """
    started = time.perf_counter()
    path, name = studio.uploads.picture(upload), studio.uploads.name(upload)
    _check_size(studio, path, wish)
    options = {**wish.options, "max_pixels": studio.settings.max_pixels}
    picture = replace(wish, options=options).painter(None).read(path.read_bytes())
    if options.get("work_size", 0) >= (options.get("size") or max(picture.size)):
        options["work_size"] = 0  # which the result's metadata need not say
    painter = replace(wish, options=options).painter(picture.size)
    painted = painter.paint(picture).picture
    target = studio.uploads.new_path(path_beside(Path(name), painter.style.name).name)
    write_picture(painted, target, strip=strip, settings=painter.describe())
    return PaintedPicture(target, picture, painted, time.perf_counter() - started)


def _check_size(studio: Studio, path: Path, wish: PictureRequest) -> None:
    wanted, size = wish.options.get("size", 0), size_of_file(path)
    if wanted and size:
        width, height = size
        pixels = width * height * (wanted / max(size)) ** 2
        if pixels > studio.settings.max_pixels:
            raise InputError(
                f"The result would have {pixels / 1e6:.0f} million pixels, more than the limit of "
                f"{studio.settings.max_pixels / 1e6:.0f} million: ask for a smaller one."
            )
