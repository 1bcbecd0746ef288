"""How much memory there is, and how much of it a picture may take."""

from __future__ import annotations

import ctypes
import math
import os
import re
from pathlib import Path
from typing import Any

from impasto.errors import InputError

MOST = 2_000_000_000
PER_PIXEL = 220
"""Bytes that painting takes for each pixel that is in the network at once."""
LEAST = 1 << 16
"""Pixels that have to fit: a tile of less would be all margin."""
_SMALL = 1 << 18  # pixels that need no asking
_UNKNOWN = 4 << 30  # where the system does not say what is free
_PROGRAM = 128 << 20  # Python and its libraries, with the network
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # as malloc.h numbers them


def parse_size(text: str) -> int:
    """``2G``, ``800M`` or a plain number of bytes; units are powers of 1000, with an i (``2GiB``) of 1024.

    Raises:
        InputError: it is none of these.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", text, re.IGNORECASE)
    if not found:
        raise InputError(f"{text!r} is no amount of memory; write it like 2G or 800M.")
    power = "KMGT".index(found[2].upper()) + 1 if found[2] else 0
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power)


def parse_limit(size: Any) -> Any:
    """A limit of memory as callers write it: bytes, text as ``"2G"``, or ``"auto"``, which is 0.

    Raises:
        InputError: it is text, and none of these.
    """
    if not isinstance(size, str):
        return size
    return 0 if size == "auto" else parse_size(size)


def amount(size: float) -> str:
    """Bytes for people, rounded up, so that what a message asks for is enough: ``860 MB``, ``1.8 GB``."""
    tens = math.ceil(size / 1e7)
    return f"{10 * tens} MB" if tens < 100 else f"{math.ceil(size / 1e8) / 10} GB"


class Budget:
    """How much one painter may take.

    Counted from when it is made, less what the program itself takes: so it holds for the whole of a process that
    does nothing else, and a process that is large already has as much left for painting.

    Args:
        max_memory: bytes; 0 is half of what is free, at most 2 GB.
        lanes: how many pictures are painted at a time.

    Raises:
        InputError: the program itself takes more than that.
    """

    def __init__(self, max_memory: int = 0, lanes: int = 1) -> None:
        most = max_memory or max(2 * _PROGRAM, min(MOST, free() // 2))
        if most < _PROGRAM + LEAST * PER_PIXEL:
            raise InputError(
                f"{most // 10**6} MB of memory are less than the program itself takes; give --max-memory 256M or more."
            )
        self._ceiling = max(used(), _PROGRAM) - _PROGRAM + most
        self._per_pixel = PER_PIXEL * lanes
        self.largest = 1 << 62
        self._kept = 0

    def allows(self, pixels: int) -> bool:
        """Whether so many pixels can be painted at once."""
        return pixels <= min(max(_SMALL, self._kept), self.largest) or pixels <= self.pixels()

    def keeps(self, pixels: int) -> None:
        """The engine still holds the memory for so many pixels at once, which only looks used."""
        self._kept = max(pixels, self._kept) if pixels else 0

    def holds(self, size: int) -> bool:
        """Whether a picture of so many bytes leaves room to paint."""
        return size <= (self._ceiling - used()) * 3 // 4

    def pixels(self, reserved: int = 0) -> int:
        """How many pixels can be painted at once, when so many bytes are needed for something else."""
        return min(self.largest, max(LEAST, (self._ceiling - used() - reserved) // self._per_pixel))

    def ran_short(self, pixels: int) -> None:
        """So many at once were too many: from now on, half of them."""
        self.largest = min(self.largest, pixels // 2)


def free() -> int:
    """Bytes that can still be had without swapping, within this process's control group."""
    available = _meminfo("MemAvailable")
    amounts = [_total() if available is None else available, _group_free()]
    return min((amount for amount in amounts if amount is not None), default=_UNKNOWN)


def used() -> int:
    """Bytes of memory that this process occupies; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def keep_freed() -> None:
    """Have this process keep the memory that it frees, where its C library is glibc; elsewhere nothing happens.

    What is larger than 32 MB glibc gives back at once and asks for again, and the system then has to empty each page:
    at 1024 x 682 pixels a third of the time of an optimisation, whose feature maps are that large. For programs, not
    for libraries: it concerns all that the process does, which then stays as large as it once was.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, Windows
        return
    mallopt(_MMAP_THRESHOLD, 1 << 30)
    mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)


def _meminfo(field: str) -> int | None:
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    found = re.search(rf"^{field}:\s*(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _group_free() -> int | None:
    """What a container may still take (control groups, version 2 or 1), the cache of files not counted."""
    root = Path("/sys/fs/cgroup")
    second = "memory.max", "memory.current", "memory.stat"
    first = (f"memory/memory.{name}" for name in ("limit_in_bytes", "usage_in_bytes", "stat"))
    for most, now, details in (second, first):
        try:
            taken = int((root / now).read_text())
            cached = re.search(r"^(?:total_)?inactive_file (\d+)$", (root / details).read_text(), re.MULTILINE)
            return max(0, int((root / most).read_text()) - taken + int(cached[1] if cached else 0))
        except (OSError, ValueError):  # "max", no limit, is no number
            continue
    return None


def _total() -> int | None:
    """Half of the machine's memory, where only the whole is known (macOS)."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
