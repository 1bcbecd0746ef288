"""Impasto in a browser: pictures, paint, video, the camera, learning, sound and movement.

In: uploads and settings from a visitor's page or from the HTTP API. Out: painted files, previews, live frames, styles.
Order: settings, containers, uploads, choices, crops, previews, jobs, state, texts; pictures, paintings, videos,
learnt, sounds, motions (the work of a tab each), live; api (the HTTP interface), app, request_headers, guard, server.
Must never import: cli, torch. What is painted, and how, is decided in the rooms below.
"""

from __future__ import annotations

from impasto.extras import needing_extra
from impasto.studio.settings import ServerSettings

__all__ = ["ServerSettings", "launch"]


def launch(settings: ServerSettings = ServerSettings(), *, browser: bool = False) -> None:  # noqa: B008
    """Serve the studio until Ctrl-C.

    Args:
        settings: the address to listen on, who is let in, and the limits.
        browser: whether to open the page in the default browser.

    Raises:
        InputError: the address cannot be used, or the certificate cannot be read.
        MissingExtraError: the extra ``studio`` is not installed.
    """
    with needing_extra("studio", "The studio"):
        import python_multipart  # noqa: F401  reads forms

        from impasto.studio.server import serve

    serve(settings, browser=browser)
