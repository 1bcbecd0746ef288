"""Which reader reads a file: decided by its first and last bytes, not by its name."""

from __future__ import annotations

import glob
import struct
import zipfile
import zlib
from pathlib import Path

from impasto.foreign.contents import LARGEST_FILE, Contents, DamagedError, ForeignError, UnknownNetworkError
from impasto.foreign.readers import npz, onnx_file, tensorflow, tfjs, torch7, torch_files

_TAIL = 8  # bytes at the end by which tables are known

# What NumPy, zipfile and zlib raise of bytes that make no sense.
_DAMAGE: tuple[type[Exception], ...] = (
    *(ArithmeticError, LookupError, MemoryError, ValueError, RuntimeError, EOFError, TypeError),
    *(struct.error, zlib.error, zipfile.BadZipFile),
)


def main_file(path: Path) -> Path | None:
    """The file in which a model begins: the path itself, the index of a checkpoint, or what a folder has of these.

    Returns:
        ``None`` where there is none.
    """
    if path.is_dir():
        found = [path / "model.json"] if (path / "model.json").is_file() else sorted(path.glob("*.index"))
        if not found:
            found = [file for file in sorted(path.iterdir()) if file.is_file() and is_table_file(file)]
        return found[-1] if found else None
    index = tensorflow.checkpoint_index(path)
    return index or (path if path.is_file() else None)


def files_of_model(path: Path) -> list[Path]:
    """The files that :func:`read` reads for a path; empty where there are none."""
    file = main_file(path)
    if file is None:
        return []
    if file.name == "model.json":
        return [file, *sorted(file.parent.glob("group*"))]
    if file.suffix == ".index":
        return [file, *sorted(file.parent.glob(f"{glob.escape(file.stem)}.data-*"))]
    return [file]


def is_table_file(path: Path) -> bool:
    """Whether a file is a checkpoint of TensorFlow, or the index of one."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        return tensorflow.is_table(file.read())


def read(path: Path) -> Contents:
    """Read a file of another program.

    Args:
        path: of a file, of a folder, or what the files of a checkpoint begin with.

    Raises:
        ForeignError: it cannot be read; the text says why.
        OSError: the system cannot read it.
    """
    file = main_file(path)
    if file is None:
        raise UnknownNetworkError("there is no model in it" if path.is_dir() else "there is no such file")
    if file.stat().st_size > LARGEST_FILE:
        raise UnknownNetworkError(f"it is larger than {LARGEST_FILE >> 20} MB, and networks that paint are not")
    data = memoryview(file.read_bytes())
    try:
        return _read(file, data)
    except ForeignError:
        raise
    except _DAMAGE as error:
        raise DamagedError("it contradicts itself") from error


def _read(path: Path, data: memoryview) -> Contents:
    """Read bytes with the reader that their beginning or end asks for."""
    head = bytes(data[:16])
    if head.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(name.rpartition("/")[2] == "data.pkl" for name in names):
                return torch_files.read_zip(archive, len(data))
            if names and all(name.endswith(".npy") for name in names):
                return npz.read_npz(archive, len(data))
        raise UnknownNetworkError("it is an archive, but of no network")
    if head.startswith(torch_files.LEGACY_MAGIC):
        return torch_files.read_legacy(data)
    if tensorflow.is_table(bytes(data[-_TAIL:])):
        return tensorflow.read_table_file(path, data)
    if torch7.is_torch7(head):
        return torch7.read_torch7(data)
    if head.lstrip().startswith(b"{"):
        return tfjs.read_tfjs(path, data)
    if head.startswith(b"\x08"):  # the version of ONNX's format
        return onnx_file.read_onnx(data)
    raise UnknownNetworkError("it is in no format that is known here")
