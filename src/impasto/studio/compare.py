"""Before and after in one frame, with a divider to move by pointer or keyboard."""

from __future__ import annotations

import gradio as gr

from impasto.studio import translation
from impasto.studio.static import script

_TEMPLATE = """<div class="compare empty">
  <img class="before" alt=""><img class="after" alt="">
  <span class="tag left"></span><span class="tag right"></span>
  <div class="divider"></div>
  <input type="range" min="0" max="100" value="50" step="1">
</div>"""


def compare(*, elem_id: str | None = None) -> gr.HTML:
    """A component whose value is ``{"before": URI, "after": URI}``; ``None`` shows nothing.

    Gradio's own ImageSlider cannot be moved by the keyboard, and blinks at each change of its pictures.
    """
    return gr.HTML(
        value=None,
        html_template=_TEMPLATE,
        js_on_load=script("compare.js", {key: translation.by_language(key) for key in ("before", "after", "divider")}),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="before-after",
    )
