"""Impasto in a browser: pictures, paint, video, the camera, learning; on this machine, for whom it lets in."""

from __future__ import annotations

from impasto.studio.settings import Settings

__all__ = ["Settings", "launch"]


def launch(settings: Settings = Settings(), *, browser: bool = False) -> None:  # noqa: B008
    """Serve the studio until Ctrl-C.

    Args:
        settings: where, for whom, and how much.
        browser: whether to open the page in the default browser.

    Raises:
        InputError: the address cannot be used, or a certificate cannot be read.
        MissingExtraError: the extra ``studio`` is not installed.
    """
    from impasto.studio.server import serve

    serve(settings, browser=browser)
