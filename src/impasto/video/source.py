"""Opening whatever holds frames: a video file, an animated picture, or numbered pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from impasto.errors import InputError
from impasto.flow.files import FramePattern
from impasto.video.animation import Animation
from impasto.video.frame import DEFAULT_RATE, VideoSource
from impasto.video.numbered_pictures import NumberedPictures
from impasto.video.video_file import VideoFile

_ANIMATION_SUFFIXES = {".gif", ".webp", ".png", ".apng"}  # read by Pillow; FFmpeg reads all other files


def open_source(
    path: str | Path, *, size: int = 0, rate: Fraction | None = None, first: int | None = None
) -> VideoSource:
    """Open whatever holds frames.

    Args:
        path: a video file, an animated GIF, WebP or PNG, or a printf pattern of pictures.
        size: longer side of the frames in pixels; 0 keeps it.
        rate: frames a second of numbered pictures; ``None``: 25.
        first: number of the first picture of a pattern; ``None``: the lowest.

    Raises:
        InputError: there is nothing at the path, no video in it, a picture that does not move, or a first number is
            given for one file.
    """
    if FramePattern.matches(path):
        return NumberedPictures(FramePattern(str(path)), size=size, rate=rate or DEFAULT_RATE, first=first)
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give its pictures as a pattern, such as {path / 'frame_%04d.png'}.")
    if not path.exists():
        raise InputError(f"There is no {path}; check the path.")
    if first is not None:
        raise InputError(f"{path} is one file; a first number is for patterns of pictures. Leave --start-number out.")
    if path.suffix.lower() in _ANIMATION_SUFFIXES:
        return Animation(path, size=size)
    return VideoFile(path, size=size)
