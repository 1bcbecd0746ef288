"""How much memory there is, and how much of it a picture may take."""

from __future__ import annotations

import os
import re
from pathlib import Path

from impasto.errors import InputError

MOST = 2 << 30
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_UNKNOWN = 4 << 30  # where the system does not say what is free


def parse_size(text: str) -> int:
    """``2G``, ``800M`` or a plain number of bytes; units are powers of 1024.

    Raises:
        InputError: it is none of these.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", text, re.IGNORECASE)
    if not found:
        raise InputError(f"{text!r} is no amount of memory; write it like 2G or 800M.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def limit(max_memory: int = 0) -> int:
    """Bytes that a process may take: what was asked for, else half of what is free, at most 2 GiB."""
    return max_memory or min(MOST, (free() + used()) // 2)


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


def _meminfo(field: str) -> int | None:
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    found = re.search(rf"^{field}:\s*(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _group_free() -> int | None:
    """What a container may still take (control groups, version 2 or 1)."""
    root = Path("/sys/fs/cgroup")
    for most, now in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            return max(0, int((root / most).read_text()) - int((root / now).read_text()))
        except (OSError, ValueError):  # "max", no limit, is no number
            continue
    return None


def _total() -> int | None:
    """Half of the machine's memory, where only the whole is known (macOS)."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
