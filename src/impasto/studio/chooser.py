"""The way to choose styles: thumbnails of real results to click on, and a slider for each style of a blend."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from impasto.errors import StyleError
from impasto.studio import translation
from impasto.studio.previews import names_of_styles
from impasto.studio.static import script
from impasto.styles.blending import parse_style

if TYPE_CHECKING:
    from impasto.studio.state import Studio

FIRST = "starry-night"
"""The style that is chosen until another is."""
_CLASS = "style-chooser"
_WORDS = ("styles", "add_to_blend", "take_out", "share_of", "blend_hint")


def style_chooser(studio: Studio, *, blend: bool = True, elem_id: str | None = None) -> gr.HTML:
    """A component whose value is a list such as ``["scream:2", "udnie:1"]``; its event ``input`` says that it changed.

    It is an HTML component and no class of its own, because Gradio writes a stub beside the module of each such class.
    Whoever takes its value passes it through :func:`known`.

    Args:
        studio: whose thumbnails to show.
        blend: allow several styles.
        elem_id: of the element in the page.
    """
    return gr.HTML(
        value=[f"{FIRST}:1"],
        html_template="<div class='chooser'></div>",
        js_on_load=script("chooser.js", {key: translation.by_language(key) for key in _WORDS}),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=_CLASS,
        items=studio.thumbnails.items(),
        blend=blend,
    )


def thumbnails(studio: Studio) -> gr.HTML:
    """The pictures that all choosers of a page share, once; nothing to see."""
    store = f"window.impastoThumbnails = {json.dumps(studio.thumbnails.first)};"
    return gr.HTML(js_on_load=f"{store} window.dispatchEvent(new Event('impasto-thumbnails'));", visible="hidden")


def choosers(page: gr.Blocks) -> list[Any]:
    """All of them on a page."""
    return [block for block in page.blocks.values() if _CLASS in (getattr(block, "elem_classes", None) or ())]


def known(styles: Any) -> list[str]:
    """What a visitor asks for, if all of it names styles that are shown: never a file.

    Raises:
        StyleError: it does not.
    """
    there = set(names_of_styles())
    chosen = [str(item) for item in styles] if isinstance(styles, (list, tuple)) else []
    for name in without_weights(chosen):
        if name not in there:
            raise StyleError(f"There is no style {name[:80]} here; choose one of the styles shown.")
    return chosen


def without_weights(styles: Iterable[str] | Sequence[str]) -> list[str]:
    """Names only."""
    return [parse_style(item)[0] for item in styles]
