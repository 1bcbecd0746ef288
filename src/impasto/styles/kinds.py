"""The kinds of style files: of pictures, of sound, of motion. One key of a file's header tells them apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from impasto.errors import StyleError, first_line

KEY = "format"
"""Key of a style file's header whose value names its kind and the edition of its layout."""
PICTURE, SOUND, MOTION = "picture", "sound", "motion"
_LONGEST_HEADER = 1 << 20  # bytes of a header that is read; those of styles have a few hundred


@dataclass(frozen=True)
class _Facts:
    """What is known of a kind of style.

    Attributes:
        format: the value of :data:`KEY` in its files.
        called: what it is called, with the article.
        taken_by: the commands that take it, as the end of "which ...".
        given_as: what can be given for one.
    """

    format: str
    called: str
    taken_by: str
    given_as: str


_KINDS = {
    PICTURE: _Facts(
        "impasto-style-1",
        "a style of pictures",
        "impasto apply, video and webcam take",
        "a style file or a bundled name",
    ),
    SOUND: _Facts("impasto-sound-style-1", "a style of sound", "impasto sound takes", "a style file or a recording"),
    MOTION: _Facts("impasto-motion-style-1", "a style of motion", "impasto motion takes", "a style file or a BVH file"),
}


_NO_STYLES = {
    "impasto-network": "a network, in whose folder the styles lie that it was trained on",
    "impasto-perceptual": "a network that judges paintings, which --features takes",
    "impasto-predictor": "a network that predicts styles",
}
"""What other files of safetensors that Impasto writes are called, by the beginning of their :data:`KEY`."""


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


def check_kind(path: Path, metadata: Mapping[str, str], kind: str) -> None:
    """Refuse a file of safetensors that is no style of a kind, or one of another version.

    Args:
        path: the file, for the error's sentence.
        metadata: what stands in its header.
        kind: what a command takes.

    Raises:
        StyleError: says what the file is.
    """
    found, wanted = metadata.get(KEY, ""), _KINDS[kind]
    if found == wanted.format:
        return
    text = f"{path} holds numbers of another program, and no style; give a style file, as impasto learn writes it."
    for facts in _KINDS.values():
        if found == facts.format:
            raise StyleError(f"{path} is {facts.called}, which {facts.taken_by}; {wanted.called} is needed here.")
        if found.startswith(facts.format.rstrip("0123456789")):
            text = f"{path} is {facts.called} of another version of Impasto; update that, or learn it again."
    for beginning, called in _NO_STYLES.items():
        if found.startswith(beginning):
            text = f"{path} is {called}, and no style."
    raise StyleError(text, key="style_damaged_file", name=path.name)


def read_style_file(
    path: Path, kind: str, check_types: Callable[[Path, Mapping[str, str]], None] | None = None
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The tensors of a style file of a kind by name, and its metadata without :data:`KEY`.

    Args:
        path: the file.
        kind: what is needed.
        check_types: raises a :class:`StyleError` where safetensors' names of the tensors' types, by the tensors' names,
            are none that a style has.

    Raises:
        StyleError: it cannot be read, or is no style of this kind and version.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            check_kind(path, metadata, kind)
            del metadata[KEY]
            names = list(file.keys())
            if check_types is not None:
                check_types(path, {name: file.get_slice(name).get_dtype() for name in names})
            return {name: file.get_tensor(name) for name in names}, metadata
    except StyleError:
        raise
    except Exception as error:  # safetensors' own, and whatever NumPy says of a type that it does not know
        facts = _KINDS[kind]
        raise StyleError(
            f"{path} cannot be read as {facts.called} ({first_line(error)}); give {facts.given_as}.",
            key="style_damaged_file",
            name=path.name,
        ) from error
