"""Files that visitors send, and results that they fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import FileResponse, Response

from impasto.errors import InputError
from impasto.pictures.writing import encode_picture
from impasto.studio import motions, sounds
from impasto.studio.api.answers import REFUSALS, file_answer, file_facts
from impasto.studio.choices import has_extra, read_small_style, style_file_name
from impasto.studio.state import Studio

Wanted = Literal["picture", "video", "sound", "motion", "style", "sound_style", "motion_style"]
"""What a visitor means to send; a picture may be a video as well, and a style is a style file."""
_WANTED = (
    "`video`: what moves, an animated picture as well; `sound`: a file with sound; `motion`: a BVH file; `style`: a "
    "style file, `sound_style` and `motion_style`: one of sound or motion, a recording or a clip, which are then "
    "called by a + and their `id`."
)
_PLAYABLE = (".mp4", ".mkv", ".ogv")  # suffixes of videos that browsers may be able to play


def routes(studio: Studio) -> APIRouter:
    """The routes of this module."""
    router = APIRouter(prefix="/api/files", tags=["Files"])

    @router.post("", summary="Send a picture, a video, a sound or a movement", responses=REFUSALS)
    async def send(
        request: Request,
        name: Annotated[str, Query(max_length=400)] = "picture",
        wanted: Annotated[Wanted, Query(description=_WANTED)] = "picture",
    ) -> dict[str, Any]:
        """The body of the request is the file. The answer has its `id`, by which other requests name it, and what was
        found in it. Files are removed after an hour without use."""
        path = studio.uploads.new_path(name)
        try:
            with path.open("wb") as file:
                async for chunk in request.stream():
                    file.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            path.parent.rmdir()
            raise
        return await to_thread.run_sync(_describe, studio, path, wanted)

    @router.get("/{folder}/{name}", summary="Fetch a file", response_class=FileResponse)
    def fetch(folder: str, name: str) -> Response:
        """A result, or what was sent."""
        return file_answer(_found(studio, folder, name))

    @router.get("/{folder}/{name}/shown.jpg", summary="See a picture", response_class=Response)
    def see(folder: str, name: str) -> Response:
        """A picture as browsers can show it, at most 1,500 pixels wide or high."""
        picture = studio.originals.get(_found(studio, folder, name))
        kind = "JPEG" if picture.alpha is None else "WEBP"
        data = encode_picture(picture, kind, quality=88, strip=True)
        return Response(data, media_type=f"image/{kind.lower()}", headers={"Cache-Control": "private, max-age=3600"})

    return router


def _found(studio: Studio, folder: str, name: str) -> Path:
    """The file of an address; raises an :class:`HTTPException` if there is none."""
    try:
        return studio.uploads.find(f"{folder}/{name}")
    except InputError as error:
        raise HTTPException(404) from error


def _describe(studio: Studio, path: Path, wanted: Wanted) -> dict[str, Any]:
    """Take a file that was sent, and tell what is in it."""
    if wanted == "sound":
        path = studio.uploads.keep(path, sounds.sound_name)
        return {**file_facts(studio, path), "kind": wanted, **sounds.sound_facts(studio, path)}
    if wanted == "motion":
        return {**file_facts(studio, studio.uploads.keep(path, motions.motion_name)), "kind": wanted}
    if wanted == "sound_style":
        return {**file_facts(studio, studio.uploads.keep(path, sounds.sound_style_name)), "kind": wanted}
    if wanted == "motion_style":
        return {**file_facts(studio, studio.uploads.keep(path, motions.motion_style_name)), "kind": wanted}
    if wanted == "style":
        path = studio.uploads.keep(path, style_file_name)
        return {**file_facts(studio, path), "kind": wanted, "title": read_small_style(path).name}
    path = studio.uploads.keep(path)
    told: dict[str, Any] = {**file_facts(studio, path), "kind": studio.uploads.kind(path)}
    if told["kind"] == "picture" and wanted != "video":
        small = studio.originals.get(path)  # decoded now, so that a damaged one is refused at once
        width, height = small.original or small.size
        told |= {"width": width, "height": height}
    if wanted == "video" or (told["kind"] == "video" and has_extra("video")):
        video = studio.uploads.video(path)
        told |= {"width": video.width, "height": video.height, "seconds": video.seconds, "rate": video.rate}
        told["plays"] = path.suffix in _PLAYABLE
    return told
