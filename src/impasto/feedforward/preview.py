"""Previews: a small painting that shows the strokes of the full-size one, at the same places.

A preview is painted where strokes are laid by default (:meth:`impasto.feedforward.options.Options.stroke_side`), which
is the first pass of the painting itself, and may be shrunk to be shown. Painted smaller it would be another picture.
"""

from __future__ import annotations

from dataclasses import replace

from impasto.feedforward.options import DEFAULTS, Options
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import shrink_picture

# Smallest style scale of a preview, unless a smaller one is asked for. A scale s takes 1 / s^2 times the pixels; below
# this one a preview would not be there at once.
_MIN_PREVIEW_SCALE = 0.6


def preview_original(picture: Picture) -> Picture:
    """A picture at the size at which its previews are painted: floating point where it is shrunk."""
    longer = max(picture.size)
    side = DEFAULTS.stroke_side(longer)
    if side >= longer:
        return picture
    small = shrink_picture(picture, side)
    return replace(small, original=picture.original or picture.size)


def preview_options(options: Options, small: tuple[int, int], full: tuple[int, int]) -> Options:
    """The options that paint a small picture as the full result will be.

    Args:
        options: of the full result.
        small: width and height of the small picture.
        full: width and height of the picture itself.
    """
    scale = max(small) / options.stroke_side(options.size or max(full))
    return replace(options, size=0, work_size=0, style_scale=max(scale, min(_MIN_PREVIEW_SCALE, options.style_scale)))
