"""Where a result of a video goes that nobody named, and how it says that it was made; the rule is that of pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.extras import pyav
from impasto.files import printable
from impasto.flow.files import FramePattern
from impasto.media.containers import open_container
from impasto.pictures.results import as_note, note_of_result, unnamed_result
from impasto.video.resume import WorkFolder
from impasto.video.sink import container_of, is_of_pictures


def note(about: str, dependencies: Mapping[str, Any]) -> str:
    """The line in a result's metadata.

    Args:
        about: how the frames are painted, in words.
        dependencies: all that the result depends on, of which the line has a hash.
    """
    text = json.dumps(dependencies, sort_keys=True, default=str)
    return printable(f"{about} id={hashlib.sha256(text.encode()).hexdigest()[:8]}")


def result_beside(wanted: Path, note: str, dependencies: Mapping[str, Any]) -> tuple[Path, bool]:
    """Where the result goes.

    An interrupted run of the same task is gone on with; that of another task is left alone, as its result would be.
    Numbered pictures of the same task are painted again under the same names, since they do not tell whether all are
    there.

    Args:
        wanted: the path that it has if nothing is in the way, or its pattern.
        note: the line that its metadata would have.
        dependencies: as for :class:`impasto.video.resume.WorkFolder`.

    Returns:
        The path, and whether the result is there already, made in the same way.
    """

    def exists(path: Path) -> bool:
        return WorkFolder(path, dependencies).found_key() is not None or _file_of(path) is not None

    def is_alike(path: Path) -> bool:
        work = WorkFolder(path, dependencies)
        found = work.found_key()
        return found == work.key if found is not None else _note_of(path) == note

    path, alike = unnamed_result(wanted, is_alike, exists)
    return path, alike and not is_of_pictures(path) and WorkFolder(path, dependencies).found_key() is None


def _file_of(path: Path) -> Path | None:
    """The file at a path, of a pattern the first one; ``None``: there is none."""
    if not is_of_pictures(path):
        return path if path.exists() else None
    pattern = FramePattern(str(path))
    numbers = pattern.numbers()
    return pattern.path(min(numbers)) if numbers else None


def _note_of(path: Path) -> str | None:
    """The line on how a result was made; ``None``: it does not say, as a video with a comment of its own."""
    file = _file_of(path)
    if file is None or is_of_pictures(path) or container_of(path) == "gif":
        return None if file is None else note_of_result(file)
    try:
        with open_container(file) as container:
            comments = {name.lower(): value for name, value in container.metadata.items()}
    except (pyav().error.FFmpegError, ValueError):
        return None
    return as_note(comments.get("comment", ""))
