"""Opening whatever holds frames: a video file, an animated picture, or numbered pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from impasto.errors import InputError
from impasto.files import exists
from impasto.flow.files import FramePattern
from impasto.memory import MAX_PIXELS
from impasto.pictures.formats import identify_format
from impasto.video.animation import Animation
from impasto.video.frame import DEFAULT_RATE, VideoSource
from impasto.video.numbered_pictures import NumberedPictures
from impasto.video.video_file import VideoFile

_ANIMATION_FORMATS = {"GIF", "WEBP", "PNG", "AVIF"}  # Pillow's names of what it reads; FFmpeg reads all other files
_HEAD = 64  # bytes that tell a format


def open_source(
    path: str | Path,
    *,
    size: int = 0,
    rate: Fraction | None = None,
    first: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> VideoSource:
    """Open whatever holds frames. What a file holds decides, not its suffix.

    Args:
        path: a video file, an animated GIF, WebP, PNG or AVIF, or a printf pattern of pictures. The name of a file that
            exists is no pattern.
        size: longer side of the frames in pixels; 0 keeps it.
        rate: frames a second of numbered pictures; ``None``: 25.
        first: number of the first picture of a pattern; ``None``: the lowest.
        max_pixels: refuse pictures, numbered or of an animation, of more pixels before they are decoded.

    Raises:
        InputError: there is nothing at the path, no video in it, a picture that does not move, or a first number is
            given for one file.
    """
    if FramePattern.matches(path):
        return NumberedPictures(
            FramePattern(str(path)), size=size, rate=rate or DEFAULT_RATE, first=first, max_pixels=max_pixels
        )
    path = Path(path)
    if not exists(path):
        raise InputError(f"There is no {path}; check the path.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give its pictures as a pattern, such as {path / 'frame_%04d.png'}.")
    if first is not None:
        raise InputError(f"{path} is one file; a first number is for patterns of pictures. Leave --start-number out.")
    if (format := _format_of(path)) in _ANIMATION_FORMATS:
        return Animation(path, format, size=size, max_pixels=max_pixels)
    return VideoFile(path, size=size)


def _format_of(path: Path) -> str:
    """Pillow's name of the format of a picture; empty if the file is no picture, or cannot be read."""
    try:
        with path.open("rb") as file:
            return identify_format(str(path), file.read(_HEAD))
    except (OSError, InputError):
        return ""
