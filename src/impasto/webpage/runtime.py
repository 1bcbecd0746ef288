"""onnxruntime for browsers, which the package holds as one archive (``scripts/pack_onnxruntime_web`` makes it).

The archive has two builds of onnxruntime-web: one for WebAssembly, and one for WebGPU. Both together are 31 MB, of
which much is the same, so that packed by one dictionary they take 4 MB of the package.
"""

from __future__ import annotations

import tarfile
from importlib import resources
from pathlib import Path

from impasto.webpage.packing import write_packed

FOLDER = "data/onnxruntime"
"""Where the files lie in a site."""
_ARCHIVE = "onnxruntime-web.tar.xz"


def write_runtime(site: Path) -> None:
    """Write onnxruntime into a site.

    The two large programs are packed, and unpacked by the page: so few bytes are transferred whatever server the site
    gets.
    """
    folder = site / FOLDER
    folder.mkdir(parents=True)
    source = resources.files("impasto.webpage") / _ARCHIVE
    with source.open("rb") as file, tarfile.open(fileobj=file, mode="r:xz") as archive:
        for member in archive:
            part = archive.extractfile(member)
            content = b"" if part is None else part.read()
            if member.name.endswith(".wasm"):
                write_packed(folder / member.name, content)
            else:
                (folder / member.name).write_bytes(content)
