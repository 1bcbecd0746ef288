"""Videos and strips of stick figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import InputError, OutputError, first_line
from impasto.extras import pyav
from impasto.files import atomic_path
from impasto.media.containers import open_container
from impasto.media.stream_copies import copy_stream
from impasto.motion.drawing import Figure, draw_side_by_side, draw_strip

_VIDEOS = {".mp4": ("mp4", "libx264", "aac"), ".mov": ("mov", "libx264", "aac"), ".mkv": ("matroska", "libx264", "aac")}
_STRIPS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
_PANEL = (320, 360)  # width and height of a clip in a video, in pixels
_ROW = 220  # height of a clip in a strip, in pixels
_MOMENTS = 10  # moments that a strip shows
_RATE = 30  # frames a second of a video
_LONGEST = 600.0  # seconds of a video
_MOST = 8  # clips beside each other

Progress = Callable[[int, int], None]
"""Called with the frames that are drawn and those that there will be."""


def check_preview(path: Path) -> None:
    """Refuse a preview that cannot be written to a name.

    Raises:
        OutputError: it has another suffix.
        MissingExtraError: it is a video, and the extra ``video`` is not installed.
    """
    suffix = path.suffix.lower()
    if suffix in _VIDEOS:
        pyav("A preview as a video")
    elif suffix not in _STRIPS:
        known = ", ".join([*_VIDEOS, *_STRIPS])
        raise OutputError(f"{path} has no suffix that a preview is written to; give one of {known}.")


def write_preview(
    figures: Sequence[Figure], path: Path, *, track: Path | None = None, progress: Progress | None = None
) -> None:
    """Draw clips beside each other: as a video, or as a strip of moments where the name is that of a picture.

    Args:
        figures: one or several; those that end before the longest begin again.
        path: a video (.mp4 .mov .mkv), or a picture (.png .jpg).
        track: a file whose sound is laid under the video.
        progress: called with each frame.

    Raises:
        InputError: there are too many clips, or the track cannot be read.
        OutputError: it cannot be written.
        MissingExtraError: the extra ``video`` is not installed.
    """
    check_preview(path)
    if len(figures) > _MOST:
        raise InputError(f"{len(figures)} clips do not fit beside each other; give up to {_MOST}.")
    with atomic_path(path) as temporary:
        if path.suffix.lower() in _STRIPS:
            format = _STRIPS[path.suffix.lower()]
            draw_strip(figures, _MOMENTS, _ROW).save(temporary, format=format, quality=90, optimize=True)
        else:
            _write_video(figures, temporary, path, track, progress)


def _write_video(
    figures: Sequence[Figure], temporary: Path, path: Path, track: Path | None, progress: Progress | None
) -> None:
    """Draw and encode all frames, and the sound after them."""
    av = pyav()
    container_name, encoder, sound_encoder = _VIDEOS[path.suffix.lower()]
    seconds = min(max(figure.frames / figure.rate for figure in figures), _LONGEST)
    count = max(round(seconds * _RATE), 1)
    with ExitStack() as stack:
        try:
            source = None if track is None else stack.enter_context(open_container(track))
            sound = source.streams.audio[0] if source is not None else None
        except (av.error.FFmpegError, IndexError, OSError) as error:
            raise InputError(
                f"{track} cannot be read as sound ({first_line(error)}); give a file with music."
            ) from error
        try:
            container = stack.enter_context(open_container(temporary, "w", format=container_name))
            stream = container.add_stream(encoder, rate=_RATE, options={"preset": "veryfast", "crf": "22"})
            stream.width, stream.height, stream.pix_fmt = _PANEL[0] * len(figures), _PANEL[1], "yuv420p"
            copied = None if sound is None else copy_stream(container, sound, sound_encoder)
            for index in range(count):
                image = draw_side_by_side(figures, index / _RATE, _PANEL)
                frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, _RATE)
                container.mux(stream.encode(frame))
                if progress is not None:
                    progress(index + 1, count)
            container.mux(stream.encode(None))
            if copied is not None:
                _lay_sound(source, sound, copied, container, count / _RATE)
        except av.error.FFmpegError as error:
            raise OutputError(f"{path} cannot be encoded ({first_line(error)}); give another name.") from error


def _lay_sound(source: Any, sound: Any, copied: Any, container: Any, seconds: float) -> None:
    """Encode the sound of a file up to a time."""
    start = Fraction(0)
    for packet in source.demux(sound):
        if packet.size and packet.pts is not None and float(packet.pts * packet.time_base) > seconds:
            break
        container.mux(copied.convert(packet, start))
    container.mux(copied.target.encode(None))
