"""All networks that are known here, and which of them a file is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from impasto.foreign.architectures import (
    chainer,
    gordicaleksa,
    johnson,
    lengstrom,
    magenta,
    magenta_arbitrary,
    microast,
    onnx_zoo,
    pytorch_examples,
    rrmina,
)
from impasto.foreign.contents import Contents, UnknownNetworkError

ARCHITECTURES: tuple[ModuleType, ...] = (
    johnson,
    pytorch_examples,
    gordicaleksa,
    rrmina,
    lengstrom,
    magenta,
    chainer,
    onnx_zoo,
    microast,
    magenta_arbitrary,
)
"""A module an architecture; see the room's docstring for what each has."""
_MOST_NAMES = 3  # names that are said of what is not recognised


def gathered(path: Path, read: Callable[[Path], Contents]) -> Contents:
    """What is in a file, or in several that belong together.

    Args:
        path: what the user named.
        read: reads one file.
    """
    for module in ARCHITECTURES:
        gather = getattr(module, "gather", None)
        contents: Contents | None = gather(path, read) if gather else None
        if contents is not None:
            return contents
    return read(path)


def gathered_files(path: Path) -> list[Path]:
    """The files of a network that lies in several that belong together; empty for any other."""
    for module in ARCHITECTURES:
        if files := (module.files(path) if hasattr(module, "files") else []):
            return list(files)
    return []


def recognised(contents: Contents) -> ModuleType:
    """The architecture of a file.

    Raises:
        UnknownNetworkError: it is none that is known here.
    """
    for module in ARCHITECTURES:
        if module.detect(contents):
            return module
    names = ", ".join(list(contents.arrays)[:_MOST_NAMES])
    raise UnknownNetworkError(
        f"its format is {contents.kind}, but it is no network that is known here"
        + (f" (it has {names[:100]})" if names else "")
    )
