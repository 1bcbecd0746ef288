"""Where a restyled sound goes that nobody named, and how it says how it was made; the rule is that of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from impasto.extras import pyav
from impasto.files import printable
from impasto.media.containers import open_container
from impasto.options import changed_options, option_text
from impasto.pictures.results import as_note, is_newer, unnamed_result
from impasto.sound.options import SoundOptions
from impasto.sound.style import SoundStyle
from impasto.sound.writing import FORMATS
from impasto.version import __version__


def note_of(
    styles: Sequence[tuple[SoundStyle, float]], options: SoundOptions, start: float | None, end: float | None
) -> str:
    """One line for a result's metadata, which changes whenever the result would.

    Args:
        styles: with their shares.
        options: how it is made.
        start, end: the part of style recordings that is used.
    """
    digest = hashlib.sha256(repr((start, end)).encode())
    for style, share in styles:
        digest.update(f"{style.name}:{share}".encode(errors="replace"))
        for stretch in style.stretches:
            digest.update(stretch.tobytes())
    said = [f"{name}={option_text(value)}" for name, value in changed_options(options)]
    names = "+".join(f"{style.name}:{share:.3g}" if len(styles) > 1 else style.name for style, share in styles)
    return printable(" ".join([f"impasto {__version__} sound style={names}", *said, f"id={digest.hexdigest()[:8]}"]))


def result_beside(
    content: Path, styles: Sequence[tuple[SoundStyle, float]], note: str, *, overwrite: bool = False
) -> tuple[Path, bool]:
    """Where the result goes that nobody named: ``song.mp3`` in ``rain.flac`` becomes ``song-rain.mp3``.

    Args:
        content: the file that is restyled; of a kind that cannot be written, the result is WAV.
        styles: with their shares.
        note: the line that its metadata would have.
        overwrite: replace what has the usual name.

    Returns:
        The path, and whether the result is there already, made in the same way.
    """
    suffix = content.suffix if content.suffix.lower() in FORMATS else ".wav"
    name = "+".join(style.name for style, _ in styles)
    wanted = content.with_name(f"{content.stem}-{name}{suffix}")
    if overwrite:
        return wanted, False
    return unnamed_result(wanted, lambda path: _note(path) == note and not is_newer(content, path))


def _note(path: Path) -> str | None:
    """The line on how a result was made; ``None``: it does not say."""
    av = pyav("Sound", "sound")
    try:
        with open_container(path, metadata_errors="replace") as container:
            entries = [container.metadata, *(stream.metadata for stream in container.streams)]
            comments = [text for entry in entries for name, text in entry.items() if name.lower() == "comment"]
    except (av.error.FFmpegError, ValueError, OSError):
        return None
    return as_note(comments[0]) if comments else None
