"""A brush that makes a mask."""

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

_TEMPLATE = """<div class="brush empty">
  <div class="easel"><img alt=""><canvas tabindex="0" role="img"></canvas><div class="cursor"></div></div>
  <div class="handles"><button type="button"></button><button type="button"></button>
  <label><span></span><input type="range" min="2" max="40" value="12"></label><button type="button"></button></div>
</div>"""
_HEAD = "data:image/png;base64,"
_MOST = 1024 * 1024  # pixels of a mask: as many as a preview has are more than a brush needs


def brush(*, elem_id: str | None = None) -> gr.HTML:
    """A component to brush on: its ``picture`` is an address, its value the mask that :func:`mask` reads.

    Gradio's own ImageEditor needs WebGL and a pointer, and keeps whatever is sent to it in memory, unchecked.
    """
    keys = ("brush", "eraser", "brush_size", "mask_clear", "mask_canvas")
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load=script("brush.js", {key: translation.by_language(key) for key in keys}),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="masking",
        picture="",
    )


def mask(value: str | None) -> NDArray[np.uint8] | None:
    """What was brushed: H x W, white where it applies; ``None`` if nothing was.

    Raises:
        InputError: it is no such value.
    """
    if not value:
        return None
    try:
        data = base64.b64decode(value.removeprefix(_HEAD), validate=True)
    except (binascii.Error, ValueError, AttributeError) as error:
        raise InputError("The mask cannot be read; brush it again.") from error
    levels = to_samples(read_picture(data, max_pixels=_MOST).rgb[..., 0])
    return levels if levels.any() else None
