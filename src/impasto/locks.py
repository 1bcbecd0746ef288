"""Locks between runs: one file or work folder belongs to one run at a time.

The system holds the lock and gives it back when its process ends, however it ends. A file beside the locked path
carries the lock, and tells others who holds it; what a killed process leaves of it locks nothing, and the next run that
works in its folder removes it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from impasto.errors import OutputError
from impasto.files import explained, make_folder

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2  # seconds between two tries for a lock that another run holds
_LOCKED_BYTE = 1 << 30  # the byte that Windows locks: far behind the text, which others must be able to read


class BusyError(OutputError):
    """Another run is making the file or folder."""


@contextmanager
def locked(path: str | Path, *, wait: bool = False) -> Iterator[None]:
    """A context in which a file or folder belongs to this run alone, against other processes and threads.

    Where the file system knows no locks, nothing is locked; nor is a device or a pipe, which takes what several write.

    Args:
        path: what is locked; need not exist. Two names of one file count as one.
        wait: wait for another run to end, and log once who it is, instead of raising an error.

    Raises:
        BusyError: another run holds it.
        OutputError: the lock's file cannot be written.
    """
    wanted = Path(path)
    target = Path(os.path.realpath(wanted))
    carrier = target.with_name(f".{target.name.lstrip('.')}.lock")
    if target.exists() and not (target.is_file() or target.is_dir()):
        yield
        return
    missing = [folder for folder in carrier.parents if not folder.exists()]  # the deepest first
    told = False
    while (lock := _take(carrier, wanted)) is None:
        holder = _holder(carrier)
        if not wait:
            raise BusyError(
                f"{wanted} is being made by another run ({holder}): wait until it ends, or choose another name."
            )
        if not told:
            log.warning("Waiting for another run that makes %s (%s).", wanted, holder)
            told = True
        time.sleep(_POLL_SECONDS)
    remove_left_locks(carrier.parent)
    try:
        yield
    finally:
        _give_back(lock, carrier)
        for folder in missing:  # made for the lock; they stay where something was written into them
            with contextlib.suppress(OSError):
                folder.rmdir()


def _take(carrier: Path, wanted: Path) -> int | None:
    """Take the lock, and say in its file who has it.

    Returns:
        The open file that holds the lock; ``None``: another run has it.

    Raises:
        OutputError: the file cannot be made.
    """
    while True:
        with explained(wanted):
            make_folder(carrier.parent)
            file = os.open(carrier, os.O_CREAT | os.O_RDWR, 0o666)
        if not _lock(file):
            os.close(file)
            return None
        if _is_file_at(file, carrier):
            about = {"process": os.getpid(), "machine": platform.node(), "since": time.strftime("%H:%M")}
            with contextlib.suppress(OSError):  # the disk is full; the lock itself needs no space
                os.truncate(file, 0)
                os.write(file, json.dumps(about).encode())
            return file
        os.close(file)


def _is_file_at(file: int, path: Path) -> bool:
    """Whether an open file is still the one at a path; another run may have deleted it before it was locked."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


@cache  # once a folder and process
def remove_left_locks(folder: Path) -> None:
    """Remove the files of locks that killed processes of this machine left in a folder.

    Whoever takes a lock does so anyway; who keeps all results that are there takes none.
    """
    for carrier in folder.glob(".*.lock"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # another program's, or just removed
            about = json.loads(carrier.read_text(encoding="utf-8"))
            if about["machine"] != platform.node() or not about["process"]:
                continue
            lock = os.open(carrier, os.O_RDWR)
            if _lock(lock) and _is_file_at(lock, carrier):
                _give_back(lock, carrier)
            else:
                os.close(lock)


def _give_back(lock: int, carrier: Path) -> None:
    """Give a lock back and delete its file, which does nobody harm where it stays."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":  # deletes no open file; another run that has it open deletes it later
            os.close(lock)
            carrier.unlink(missing_ok=True)
            return
        carrier.unlink(missing_ok=True)  # still locked: once it is not, it may be another run's
    os.close(lock)


def _lock(file: int) -> bool:
    """Lock an open file unless another one that is open has it locked; says whether it is locked now."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:  # a file system without locks
        log.info("Nothing is locked here (%s).", error)
    return True


def _holder(carrier: Path) -> str:
    """Who holds a lock, for people."""
    try:
        about = json.loads(carrier.read_text(encoding="utf-8"))
        where = "" if about["machine"] == platform.node() else f" on {about['machine']}"
        return f"process {about['process']}{where}, since {about['since']}"
    except (OSError, ValueError, KeyError, TypeError):  # it has just ended, or has not written it yet
        return "process unknown"
