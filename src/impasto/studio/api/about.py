"""What the studio can do, and its styles."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from pydantic import BaseModel, Field
from starlette.responses import Response

from impasto.studio.api.answers import REFUSALS
from impasto.studio.choices import MODULES_OF_EXTRAS, has_extra, offered_options, shown_style_names
from impasto.studio.live import LIVE_MAX_SIDE
from impasto.studio.state import Studio
from impasto.studio.videos import DEFAULT_VIDEO_SIZE
from impasto.styles.catalogue import add_to_catalogue, catalogue_names
from impasto.styles.files import read_style
from impasto.styles.style import SUFFIX
from impasto.version import __version__, install_command
from impasto.video.stabilizers import STABILIZE

_TABS = {
    "picture": "",
    "paint": "train",
    "video": "video",
    "live": "video",
    "learn": "train",
    "sound": "sound",
    "motion": "",
}
# The tabs in the order in which the page shows them, and the extra that each needs.


class StyleChoice(BaseModel):
    """A style to choose."""

    name: str
    kind: str = Field(description="`own`, of the catalogue, or `bundled`.")
    thumbnail: str = Field(description="Address of a small painted picture.")


class KeptStyle(BaseModel):
    """A style to keep."""

    file: str = Field(description="`id` of the style's file, as learning gave it.", max_length=400)
    name: str = Field("", description="Name to keep it by; empty: its own.", max_length=200)


def routes(studio: Studio) -> APIRouter:
    """The routes of this module."""
    router = APIRouter(prefix="/api", tags=["About"])

    @router.get("/info", summary="What this studio can do")
    def info() -> dict[str, Any]:
        """The version, the tabs, the options with their ranges, and the limits."""
        settings, there = studio.settings, {extra: has_extra(extra) for extra in MODULES_OF_EXTRAS}
        missing = {tab: install_command(extra) for tab, extra in _TABS.items() if extra and not there[extra]}
        told: dict[str, Any] = {
            "version": __version__,
            "tabs": [tab for tab in _TABS if tab not in missing],
            "missing": missing,
            "options": offered_options(),
            "video": {"size": DEFAULT_VIDEO_SIZE, "stabilize": list(STABILIZE)},
            "live": {"side": LIVE_MAX_SIDE},
            "limits": {
                "upload": settings.max_upload,
                "pixels": settings.max_pixels,
                "video": settings.max_video,
                "seconds": settings.max_seconds,
            },
        }
        if there["train"]:
            from impasto.studio.learnt import offered_settings
            from impasto.studio.paintings import offered_recipe

            told |= {"paint": offered_recipe(), "learn": offered_settings()}
        return told

    @router.get("/styles", summary="The styles to choose from")
    def styles() -> list[StyleChoice]:
        """Those of the catalogue first, then the bundled ones."""
        own = set(catalogue_names())
        return [
            StyleChoice(
                name=name, kind="own" if name in own else "bundled", thumbnail=f"api/styles/{name}/thumbnail.jpg"
            )
            for name in shown_style_names()
        ]

    @router.get("/styles/of/{kind}", summary="The styles of sound or motion to choose from")
    def other_styles(kind: Literal["sound", "motion"]) -> list[str]:
        """Names of those of the catalogue, which `impasto styles add` fills."""
        return catalogue_names(kind)

    @router.get("/styles/{name}/thumbnail.jpg", summary="A style's thumbnail", response_class=Response)
    def thumbnail(name: Annotated[str, InPath(max_length=200)]) -> Response:
        """A small picture painted in the style."""
        data = studio.thumbnails.get(name) if name in shown_style_names() else b""
        if not data:
            raise HTTPException(404)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})

    @router.post("/styles", summary="Keep a style that was learnt", responses=REFUSALS)
    def keep(wanted: KeptStyle) -> dict[str, str]:
        """Add a style to the catalogue, which all visitors and the command line share."""
        style = read_style(studio.uploads.find(wanted.file))
        path = add_to_catalogue(style, wanted.name.strip() or None)
        return {"name": path.name.removesuffix(SUFFIX)}

    return router
