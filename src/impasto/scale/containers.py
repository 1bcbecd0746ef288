"""Files that hold many pictures: tars as WebDataset writes them, and columns of Parquet files."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from impasto.errors import InputError, first_line
from impasto.extras import needing_extra
from impasto.files import explained, temporary_folder
from impasto.pictures.formats import FORMATS, READ_SUFFIXES, identify_format
from impasto.scale.places import Place, name_of, read_part

_FOOTER = 1 << 16  # bytes at the end of a Parquet file in which its footer usually lies


def is_picture(name: str) -> bool:
    """Whether a name is that of a picture that can be read, and not hidden."""
    path = PurePosixPath(name)
    return path.suffix.lower() in READ_SUFFIXES and not any(part.startswith(".") for part in path.parts)


def read_tar(path: Path, shown: str) -> Iterator[tuple[str, bytes]]:
    """The files of a tar in order: their names, and their bytes.

    Args:
        path: the tar; a compressed one is taken, too.
        shown: how messages call it.

    Raises:
        InputError: it is damaged or no tar.
    """
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isfile() else None
                if file is not None:
                    yield member.name.removeprefix("./"), file.read()
            _check_end(tar)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"{shown} cannot be read as a tar ({first_line(error)}): get it afresh.") from error


def count_tar(path: Path, shown: str) -> int:
    """How many pictures a tar holds; see :func:`read_tar`."""
    try:
        with tarfile.open(path) as tar:
            pictures = sum(member.isfile() and is_picture(member.name.removeprefix("./")) for member in tar)
            _check_end(tar)
            return pictures
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"{shown} cannot be read as a tar ({first_line(error)}): get it afresh.") from error


def _check_end(tar: tarfile.TarFile) -> None:
    """Refuse a tar that was read to where no header can be made out: for Python it ends there, for what follows not.

    Compressed tars have a checksum of their own.

    Raises:
        tarfile.ReadError: it does not end with the block of zeros that each tar ends with.
    """
    if not isinstance(tar.fileobj, io.BufferedReader):
        return
    tar.fileobj.seek(tar.offset)
    block = tar.fileobj.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE or any(block):
        raise tarfile.ReadError("it ends in the middle" if len(block) < tarfile.BLOCKSIZE else "damaged in the middle")


def _parquet(path: Path, shown: str) -> Any:
    """A Parquet file, opened.

    Raises:
        MissingExtraError: pyarrow is not installed.
        InputError: it is damaged or no Parquet file.
    """
    with needing_extra("ray", "Reading Parquet files"):
        import pyarrow.parquet as parquet
    try:
        return parquet.ParquetFile(path)
    except Exception as error:  # pyarrow's own classes
        raise InputError(f"{shown} cannot be read as a Parquet file ({first_line(error)}): get it afresh.") from error


@contextmanager
def local_parquet(place: Place, size: int, column: str = "", groups: tuple[int, int] = (0, 0)) -> Iterator[Path]:
    """A context that gives a Parquet file as a local one: itself, or a copy with holes.

    Args:
        place: the file.
        size: its bytes.
        column: that which the copy has.
        groups: the first row group that the copy has of it, and the one after the last; none: it has the footer alone.

    Raises:
        InputError: the file is not there, or cannot be read.
        OutputError: there is no space for the copy.
    """
    if isinstance(place, Path):
        yield place
        return
    with temporary_folder() as folder:
        copy = folder / name_of(place)

        def fetch(start: int, end: int) -> bytes:
            """Bring a part of the file to its place in the copy."""
            data = read_part(place, start, end)
            with explained(copy), copy.open("r+b") as file:
                file.seek(start)
                file.write(data)
            return data

        with explained(copy), copy.open("wb") as file:
            file.truncate(size)
        end = fetch(max(0, size - _FOOTER), size)
        footer = int.from_bytes(end[-8:-4], "little") + 8  # its length, and the signature
        if footer > len(end):
            fetch(max(0, size - footer), size)
        if groups[1]:
            for start, end_of_chunk in _chunks(copy, str(place), column, groups):
                fetch(start, end_of_chunk)
        yield copy


def _chunks(path: Path, shown: str, column: str, groups: tuple[int, int]) -> list[tuple[int, int]]:
    """Where the bytes of a column lie in a Parquet file, for each row group: the first, and the one after the last."""
    found = []
    with _parquet(path, shown) as file:
        for group in range(*groups):
            about = file.metadata.row_group(group)
            for chunk in map(about.column, range(about.num_columns)):
                if chunk.path_in_schema == column or chunk.path_in_schema.startswith(f"{column}."):
                    pages = chunk.dictionary_page_offset, chunk.data_page_offset
                    start = min(page for page in pages if page is not None)
                    found.append((start, start + chunk.total_compressed_size))
    return found


def plan_parquet(path: Path, shown: str, column: str, most: int) -> tuple[str, list[tuple[int, int, int]]]:
    """How a Parquet file is cut into parts.

    Args:
        path: the file.
        shown: how messages call it.
        column: that with the pictures; empty: the only one with bytes.
        most: pictures of a part, as far as row groups allow.

    Returns:
        The column, and of each part the first row group, the one after the last, and the number of rows.

    Raises:
        InputError: there is no such column, or it is not clear which.
    """
    with _parquet(path, shown) as file:
        holding = [field.name for field in file.schema_arrow if _holds_bytes(field.type)]
        if column and column not in holding:
            raise InputError(
                f"{shown} has no column {column} with the bytes of pictures; such are: {', '.join(holding) or 'none'}."
            )
        if not column and len(holding) != 1:
            raise InputError(
                f"{shown} has {len(holding)} columns with bytes ({', '.join(holding) or 'none'}); "
                f"name that with the pictures, as {shown}#COLUMN."
            )
        parts: list[tuple[int, int, int]] = []
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if parts and parts[-1][2] + rows <= most:
                parts[-1] = (parts[-1][0], group + 1, parts[-1][2] + rows)
            else:
                parts.append((group, group + 1, rows))
        return column or holding[0], parts


def _holds_bytes(kind: Any) -> bool:
    """Whether a type of Arrow's is bytes, or a structure with an entry ``bytes`` as data sets of pictures have it."""
    import pyarrow

    if pyarrow.types.is_struct(kind):
        return any(field.name == "bytes" and _holds_bytes(field.type) for field in kind)
    return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))


def _suffix_for(data: bytes) -> str:
    """The usual suffix of what bytes hold; empty where they are no picture."""
    try:
        return FORMATS[identify_format("", data[:64])].suffixes[0]
    except (InputError, KeyError):
        return ""


def read_parquet(path: Path, shown: str, column: str, groups: tuple[int, int]) -> Iterator[tuple[str, bytes]]:
    """The pictures of some row groups: names, from the number of the row unless the column has a path, and bytes.

    A row without a picture gives no bytes, so that it fails by itself.
    """
    with _parquet(path, shown) as file:
        row = sum(file.metadata.row_group(group).num_rows for group in range(groups[0]))
        for group in range(*groups):
            for batch in file.iter_batches(batch_size=64, row_groups=[group], columns=[column]):
                for value in batch.column(0).to_pylist():
                    path_there = value.get("path") if isinstance(value, dict) else None
                    data = value.get("bytes") if isinstance(value, dict) else value
                    name = f"-{PurePosixPath(path_there).name}" if path_there else _suffix_for(data or b"")
                    yield f"{row:09}{name}", data or b""
                    row += 1
