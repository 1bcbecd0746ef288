"""Where pictures and results lie: a local path, or a URL that fsspec knows (``s3://``, ``gs://``, ``az://``, ...).

A *place* is a :class:`~pathlib.Path` or such a URL as text. Network reads and writes are tried several times; what is
written appears whole or not at all.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from impasto.errors import ImpastoError, InputError, OutputError, first_line
from impasto.extras import fsspec
from impasto.files import NO_SPACE, FullDiskError, atomic_path, explain_write_error, temporary_folder

log = logging.getLogger(__name__)
T = TypeVar("T")

Place = Path | str
"""A local path, or a URL."""
_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds between two tries over a network
_FINAL = (PermissionError, IsADirectoryError, NotADirectoryError)  # to try again would be of no use
# Protocols whose objects appear when they are complete; to all others a temporary name is written first.
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "memory"}
# What file systems call that which changes with a file's content, the best first.
_STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "updated", "mtime", "created")


@dataclass(frozen=True)
class Entry:
    """A file at a place.

    Attributes:
        name: its path relative to the folder that was listed, with ``/``.
        size: bytes.
        stamp: text that changes when the file does.
    """

    name: str
    size: int
    stamp: str


def is_url(place: object) -> bool:
    """Whether text is the URL of a file system; a letter before a colon is a drive of Windows."""
    return re.match(r"[A-Za-z][\w+.-]+://", str(place)) is not None


def as_place(text: str | Path) -> Place:
    """The place that text names; ``file://`` is a local path."""
    if not is_url(text):
        return Path(text)
    scheme, _, rest = str(text).partition("://")
    return Path(rest) if scheme.lower() in ("file", "local") else str(text)


def absolute(place: Place) -> Place:
    """The place for other processes, which may run in other folders."""
    return place.absolute() if isinstance(place, Path) else place


def join(folder: Place, name: str) -> Place:
    """The place of a name, relative and with ``/``, in a folder."""
    return folder / name if isinstance(folder, Path) else f"{folder.rstrip('/')}/{name}"


def name_of(place: Place) -> str:
    """The last part of a place."""
    return place.name if isinstance(place, Path) else place.rstrip("/").rpartition("/")[2]


