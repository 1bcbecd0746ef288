"""The HTTP API: functions that programs call, documented by the toolkit's own page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr


def endpoint(
    function: Callable[..., Any], inputs: Sequence[Any], outputs: Any, *, name: str, lane: dict[str, Any]
) -> None:
    """Offer a function to programs.

    Its parameters are named in the documentation as in the code, and described by its docstring.

    Args:
        function: takes a :class:`gradio.Request` first, by that annotation, then a value for each input.
        inputs, outputs: components that say what kind of value each is; they are not shown.
        name: of the endpoint, without a slash.
        lane: where it waits, as :meth:`impasto.studio.jobs.Jobs.lane` gives it.
    """
    gr.Button(visible=False).click(
        function, list(inputs), outputs, api_name=name, api_description=function.__doc__, **lane
    )
