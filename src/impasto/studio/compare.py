"""A component that shows the photograph and the painting in one frame, with a divider to move between them."""

from __future__ import annotations

import gradio as gr

from impasto.studio import translation
from impasto.studio.static import script

_COMPARISON_HTML = """<div class="compare empty">
  <img class="before" alt=""><img class="after" alt="">
  <span class="tag left"></span><span class="tag right"></span>
  <div class="divider"></div>
  <input type="range" min="0" max="100" value="50" step="1">
</div>"""


def comparison(*, elem_id: str | None = None) -> gr.HTML:
    """A frame with two pictures and a divider that the pointer and the arrow keys move.

    Its value is ``{"before": ADDRESS, "after": ADDRESS}``; ``None`` shows nothing. Gradio's ImageSlider is not used
    because the keyboard cannot move it and it blinks whenever its pictures change.

    Args:
        elem_id: Identifier of the element in the page.
    """
    return gr.HTML(
        value=None,
        html_template=_COMPARISON_HTML,
        js_on_load=script("compare.js", {key: translation.by_language(key) for key in ("before", "after", "divider")}),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="before-after",
    )
