"""Colours and fonts of the page: a warm white, a dark brown for text, one accent; the system's own fonts."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.themes.utils.colors import Color

# Families of fonts for text, and for commands: the first that the visitor's system has is used.
_SANS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

# The neutral colour, from paper (50) to ink (950).
_PAPER = Color(
    name="paper",
    c50="#fbfaf7",
    c100="#f4f1ea",
    c200="#e7e2d7",
    c300="#d3ccbd",
    c400="#a79f8e",
    c500="#7d7566",
    c600="#5c5549",
    c700="#443f36",
    c800="#2c2924",
    c900="#201e1a",
    c950="#171512",
)
# The accent colour, from light (50) to dark (950).
_VERMILION = Color(
    name="vermilion",
    c50="#fdf3ee",
    c100="#fbe3d8",
    c200="#f6c4b0",
    c300="#ee9d7f",
    c400="#e47650",
    c500="#cf5426",
    c600="#b5431b",
    c700="#943617",
    c800="#742c16",
    c900="#5b2514",
    c950="#34130a",
)


def theme() -> Any:
    """The theme of the page, for light and dark."""
    return gr.themes.Base(
        primary_hue=_VERMILION,
        secondary_hue=_VERMILION,
        neutral_hue=_PAPER,
        radius_size=gr.themes.sizes.radius_md,
        font=_SANS,
        font_mono=_MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_800",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_900",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_title_text_weight="600",
        block_shadow="none",
        input_background_fill="white",
        input_background_fill_dark="*neutral_800",
        input_border_width="1px",
        input_border_color="*neutral_200",
        input_border_color_dark="*neutral_700",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        button_secondary_background_fill="*neutral_100",
        button_secondary_background_fill_hover="*neutral_200",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover_dark="*neutral_700",
        slider_color="*primary_600",
        slider_color_dark="*primary_500",
        color_accent_soft="*primary_50",
        color_accent_soft_dark="*neutral_800",
    )
