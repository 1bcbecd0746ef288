"""The Video tab: a part of a video, repainted with its sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS
from impasto.studio import videos
from impasto.studio.chooser import FIRST, known, style_chooser
from impasto.studio.controls import lacks, slider
from impasto.studio.endpoints import endpoint
from impasto.studio.jobs import Done, Lane, Update
from impasto.studio.translation import errors_as_sentences, label, say, translated
from impasto.studio.videos import VideoProgress, VideoRequest
from impasto.video.stabilise import STABILIZE, Stabilize

if TYPE_CHECKING:
    from impasto.studio.state import Studio

_SIZES = (320, 480, 640, 960, 1280)
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}


def build(studio: Studio) -> None:
    """Lay out the tab and connect it."""
    if lacks("video"):
        return
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            # Not a video component that takes uploads: its editor fetches FFmpeg from another host.
            players = {
                name: gr.Video(
                    interactive=False,
                    visible=False,
                    show_label=False,
                    buttons=[],
                    elem_id=f"video-{name}",
                    elem_classes="player",
                )
                for name in ("before", "after")
            }
            shown = gr.Radio(
                [(label(f"video_{name}"), name) for name in players],
                value="before",
                visible=False,
                container=False,
                elem_id="video-shown",
                elem_classes="switch",
            )
            upload = gr.File(
                label=label("video_drop"),
                file_types=["video", ".gif"],
                elem_id="video-upload",
                elem_classes="drop",
                height=130,
            )
            progress = gr.HTML(visible=False, elem_id="video-progress")
            with gr.Row(elem_classes="actions"):
                status = gr.Markdown(label("video_welcome"), elem_id="video-status", elem_classes="status")
                preview = gr.Button(label("video_preview"), visible=False, elem_id="video-preview", scale=0)
                render = gr.Button(
                    label("video_render"), variant="primary", visible=False, elem_id="video-render", scale=0
                )
                cancel = gr.Button(label("stop"), variant="stop", visible=False, elem_id="video-cancel", scale=0)
                download = gr.DownloadButton(
                    label("download"), variant="primary", visible=False, elem_id="video-download", scale=0
                )
        with gr.Column(scale=2, min_width=300, elem_classes="tools"):
            chooser = style_chooser(studio, elem_id="video-styles")
            controls = [chooser, *_controls()]
    start, end = controls[2:4]
    buttons = [preview, render, download]

    def plays(path: str) -> bool:
        """Whether browsers play an upload."""
        return not studio.uploads.name(path).endswith((".gif", ".avi"))

    def opened(path: str | None, request: gr.Request) -> Any:
        with errors_as_sentences(request):
            ready, gone = gr.update(visible=path is not None), gr.update(visible=False, value=None)
            off = gr.update(visible=False, value="before")
            if path is None:
                return gone, gone, off, say(request, "video_welcome"), 0, 0, ready, ready, gone
            clip, name = studio.uploads.clip(path), studio.uploads.name(path)
            facts = {"width": clip.width, "height": clip.height, "seconds": clip.seconds, "rate": clip.rate}
            tenths = math.ceil(round(10 * clip.seconds, 3))  # so that its last frames are within
            last = min(tenths / 10, studio.settings.max_video)
            before = gr.update(value=str(clip.path), visible=plays(path))
            return before, gone, off, say(request, "video_opened", name=name, **facts), 0, last, ready, ready, gone

    def begin(request: gr.Request) -> Any:
        gone = gr.update(visible=False)
        return {status: say(request, "video_waiting"), cancel: gr.update(visible=True)} | dict.fromkeys(buttons, gone)

    def painted(path: str | None, values: Any, request: gr.Request, *, whole: bool) -> Iterator[dict[Any, Any]]:
        """What changes while a video is painted, and when it is."""
        with errors_as_sentences(request):
            if path is None:
                raise InputError("There is no video yet; drop one.")
            styles, strength, start, end, size, stabilize = values
            wish = VideoRequest(known(styles), strength, start or 0, end or 0, size, stabilize)
            yield {progress: _bar(0, 0), status: say(request, "video_first")}
            lane: Lane = "long" if whole else "picture"
            for event in studio.jobs.run(
                lambda report: videos.paint(studio, path, wish, report, preview=not whole), request, lane, "video"
            ):
                if isinstance(event, Update):
                    bar, text = _told(request, event.value)
                    yield {progress: bar, status: text}
                elif isinstance(event, Done):
                    yield _finished(request, path, event.result, wish, whole=whole)

    def rest(path: str | None) -> Any:
        ready, gone = gr.update(visible=path is not None), gr.update(visible=False)
        return {progress: gone, cancel: gone, preview: ready, render: ready}

    def failed(path: str | None) -> Any:
        return rest(path) | {status: ""}

    def stop(path: str | None, request: gr.Request) -> Any:
        studio.jobs.stop(request, "video")
        return rest(path) | {status: say(request, "video_cancelled")}

    def _finished(
        request: gr.Request, path: str, made: videos.PaintedVideo, wish: VideoRequest, *, whole: bool
    ) -> dict[Any, Any]:
        facts = {"frames": made.frames, "seconds": made.seconds, "rate": made.frames / made.seconds}
        text = say(request, "video_previewed", start=wish.start, **facts)
        if whole:
            text = say(request, "video_finished", name=made.path.name, **facts)
        text = "\n\n".join([text, *_notices(request, made)])
        return {
            players["after"]: gr.update(value=str(made.path), visible=True),
            players["before"]: gr.update(visible=False),
            shown: gr.update(value="after", visible=plays(path)),
            status: text,
            download: gr.update(value=str(made.path), visible=whole),
        }

    def one_second(path: str | None, request: gr.Request, *values: Any) -> Iterator[Any]:
        yield from painted(path, values, request, whole=False)

    def all_of_it(path: str | None, request: gr.Request, *values: Any) -> Iterator[Any]:
        yield from painted(path, values, request, whole=True)

    def show(name: str) -> Any:
        return [gr.update(visible=name == player) for player in players]

    frame = [*players.values(), shown, status]
    upload.change(
        opened, upload, [*frame, start, end, preview, render, download], queue=False, show_progress="hidden", **_PRIVATE
    )
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", **_PRIVATE}
    slow: dict[str, Any] = {"show_progress": "minimal", "show_progress_on": status, **_PRIVATE}
    jobs, idle = [], [progress, cancel, preview, render]
    lanes: tuple[tuple[Any, Any, Lane], ...] = ((preview, one_second, "picture"), (render, all_of_it, "long"))
    for button, paint, lane in lanes:
        begun = button.click(begin, None, [status, cancel, *buttons], **quick)
        job = begun.then(paint, [upload, *controls], [*frame, progress, download], **slow, **studio.jobs.lane(lane))
        job.then(rest, upload, idle, **quick)
        job.failure(failed, upload, [*idle, status], **quick)
        jobs.append(job)
    cancel.click(stop, upload, [*idle, status], cancels=jobs, **quick)
    shown.input(show, shown, list(players.values()), queue=False, show_progress="hidden", **_PRIVATE)
    _offer(studio)


def _offer(studio: Studio) -> None:
    """The same for programs."""

    def video(
        request: gr.Request,
        video: str,
        styles: list[str],
        strength: float = DEFAULTS.strength,
        start: float = 0,
        end: float = 0,
        size: float = videos.SIZE,
        stabilize: Stabilize = "light",
    ) -> str:
        """Repaint a video, with its sound, as MP4. Styles as ["scream:2", "udnie:1"]; start and end in seconds, an end
        of 0 is the video's own; size is the longer side in pixels, 0 keeps it; stabilize is off, light or flow."""
        with errors_as_sentences(request):
            wish = VideoRequest(known(styles), strength, start, end, int(size), stabilize)
            made = studio.jobs.result(lambda report: videos.paint(studio, video, wish, report), request, "long")
            return str(made.path)

    inputs = [
        gr.File(visible=False, label="video"),
        gr.JSON([FIRST], visible=False, label="styles"),
        gr.Number(DEFAULTS.strength, visible=False, label="strength"),
        gr.Number(0, visible=False, label="start"),
        gr.Number(0, visible=False, label="end"),
        gr.Number(videos.SIZE, visible=False, precision=0, label="size"),
        gr.Radio(list(STABILIZE), value="light", visible=False, label="stabilize"),
    ]
    endpoint(video, inputs, gr.File(visible=False, label="painted"), name="video", lane=studio.jobs.lane("long"))


