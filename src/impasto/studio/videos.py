"""The Video tab's work: a part of an upload, painted into a file that browsers play."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS
from impasto.studio.jobs import Report
from impasto.studio.uploads import Clip
from impasto.styles.blending import load_blend
from impasto.video.api import stylize_video
from impasto.video.stabilise import Stabilize

if TYPE_CHECKING:
    from impasto.studio.state import Studio

SIZE = 640
"""Longer side in pixels unless another is asked for: about ten frames a second on two cores."""
_PREVIEW = 1.0  # seconds


@dataclass(frozen=True)
class VideoRequest:
    """What a visitor has chosen.

    Attributes:
        styles: as ``["scream:2", "udnie"]``.
        strength: 0 to 1.
        start, end: seconds from the video's start; an end of 0 is the video's own.
        size: longer side in pixels; 0 keeps it.
        stabilize: as for :func:`impasto.stylize_video`.
    """

    styles: Sequence[str]
    strength: float = DEFAULTS.strength
    start: float = 0.0
    end: float = 0.0
    size: int = SIZE
    stabilize: Stabilize = "light"


@dataclass(frozen=True)
class VideoProgress:
    """How far a video is.

    Attributes:
        done, count: frames that are painted, and that there will be; a count of 0 is unknown.
        rate: frames a second.
    """

    done: int
    count: int
    rate: float

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return max(0, self.count - self.done) / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class PaintedVideo:
    """A painted video.

    Attributes:
        path: where it lies; its name is the one to save it under.
        frames: how many were painted.
        seconds: how long that took.
        notices: what was left out or changed, as :class:`impasto.video.Report` has it.
        damaged: pieces of the upload that could not be decoded.
        truncated: whether the upload ends before its end.
    """

    path: Path
    frames: int
    seconds: float
    notices: Sequence[str] = ()
    damaged: int = 0
    truncated: bool = False


def paint(
    studio: Studio, upload: str | Path, wish: VideoRequest, report: Report, *, preview: bool = False
) -> PaintedVideo:
    """Paint a part of an upload, with its sound, as MP4.

    Args:
        studio: whose limits apply.
        upload: a file in the studio's folder.
        wish: what was chosen.
        report: called with :class:`VideoProgress`; may raise to end it.
        preview: paint one second only.

    Raises:
        ImpastoError: as :func:`impasto.stylize_video` does; or the part is too long.
    """
    if not wish.styles:
        raise InputError("No style is chosen; choose one.")
    clip = studio.uploads.clip(upload)
    start, end = _part(clip, wish, studio.settings.max_video)
    if preview:
        end = min(end, start + _PREVIEW)
    stem = Path(studio.uploads.name(upload)).stem
    target = studio.uploads.new_path(f"{stem}-{load_blend(list(wish.styles)).name}{'-preview' if preview else ''}.mp4")
    began = time.perf_counter()

    def progress(done: int, count: int) -> None:
        report(VideoProgress(done, count, done / (time.perf_counter() - began)))

    try:
        with studio.uploads.needed(upload), studio.uploads.without_paths():  # its sound is read at the very end
            made = stylize_video(
                clip.path,
                list(wish.styles),
                output=target,
                start=start or None,
                end=end,
                stabilize=wish.stabilize,
                strength=wish.strength,
                size=_even(clip, wish.size),
                progress=progress,
            )
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)  # frames that are painted, too: nobody goes on with them
        raise
    seconds = time.perf_counter() - began
    return PaintedVideo(target, made.frames, seconds, made.notices, made.damaged, made.truncated)


def _part(clip: Clip, wish: VideoRequest, most: float) -> tuple[float, float]:
    """Start and end of what is painted, in seconds.

    Raises:
        InputError: there is nothing between them, or too much.
    """
    if clip.seconds and wish.start >= clip.seconds:
        raise InputError(f"The start {wish.start:.1f} is after the video's end; it lasts {clip.seconds:.1f} seconds.")
    end = wish.end or clip.seconds or wish.start + most
    if clip.seconds:
        end = min(end, clip.seconds)
    if wish.start < 0 or end <= wish.start:
        raise InputError(f"The end {end:.1f} is not after the start {wish.start:.1f}; give a later one.")
    # A file may claim to be shorter than it is; the end makes that no matter.
    if end - wish.start > most + 0.05:
        raise InputError(
            f"These are {end - wish.start:.0f} seconds of video, the limit is {most:.0f}: choose a shorter part."
        )
    return wish.start, end


def _even(clip: Clip, size: int) -> int:
    """The longer side to ask for: never more than the video has, and even, or browsers do not play the result."""
    longer = max(clip.width, clip.height)
    if (not size or size >= longer) and clip.width % 2 == clip.height % 2 == 0:
        return 0
    side = min(size or longer, longer)
    return side - side % 2
