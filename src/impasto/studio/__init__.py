"""Impasto in a browser: pictures, paint, video, the camera and learning.

In: uploads and settings from a visitor's page or from the HTTP API. Out: painted files, previews, live frames, styles.
Order: settings, uploads, previews, jobs, pictures, videos, live, state, tabs (a module a tab), app, request_headers,
guard, server; beside them translation, whose languages are one file each in languages/.
Must never import: cli, torch. What is painted, and how, is decided in the rooms below.
"""

from __future__ import annotations

import os

from impasto.extras import gradio
from impasto.studio.settings import ServerSettings

__all__ = ["ServerSettings", "launch"]

# Environment variables that Gradio and its hub client read when they are imported. They keep both from contacting other
# machines.
for _name, _value in (
    ("GRADIO_ANALYTICS_ENABLED", "False"),
    ("HF_HUB_DISABLE_TELEMETRY", "1"),
    ("HF_HUB_OFFLINE", "1"),
):
    os.environ.setdefault(_name, _value)


def launch(settings: ServerSettings = ServerSettings(), *, browser: bool = False) -> None:  # noqa: B008
    """Serve the studio until Ctrl-C.

    Args:
        settings: The address to listen on, who is let in, and the limits.
        browser: Whether to open the page in the default browser.

    Raises:
        InputError: The address cannot be used, or the certificate cannot be read.
        MissingExtraError: The extra ``studio`` is not installed.
    """
    gradio()
    from impasto.studio.server import serve

    serve(settings, browser=browser)
