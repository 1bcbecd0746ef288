"""The jobs that the page starts: each is answered with lines of JSON, one for each thing that becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from impasto.learning.settings import Effort
from impasto.optimisation.style_pictures import StylePicture
from impasto.pictures.resampling import resize_picture
from impasto.sound.options import Method
from impasto.studio import learnt, motions, paintings, pictures, sounds, videos
from impasto.studio.api.answers import REFUSALS, Visitor, event_lines, file_facts
from impasto.studio.choices import (
    LEARNT,
    check_options,
    check_style_files,
    check_styles,
    learnt_style,
    read_brushed_mask,
)
from impasto.studio.crops import Crop
from impasto.studio.jobs import Lane, ReportFunction
from impasto.studio.pictures import PictureRequest
from impasto.studio.previews import DISPLAY_SIDE, PREVIEW_SIDE, data_uri, paint_thumbnails
from impasto.studio.state import Studio
from impasto.studio.texts import as_note
from impasto.studio.videos import VideoProgress, VideoRequest
from impasto.styles.kinds import MOTION, SOUND
from impasto.video.stabilizers import Stabilize

ResultT = TypeVar("ResultT")
_DESCRIPTION = (
    "Answered with lines of JSON, one for each event: `job` (its id), `waiting` (jobs before it), `update` (what it "
    "reports), and at the end `result` (with `notes` on what could not be kept), `stopped` or `error` (`text`, `key`, "
    "`values`). The job ends when the request is given up."
)


_EVENTS: dict[str, Any] = {
    "description": _DESCRIPTION,
    "responses": REFUSALS,
    "response_class": StreamingResponse,
}


class CropPart(BaseModel):
    """A part of a photograph: turned, then straightened, then cut."""

    turns: int = Field(0, ge=0, le=3, description="Quarter turns clockwise.")
    angle: float = Field(0, ge=-45, le=45, description="Degrees clockwise.")
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


class Photograph(BaseModel):
    """A photograph, and the part of it that is painted."""

    file: str = Field(description="`id` of the file.", max_length=400)
    crop: CropPart | None = None

    @property
    def part(self) -> Crop | None:
        """The part, checked."""
        return None if self.crop is None else Crop(**self.crop.model_dump())


class PaintPicture(Photograph):
    """A photograph to paint, and how."""

    styles: list[str] = Field(
        description="`NAME` or `NAME:WEIGHT`; several are blended. `+ID` is a style that was learnt here.", max_length=8
    )
    options: dict[str, float | str] = Field({}, description="As `/api/info` describes them.")
    mask: str | None = Field(None, description="A PNG as a data address, white where the painting shows.")
    masked: str = Field("", description="The style that the mask limits; empty: the strength.", max_length=400)
    metadata: bool = Field(True, description="Whether camera, place and time stay in the file.")
    preview: bool = Field(False, description="Whether a small painting is enough.")

    def checked(self, studio: Studio) -> PictureRequest:
        """The request for the studio."""
        options = check_options(self.options)
        if isinstance(options.get("size"), float):
            options["size"] = int(options["size"])
        styles, mask = check_styles(self.styles, studio.uploads), read_brushed_mask(self.mask)
        masked = learnt_style(self.masked, studio.uploads).name if self.masked.startswith(LEARNT) else self.masked
        return PictureRequest(styles, options, mask, masked, self.part)


class PaintThumbnails(Photograph):
    """A photograph to paint small in each of some styles."""

    styles: list[str] = Field(description="Names of styles.", max_length=1000)


class Optimise(BaseModel):
    """A photograph to paint in the style of pictures, slowly."""

    file: str = Field(description="`id` of the photograph's file.", max_length=400)
    styles: list[str] = Field(
        description="`id`s of the style pictures, or bundled styles, `NAME` or `NAME:WEIGHT`.", max_length=16
    )
    options: dict[str, float | str | None] = Field({}, description="As `/api/info` describes them under `paint`.")


class PaintVideo(BaseModel):
    """A video to paint, and how."""

    file: str = Field(description="`id` of the file.", max_length=400)
    styles: list[str] = Field(max_length=8)
    strength: float = 1.0
    start: float = Field(0.0, description="Seconds.")
    end: float = Field(0.0, description="Seconds; 0: the video's own.")
    size: int = Field(videos.DEFAULT_VIDEO_SIZE, description="Longer side in pixels; 0: as it is.")
    stabilize: Stabilize = "light"
    preview: bool = Field(False, description="Whether a second is enough.")


_STYLES = "`NAME` or `NAME:WEIGHT`, styles of the catalogue; `+ID` is {} or a style file that was sent."


class RestyleSound(BaseModel):
    """A sound to restyle, and how."""

    file: str = Field(description="`id` of the sound.", max_length=400)
    styles: list[str] = Field(description=_STYLES.format("a recording"), min_length=1, max_length=8)
    method: Method = "mosaic"
    strength: float = Field(1.0, ge=0, le=1)
    rhythm: float = Field(1.0, ge=0, le=1)


class RestyleMotion(BaseModel):
    """A movement to restyle, and how."""

    file: str = Field(description="`id` of the BVH file.", max_length=400)
    styles: list[str] = Field([], description=_STYLES.format("a BVH file"), max_length=8)
    neutral: str | None = Field(None, description="`id` of the style's action without the style.", max_length=400)
    music: str | None = Field(None, description="`id` of a sound on whose beats the movement's fall.", max_length=400)
    strength: float = Field(1.0, ge=0, le=2)


class Learn(BaseModel):
    """Paintings to learn a style from."""

    files: list[str] = Field(description="`id`s of the files.", max_length=64)
    name: str = Field("", max_length=200)
    about: dict[Literal["title", "artist", "year", "licence"], str] = {}
    settings: dict[str, float] = Field({}, description="As `/api/info` describes them under `learn`.")
    effort: Effort = Field("full", description="`quick` predicts the style, and needs no extra; the others fit it.")


def routes(studio: Studio) -> APIRouter:
    """The routes of this module."""
    router = APIRouter(prefix="/api/jobs", tags=["Jobs"])

    def run(
        work: Callable[[ReportFunction], ResultT],
        lane: Lane,
        visitor: str,
        as_result: Callable[[ResultT], dict[str, Any]] = dict,  # type: ignore[assignment]
    ) -> StreamingResponse:
        return event_lines(studio.jobs, studio.jobs.start(work, lane, visitor), as_result)

    @router.post("/picture", summary="Paint a picture", **_EVENTS)
    def picture(asked: PaintPicture, visitor: Visitor = "") -> StreamingResponse:
        path, request = studio.uploads.picture(studio.uploads.find(asked.file)), asked.checked(studio)
        if asked.preview:
            return run(lambda _report: _preview(studio, path, request), "preview", visitor)
        return run(lambda report: _painted(studio, path, request, report, strip=not asked.metadata), "picture", visitor)

    @router.post("/thumbnails", summary="Paint a picture small in styles", **_EVENTS)
    def thumbnails(asked: PaintThumbnails, visitor: Visitor = "") -> StreamingResponse:
        path, part = studio.uploads.picture(studio.uploads.find(asked.file)), asked.part
        styles = dict(zip(asked.styles, check_styles(asked.styles, studio.uploads), strict=True))

        def work(report: ReportFunction) -> dict[str, Any]:
            painted: dict[str, str] = {}

            def keep(item: dict[str, str] | None) -> None:
                if item:
                    painted[item["name"]] = item["picture"]
                report(None if item is None else dict(painted))

            paint_thumbnails(studio.originals.get(path, part), styles, keep)
            return painted

        return run(work, "picture", visitor)

    @router.post("/estimate", summary="How long optimising a picture takes", **_EVENTS)
    def estimate(asked: Optimise, visitor: Visitor = "") -> StreamingResponse:
        path, styles = _files(studio, asked)

        def work(_report: ReportFunction) -> dict[str, Any]:
            task = paintings.optimisation_task(studio, path, styles, asked.options)
            (width, height), expected = task.photograph.size, task.estimate
            return {"width": width, "height": height, "seconds": expected.seconds, "bytes": expected.bytes}

        return run(work, "preview", visitor)

    @router.post("/paint", summary="Optimise a picture", **_EVENTS)
    def paint(asked: Optimise, visitor: Visitor = "") -> StreamingResponse:
        path, styles = _files(studio, asked)

        def told(done: paintings.OptimisedPicture) -> dict[str, Any]:
            steps = [
                {"iteration": step.iteration, "small": step.small, "file": file_facts(studio, step.path)}
                for step in done.steps
            ]
            return {"steps": steps, "before": done.before, "after": done.after, "interrupted": done.interrupted}

        return run(
            lambda report: paintings.optimise_picture(studio, path, styles, asked.options, report),
            "long",
            visitor,
            told,
        )

    @router.post("/video", summary="Paint a video", **_EVENTS)
    def video(asked: PaintVideo, visitor: Visitor = "") -> StreamingResponse:
        path = studio.uploads.find(asked.file)
        fields = asked.model_dump(exclude={"file", "preview", "styles"})
        request = VideoRequest(check_styles(asked.styles, studio.uploads), **fields)

        def work(report: ReportFunction) -> videos.PaintedVideo:
            return videos.paint_video(
                studio, path, request, lambda at: report(_video_progress(at)), preview=asked.preview
            )

        def told(done: videos.PaintedVideo) -> dict[str, Any]:
            return {
                "file": file_facts(studio, done.path),
                "frames": done.frames,
                "seconds": done.seconds,
                "notes": [as_note(notice) for notice in done.notices],
                "damaged": done.damaged,
                "truncated": done.truncated,
            }

        return run(work, "preview" if asked.preview else "long", visitor, told)

    @router.post("/sound", summary="Restyle a sound", **_EVENTS)
    def sound(asked: RestyleSound, visitor: Visitor = "") -> StreamingResponse:
        path = studio.uploads.find(asked.file)
        styles = check_style_files(asked.styles, SOUND, studio.uploads)
        options = asked.model_dump(include={"method", "strength", "rhythm"})

        def told(done: sounds.RestyledSound) -> dict[str, Any]:
            notes = [as_note(notice) for notice in done.report.notices]
            facts = {"seconds": done.report.seconds, "took": done.report.took}
            return {"file": file_facts(studio, done.path), "notes": notes, **facts}

        return run(lambda report: sounds.restyle_sound(studio, path, styles, report, **options), "long", visitor, told)

    @router.post("/motion", summary="Restyle a movement, or see it", **_EVENTS)
    def motion(asked: RestyleMotion, visitor: Visitor = "") -> StreamingResponse:
        path = studio.uploads.find(asked.file)
        styles = check_style_files(asked.styles, MOTION, studio.uploads)
        neutral, music = (None if one is None else studio.uploads.find(one) for one in (asked.neutral, asked.music))

        def told(done: motions.RestyledMotion) -> dict[str, Any]:
            file = None if done.path is None else file_facts(studio, done.path)
            notes = [as_note(notice) for notice in done.notices]
            hits = {"before": done.hits_before, "after": done.hits_after}
            return {"file": file, "figures": done.figures, "notes": notes, "hits": hits}

        return run(
            lambda report: motions.restyle_motion(
                studio, path, styles, report, neutral=neutral, music=music, strength=asked.strength
            ),
            "picture",
            visitor,
            told,
        )

    @router.post("/learn", summary="Learn a style", **_EVENTS)
    def learn(asked: Learn, visitor: Visitor = "") -> StreamingResponse:
        files = [studio.uploads.find(file) for file in asked.files]
        settings = {name: int(v) if name in ("steps", "check_every") else v for name, v in asked.settings.items()}
        about = {str(key): text for key, text in asked.about.items()}
        return run(
            lambda report: learnt.learn_from_uploads(
                studio, files, asked.name, about, settings, report, effort=asked.effort
            ),
            "preview" if asked.effort == "quick" else "long",
            visitor,
            lambda done: {"name": done[0].name, "file": file_facts(studio, done[1])},
        )

    @router.post("/{job}/stop", summary="Stop a job")
    def stop(job: str) -> dict[str, bool]:
        """What it has so far is its result, where that makes sense."""
        return {"stopped": studio.jobs.stop(job)}

    return router


def _files(studio: Studio, asked: Optimise) -> tuple[Path, list[Path | StylePicture]]:
    """The photograph and the style pictures of a request."""
    styles = [paintings.texture_asked_for(name) or studio.uploads.find(name) for name in asked.styles]
    return studio.uploads.find(asked.file), styles


def _preview(studio: Studio, path: Path, request: PictureRequest) -> dict[str, Any]:
    """Paint a preview of an upload: addresses of both pictures, and the time in seconds."""
    started = time.perf_counter()
    small = studio.originals.get(path, request.crop)
    after = data_uri(pictures.paint_preview(small, small.original or small.size, request))
    return {"before": data_uri(small), "after": after, "seconds": time.perf_counter() - started}


def _painted(
    studio: Studio, path: Path, request: PictureRequest, report: ReportFunction, *, strip: bool
) -> dict[str, Any]:
    """Paint an upload at full size: the file, addresses of both pictures at a size to be shown, and the facts."""
    report(None)
    done = pictures.paint_picture(studio, path, request, strip=strip)
    width, height = done.after.size
    side = max(PREVIEW_SIDE, min(DISPLAY_SIDE, max(width, height)))
    before = resize_picture(done.before, side) if max(done.before.size) < side else done.before
    return {
        "file": file_facts(studio, done.path),
        "width": width,
        "height": height,
        "seconds": done.seconds,
        "before": data_uri(before, side),
        "after": data_uri(done.after, side),
    }


def _video_progress(at: VideoProgress | None) -> dict[str, Any] | None:
    """What the page is told of how much of a video is painted."""
    return None if at is None else {"done": at.done, "count": at.count, "rate": at.rate, "left": at.left}
