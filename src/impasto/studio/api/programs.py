"""What programs ask: files in, a file out, in one request."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from anyio import to_thread
from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import FileResponse

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS
from impasto.learning.settings import Effort
from impasto.motion.body import PARTS
from impasto.motion.options import METHODS, MotionOptions
from impasto.optimisation import recipe
from impasto.pictures.colors import ColorMode
from impasto.pictures.conversion import to_pil
from impasto.pictures.masks import read_mask
from impasto.pictures.messages import hear
from impasto.sound.options import Method, Pitch, SoundOptions
from impasto.studio import learnt, motions, paintings, pictures, sounds, videos
from impasto.studio.api.answers import REFUSALS, Visitor, answer_unless_gone, file_answer
from impasto.studio.choices import check_style_files, check_styles, work_size_option
from impasto.studio.jobs import Lane, ReportFunction
from impasto.studio.pictures import PictureRequest
from impasto.studio.state import Studio
from impasto.studio.videos import VideoRequest
from impasto.styles.kinds import MOTION, SOUND
from impasto.video.stabilizers import Stabilize

_SOUND_DEFAULTS, _MOTION_DEFAULTS = SoundOptions(), MotionOptions()
_DEFAULT_STYLE = "starry-night"
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"application/octet-stream": {}}}
}
Styles = Annotated[list[str], Form(description="`NAME` or `NAME:WEIGHT`; give the field several times for a blend.")]
_NAMES = "`NAME` or `NAME:WEIGHT`: styles of {} in the catalogue, beside those in `styles`."
_WEIGHTS = "Of the files in `styles`, one each; none: all weigh 1."


def routes(studio: Studio) -> APIRouter:
    """The routes of this module."""
    router = APIRouter(
        prefix="/api", tags=["For programs"], responses=REFUSALS | _FILE, default_response_class=FileResponse
    )

    @router.post("/apply", summary="Repaint a picture")
    async def apply(
        request: Request,
        picture: UploadFile,
        styles: Styles = [_DEFAULT_STYLE],  # noqa: B006
        strength: Annotated[float, Form()] = DEFAULTS.strength,
        colors: Annotated[ColorMode, Form()] = DEFAULTS.colors,
        style_scale: Annotated[float, Form()] = DEFAULTS.style_scale,
        grain: Annotated[float, Form()] = DEFAULTS.grain,
        size: Annotated[int, Form(description="Longer side in pixels; 0: as it is.")] = DEFAULTS.size,
        work_size: Annotated[str, Form(description="`auto` or pixels.")] = str(DEFAULTS.work_size),
        mask: Annotated[UploadFile | None, Form(description="White where the painting shows.")] = None,
        metadata: Annotated[bool, Form(description="Whether camera, place and time stay.")] = True,
        visitor: Visitor = "",
    ) -> FileResponse:
        """A picture in, the painting out, under the name that the command line would give it.

        ```bash
        curl -F picture=@photo.jpg -F styles=scream:2 -F styles=udnie -F strength=0.8 \\
            http://127.0.0.1:7860/api/apply -o painted.jpg
        ```
        """
        options = {"strength": strength, "colors": colors, "style_scale": style_scale, "grain": grain, "size": size}
        options["work_size"] = work_size_option(work_size)
        chosen = check_styles(styles)
        path, masking = await _kept(studio, [picture]), await _kept(studio, [mask] if mask else [])

        def work(_report: ReportFunction) -> Path:
            where = read_mask(to_pil(studio.uploads.read(masking[0])), studio.settings.max_pixels) if masking else None
            wanted = PictureRequest(chosen, options, where)
            return pictures.paint_picture(studio, path[0], wanted, strip=not metadata).path

        return await _answered(studio, request, work, "picture", visitor)

    @router.post("/video", summary="Repaint a video")
    async def video(
        request: Request,
        video: UploadFile,
        styles: Styles = [_DEFAULT_STYLE],  # noqa: B006
        strength: Annotated[float, Form()] = DEFAULTS.strength,
        start: Annotated[float, Form(description="Seconds.")] = 0.0,
        end: Annotated[float, Form(description="Seconds; 0: the video's own.")] = 0.0,
        size: Annotated[int, Form(description="Longer side in pixels; 0: as it is.")] = videos.DEFAULT_VIDEO_SIZE,
        stabilize: Annotated[Stabilize, Form()] = "light",
        visitor: Visitor = "",
    ) -> FileResponse:
        """A video in, the painted one out, with its sound, as MP4.

        ```bash
        curl -F video=@clip.mp4 -F styles=starry-night -F size=320 -F end=0.5 \\
            http://127.0.0.1:7860/api/video -o painted.mp4
        ```
        """
        wanted = VideoRequest(check_styles(styles), strength, start, end, size, stabilize)
        (path,) = await _kept(studio, [video])

        def work(report: ReportFunction) -> Path:
            done = videos.paint_video(studio, path, wanted, lambda _at: report(None))
            hear(*done.notices)
            return done.path

        return await _answered(studio, request, work, "long", visitor)

    @router.post("/paint", summary="Optimise a picture")
    async def paint(
        request: Request,
        picture: UploadFile,
        styles: Annotated[list[UploadFile], Form(description="One or several style pictures.")],
        size: Annotated[int, Form(description="Longer side in pixels.")] = recipe.LONGEST,
        iterations: Annotated[int, Form(description="At each size.")] = recipe.ITERATIONS,
        style_weight: Annotated[float, Form()] = recipe.DEFAULTS.style_weight,
        style_scale: Annotated[float, Form()] = recipe.DEFAULTS.style_scale,
        colors: Annotated[Literal[get_args(recipe.Colors)], Form()] = recipe.DEFAULTS.colors,  # type: ignore[valid-type]
        init: Annotated[Literal[get_args(recipe.Init)], Form()] = recipe.DEFAULTS.init,  # type: ignore[valid-type]
        visitor: Visitor = "",
    ) -> FileResponse:
        """A picture and style pictures in, the painting out; takes minutes. Needs the extra `train`.

        ```bash
        curl -F picture=@photo.jpg -F styles=@waves.png -F iterations=10 \\
            http://127.0.0.1:7860/api/paint -o optimised.jpg
        ```
        """
        options = {"size": size, "iterations": iterations, "style_weight": style_weight, "style_scale": style_scale}
        options |= {"colors": colors, "init": init}
        path, *pictures_of_style = await _kept(studio, [picture, *styles])

        def work(report: ReportFunction) -> Path:
            done = paintings.optimise_picture(studio, path, pictures_of_style, options, report, last_only=True)
            return done.steps[-1].path

        return await _answered(studio, request, work, "long", visitor)

    @router.post("/learn", summary="Learn a style")
    async def learn(
        request: Request,
        pictures: Annotated[list[UploadFile], Form(description="One painting, or several by one artist.")],
        name: Annotated[str, Form(description="Name of the style; empty: the picture's.")] = "",
        title: Annotated[str, Form()] = "",
        artist: Annotated[str, Form()] = "",
        year: Annotated[str, Form()] = "",
        licence: Annotated[str, Form()] = "",
        steps: Annotated[int, Form(description="0: as many as the effort has.")] = 0,
        effort: Annotated[Effort, Form(description="`quick` predicts the style, the others fit it.")] = "full",
        save: Annotated[bool, Form(description="Whether it is added to the styles of this studio.")] = False,
        visitor: Visitor = "",
    ) -> FileResponse:
        """Paintings in, a style file out: predicted at once, or fitted, which takes a minute and the extra `train`.

        ```bash
        curl -F pictures=@waves.png -F name=mine -F steps=10 -F save=true \\
            http://127.0.0.1:7860/api/learn -o mine.safetensors
        ```
        """
        about = {"title": title, "artist": artist, "year": year, "licence": licence}
        settings = {"steps": steps} if steps else {}
        paths = await _kept(studio, pictures)

        def work(report: ReportFunction) -> Path:
            return learnt.learn_from_uploads(studio, paths, name, about, settings, report, effort=effort, save=save)[1]

        return await _answered(studio, request, work, "long", visitor)

    @router.post("/sound", summary="Restyle a sound")
    async def sound(
        request: Request,
        sound: UploadFile,
        styles: Annotated[list[UploadFile], Form(description="Recordings, or style files of sound.")] = [],  # noqa: B006
        weights: Annotated[list[float], Form(description=_WEIGHTS)] = [],  # noqa: B006
        names: Annotated[list[str], Form(description=_NAMES.format("sound"))] = [],  # noqa: B006
        method: Annotated[Method, Form()] = "mosaic",
        strength: Annotated[float, Form()] = _SOUND_DEFAULTS.strength,
        rhythm: Annotated[float, Form()] = _SOUND_DEFAULTS.rhythm,
        pitch: Annotated[Pitch, Form()] = "auto",
        visitor: Visitor = "",
    ) -> FileResponse:
        """A sound and recordings in, the sound made of these out: WAV, FLAC and MP3 as they are, all else as FLAC.

        Needs the extra `sound`.

        ```bash
        curl -F sound=@song.wav -F styles=@rain.wav -F styles=@bell.wav -F weights=2 -F weights=1 \\
            http://127.0.0.1:7860/api/sound -o rainy.wav
        ```
        """
        options = {"method": method, "strength": strength, "rhythm": rhythm, "pitch": pitch}
        (path,) = await _kept(studio, [sound], sounds.sound_name)
        sent = await _kept(studio, styles, sounds.sound_style_name)
        chosen = _weighted(sent, weights) + check_style_files(names, SOUND, studio.uploads)

        def work(report: ReportFunction) -> Path:
            done = sounds.restyle_sound(studio, path, chosen, report, **options)
            hear(*done.report.notices)
            return done.path

        return await _answered(studio, request, work, "long", visitor)

    @router.post("/motion", summary="Restyle a movement, or set it to music")
    async def motion(
        request: Request,
        motion: UploadFile,
        styles: Annotated[list[UploadFile], Form(description="BVH files, or style files of motion.")] = [],  # noqa: B006
        weights: Annotated[list[float], Form(description=_WEIGHTS)] = [],  # noqa: B006
        names: Annotated[list[str], Form(description=_NAMES.format("motion"))] = [],  # noqa: B006
        neutral: Annotated[UploadFile | None, Form(description="The style's action without the style.")] = None,
        music: Annotated[UploadFile | None, Form(description="A track on whose beats the movement's fall.")] = None,
        strength: Annotated[float, Form()] = _MOTION_DEFAULTS.strength,
        parts: Annotated[str, Form(description="What takes the style.")] = ",".join(PARTS),
        method: Annotated[str, Form(description=f"One of {', '.join(METHODS)}.")] = _MOTION_DEFAULTS.method,
        visitor: Visitor = "",
    ) -> FileResponse:
        """A BVH file and others as its style in, the movement in their style out; or on the beats of music, or both.

        ```bash
        curl -F motion=@walk.bvh -F styles=@old.bvh -F strength=0.8 \\
            http://127.0.0.1:7860/api/motion -o walk-old.bvh
        ```
        """
        options = {"strength": strength, "parts": parts, "method": method}
        (path,) = await _kept(studio, [motion], motions.motion_name)
        sent = await _kept(studio, styles, motions.motion_style_name)
        (plain,) = await _kept(studio, [neutral], motions.motion_style_name) if neutral else (None,)
        (track,) = await _kept(studio, [music], sounds.sound_name) if music else (None,)
        chosen = _weighted(sent, weights) + check_style_files(names, MOTION, studio.uploads)
        if not chosen and track is None:
            raise InputError("Neither a style nor music is given; send one as styles, names or music.")

        def work(report: ReportFunction) -> Path:
            done = motions.restyle_motion(studio, path, chosen, report, neutral=plain, music=track, **options)
            hear(*done.notices)
            assert done.path is not None
            return done.path

        return await _answered(studio, request, work, "picture", visitor)

    return router


async def _answered(
    studio: Studio, request: Request, work: Callable[[ReportFunction], Path], lane: Lane, visitor: str
) -> FileResponse:
    """The file that a job makes, once it is made."""
    done = await answer_unless_gone(request, studio.jobs.result(work, lane, visitor))
    return file_answer(done.result, done.notices)


def _weighted(files: Sequence[Path], weights: Sequence[float]) -> list[tuple[Path, float]]:
    """Files with their weights.

    Raises:
        InputError: there are not as many weights as files.
    """
    if weights and len(weights) != len(files):
        raise InputError(
            f"There are {len(files)} files in styles and {len(weights)} weights; give one for each, or none."
        )
    return list(zip(files, weights or [1.0] * len(files), strict=True))


async def _kept(studio: Studio, files: Sequence[UploadFile], name: Callable[[Path], str] | None = None) -> list[Path]:
    """Files of a form, moved to the studio's folder and checked.

    Args:
        studio: The studio.
        files: The files.
        name: As for :meth:`impasto.studio.uploads.Uploads.keep`.
    """

    def keep(file: UploadFile) -> Path:
        path = studio.uploads.new_path(file.filename or "picture")
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        return studio.uploads.keep(path, name)

    return [await to_thread.run_sync(keep, file) for file in files]
