"""The sound of a video in a style of its own: checked before the pictures are painted, made after them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.media.side_streams import SideStreams
from impasto.sound.api import restyle_to_file
from impasto.sound.recording import SoundFile
from impasto.sound.request import load_styles
from impasto.sound.style import SoundStyle
from impasto.video.sink import container_of, is_of_pictures

_SUFFIXES = {"mp4": ".m4a", "mov": ".m4a", "matroska": ".mkv", "webm": ".webm"}  # of the sound alone, by container


def checked_sound_styles(style: Any, video: str | Path, target: Path) -> list[tuple[SoundStyle, float]]:
    """The styles of sound of a request, loaded before anything is painted.

    Args:
        style: as callers write them; ``None``: the sound is copied.
        video: which is painted.
        target: where the result goes.

    Returns:
        The styles with their shares; empty where the sound is copied.

    Raises:
        InputError: the result holds no sound, or the video has none.
        StyleError: a style cannot be used.
    """
    if style is None:
        return []
    if is_of_pictures(target) or container_of(target) == "gif":
        raise InputError(f"{target} holds no sound; leave --sound-style out, or give a video as the output.")
    styles = load_styles(style)
    SoundFile(Path(video))
    return styles


def describe_sound_styles(styles: list[tuple[SoundStyle, float]]) -> list[Any]:
    """Plain values that change whenever the styles do."""
    return [
        (style.name, share, [hashlib.sha256(stretch.tobytes()).hexdigest() for stretch in style.stretches])
        for style, share in styles
    ]


def restyle_sound(
    side_streams: SideStreams, styles: list[tuple[SoundStyle, float]], container: str, folder: Path
) -> list[str]:
    """Restyle the sound of a video, which then takes the place of the copied one.

    Args:
        side_streams: of the video.
        styles: with their shares.
        container: FFmpeg's name of the container of the result.
        folder: where the sound is kept until the result is put together, so that a run that is interrupted keeps it.

    Returns:
        Notices on what is not as one would expect.
    """
    source = SoundFile(side_streams.path)
    path = folder / f"sound{_SUFFIXES[container]}"
    notices = [] if path.exists() else restyle_to_file(source, styles, path)
    side_streams.put_instead(source.index, path)
    if source.other_sounds:
        notices.append(f"Of the {source.other_sounds + 1} sounds of {source.name}, one is restyled; others stay.")
    return notices
