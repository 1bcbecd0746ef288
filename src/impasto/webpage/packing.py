"""Large files of a site, packed with gzip; the page unpacks them, whatever the server does."""

from __future__ import annotations

import gzip
from pathlib import Path

_LEVEL = 9  # files are packed once and fetched by every visitor


def write_packed(path: Path, content: bytes) -> None:
    """Write a file packed, with ``.gz`` behind its name."""
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content, _LEVEL, mtime=0))
