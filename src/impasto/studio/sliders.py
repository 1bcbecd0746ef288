"""Sliders for the options of painting that are a matter of degree."""

from __future__ import annotations

import gradio as gr

from impasto.repaint import DEFAULTS
from impasto.studio.words import label

RANGES = {"strength": (0.0, 1.0, 0.01), "style_scale": (0.5, 8.0, 0.1), "grain": (0.0, 1.0, 0.05)}
"""Of each option: the least, the most, and the step."""


def slider(option: str, elem_id: str, step: float = 0) -> gr.Slider:
    """A slider for one of :class:`impasto.repaint.Options`, at the library's default.

    Args:
        option: its name, one of :data:`RANGES`.
        elem_id: of the element in the page.
        step: another one than the option's.
    """
    least, most, usual = RANGES[option]
    return gr.Slider(
        least,
        most,
        value=getattr(DEFAULTS, option),
        step=step or usual,
        label=label(option),
        info=label(f"{option}_info"),
        elem_id=elem_id,
    )
