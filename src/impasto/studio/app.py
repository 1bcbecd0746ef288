"""The page: its heading, the switch of languages and the tabs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import gradio as gr

from impasto.studio import theme, translation
from impasto.studio.chooser import shared_thumbnails, style_choosers
from impasto.studio.state import Studio
from impasto.studio.static import script, text
from impasto.studio.translation import label

TABS = ("picture", "paint", "video", "live", "learn")
"""Modules of :mod:`impasto.studio.tabs` in the order in which the page shows their tabs."""


def build(studio: Studio) -> gr.Blocks:
    """Build the page.

    Args:
        studio: The studio whose styles the page shows and whose jobs its tabs start.

    Returns:
        The page. Theme, style sheets and translations are given when it is mounted: see :func:`mount_arguments`.
    """
    with gr.Blocks(title="Impasto", analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_classes="masthead"):
            gr.HTML("<h1>Impasto</h1>", apply_default_css=False, elem_classes="name")
            gr.Markdown(label("tagline"), elem_classes="tagline")
            gr.HTML(
                html_template="<div class='languages' role='group'></div>",
                js_on_load=script(
                    "languages.js",
                    {"language": translation.by_language("language"), "name": translation.language_names()},
                ),
                apply_default_css=False,
                elem_id="languages",
            )
        shared_thumbnails(studio)
        style_saved: Any = None  # the event after which the catalogue has one more style
        with gr.Tabs(elem_id="tabs"):
            for name in TABS:
                with gr.Tab(label(f"tab_{name}"), id=name, elem_id=f"tab-{name}"):
                    built = import_module(f"impasto.studio.tabs.{name}").build(studio)
                    style_saved = built or style_saved
        # A page that is opened later shows the styles that were learnt meanwhile. The page on which a style is learnt
        # shows it at once.
        chooser_components = style_choosers(page)

        def update_choosers() -> Any:
            """Let all style choosers show the styles that there are now."""
            items = studio.thumbnails.items()
            return {chooser: gr.update(items=items) for chooser in chooser_components}

        for event in (page.load, style_saved.success) if style_saved else (page.load,):
            event(
                update_choosers, None, chooser_components, queue=False, show_progress="hidden", api_visibility="private"
            )
    return page  # type: ignore[no-any-return]


def mount_arguments() -> dict[str, Any]:
    """Arguments of ``gradio.mount_gradio_app`` besides the page: theme, style sheets, translations, links."""
    return {
        "theme": theme.theme(),
        "css": text("studio.css") + text("media.css"),
        "i18n": translation.translations(),
        "footer_links": ["api", "settings"],
    }
