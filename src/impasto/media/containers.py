"""Opening containers with FFmpeg's libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto.extras import pyav


def open_container(path: Path, mode: str = "r", **settings: Any) -> Any:
    """A container as PyAV opens it, whatever its name looks like. What PyAV raises comes through.

    FFmpeg takes what stands before a colon for a protocol, as in ``12:30.mp4``; the protocol ``file`` says otherwise.

    Args:
        path: the file.
        mode: ``"r"`` to read, ``"w"`` to write.
        settings: as for ``av.open``.
    """
    return pyav().open(f"file:{path}", mode, **settings)
