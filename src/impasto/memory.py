"""How much memory there is, and how much of it a picture may take.

What the system and this process have is psutil's knowledge; it is imported when first asked for. The limit of a
control group is read here: psutil reports the memory of the machine, which in a container is not what may be taken.
"""

from __future__ import annotations

import ctypes
import math
import re
from pathlib import Path
from typing import Any

from impasto.errors import InputError

MAX_PIXELS = 300_000_000  # pixels of the largest picture that is decoded, unless another limit is given
MAX_DEFAULT = 2_000_000_000  # bytes that are taken at most unless a limit is given
BYTES_PER_PIXEL = 220  # bytes that painting takes for each pixel that is in the network at once
MIN_PIXELS = 1 << 16  # pixels that have to fit into memory at once: a smaller tile would be all margin
_ALWAYS_FITS = 1 << 18  # pixels that are painted at once without a look at the memory
_PROGRAM_BYTES = 128 << 20  # bytes that Python, its libraries and the network take
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # numbers of glibc's parameters, as in malloc.h
_KEPT_BLOCK = 1 << 30  # bytes: blocks up to this size are kept by :func:`keep_freed`
_NEVER_TRIM = (1 << 31) - 1  # bytes: the largest threshold that glibc takes
CONTROL_GROUP = Path("/sys/fs/cgroup")  # where Linux shows a process the limits of its control group


def parse_size(text: str) -> int:
    """Bytes from text such as ``2G``, ``800M`` or a plain number.

    Units are powers of 1000, with an i (``2GiB``) of 1024.

    Raises:
        InputError: the text is none of these.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", text, re.IGNORECASE)
    if not found:
        raise InputError(f"{text!r} is no amount of memory; write it like 2G or 800M.")
    power = "KMGT".index(found[2].upper()) + 1 if found[2] else 0
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power)


def parse_limit(size: Any) -> Any:
    """A limit of memory as callers write it, to bytes.

    Args:
        size: bytes, text such as ``"2G"``, or ``"auto"``; what is no text is returned as it is.

    Returns:
        Bytes; 0 for ``"auto"``.

    Raises:
        InputError: the text is none of these.
    """
    if not isinstance(size, str):
        return size
    return 0 if size == "auto" else parse_size(size)


def format_size(size: float) -> str:
    """Write bytes for people, rounded up, so that what a message asks for is enough: ``860 MB``, ``1.8 GB``."""
    tens = math.ceil(size / 1e7)
    return f"{10 * tens} MB" if tens < 100 else f"{math.ceil(size / 1e8) / 10} GB"


class Budget:
    """How much memory one painter may take.

    It is counted from when the budget is made, less what the program itself takes: so it holds for the whole of a
    process that does nothing else, and a process that is large already has as much left for painting.

    Args:
        max_memory: bytes; 0 is half of what is free, at most 2 GB.
        lanes: how many pictures are painted at a time.

    Attributes:
        largest: pixels beyond which painting has run short of memory once.

    Raises:
        InputError: the program itself takes more than ``max_memory``.
    """

    def __init__(self, max_memory: int = 0, lanes: int = 1) -> None:
        most = max_memory or max(2 * _PROGRAM_BYTES, min(MAX_DEFAULT, free() // 2))
        if most < _PROGRAM_BYTES + MIN_PIXELS * BYTES_PER_PIXEL:
            raise InputError(
                f"{most // 10**6} MB of memory are less than the program itself takes; give --max-memory 256M or more."
            )
        self._ceiling = max(used(), _PROGRAM_BYTES) - _PROGRAM_BYTES + most
        self._per_pixel, self._lanes = BYTES_PER_PIXEL * lanes, lanes
        self.largest = 1 << 62
        self._kept = 0

    def note_need(self, bytes_per_pixel: int) -> None:
        """Note what a network takes for each pixel that is in it at once; the largest counts."""
        self._per_pixel = max(self._per_pixel, bytes_per_pixel * self._lanes)

    def allows(self, pixels: int) -> bool:
        """Whether so many pixels can be painted at once."""
        return pixels <= min(max(_ALWAYS_FITS, self._kept), self.largest) or pixels <= self.pixels()

    def note_kept(self, pixels: int) -> None:
        """Note that the engine still holds the memory for so many pixels at once, which therefore only looks used."""
        self._kept = max(pixels, self._kept) if pixels else 0

    def holds(self, size: int) -> bool:
        """Whether a picture of so many bytes leaves a quarter of the memory to paint in."""
        return size <= (self._ceiling - used()) * 3 // 4

    def pixels(self, reserved: int = 0) -> int:
        """How many pixels can be painted at once.

        Args:
            reserved: bytes that are needed for something else.
        """
        return min(self.largest, max(MIN_PIXELS, (self._ceiling - used() - reserved) // self._per_pixel))

    def note_shortage(self, pixels: int) -> None:
        """Note that so many pixels at once were too many: from now on half of them are the most."""
        self.largest = min(self.largest, pixels // 2)


def free() -> int:
    """Bytes that can still be had without swapping, within this process's control group."""
    import psutil

    available = int(psutil.virtual_memory().available)
    group = _free_in_control_group()
    return available if group is None else min(available, group)


def used() -> int:
    """Bytes of memory that this process occupies."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def keep_freed() -> None:
    """Have this process keep the memory that it frees, where its C library is glibc; elsewhere nothing happens.

    glibc gives blocks of more than 32 MB back at once and asks for them again, and the system then has to empty each
    page: at 1024 x 682 pixels that is a third of the time of an optimisation, whose feature maps are so large. For
    programs, not for libraries: it concerns all that the process does, which then stays as large as it once was.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, Windows
        return
    mallopt(_MMAP_THRESHOLD, _KEPT_BLOCK)
    mallopt(_TRIM_THRESHOLD, _NEVER_TRIM)


def _free_in_control_group() -> int | None:
    """Bytes that a container may still take, the cache of files not counted; ``None`` where there is no limit.

    Control groups are read in version 2 and in version 1.
    """
    second = "memory.max", "memory.current", "memory.stat"
    first = (f"memory/memory.{name}" for name in ("limit_in_bytes", "usage_in_bytes", "stat"))
    for most, now, details in (second, first):
        try:
            taken = int((CONTROL_GROUP / now).read_text())
            cached = re.search(r"^(?:total_)?inactive_file (\d+)$", (CONTROL_GROUP / details).read_text(), re.MULTILINE)
            return max(0, int((CONTROL_GROUP / most).read_text()) - taken + int(cached[1] if cached else 0))
        except (OSError, ValueError):  # "max", which stands for no limit, is no number
            continue
    return None
