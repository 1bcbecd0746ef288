"""A component on which visitors brush a mask over a picture, and the reader of what they brushed."""

from __future__ import annotations

import base64
import binascii

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.studio import translation
from impasto.studio.static import script

_BRUSH_HTML = """<div class="brush empty">
  <div class="easel"><img alt=""><canvas tabindex="0" role="img"></canvas><div class="cursor"></div></div>
  <div class="handles"><button type="button"></button><button type="button"></button>
  <label><span></span><input type="range" min="2" max="40" value="12"></label><button type="button"></button></div>
</div>"""
_PNG_URI_PREFIX = "data:image/png;base64,"  # start of the address as which the page sends a mask
_MAX_MASK_PIXELS = 1024 * 1024  # pixels of a mask; the page sends at most as many as a preview has


def mask_brush(*, elem_id: str | None = None) -> gr.HTML:
    """A component to brush a mask on.

    Its property ``picture`` is the address of the picture below the brush; its value is the mask, which
    :func:`read_brushed_mask` reads. Gradio's ImageEditor is not used because it needs WebGL and a pointer, and keeps
    whatever is sent to it in memory, unchecked.

    Args:
        elem_id: Identifier of the element in the page.
    """
    keys = ("brush", "eraser", "brush_size", "mask_clear", "mask_canvas")
    return gr.HTML(
        value="",
        html_template=_BRUSH_HTML,
        js_on_load=script("brush.js", {key: translation.by_language(key) for key in keys}),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="masking",
        picture="",
    )


def read_brushed_mask(value: str | None) -> NDArray[np.uint8] | None:
    """Read the mask that was brushed on the component of :func:`mask_brush`.

    Args:
        value: The component's value: a PNG file as a data address, or nothing.

    Returns:
        The mask, H x W with levels from 0 to 255, 255 where it applies; ``None`` if nothing was brushed.

    Raises:
        InputError: The value is not a PNG file of at most 1024 x 1024 pixels.
    """
    if not value:
        return None
    try:
        data = base64.b64decode(value.removeprefix(_PNG_URI_PREFIX), validate=True)
    except (binascii.Error, ValueError, AttributeError) as error:
        raise InputError("The mask cannot be read; brush it again.") from error
    levels = to_samples(read_picture(data, max_pixels=_MAX_MASK_PIXELS).rgb[..., 0])
    return levels if levels.any() else None
