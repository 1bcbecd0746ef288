"""The picture files of a training set: a folder with its sub-folders, or a .zip that stays packed.

Files are decoded in threads. A file that cannot be read is reported with its reason and left out, since one damaged
file among thousands must not end a run.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from impasto.errors import InputError
from impasto.pictures.formats import READ_SUFFIXES
from impasto.threads import cpu_threads
from impasto.training.decoding import Pixels, decode

log = logging.getLogger(__name__)


class PictureFiles:
    """The picture files of a folder and its sub-folders, or of a .zip, which is not unpacked.

    Hidden files and the ``__MACOSX`` folder that a Mac adds to a .zip are left out; linked folders are not
    followed. Close it, or use it in a ``with``.

    Args:
        source: the folder or the .zip.
        limit: list at most so many files. A hash of the names chooses them, so that they come from all sub-folders.

    Attributes:
        names: paths inside the source with forward slashes, sorted.

    Raises:
        InputError: the source is not there, is no folder or .zip, or holds no picture; or the limit is below 1.
    """

    names: list[str]

    def __init__(self, source: Path, limit: int | None = None) -> None:
        if limit is not None and limit < 1:
            raise InputError(f"At most {limit} pictures were asked for; ask for at least 1.")
        self._source = source
        self._zip = _open_source(source)
        self._zip_lock = threading.Lock()
        found = _names_below(source) if self._zip is None else self._zip.namelist()
        names = sorted({name for name in found if _is_picture(name)})
        if not names:
            self.close()
            raise InputError(f"There is no picture in {source}; put photographs (JPEG, PNG ...) there.")
        if limit is not None:
            names = sorted(sorted(names, key=lambda name: name_digest(name)[::-1])[:limit])
        self.names = names

    def __enter__(self) -> PictureFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the .zip."""
        if self._zip is not None:
            self._zip.close()

    def decode_all(
        self,
        names: Iterable[str],
        workers: int,
        keep: int | None = None,
        then: Callable[[Pixels], Pixels] = lambda pixels: pixels,
    ) -> Iterator[tuple[str, Pixels | str]]:
        """Decode files in threads: each name in its turn, with its pixels or the reason why there are none.

        Args:
            names: the files, as :attr:`names` has them.
            workers: threads that decode.
            keep: shrink to at most this short side, in pixels; None keeps the size.
            then: a function of the pixels, called in the same thread.

        Yields:
            The name and either height x width x 3 pixels (0..255) or the reason as a text.
        """

        def attempt(name: str) -> tuple[str, Pixels | str]:
            try:
                return name, then(decode(self._bytes(name), keep))
            except Exception as error:  # damaged files make the decoders raise almost anything
                return name, str(error) or type(error).__name__

        with ThreadPoolExecutor(max(1, workers)) as pool:
            yield from pool.map(attempt, names)

    def _bytes(self, name: str) -> bytes:
        """Read a file whole."""
        if self._zip is None:
            return (self._source / name).read_bytes()
        with self._zip_lock:  # ZipFile counts its readers without a lock
            return self._zip.read(name)


def read_pictures(
    source: Path, keep: int, *, limit: int | None = None, held_out: Collection[str] = ()
) -> tuple[dict[str, Pixels], list[tuple[str, str]]]:
    """Decode all pictures of a source; one warning tells of those that cannot be read.

    Args:
        source: a folder (with its sub-folders) or a .zip of one.
        keep: shrink to at most this short side, in pixels.
        limit: read at most so many files.
        held_out: file names, without their folders, that are left out.

    Returns:
        The pictures by name, at least one; and name and reason of each that cannot be read.

    Raises:
        InputError: the source cannot be read, or not one picture in it.
    """
    pictures: dict[str, Pixels] = {}
    skipped: list[tuple[str, str]] = []
    with PictureFiles(source, limit) as files:
        names = [name for name in files.names if name.rpartition("/")[2] not in held_out]
        for name, picture in files.decode_all(names, cpu_threads(), keep):
            if isinstance(picture, str):
                skipped.append((name, picture))
            else:
                pictures[name] = picture
    if not pictures:
        raise none_readable(skipped, len(skipped), source)
    if skipped:
        warn_of_skipped(skipped, len(names), source)
    return pictures, skipped


def warn_of_skipped(skipped: Sequence[tuple[str, str]], total: int, source: Path) -> None:
    """Log one warning about all files that could not be read.

    Args:
        skipped: name of each such file, and why; at least one.
        total: files that were tried.
        source: the folder or the .zip that they come from.
    """
    name, reason = skipped[0]
    log.warning(
        "%d of %d pictures in %s cannot be read and are left out; the first, %s: %s",
        len(skipped),
        total,
        source,
        name,
        reason,
    )


def none_readable(skipped: Sequence[tuple[str, str]], total: int, source: Path) -> InputError:
    """The error of a source in which not one picture can be read; arguments as for :func:`warn_of_skipped`."""
    name, reason = skipped[0]
    return InputError(f"None of the {total} pictures in {source} can be read; the first, {name}: {reason.rstrip('.')}.")


def name_digest(name: str) -> bytes:
    """Hash a file name (SHA-1, 20 bytes), for choices that depend on the name alone.

    Surrogates in the name, which stand for bytes that are no UTF-8, are allowed.
    """
    return hashlib.sha1(name.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()


def _open_source(source: Path) -> zipfile.ZipFile | None:
    """Open a .zip; a folder needs no opening and gives None."""
    if source.is_dir():
        return None
    if not source.exists():
        raise InputError(f"There is no folder or file {source}; check the path.")
    try:
        return zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile, NotImplementedError):  # the last of a version that zipfile does not know
        raise InputError(f"{source} is not a folder of photographs, a .zip of one or an HDF5 file.") from None


def _names_below(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below a folder, with forward slashes; hidden folders are left out."""
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            yield (Path(here) / name).relative_to(folder).as_posix()


def _is_picture(name: str) -> bool:
    """Whether a file is a picture, told by its suffix; what is hidden or made by a Mac's archiver is none."""
    parts = name.split("/")
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return False
    return Path(parts[-1]).suffix.lower() in READ_SUFFIXES
