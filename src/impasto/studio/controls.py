"""What several tabs of the page show in the same way: sliders, a box for paintings, the note on a missing extra."""

from __future__ import annotations

from importlib.util import find_spec

import gradio as gr

from impasto.feedforward.options import DEFAULTS, Options
from impasto.options import option_facts
from impasto.studio.translation import label

SLIDERS = {name: facts.slider for name, facts in option_facts(Options).items() if facts.slider}
"""What the sliders offer, by option: least, most and step."""


def slider(option: str, elem_id: str, step: float = 0) -> gr.Slider:
    """A slider for one of :class:`impasto.feedforward.options.Options`, at the library's default.

    Args:
        option: the option's name, one of :data:`SLIDERS`.
        elem_id: of the element in the page.
        step: another step than the option's; 0: the option's.
    """
    offered = SLIDERS[option]
    return gr.Slider(
        offered.low,
        offered.high,
        value=getattr(DEFAULTS, option),
        step=step or offered.step,
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
