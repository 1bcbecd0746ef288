"""Folders of the gallery, and sheets that are written into it, no file larger than a repository should carry."""

from __future__ import annotations

from pathlib import Path

from impasto.files import atomic_path
from impasto.pictures import contact_sheet
from impasto.pictures.picture import Picture
from impasto.pictures.writing import encode_picture

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
HARBOUR = EXAMPLES / "harbour.jpg"
GALLERY = ROOT / "docs" / "gallery"
SHARED = ROOT.parent / "shared"
"""Pictures and clips beside the repository, which may be absent; see :class:`UnavailableError`."""

MAX_BYTES = 500_000  # of each sheet
_QUALITIES = range(90, 50, -4)  # of JPEG, tried in this order until a sheet is small enough


class UnavailableError(Exception):
    """A picture cannot be made here; the message says what is missing."""


def beside(name: str) -> Path:
    """A file of the folder ``shared`` beside the repository.

    Args:
        name: its path in that folder.

    Raises:
        UnavailableError: it is not there.
    """
    path = SHARED / name
    if not path.exists():
        raise UnavailableError(f"{path} is not here")
    return path


def write_sheet(cells: list[tuple[str, Picture]], name: str, columns: int) -> Path:
    """Write pictures as a labelled JPEG into the gallery, at the best quality that keeps it below 500 KB.

    Args:
        cells: pairs of label and picture.
        name: name of the file.
        columns: pictures in a row.

    Returns:
        The file.
    """
    sheet = contact_sheet.contact_sheet(cells, columns=columns)
    encoded = (encode_picture(sheet, "jpg", quality=quality) for quality in _QUALITIES)
    return write_bytes(next(data for data in encoded if len(data) <= MAX_BYTES), name)


def write_bytes(data: bytes, name: str) -> Path:
    """Write a file into the gallery, whole or not at all; returns its path."""
    path = GALLERY / name
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return path
