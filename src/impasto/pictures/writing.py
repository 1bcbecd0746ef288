"""Pictures to picture files, at once or by rows, and how these files are called."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from impasto.errors import ImpastoError, InputError, OutputError, Sentence
from impasto.files import atomic_path
from impasto.pictures import encoding, messages
from impasto.pictures.formats import FORMATS, WRITABLE_FORMATS, WRITE_SUFFIXES
from impasto.pictures.metadata import Metadata
from impasto.pictures.picture import Picture, RowSource

log = messages.logger(__name__)

QUALITY = 95
"""1 to 100: how well a format that loses something keeps a result, where nobody asks for another quality."""
_LOSSY = ("JPEG", "WEBP", "AVIF")  # formats to which a quality matters


def path_beside(source: Path, style: str) -> Path:
    """The path of a result that nobody named: ``photo-scream.jpg`` for ``photo.jpg`` in scream.

    A result is a PNG where its source's format cannot be written.

    Raises:
        InputError: the source is no path of a file.
    """
    if not source.name:
        raise InputError(f"{source} is a folder, not a picture: name a file in it.")
    suffix = source.suffix if source.suffix.lower() in WRITE_SUFFIXES else ".png"
    return source.with_name(f"{source.stem}-{Path(style).name}{suffix}")


def check_distinct_targets(results: Iterable[tuple[Path, Path]]) -> dict[Path, Path]:
    """Check that no two sources have the same target, and return the sources by target.

    Args:
        results: pairs of source and target; the same pair may come twice.

    Raises:
        InputError: two sources have one target.
    """
    taken: dict[Path, Path] = {}
    for source, target in results:
        if (other := taken.setdefault(target, source)) != source:
            raise InputError(
                f"{other} and {source} would both become {target}; paint one by itself, with another output."
            )
    return taken


def write_picture(
    picture: Picture,
    path: str | Path,
    *,
    format: str | None = None,
    quality: int = QUALITY,
    strip: bool = False,
    note: str | None = None,
) -> None:
    """Write a picture to a file, which appears whole or not at all; missing folders are made.

    Args:
        picture: the picture.
        path: the file; its suffix names the format unless ``format`` does.
        format: a format's name or suffix.
        quality: 1 to 100, for the formats that lose something.
        strip: leave the source's metadata out.
        note: one line on how the result was made, kept as EXIF ``Software`` (PNG: a text of that name).

    Raises:
        OutputError: the format is unknown or cannot hold the picture, or the file cannot be written.
    """
    with messages.about(path):
        kind = output_format(path, format)
        if note is not None:
            note = note_with_encoding(note, kind, quality=quality, strip=strip)
        data = encode_picture(picture, kind, quality=quality, strip=strip, note=note)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def note_with_encoding(note: str, format: str, *, quality: int = QUALITY, strip: bool = False) -> str:
    """The line on how a result was made, with what was asked of its file, as :func:`write_picture` keeps it.

    Args:
        note: how it was painted.
        format: a format's name.
        quality, strip: as for :func:`write_picture`.
    """
    parts = [note]
    if quality != QUALITY and format in _LOSSY:
        parts.append(f"quality={quality}")
    return " ".join([*parts, "strip=True"] if strip else parts)


ROW_FORMATS = ("PNG", "TIFF")
"""Formats that :func:`write_rows` can write."""


def write_rows(
    parts: Iterable[Picture],
    whole: RowSource,
    path: str | Path,
    *,
    format: str | None = None,
    metadata: Metadata | None = None,
    strip: bool = False,
    note: str | None = None,
) -> None:
    """Write a PNG or TIFF that need not fit into memory; see :func:`write_picture`.

    Args:
        parts: its rows from top to bottom, any number at a time.
        whole: a picture of the same size, depth and transparency.
        path, format, strip, note: as for :func:`write_picture`.
        metadata: what to keep.

    Raises:
        OutputError: the file cannot be written, or would be larger than a TIFF can be.
    """
    target = FORMATS[output_format(path, format)]
    if note is not None:
        note = note_with_encoding(note, target.name, strip=strip)
    kept = Metadata() if strip or metadata is None else metadata
    with messages.about(path):
        encoding.warn_of_losses(kept, target)
    with atomic_path(path) as temporary, temporary.open("r+b") as out:
        encoding.encode_rows(parts, whole, target, kept, note, out)


def encode_picture(
    picture: Picture, format: str, *, quality: int = QUALITY, strip: bool = False, note: str | None = None
) -> bytes:
    """The bytes of the file that :func:`write_picture` would write.

    Metadata that the format turns out not to hold is left out, which is logged.

    Args:
        picture: the picture.
        format: a format's name or suffix.
        quality, strip, note: as for :func:`write_picture`.

    Raises:
        OutputError: the format is unknown or cannot hold the picture, or the quality is out of range.
    """
    target = FORMATS[output_format("", format)]
    check_longest_side(max(picture.size), format)
    if not 1 <= quality <= 100:
        raise OutputError(f"A quality of {quality} is outside 1 to 100: choose one in between.")
    metadata = Metadata() if strip else picture.metadata
    encoding.warn_of_losses(metadata, target)
    try:
        return encoding.encode_file(picture, target, quality, metadata, note)
    except ImpastoError:
        raise
    except Exception as error:
        if metadata == Metadata():
            text = f"The result cannot be written as {target.name} ({error}): choose another."
            raise OutputError(text, key="cannot_encode", format=target.name) from error
        text = f"metadata left out because {target.name} cannot hold it: {error}"
        messages.warn(log, Sentence(text, "metadata_not_held", format=target.name))
    return encode_picture(picture, format, quality=quality, strip=True, note=note)


def check_longest_side(longest: int, format: str) -> None:
    """Refuse a result that a format cannot hold, before the work of making it.

    Args:
        longest: pixels of the longer side of the result.
        format: a format's name or suffix.

    Raises:
        OutputError: the format allows fewer.
    """
    target = FORMATS[output_format("", format)]
    if target.longest and longest > target.longest:
        raise OutputError(
            f"{target.name} allows {target.longest} pixels along a side and the result has {longest}: "
            "choose a smaller size, or write PNG or TIFF.",
            key="result_beyond_format",
            format=target.name,
            limit=target.longest,
            longest=longest,
        )


def output_format(path: str | Path, format: str | None = None) -> str:
    """The name of the format to write: Pillow's, except that ``PGM`` is told from ``PPM``.

    Args:
        path: the file, whose suffix names the format.
        format: a format's name or suffix, instead of the path's.

    Raises:
        OutputError: there is no such format, or this Pillow lacks it.
    """
    wanted = (Path(path).suffix if format is None else format).strip().lower().removeprefix(".")
    for name, found in WRITABLE_FORMATS.items():
        if wanted == name.lower() or f".{wanted}" in found.suffixes:
            if name not in Image.SAVE and name != "PGM":
                raise OutputError(f"This Pillow lacks {name}: install its own wheel, or choose another format.")
            return name
    asked = f"{path} names" if format is None else f"{format!r} is"
    raise OutputError(f"{asked.lstrip()} no format that can be written: choose {', '.join(WRITABLE_FORMATS)}.")


def suffix_of(format: str) -> str:
    """The usual suffix of a format's files, with its dot."""
    return FORMATS[output_format("", format)].suffixes[0]


def writable_format(format: str | None) -> str:
    """The format's name if it can be written, else PNG, as for GIF, BMP and HEIC."""
    try:
        return output_format("", format)
    except OutputError:
        return "PNG"
