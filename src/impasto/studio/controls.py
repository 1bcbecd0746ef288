"""What several tabs show in the same way: sliders, a box for paintings, and what a missing extra would bring."""

from __future__ import annotations

from importlib.util import find_spec

import gradio as gr

from impasto.feedforward.options import DEFAULTS
from impasto.studio.translation import label

RANGES = {"strength": (0.0, 1.0, 0.01), "style_scale": (0.5, 8.0, 0.1), "grain": (0.0, 1.0, 0.05)}
"""Of each option: the least, the most, and the step."""


def slider(option: str, elem_id: str, step: float = 0) -> gr.Slider:
    """A slider for one of :class:`impasto.feedforward.options.Options`, at the library's default.

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


def paintings_box(words: str, elem_id: str) -> gr.File:
    """Where paintings are dropped.

    Args:
        words: key of the label.
        elem_id: of the element in the page.
    """
    return gr.File(
        label=label(words),
        file_count="multiple",
        file_types=["image"],
        height=130,
        elem_id=elem_id,
        elem_classes="drop",
    )


MODULES = {"train": ("torch",), "video": ("cv2", "av")}
"""What each extra brings that a tab cannot do without."""


def lacks(extra: str) -> bool:
    """Whether an extra that a tab needs is missing; then the page says how to get it."""
    if all(find_spec(module) for module in MODULES[extra]):
        return False
    gr.Markdown(label(f"needs_{extra}"), elem_classes="needs")
    command = f'pip install "impasto[{extra}]"'
    gr.Code(command, language="shell", interactive=False, show_label=False, elem_classes="needs-command")
    return True