def file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises:
        MissingExtraError: fsspec, or what it needs for the protocol, is not installed.
        InputError: there is no such protocol.
    """
    core, scheme = fsspec().core, url.partition("://")[0]
    try:
        system, path = core.url_to_fs(url)
    except ImportError as error:
        raise InputError(f"{scheme}:// needs the package that fsspec uses for it: {first_line(error)}.") from error
    except ValueError as error:
        raise InputError(f"{scheme}:// cannot be reached: {first_line(error)}.") from error
    return system, str(path)


def _tried(call: Callable[[], T], error: type[ImpastoError], sentence: str) -> T:
    """The result of a call over a network, which is made again if it fails.

    Args:
        call: what is tried.
        error: the class of what is raised in the end.
        sentence: what cannot be done, without the reason.

    Raises:
        FileNotFoundError: there is nothing.
        ImpastoError: an ``error``: all tries failed.
    """
    for pause in (*_PAUSES, None):
        try:
            return call()
        except FileNotFoundError:
            raise
        except Exception as cause:  # each file system has classes of its own
            if isinstance(cause, ImpastoError):
                raise
            if pause is None or isinstance(cause, _FINAL):
                raise error(
                    f"{sentence} ({first_line(cause)}): check the address, the network and your rights."
                ) from cause
            log.info("%s (%s); it is tried again.", sentence, first_line(cause))
            time.sleep(pause)
    raise AssertionError  # the last pause is None


def read(place: Place, size: int | None = None) -> bytes:
    """All bytes of a file.

    Args:
        place: the file.
        size: bytes that it should have; ``None``: unknown. Over a network, fewer are taken for an answer cut off.

    Raises:
        InputError: it is not there, or cannot be read.
    """
    if isinstance(place, Path):
        try:
            return place.read_bytes()
        except OSError as error:
            raise InputError(f"{place} cannot be read ({error.strerror or error}): check its name.") from error
    system, path = file_system(place)
    return _read_at_url(place, lambda: size if size is not None else int(system.info(path)["size"]))


def read_part(url: str, start: int, end: int) -> bytes:
    """The bytes of a file at a URL from one place to before another.

    Raises:
        InputError: it is not there, or cannot be read.
    """
    return _read_at_url(url, lambda: end - start, start=start, end=end)


def _read_at_url(url: str, expected: Callable[[], int], **part: int) -> bytes:
    """Bytes of a file at a URL; fewer than are expected are taken for an answer cut off, and asked for again."""
    system, path = file_system(url)

    def attempt() -> bytes:
        data, size = bytes(system.cat_file(path, **part)), expected()
        if len(data) != size:
            system.invalidate_cache()
            raise OSError(f"{len(data)} bytes came instead of {size}")
        return data

    try:
        return _tried(attempt, InputError, f"{url} cannot be read")
    except FileNotFoundError as error:
        raise InputError(f"There is no {url}: check the address.") from error


@contextmanager
def local_copy(place: Place, size: int | None = None) -> Iterator[Path]:
    """A context that gives a file as a local one: itself, or a temporary copy.

    Raises:
        InputError: it is not there, or cannot be read.
        OutputError: there is no space for the copy.
    """
    if isinstance(place, Path):
        yield place
        return
    system, path = file_system(place)
    with temporary_folder() as folder:
        copy = folder / name_of(place)

        def fetch() -> None:
            try:
                system.get_file(path, str(copy))
            except OSError as error:  # those of networks are such, too
                if error.errno in NO_SPACE:
                    raise FullDiskError(explain_write_error(copy, error)) from error
                raise
            if copy.stat().st_size != (size if size is not None else int(system.info(path)["size"])):
                raise OSError("the answer was cut off")

        try:
            _tried(fetch, InputError, f"{place} cannot be read")
        except FileNotFoundError as error:
            raise InputError(f"There is no {place}: check the address.") from error
        yield copy


def write(place: Place, data: bytes) -> None:
    """Write a file, which appears whole or not at all; what is there is replaced.

    Raises:
        OutputError: it cannot be written.
    """
    if isinstance(place, Path):
        with atomic_path(place) as temporary:
            temporary.write_bytes(data)
        return
    _send(place, lambda system, path: system.pipe_file(path, data))


def publish(file: Path, place: Place) -> None:
    """Give a finished local file its place, where it appears whole or not at all; the file itself is used up.

    Raises:
        OutputError: it cannot be written.
    """
    if isinstance(place, Path):
        with atomic_path(place) as temporary:
            shutil.move(file, temporary)
        return
    _send(place, lambda system, path: system.put_file(str(file), path))
    file.unlink()


def _send(place: str, send: Callable[[Any, str], Any]) -> None:
    """Write to a URL, under a temporary name first where half of a file would be seen.

    Raises:
        OutputError: it cannot be written.
    """
    system, path = file_system(place)
    whole = place.partition("://")[0].lower() in _OBJECT_STORES

    def attempt() -> None:
        if whole:
            send(system, path)
            return
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        send(system, f"{path}.part")
        system.mv(f"{path}.part", path)

    try:
        _tried(attempt, OutputError, f"{place} cannot be written")
    except FileNotFoundError as error:
        raise OutputError(f"{place} cannot be written: there is no such bucket or folder; make it first.") from error


def entry_of(place: Place) -> Entry | None:
    """What is at a place; ``None``: no file.

    Raises:
        InputError: the place cannot be reached.
    """
    try:
        if isinstance(place, Path):
            status = place.stat()
            return Entry(place.name, status.st_size, str(status.st_mtime_ns)) if place.is_file() else None
        system, path = file_system(place)
        about = _tried(lambda: system.info(path, refresh=True), InputError, f"{place} cannot be reached")
    except (OSError, ValueError):
        return None
    return _entry(name_of(place), about) if about.get("type", "file") == "file" else None


def is_folder(place: Place) -> bool:
    """Whether a place is a folder, or in an object store a prefix of names."""
    if isinstance(place, Path):
        return place.is_dir()
    system, path = file_system(place)
    return bool(_tried(lambda: system.isdir(path), InputError, f"{place} cannot be reached"))


def find(folder: Place, *, fresh: bool = False) -> list[Entry]:
    """All files below a folder, sorted by name; none where there is no such folder.

    Args:
        folder: where to look.
        fresh: ask again, whatever was listed before.

    Raises:
        InputError: the place cannot be reached.
    """
    if isinstance(folder, Path):
        found = []
        for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if (entry := entry_of(file)) is not None:
                found.append(Entry(file.relative_to(folder).as_posix(), entry.size, entry.stamp))
        return found
    system, path = file_system(folder)
    if fresh:
        system.invalidate_cache()
    try:
        listed = _tried(lambda: system.find(path, detail=True), InputError, f"{folder} cannot be listed")
    except FileNotFoundError:
        return []
    below = f"{path.rstrip('/')}/"
    return sorted(
        (_entry(name.removeprefix(below), about) for name, about in listed.items() if name.startswith(below)),
        key=lambda entry: entry.name,
    )


def glob(pattern: str) -> list[tuple[str, Entry]]:
    """The files of a URL with signs for any characters (``*``, ``?``, ``**``), each with its own URL, sorted.

    Raises:
        InputError: the place cannot be reached.
    """
    system, path = file_system(pattern)
    found = _tried(lambda: system.glob(path, detail=True), InputError, f"{pattern} cannot be listed")
    files = ((system.unstrip_protocol(name), about) for name, about in found.items() if about["type"] == "file")
    return sorted((url, _entry(name_of(url), about)) for url, about in files)


def read_many(folder: Place, names: list[str]) -> dict[str, bytes]:
    """The bytes of several small files of a folder by name; those that have vanished meanwhile are left out."""
    found = {}
    if not isinstance(folder, Path) and names:
        system, path = file_system(folder)
        paths = {f"{path.rstrip('/')}/{name}": name for name in names}
        many = _tried(lambda: system.cat(list(paths), on_error="omit"), InputError, f"{folder} cannot be read")
        found = {paths[one]: bytes(data) for one, data in many.items() if one in paths}
    for name in names:
        if name not in found:
            try:
                found[name] = read(join(folder, name))
            except InputError:
                continue
    return found


def remove(place: Place) -> None:
    """Remove a file; nothing happens where there is none."""
    if isinstance(place, Path):
        place.unlink(missing_ok=True)
        return
    system, path = file_system(place)
    try:
        _tried(lambda: system.rm_file(path), OutputError, f"{place} cannot be removed")
    except FileNotFoundError:
        return


def _entry(name: str, about: dict[str, Any]) -> Entry:
    """A file as fsspec describes it."""
    stamp = next((str(about[key]) for key in _STAMPS if about.get(key) is not None), "")
    return Entry(name, int(about.get("size") or 0), stamp.strip('"'))
