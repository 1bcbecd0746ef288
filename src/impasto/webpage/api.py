"""Writes the folder of the page without a server, whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from impasto.errors import OutputError
from impasto.files import exists, explained, make_folder, temporary_beside
from impasto.webpage.contents import FACTS, site_styles, write_contents
from impasto.webpage.page import write_page, write_service_worker
from impasto.webpage.runtime import write_runtime
from impasto.webpage.thumbnails import write_thumbnails


def export_page(folder: str | Path) -> Path:
    """Write the page without a server: static files that any web server can offer, of which the browser paints.

    The bundled styles are in it, and those of the user's catalogue that have no network of their own. It contacts
    nothing but the server that it lies on.

    Args:
        folder: where to write. One that this function wrote before is replaced, any other has to be empty.

    Returns:
        The folder.

    Raises:
        OutputError: the folder holds something else, or cannot be written.
    """
    folder = Path(folder)
    is_site = (folder / FACTS).is_file()
    if exists(folder) and not is_site and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} holds something else than an exported page; give a new or an empty folder.")
    styles = site_styles()
    with explained(folder):
        make_folder(folder.absolute().parent)
        temporary = temporary_beside(folder.absolute())
        try:
            temporary.mkdir()
            write_page(temporary)
            write_runtime(temporary)
            write_contents(temporary, styles)
            write_thumbnails(temporary, styles)
            write_service_worker(temporary)
            _put_in_place(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Move a finished folder to its place, where an earlier edition of it or an empty folder may lie."""
    old = temporary_beside(folder.absolute())
    if folder.exists():
        folder.rename(old)
    try:
        temporary.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
