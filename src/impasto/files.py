"""Writing files: whole or not at all, why one cannot be written, and names as text to write into them."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from impasto.errors import OutputError, Sentence
from impasto.folders import cache_folder

_TRIAL_BYTES = 1 << 16  # bytes that are written to ask the system why a file could not be written

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger(__name__)


class FullDiskError(OutputError):
    """There is no space left, so that no other file can be written either."""


def is_file(path: str | Path) -> bool:
    """Whether there is a file; what cannot be the name of one, such as a very long text, names none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def exists(path: str | Path) -> bool:
    """Whether there is anything at a path; at what cannot be one, such as a very long text, there is nothing."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it; one at the root of the file system is said, since it may be a slip.

    Raises:
        OSError: it cannot be made.
        OutputError: its name is what a path keeps of a URL.
    """
    folder = folder.absolute()
    missing = [one for one in (folder, *folder.parents) if not exists(one)]
    if missing and re.fullmatch(r"[A-Za-z][\w+.-]+:", missing[-1].name):
        raise OutputError(
            f"{missing[-1].name}// is elsewhere, and this result can only go to this machine; give a path."
        )
    folder.mkdir(parents=True, exist_ok=True)
    if missing and missing[-1].parent == Path(folder.anchor):
        log.warning("There was no folder %s; it is made.", missing[-1])


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A context that gives a temporary path to write to, and moves it over ``path`` once the block is done.

    Readers see the old file or the new one, never half of one, and whatever stops the block
    (Ctrl-C included) leaves no temporary file behind; what a killed process left is removed by the next one that writes
    into its folder. Missing folders are made, a link is written
    through, and an existing file keeps its permissions; a new one gets those that the umask allows.

    Args:
        path: the file to write.

    Yields:
        The temporary path, beside the file and with its suffix; ``path`` itself where that is a device or a pipe,
        which has nothing to replace.

    Raises:
        OutputError: the file cannot be written; says why.
    """
    wanted = Path(path)
    with explained(wanted):
        target = _target_of(wanted)
        mode = _mode_to_replace(target)
        if mode is not None and not stat.S_ISREG(mode):
            yield target
            return
        make_folder(target.parent)
        temporary = temporary_beside(target)
        try:
            # Not tempfile, whose files only their owner may read: here the kernel applies the umask.
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            if mode is None:
                mode = temporary.stat().st_mode
            yield temporary
            temporary.chmod(stat.S_IMODE(mode))  # what wrote may have put a file of its own in its place
            temporary.replace(target)
        except Exception as error:
            if cause := _refusal(error, temporary):
                raise cause from error
            raise
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """A context whose failures to write are one sentence.

    Args:
        path: the file or folder that is written, as the user named it.

    Raises:
        OutputError: in place of an error of the system's.
    """
    try:
        yield
    except OSError as error:
        kind = FullDiskError if error.errno in NO_SPACE else OutputError
        raise kind(explain_write_error(path, error)) from error


@contextmanager
def optional(path: Path) -> Iterator[None]:
    """A context that writes what is worth less than the work that goes on, such as a preview: a failure is a warning.

    Args:
        path: the file or folder that is written, as the user named it.
    """
    try:
        with explained(path):
            yield
    except OutputError as error:
        log.warning("%s", error)


def _refusal(error: Exception, temporary: Path) -> OSError | None:
    """The system's error behind that of a library which hides it; ``None``: there is none, or it is not hidden.

    safetensors has its number only in the text, and torch does not have it at all: then a few more bytes are written.

    Args:
        error: what the library raised.
        temporary: the file that it was writing.
    """
    if isinstance(error, (OSError, OutputError)):
        return None
    if found := re.search(r"os error (\d+)", str(error)):
        return OSError(int(found[1]), os.strerror(int(found[1])))
    try:
        with temporary.open("ab") as file:
            file.write(bytes(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as cause:
        return cause
    return None


def temporary_beside(target: Path) -> Path:
    """A new temporary path in the folder of a file, where what killed processes left is removed."""
    _remove_leftovers(target.parent)
    return target.with_name(f".impasto-{machine()}-{os.getpid()}-{secrets.token_hex(4)}{target.suffix}.part")


@contextmanager
def temporary_folder(beside: Path | None = None) -> Iterator[Path]:
    """A context that gives an empty folder, removed at its end; those of killed processes are removed before.

    Args:
        beside: a file beside which it lies instead of where temporary files do, so that a large one can be moved.

    Raises:
        OutputError: it cannot be made.
    """
    folder = temporary_beside(beside or Path(tempfile.gettempdir()) / "folder")
    with explained(folder):
        folder.mkdir(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def machine() -> str:
    """Which machine's numbers of processes count here, in eight hexadecimal digits; each container has its own."""
    name = platform.node()
    with contextlib.suppress(OSError):  # there is such a file on Linux only
        name += str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{zlib.crc32(name.encode()):08x}"


