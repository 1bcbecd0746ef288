"""The Video tab: a part of a video is repainted, with its sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS
from impasto.studio import videos
from impasto.studio.chooser import DEFAULT_STYLE, check_styles, style_chooser
from impasto.studio.controls import show_missing_extra, slider
from impasto.studio.endpoints import PRIVATE_EVENT, add_endpoint
from impasto.studio.jobs import JobResult, JobUpdate, Lane
from impasto.studio.translation import label, say, show_errors_as_sentences, translate
from impasto.studio.videos import VideoProgress, VideoRequest
from impasto.video.stabilise import STABILIZE, Stabilize

if TYPE_CHECKING:
    from impasto.studio.state import Studio

_VIDEO_SIZES = (320, 480, 640, 960, 1280)  # pixels: longer sides to choose from


def build(studio: Studio) -> None:
    """Lay out the tab and connect it."""
    if show_missing_extra("video"):
        return
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            # Uploads have a component of their own: the editor of one that takes them fetches FFmpeg from another host.
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
            controls = [chooser, *_video_controls()]
    start, end = controls[2:4]
    buttons = [preview, render, download]

    def plays(path: str) -> bool:
        """Whether browsers can play an upload."""
        return not studio.uploads.name(path).endswith((".gif", ".avi"))

    def show_upload(path: str | None, request: gr.Request) -> Any:
        """Show the upload and set the part to paint to all of it; without one, show the tab as it is at the start."""
        with show_errors_as_sentences(request):
            ready, gone = gr.update(visible=path is not None), gr.update(visible=False, value=None)
            off = gr.update(visible=False, value="before")
            if path is None:
                return gone, gone, off, say(request, "video_welcome"), 0, 0, ready, ready, gone
            clip, name = studio.uploads.clip(path), studio.uploads.name(path)
            facts = {"width": clip.width, "height": clip.height, "seconds": clip.seconds, "rate": clip.rate}
            tenths = math.ceil(round(10 * clip.seconds, 3))  # rounded up, so that the last frames are included
            last = min(tenths / 10, studio.settings.max_video)
            before = gr.update(value=str(clip.path), visible=plays(path))
            return before, gone, off, say(request, "video_opened", name=name, **facts), 0, last, ready, ready, gone

    def show_waiting(request: gr.Request) -> Any:
        """Show that the job waits, and how to stop it."""
        gone = gr.update(visible=False)
        return {status: say(request, "video_waiting"), cancel: gr.update(visible=True)} | dict.fromkeys(buttons, gone)

    def run_job(path: str | None, values: Any, request: gr.Request, *, whole: bool) -> Iterator[dict[Any, Any]]:
        """Paint, and show the progress and the result."""
        with show_errors_as_sentences(request):
            if path is None:
                raise InputError("There is no video yet; drop one.")
            styles, strength, start, end, size, stabilize = values
            video_request = VideoRequest(check_styles(styles), strength, start or 0, end or 0, size, stabilize)
            yield {progress: _progress_bar(0, 0), status: say(request, "video_first")}
            lane: Lane = "long" if whole else "picture"
            for event in studio.jobs.run(
                lambda report: videos.paint_video(studio, path, video_request, report, preview=not whole),
                request,
                lane,
                "video",
            ):
                if isinstance(event, JobUpdate):
                    bar, text = _progress_display(request, event.value)
                    yield {progress: bar, status: text}
                elif isinstance(event, JobResult):
                    yield show_finished(request, path, event.result, video_request, whole=whole)

    def show_idle(path: str | None) -> Any:
        """Show the buttons that start a job."""
        ready, gone = gr.update(visible=path is not None), gr.update(visible=False)
        return {progress: gone, cancel: gone, preview: ready, render: ready}

    def show_failed(path: str | None) -> Any:
        """Show the buttons that start a job, and no status."""
        return show_idle(path) | {status: ""}

    def stop_job(path: str | None, request: gr.Request) -> Any:
        """Stop painting."""
        studio.jobs.stop(request, "video")
        return show_idle(path) | {status: say(request, "video_cancelled")}

    def show_finished(
        request: gr.Request, path: str, painted_video: videos.PaintedVideo, video_request: VideoRequest, *, whole: bool
    ) -> dict[Any, Any]:
        """Show a painted video; with ``whole`` offer it as a download."""
        facts = {
            "frames": painted_video.frames,
            "seconds": painted_video.seconds,
            "rate": painted_video.frames / painted_video.seconds,
        }
        text = say(request, "video_previewed", start=video_request.start, **facts)
        if whole:
            text = say(request, "video_finished", name=painted_video.path.name, **facts)
        text = "\n\n".join([text, *_notices(request, painted_video)])
        return {
            players["after"]: gr.update(value=str(painted_video.path), visible=True),
            players["before"]: gr.update(visible=False),
            shown: gr.update(value="after", visible=plays(path)),
            status: text,
            download: gr.update(value=str(painted_video.path), visible=whole),
        }

    def paint_preview(path: str | None, request: gr.Request, *values: Any) -> Iterator[Any]:
        """Paint one second."""
        yield from run_job(path, values, request, whole=False)

    def paint_whole(path: str | None, request: gr.Request, *values: Any) -> Iterator[Any]:
        """Paint the whole part."""
        yield from run_job(path, values, request, whole=True)

    def show_player(name: str) -> Any:
        """Show the upload or the painted video."""
        return [gr.update(visible=name == player) for player in players]

    frame_components = [*players.values(), shown, status]
    upload.change(
        show_upload,
        upload,
        [*frame_components, start, end, preview, render, download],
        queue=False,
        show_progress="hidden",
        **PRIVATE_EVENT,
    )
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", **PRIVATE_EVENT}
    slow: dict[str, Any] = {"show_progress": "minimal", "show_progress_on": status, **PRIVATE_EVENT}
    jobs, idle = [], [progress, cancel, preview, render]
    lanes: tuple[tuple[Any, Any, Lane], ...] = ((preview, paint_preview, "picture"), (render, paint_whole, "long"))
    for button, paint, lane in lanes:
        begun = button.click(show_waiting, None, [status, cancel, *buttons], **quick)
        job = begun.then(
            paint, [upload, *controls], [*frame_components, progress, download], **slow, **studio.jobs.lane(lane)
        )
        job.then(show_idle, upload, idle, **quick)
        job.failure(show_failed, upload, [*idle, status], **quick)
        jobs.append(job)
    cancel.click(stop_job, upload, [*idle, status], cancels=jobs, **quick)
    shown.input(show_player, shown, list(players.values()), queue=False, show_progress="hidden", **PRIVATE_EVENT)
    _add_video_endpoint(studio)


def _add_video_endpoint(studio: Studio) -> None:
    """Offer painting a video as the endpoint ``video`` of the HTTP API."""

    def video(
        request: gr.Request,
        video: str,
        styles: list[str],
        strength: float = DEFAULTS.strength,
        start: float = 0,
        end: float = 0,
        size: float = videos.DEFAULT_VIDEO_SIZE,
        stabilize: Stabilize = "light",
    ) -> str:
        """Repaint a video, with its sound, as MP4. Styles as ["scream:2", "udnie:1"]; start and end in seconds, an end
        of 0 is the video's own; size is the longer side in pixels, 0 keeps it; stabilize is off, light or flow."""
        with show_errors_as_sentences(request):
            video_request = VideoRequest(check_styles(styles), strength, start, end, int(size), stabilize)
            painted_video = studio.jobs.result(
                lambda report: videos.paint_video(studio, video, video_request, report), request, "long"
            )
            return str(painted_video.path)

    inputs = [
        gr.File(visible=False, label="video"),
        gr.JSON([DEFAULT_STYLE], visible=False, label="styles"),
        gr.Number(DEFAULTS.strength, visible=False, label="strength"),
        gr.Number(0, visible=False, label="start"),
        gr.Number(0, visible=False, label="end"),
        gr.Number(videos.DEFAULT_VIDEO_SIZE, visible=False, precision=0, label="size"),
        gr.Radio(list(STABILIZE), value="light", visible=False, label="stabilize"),
    ]
    add_endpoint(video, inputs, gr.File(visible=False, label="painted"), name="video", lane=studio.jobs.lane("long"))


