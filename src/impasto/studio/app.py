"""The application: the page's files, the HTTP interface and the endpoint of the live camera."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from impasto.studio.api import about, files, jobs, programs
from impasto.studio.api.answers import add_error_answers
from impasto.studio.live import LiveSessions
from impasto.studio.state import Studio
from impasto.studio.texts import language_names
from impasto.version import __version__

PAGE = Path(str(resources.files("impasto.studio"))) / "page"
"""Folder of the page's files."""
# Types of files, which some systems do not know, or have a program's setting for.
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".webp": "image/webp"}
_DESCRIPTION = """Repaint pictures and videos in the style of any picture, on this machine.

Programs need *For programs* alone: a form with files in, a file out. The other routes serve the page. Where the studio
has a password, send it with each request as HTTP basic authentication: `curl -u anyone:PASSWORD ...`.
A refusal is one sentence in JSON, under `detail`.
"""


def make_app(studio: Studio) -> FastAPI:
    """Make the application of a studio, which :class:`impasto.studio.guard.Guard` has to guard."""
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    app = FastAPI(
        title="Impasto studio",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # the pages that FastAPI makes load scripts from elsewhere; ours is page/api.html
        redoc_url=None,
    )
    add_error_answers(app)
    for part in (programs, jobs, files, about):
        app.include_router(part.routes(studio))
    LiveSessions(studio).add_to(app)
    for path, answer in _made_files().items():
        app.get(path, include_in_schema=False)(answer)
    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app


def _made_files() -> dict[str, Callable[[], Response]]:
    """Files of the page that are not among those of its folder, by their path."""
    example = (resources.files("impasto.assets") / "harbour.jpg").read_bytes()
    return {
        "/texts/languages.json": lambda: JSONResponse(language_names()),
        "/example.jpg": lambda: Response(example, media_type="image/jpeg"),
    }