@cache  # once a folder and process
def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files and folders that processes of this machine left in a folder because they were killed."""
    if sys.platform == "win32":  # knows no harmless way to ask for a process
        return
    for left in folder.glob(f".impasto-{machine()}-*.part"):
        with contextlib.suppress(OSError, ValueError):
            process = int(left.name.split("-")[2])
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()


def _target_of(path: Path) -> Path:
    """The file itself: ``os.replace`` would turn a link into a file of its own.

    Raises:
        OSError: its name cannot be one.
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "its name has a null character")
    return Path(os.path.realpath(path))


def _mode_to_replace(target: Path) -> int | None:
    """The mode of the file that is already there; ``None``: there is none.

    Raises:
        OSError: it is a folder, or may not be replaced.
    """
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not os.access(target, os.W_OK):  # os.replace would not ask: it needs only the folder's permission
        raise PermissionError(errno.EACCES, "permission denied")
    return mode


def check_writable(path: str | Path) -> None:
    """Refuse a file that cannot be written, before work is done for it that would be lost.

    Raises:
        OutputError: it is a folder, or it or its folder may not be written; says which.
    """
    wanted = Path(path)
    with explained(wanted):
        target = _target_of(wanted)
        mode = _mode_to_replace(target)
        if mode is not None and not stat.S_ISREG(mode):
            return
        folder = next(one for one in target.parents if exists(one))
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "permission denied")


def explain_write_error(path: Path, error: OSError) -> Sentence:
    """Why a file cannot be written, and what to do about it, in one sentence.

    Args:
        path: the file, as the user named it.
        error: what the system said.
    """
    reason = str(error.strerror or error).partition("\n")[0]
    return Sentence(_write_error_text(path, error.errno, reason), "cannot_write", name=str(path), reason=reason)


def _write_error_text(path: Path, code: int | None, reason: str) -> str:
    """The sentence of :func:`explain_write_error` in English, by the number and the words of the system's error."""
    if code not in NO_SPACE and cache_folder() in (path, *path.parents):
        return f"{path} cannot be used ({reason}): set IMPASTO_CACHE to a folder that can be written to."
    if code in NO_SPACE:
        return f"{path} was not written because the disk is full: free some space and try again."
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} cannot be written, permission denied: choose another folder, or change its permissions."
    if code == errno.EISDIR:
        return f"{path} cannot be written because it is a folder: add a file name."
    if code in (errno.ENOTDIR, errno.EEXIST):
        return f"{path} cannot be written because a file stands where one of its folders should be: rename it."
    if code == errno.ENAMETOOLONG:
        return f"{path} cannot be written because its name is too long: choose a shorter one."
    return f"{path} cannot be written ({reason}): choose another name or folder."


def printable(text: str) -> str:
    """Text that any file of UTF-8 can hold: a file's name need not be text, and what is none in it is escaped."""
    return text.encode("utf-8", "backslashreplace").decode()
