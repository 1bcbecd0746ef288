"""The work of the Video tab: a part of an uploaded video is painted into a file that browsers play."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS
from impasto.remaining import seconds_left
from impasto.studio.jobs import ReportFunction
from impasto.studio.uploads import UploadedVideo
from impasto.styles.blending import load_blend
from impasto.styles.style import Style
from impasto.video.api import stylize_video
from impasto.video.stabilizers import Stabilize

if TYPE_CHECKING:
    from impasto.studio.state import Studio

DEFAULT_VIDEO_SIZE = 640
"""Longer side in pixels of a painted video unless the visitor chooses another: ten frames a second on two cores."""
_PREVIEW_SECONDS = 1.0  # seconds of video that a preview paints


@dataclass(frozen=True)
class VideoRequest:
    """What a visitor has chosen for a video.

    Attributes:
        styles: names, each with or without a weight, or styles with one: ``["scream:2", (style, 1)]``.
        strength: strength of the painting, from 0 to 1.
        start: where the part to paint begins, in seconds from the video's start.
        end: where the part to paint ends, in seconds from the video's start; 0 is the end of the video.
        size: longer side of the painted video in pixels; 0 keeps that of the upload.
        stabilize: how strokes are kept still, as :func:`impasto.stylize_video` takes it.
    """

    styles: Sequence[str | tuple[Style, float]]
    strength: float = DEFAULTS.strength
    start: float = 0.0
    end: float = 0.0
    size: int = DEFAULT_VIDEO_SIZE
    stabilize: Stabilize = "light"


@dataclass(frozen=True)
class VideoProgress:
    """How much of a video is painted.

    Attributes:
        done: number of frames that are painted.
        count: number of frames to paint; 0 if it is unknown.
        rate: frames painted a second.
    """

    done: int
    count: int
    rate: float

    @property
    def left(self) -> float | None:
        """Seconds until all frames are painted; ``None`` as long as that would be a guess."""
        if not (self.rate and self.count):
            return None
        return seconds_left(self.done / self.rate, min(1.0, self.done / self.count))


@dataclass(frozen=True)
class PaintedVideo:
    """A painted video in a file.

    Attributes:
        path: the file, under the name that a download gets.
        frames: number of painted frames.
        seconds: time in seconds that painting took.
        notices: sentences on what of the upload was left out or changed.
        damaged: number of pieces of the upload that could not be decoded.
        truncated: whether the upload's file ends before the video does.
    """

    path: Path
    frames: int
    seconds: float
    notices: Sequence[str] = ()
    damaged: int = 0
    truncated: bool = False


def paint_video(
    studio: Studio, upload: str | Path, video_request: VideoRequest, report: ReportFunction, *, preview: bool = False
) -> PaintedVideo:
    """Paint a part of an upload, with its sound, as MP4.

    Args:
        studio: the studio, whose limits apply.
        upload: a file in the studio's folder.
        video_request: what the visitor has chosen.
        report: called with a :class:`VideoProgress` after each frame; may raise an exception to stop.
        preview: whether to paint one second only.

    Raises:
        ImpastoError: the part is empty or too long, or :func:`impasto.stylize_video` raises it.
    """
    if not video_request.styles:
        raise InputError("No style is chosen; choose one.", key="no_style_chosen")
    video = studio.uploads.video(upload)
    start, end = _selected_part(video, video_request, studio.settings.max_video)
    if preview:
        end = min(end, start + _PREVIEW_SECONDS)
    stem = Path(studio.uploads.name(upload)).stem
    target = studio.uploads.new_path(
        f"{stem}-{load_blend(list(video_request.styles)).name}{'-preview' if preview else ''}.mp4"
    )
    began = time.perf_counter()

    def progress(done: int, count: int) -> None:
        report(VideoProgress(done, count, done / (time.perf_counter() - began)))

    try:
        # The upload is protected until the end, because its sound is read last.
        with studio.uploads.protect(upload), studio.uploads.hide_folder_in_errors():
            painted = stylize_video(
                video.path,
                list(video_request.styles),
                output=target,
                start=start or None,
                end=end,
                stabilize=video_request.stabilize,
                strength=video_request.strength,
                size=_even_size(video, video_request.size),
                progress=progress,
            )
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)  # also the painted frames, which no later job continues
        raise
    seconds = time.perf_counter() - began
    return PaintedVideo(target, painted.frames, seconds, painted.notices, painted.damaged, painted.truncated)


def _selected_part(video: UploadedVideo, video_request: VideoRequest, max_seconds: float) -> tuple[float, float]:
    """Start and end of the part to paint, in seconds from the video's start.

    Raises:
        InputError: the part is empty, or longer than ``max_seconds``.
    """
    if video.seconds and video_request.start >= video.seconds:
        raise InputError(
            f"The start {video_request.start:.1f} is after the video's end; it lasts {video.seconds:.1f} seconds.",
            key="start_after_end",
            start=video_request.start,
            seconds=video.seconds,
        )
    end = video_request.end or video.seconds or video_request.start + max_seconds
    if video.seconds:
        end = min(end, video.seconds)
    if video_request.start < 0 or end <= video_request.start:
        raise InputError(
            f"The end {end:.1f} is not after the start {video_request.start:.1f}; give a later one.",
            key="end_before_start",
            end=end,
        )
    # A file may claim to be shorter than it is; that does no harm, because only the part up to the end is painted.
    if end - video_request.start > max_seconds + 0.05:
        raise InputError(
            f"These are {end - video_request.start:.0f} seconds of video, the limit is {max_seconds:.0f}: "
            "choose a shorter part.",
            key="video_too_long",
            seconds=end - video_request.start,
            limit=max_seconds,
        )
    return video_request.start, end


def _even_size(video: UploadedVideo, size: int) -> int:
    """The longer side in pixels to paint at: at most the video's, and even, or browsers do not play the result.

    Returns:
        The longer side, or 0 if the video keeps its size.
    """
    longer = max(video.width, video.height)
    if (not size or size >= longer) and video.width % 2 == video.height % 2 == 0:
        return 0
    side = min(size or longer, longer)
    return side - side % 2
