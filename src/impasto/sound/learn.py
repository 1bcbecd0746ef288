"""Learning a style of sound: a recording to a style file, in a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from impasto.arguments import check_arguments
from impasto.errors import StyleError
from impasto.files import printable
from impasto.sound.request import load_style
from impasto.sound.style import SoundStyle, read_sound_style
from impasto.styles.style import SUFFIX

SUFFIXES = {
    *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".mka", ".ac3", ".au"),
}
"""Suffixes of recordings, which tell them from pictures where either may be learnt."""


def learn_sound(
    recording: str | Path,
    output: str | Path | None = None,
    *,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> SoundStyle:
    """Learn a style from a recording, of which at most the 30 most varied seconds are kept.

    Args:
        recording: a file with sound.
        output: the style file, .safetensors; ``None``: none is written.
        name: what to call the style; default: the file's name.
        metadata: title, artist, year and licence, in place of what the recording says.

    Returns:
        The style.

    Raises:
        InputError: the recording cannot be read, is silent, or shorter than a frame.
        StyleError: the output is no name of a style file.
        OutputError: the style file cannot be written.
    """
    check_arguments(needed=["recording"], paths={"recording": recording, "output": output}, texts={"name": name})
    if output is not None and Path(output).suffix != SUFFIX:
        raise StyleError(f"{output} is no name of a style file; give one with {SUFFIX}.")
    learnt = load_style(recording)
    known = {key: text for key, text in (metadata or {}).items() if text}
    learnt = replace(learnt, name=name or learnt.name, metadata={**learnt.metadata, **known})
    if output is not None:
        learnt.save(Path(output))
    return learnt


def holds_sound_style(path: Path, style: SoundStyle) -> bool:
    """Whether a file has this style, learnt from the same sound and with the same name and metadata."""
    try:
        found = read_sound_style(path)
    except StyleError:
        return False
    about = {key: printable(text) for key, text in style.metadata.items()}
    known = {key: text for key, text in found.metadata.items() if key in about}
    same = (found.colouring.mean == style.colouring.mean).all()
    return bool(same and found.name == printable(style.name) and known == about)
