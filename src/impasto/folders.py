"""The folders in which Impasto keeps files between runs: downloads and learnt styles, and the user's catalogue.

Where the system keeps such files is platformdirs' knowledge. Neither folder may exist yet.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_NAME = "impasto"


def cache_folder() -> Path:
    """The folder of what can be made or fetched again: published weights, and styles learnt from pictures.

    ``IMPASTO_CACHE`` names another. Without it, the folder is ``impasto`` in ``XDG_CACHE_HOME``, else in
    ``~/.cache``; on macOS in ``~/Library/Caches``; on Windows it is ``impasto/cache`` in ``%LOCALAPPDATA%``.
    """
    own = _named_by("IMPASTO_CACHE") or _xdg_folder("XDG_CACHE_HOME")
    return own or platformdirs.user_cache_path(_NAME, appauthor=False)


def catalogue_folder() -> Path:
    """The folder of the user's own styles.

    ``IMPASTO_STYLES`` names another. Without it, the folder is ``impasto/styles`` in ``XDG_DATA_HOME``, else in
    ``~/.local/share``; on macOS in ``~/Library/Application Support``; on Windows in ``%LOCALAPPDATA%``.
    """
    if own := _named_by("IMPASTO_STYLES"):
        return own
    return (_xdg_folder("XDG_DATA_HOME") or platformdirs.user_data_path(_NAME, appauthor=False)) / "styles"


def _named_by(variable: str) -> Path | None:
    """The folder that an environment variable names."""
    own = os.environ.get(variable)
    return Path(own).expanduser() if own else None


def _xdg_folder(variable: str) -> Path | None:
    """Our folder in the one that a variable of the XDG specification names, which has relative paths ignored.

    platformdirs heeds these variables on Linux and macOS; Impasto does on Windows, too.
    """
    base = Path(os.environ.get(variable, ""))
    return base / _NAME if base.is_absolute() else None
