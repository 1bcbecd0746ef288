"""Components that several tabs show: sliders for options, a field for paintings, the note on a missing extra."""

from __future__ import annotations

from importlib.util import find_spec

import gradio as gr

from impasto.feedforward.options import DEFAULTS, Options
from impasto.options import option_facts
from impasto.studio.translation import label
from impasto.version import install_command

SLIDERS = {name: facts.slider for name, facts in option_facts(Options).items() if facts.slider}
"""Lowest value, highest value and step of the slider of each option that has one, by the option's name."""


def slider(option: str, elem_id: str, step: float = 0) -> gr.Slider:
    """A slider for one option of :class:`impasto.feedforward.options.Options`, set to the library's default.

    Args:
        option: Name of the option, a key of :data:`SLIDERS`.
        elem_id: Identifier of the element in the page.
        step: Step of the slider in the option's unit; 0 takes the step in :data:`SLIDERS`.
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


def paintings_upload(label_key: str, elem_id: str) -> gr.File:
    """A field on which visitors drop one or several paintings.

    Args:
        label_key: Key of the label among the texts of the page.
        elem_id: Identifier of the element in the page.
    """
    return gr.File(
        label=label(label_key),
        file_count="multiple",
        file_types=["image"],
        height=130,
        elem_id=elem_id,
        elem_classes="drop",
    )


MODULES_OF_EXTRAS = {"train": ("torch",), "video": ("cv2", "av")}
"""Modules that each extra installs and that a tab needs, by the extra's name."""


def show_missing_extra(extra: str) -> bool:
    """Show how to install an extra that a tab needs, if it is missing.

    Args:
        extra: Name of the extra, a key of :data:`MODULES_OF_EXTRAS`.

    Returns:
        Whether the extra is missing; then the tab shows nothing else.
    """
    if all(find_spec(module) for module in MODULES_OF_EXTRAS[extra]):
        return False
    gr.Markdown(label(f"needs_{extra}"), elem_classes="needs")
    gr.Code(install_command(extra), language="shell", interactive=False, show_label=False, elem_classes="needs-command")
    return True
