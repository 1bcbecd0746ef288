"""The page: its tabs, its head, its switch of languages."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import gradio as gr

from impasto.studio import theme, translation
from impasto.studio.chooser import choosers, thumbnails
from impasto.studio.state import Studio
from impasto.studio.static import script, text
from impasto.studio.translation import label

TABS = ("picture", "paint", "video", "live", "learn")


def build(studio: Studio) -> gr.Blocks:
    """All of the page; see :func:`mount_arguments` for what goes around it."""
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
        thumbnails(studio)
        saved: Any = None  # the event after which there are other styles
        with gr.Tabs(elem_id="tabs"):
            for name in TABS:
                with gr.Tab(label(f"tab_{name}"), id=name, elem_id=f"tab-{name}"):
                    built = import_module(f"impasto.studio.tabs.{name}").build(studio)
                    saved = built or saved
        # Whoever comes later sees the styles that were learnt meanwhile, and who learns one sees it at once.
        shown = choosers(page)

        def styles_there_are() -> Any:
            items = studio.thumbnails.items()
            return {chooser: gr.update(items=items) for chooser in shown}

        for event in (page.load, saved.success) if saved else (page.load,):
            event(styles_there_are, None, shown, queue=False, show_progress="hidden", api_visibility="private")
    return page  # type: ignore[no-any-return]


def mount_arguments() -> dict[str, Any]:
    """What ``gradio.mount_gradio_app`` needs besides the page."""
    return {
        "theme": theme.theme(),
        "css": text("studio.css") + text("media.css"),
        "i18n": translation.translations(),
        "footer_links": ["api", "settings"],
    }
