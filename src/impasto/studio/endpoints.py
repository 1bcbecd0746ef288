"""The HTTP API: functions that programs call, documented on the page that Gradio makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

PRIVATE_EVENT: dict[str, Any] = {"api_visibility": "private"}
"""Arguments of an event listener that serves the page only, so that the HTTP API neither offers nor documents it."""
SILENT_EVENT: dict[str, Any] = {**PRIVATE_EVENT, "show_progress": "hidden"}
"""Arguments of a private event listener during which the page shows no progress bar."""


def add_endpoint(
    function: Callable[..., Any], inputs: Sequence[Any], outputs: Any, *, name: str, lane: dict[str, Any]
) -> None:
    """Offer a function to programs, as an endpoint of the HTTP API.

    The names of the function's parameters and its docstring are what the API's documentation shows.

    Args:
        function: The function. Its first parameter is annotated as :class:`gradio.Request`; each further parameter
            takes the value of one input.
        inputs: Hidden components, one a parameter, that say of what kind each value is.
        outputs: The hidden component that says of what kind the result is.
        name: Name of the endpoint, without a slash.
        lane: The queue in which calls wait, as :meth:`impasto.studio.jobs.Jobs.lane` gives it.
    """
    gr.Button(visible=False).click(
        function, list(inputs), outputs, api_name=name, api_description=function.__doc__, **lane
    )