def _controls() -> list[Any]:
    """Strength, start, end, size and stabiliser: the fields of :class:`VideoRequest` after the styles."""
    strength = slider("strength", "video-strength", step=0.05)
    with gr.Row():
        start, end = (
            gr.Number(0, label=label(f"video_{name}"), minimum=0, step=0.1, elem_id=f"video-{name}", min_width=120)
            for name in ("start", "end")
        )
    size = gr.Dropdown(
        [*((f"{side}", side) for side in _SIZES), (label("video_original"), 0)],
        value=videos.SIZE,
        label=label("video_size"),
        info=label("video_size_info"),
        elem_id="video-size",
    )
    stabilize = gr.Radio(
        [(label(f"video_{name}"), name) for name in STABILIZE],
        value="light",
        label=label("video_stabilize"),
        elem_id="video-stabilize",
    )
    return [strength, start, end, size, stabilize]


def _told(request: gr.Request, progress: VideoProgress) -> tuple[Any, str]:
    """A bar, and how far and how fast in words."""
    if progress.count and progress.done >= progress.count:
        return _bar(1, 1), say(request, "video_joining")
    left = f"{progress.left // 60:.0f}:{progress.left % 60:02.0f}"
    facts = {"done": progress.done, "count": progress.count or "?", "rate": progress.rate, "left": left}
    return _bar(progress.done, progress.count), say(request, "video_painting", **facts)


def _notices(request: gr.Request, made: videos.PaintedVideo) -> list[str]:
    """What is not as in the upload."""
    told = [translated(request, notice) for notice in made.notices]
    if made.damaged:
        told.append(say(request, "video_damaged", count=made.damaged))
    if made.truncated:
        told.append(say(request, "video_truncated", frames=made.frames))
    return told


def _bar(done: int, count: int) -> Any:
    share = f' value="{done}" max="{count}"' if count else ""
    return gr.update(value=f"<progress{share}></progress>", visible=True)