def _video_controls() -> list[Any]:
    """Controls for strength, start, end, size and stabiliser, in the order of the fields of :class:`VideoRequest`."""
    strength = slider("strength", "video-strength", step=0.05)
    with gr.Row():
        start, end = (
            gr.Number(0, label=label(f"video_{name}"), minimum=0, step=0.1, elem_id=f"video-{name}", min_width=120)
            for name in ("start", "end")
        )
    size = gr.Dropdown(
        [*((f"{side}", side) for side in _VIDEO_SIZES), (label("video_original"), 0)],
        value=videos.DEFAULT_VIDEO_SIZE,
        label=label("video_size"),
        info=label("video_size_info"),
        elem_id="video-size",
    )
    stabilize = gr.Radio(
        [(label(f"video_{name}", name), name) for name in STABILIZE],
        value="light",
        label=label("video_stabilize"),
        elem_id="video-stabilize",
    )
    return [strength, start, end, size, stabilize]


def _progress_display(request: gr.Request, progress: VideoProgress) -> tuple[Any, str]:
    """A progress bar, and the sentence on how much is painted and how fast."""
    if progress.count and progress.done >= progress.count:
        return _progress_bar(1, 1), say(request, "video_joining")
    facts = {"done": progress.done, "count": progress.count or "?", "rate": progress.rate}
    text = say(request, "video_painting", **facts)
    if progress.left is not None:
        text += say(request, "time_left", left=f"{progress.left // 60:.0f}:{progress.left % 60:02.0f}")
    return _progress_bar(progress.done, progress.count), text


def _notices(request: gr.Request, painted_video: videos.PaintedVideo) -> list[str]:
    """Sentences on what of the upload was left out, changed or damaged."""
    sentences = [translate(request, notice) for notice in painted_video.notices]
    if painted_video.damaged:
        sentences.append(say(request, "video_damaged", count=painted_video.damaged))
    if painted_video.truncated:
        sentences.append(say(request, "video_truncated", frames=painted_video.frames))
    return sentences


def _progress_bar(done: int, count: int) -> Any:
    """A progress bar that shows ``done`` of ``count`` frames; a ``count`` of 0 shows that something goes on."""
    share = f' value="{done}" max="{count}"' if count else ""
    return gr.update(value=f"<progress{share}></progress>", visible=True)
