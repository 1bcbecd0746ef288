"""onnxruntime for browsers, which the package holds as one archive (``scripts/pack_onnxruntime_web`` makes it).

The archive has two builds of onnxruntime-web: one for WebAssembly, and one for WebGPU. Both together are 31 MB, of
which much is the same, so that packed by one dictionary they take 4 MB of the package.
"""

from __future__ import annotations

import gzip
import tarfile
from importlib import resources
from pathlib import Path

FOLDER = "data/onnxruntime"
"""Where the files lie in a site."""
_ARCHIVE = "onnxruntime-web.tar.xz"
_GZIP_LEVEL = 9  # files are packed once and fetched by every visitor


def write_runtime(site: Path) -> None:
    """Write onnxruntime into a site.

    The two large programs are packed with gzip, and unpacked by the page: so few bytes are transferred whatever server
    the site gets.
    """
    folder = site / FOLDER
    folder.mkdir(parents=True)
    source = resources.files("impasto.webpage") / _ARCHIVE
    with source.open("rb") as file, tarfile.open(fileobj=file, mode="r:xz") as archive:
        for member in archive:
            part = archive.extractfile(member)
            content = b"" if part is None else part.read()
            if member.name.endswith(".wasm"):
                (folder / f"{member.name}.gz").write_bytes(gzip.compress(content, _GZIP_LEVEL, mtime=0))
            else:
                (folder / member.name).write_bytes(content)
