"""The kinds of style files: of pictures, of sound, of motion. One key of a file's header tells them apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import StyleError

KEY = "format"
"""Key of a style file's header whose value names its kind and the edition of its layout."""
PICTURE, SOUND, MOTION = "picture", "sound", "motion"
_LONGEST_HEADER = 1 << 20  # bytes of a header that is read; those of styles have a few hundred


@dataclass(frozen=True)
class _Facts:
    """What is known of a kind of style: the value of :data:`KEY`, what it is called, and the commands that take it."""

    format: str
    called: str
    taken_by: str


_KINDS = {
    PICTURE: _Facts("impasto-style-1", "a style of pictures", "impasto apply, video and webcam take"),
    SOUND: _Facts("impasto-sound-style-1", "a style of sound", "impasto sound takes"),
    MOTION: _Facts("impasto-motion-style-1", "a style of motion", "impasto motion takes"),
}


def format_of(kind: str) -> str:
    """The value of :data:`KEY` in files of a kind."""
    return _KINDS[kind].format


def kind_of(path: Path) -> str | None:
    """The kind of a style file: :data:`PICTURE`, :data:`SOUND` or :data:`MOTION`.

    Returns:
        ``None``: it cannot be read, or is no style of this version.
    """
    edition = read_header(path).get(KEY)
    return next((kind for kind, facts in _KINDS.items() if facts.format == edition), None)


def read_header(path: Path) -> dict[str, str]:
    """The metadata in the header of a style file; empty where it cannot be read.

    Only the header is read, and without safetensors, so that a catalogue of many files is sorted in no time.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            metadata = json.loads(file.read(length) if length <= _LONGEST_HEADER else b"")["__metadata__"]
            return {str(key): str(value) for key, value in metadata.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def refuse_other_kind(path: Path, kind: str) -> None:
    """Refuse a style file of another kind than a command takes.

    Raises:
        StyleError: it is a style of another kind.
    """
    found = kind_of(path)
    if found not in (None, kind):
        facts, wanted = _KINDS[found], _KINDS[kind]
        raise StyleError(f"{path} is {facts.called}, which {facts.taken_by}; {wanted.called} is needed here.")
