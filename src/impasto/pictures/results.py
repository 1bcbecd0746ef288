"""Results that exist: how a file was made, and where a result goes that nobody named.

One rule for all commands and functions: a result that was named (``-o``, ``output``) is always made, and replaces what
was there. One that nobody named lies beside its source and replaces nothing: where a result made in the same way is
there, that is the result; where any other file is there, the new one gets a number, ``photo-scream-2.jpg``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PIL import GifImagePlugin, Image

from impasto.files import exists, printable
from impasto.pictures.gif import comment_at_end
from impasto.pictures.metadata import SOFTWARE
from impasto.pictures.reading import from_header

_NOTE = re.compile(r"impasto \d")  # how the line begins that every result has in its metadata: name and version


def note_of_result(source: Path | bytes) -> str | None:
    """The line on how a picture file was made; ``None``: it is no result of Impasto's, or of a format without notes.

    Args:
        source: the file, or its bytes.
    """
    return from_header(source, _note)


def _note(image: Image.Image) -> str | None:
    """The line on how an opened picture was made; ``None`` where there is none."""
    if image.format == "PNG":
        return as_note(str(image.info.get("Software", "")))
    if isinstance(image, GifImagePlugin.GifImageFile) and image.fp is not None:
        return as_note(comment_at_end(image.fp))
    # Pillow reads the bytes of EXIF as Latin-1.
    return as_note(str(image.getexif().get(SOFTWARE, "")).encode("latin-1").decode())


def as_note(text: str) -> str | None:
    """A line from a file's metadata if Impasto wrote it, else ``None``."""
    return text if _NOTE.match(text) else None


def is_made_alike(result: Path | bytes, note: str, source: Path | None = None) -> bool:
    """Whether a picture file is what would be made now.

    Args:
        result: the file, or its bytes.
        note: the line that would be in its metadata.
        source: what it is made from, which must not be newer; ``None``: does not count.
    """
    if note_of_result(result) != printable(note):
        return False
    return source is None or not isinstance(result, Path) or not is_newer(source, result)


def is_newer(one: Path, other: Path) -> bool:
    """Whether a file was changed after another; not where one of them is missing."""
    try:
        return one.stat().st_mtime_ns > other.stat().st_mtime_ns
    except OSError:
        return False


def unnamed_result(
    wanted: Path, is_alike: Callable[[Path], bool], exists: Callable[[Path], bool] = exists
) -> tuple[Path, bool]:
    """Where a result goes that nobody named.

    Args:
        wanted: the path that it has if nothing is in the way.
        is_alike: whether a file that exists was made in the same way.
        exists: whether there is something at a path.

    Returns:
        The path, with a number where another file is in the way; and whether the result is there already.
    """
    path, number = wanted, 1
    while exists(path):
        if is_alike(path):
            return path, True
        number += 1
        path = numbered(wanted, number)
    return path, False


def numbered(path: Path, number: int) -> Path:
    """The path with a number behind the name: ``photo-scream-2.jpg``."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")
