"""The component to choose styles with: thumbnails of painted results, and a slider for each style of a blend."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from impasto.errors import StyleError
from impasto.studio import translation
from impasto.studio.previews import shown_style_names
from impasto.studio.static import script
from impasto.styles.blending import parse_style

if TYPE_CHECKING:
    from impasto.studio.state import Studio

DEFAULT_STYLE = "starry-night"
"""Name of the style that is chosen until the visitor chooses another."""
_CHOOSER_CLASS = "style-chooser"  # CSS class by which the style sheet and ``style_choosers`` find the component
_CHOOSER_TEXT_KEYS = ("styles", "add_to_blend", "take_out", "share_of", "blend_hint")  # texts that chooser.js shows


def style_chooser(studio: Studio, *, blend: bool = True, elem_id: str | None = None) -> gr.HTML:
    """A component to choose styles with.

    Its value is a list such as ``["scream:2", "udnie:1"]``, and its event ``input`` reports a change. A value comes
    from a visitor, so pass it through :func:`check_styles` before using it. It is an HTML component without a
    class of its own, because Gradio writes a stub file beside the module of each such class.

    Args:
        studio: The studio whose thumbnails are shown.
        blend: Whether several styles may be chosen.
        elem_id: Identifier of the element in the page.
    """
    return gr.HTML(
        value=[f"{DEFAULT_STYLE}:1"],
        html_template="<div class='chooser'></div>",
        js_on_load=script("chooser.js", {key: translation.by_language(key) for key in _CHOOSER_TEXT_KEYS}),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=_CHOOSER_CLASS,
        items=studio.thumbnails.items(),
        blend=blend,
    )


def shared_thumbnails(studio: Studio) -> gr.HTML:
    """A hidden component that hands the page the thumbnails once, for all of its style choosers."""
    store = f"window.impastoThumbnails = {json.dumps(studio.thumbnails.initial)};"
    return gr.HTML(js_on_load=f"{store} window.dispatchEvent(new Event('impasto-thumbnails'));", visible="hidden")


def style_choosers(page: gr.Blocks) -> list[Any]:
    """All style choosers of a page."""
    return [block for block in page.blocks.values() if _CHOOSER_CLASS in (getattr(block, "elem_classes", None) or ())]


def check_styles(styles: Any) -> list[str]:
    """Check that a visitor asks only for styles that the page shows, and never for a file.

    Args:
        styles: What the visitor sent; anything but a list or tuple counts as an empty list.

    Returns:
        The styles as text, each ``NAME`` or ``NAME:WEIGHT``.

    Raises:
        StyleError: One of them is not the name of a style that is shown.
    """
    shown_names = set(shown_style_names())
    chosen = [str(item) for item in styles] if isinstance(styles, (list, tuple)) else []
    for name in names_without_weights(chosen):
        if name not in shown_names:
            raise StyleError(f"There is no style {name[:80]} here; choose one of the styles shown.")
    return chosen


def names_without_weights(styles: Iterable[str] | Sequence[str]) -> list[str]:
    """The names of styles that may carry weights: ``["scream:2"]`` gives ``["scream"]``."""
    return [parse_style(item)[0] for item in styles]
