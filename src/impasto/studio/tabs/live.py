"""The Live tab: the pictures of the browser's camera are painted as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from impasto.studio import translation
from impasto.studio.chooser import DEFAULT_STYLE, style_chooser
from impasto.studio.controls import show_missing_extra, slider
from impasto.studio.live import LIVE_MAX_SIDE
from impasto.studio.static import text

if TYPE_CHECKING:
    from impasto.studio.state import Studio

_LIVE_HTML = """<div class="live">
  <div class="frame">
    <canvas class="painted" role="img" width="640" height="480"></canvas>
    <video class="camera" playsinline muted></video>
    <button type="button" class="start" data-word="live_start"></button>
  </div>
  <p class="note" role="status"></p>
  <div class="bar">
    <button type="button" class="snapshot" data-word="live_snapshot"></button>
    <button type="button" class="stop" data-word="live_stop"></button>
    <label><input type="checkbox" class="mirror" checked> <span data-word="live_mirror"></span></label>
    <select class="devices" hidden></select>
    <span class="rate"></span>
  </div>
</div>"""
# Keys of the texts that live.js shows.
_LIVE_TEXT_KEYS = (
    *("live_start", "live_stop", "live_snapshot", "live_mirror", "live_camera", "live_painted", "live_rate"),
    *("live_insecure", "live_asking", "live_refused", "live_none", "live_taken", "live_lost"),
)


def build(studio: Studio) -> None:
    """Lay out the tab; its pictures do not pass through Gradio but through :mod:`impasto.studio.live`."""
    if show_missing_extra("video"):
        return
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            gr.HTML(
                html_template=_LIVE_HTML,
                js_on_load=text("live.js"),
                apply_default_css=False,
                elem_id="live",
                words={key: translation.by_language(key) for key in _LIVE_TEXT_KEYS},
                styles=[f"{DEFAULT_STYLE}:1"],
                largest=LIVE_MAX_SIDE,
            )
        with gr.Column(scale=2, min_width=300, elem_classes="tools"):
            chooser = style_chooser(studio, elem_id="live-styles")
            strength = slider("strength", "live-strength", step=0.05)
    choice = "(styles, strength) => { window.impastoLive = { styles, strength }; return []; }"
    gr.on([chooser.input, strength.input], None, [chooser, strength], None, js=choice, api_visibility="private")
