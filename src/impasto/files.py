"""Writing files: whole or not at all, why one cannot be written, and names as text to write into them."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import platform
import secrets
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from impasto.errors import OutputError

log = logging.getLogger(__name__)


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
    """
    folder = folder.absolute()
    missing = [one for one in (folder, *folder.parents) if not exists(one)]
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
    try:
        if "\0" in str(wanted):
            raise OSError(errno.EINVAL, "its name has a null character")
        target = Path(os.path.realpath(wanted))  # os.replace would turn a link into a file of its own
        mode = _mode_to_replace(target)
        if mode is not None and not stat.S_ISREG(mode):
            yield target
            return
        make_folder(target.parent)
        _remove_leftovers(target.parent)
        temporary = target.with_name(f".impasto-{_machine()}-{os.getpid()}-{secrets.token_hex(4)}{target.suffix}.part")
        try:
            # Not tempfile, whose files only their owner may read: here the kernel applies the umask.
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            if mode is None:
                mode = temporary.stat().st_mode
            yield temporary
            temporary.chmod(stat.S_IMODE(mode))  # safetensors puts a file of its own in its place
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(explain_write_error(wanted, error)) from error


@cache
def _machine() -> str:
    """Which machine's numbers of processes count here, in eight hexadecimal digits; each container has its own."""
    name = platform.node()
    with contextlib.suppress(OSError):  # there is such a file on Linux only
        name += str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{zlib.crc32(name.encode()):08x}"


@cache  # once a folder and process
def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files that processes of this machine have left in a folder because they were killed."""
    if sys.platform == "win32":  # knows no harmless way to ask for a process
        return
    for left in folder.glob(f".impasto-{_machine()}-*.part"):
        with contextlib.suppress(OSError, ValueError):
            process = int(left.name.split("-")[2])
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                left.unlink()


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


def explain_write_error(path: Path, error: OSError) -> str:
    """Why a file cannot be written, and what to do about it, in one sentence.

    Args:
        path: the file, as the user named it.
        error: what the system said.
    """
    code = error.errno
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"{path} was not written because the disk is full: free some space and try again."
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} cannot be written, permission denied: choose another folder, or change its permissions."
    if code == errno.EISDIR:
        return f"{path} cannot be written because it is a folder: add a file name."
    if code in (errno.ENOTDIR, errno.EEXIST):
        return f"{path} cannot be written because a file stands where one of its folders should be: rename it."
    if code == errno.ENAMETOOLONG:
        return f"{path} cannot be written because its name is too long: choose a shorter one."
    return f"{path} cannot be written ({error.strerror or error}): choose another name or folder."


def printable(text: str) -> str:
    """Text that any file of UTF-8 can hold: a file's name need not be text, and what is none in it is escaped."""
    return text.encode("utf-8", "backslashreplace").decode()
