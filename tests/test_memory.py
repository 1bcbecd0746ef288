import os
import platform
import subprocess
import sys

import pytest

from impasto import memory
from impasto.errors import InputError
from impasto.memory import Budget, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("2G", 2 * 10**9), ("800M", 8 * 10**8), ("1.5g", 15 * 10**8), ("300", 300), ("64 KiB", 65536), ("2GiB", 2 << 30)],
)
def test_sizes_are_read_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "two", "-1G", "G", "1X", "1 2"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InputError, match="2G or 800M"):
        parse_size(text)


def test_the_default_is_half_of_what_is_free_and_at_most_2_gib(monkeypatch):
    monkeypatch.setattr(memory, "used", lambda: 100 << 20)
    seen = []
    for free in (1 << 30, 3 << 30, 64 << 30):
        monkeypatch.setattr(memory, "free", lambda free=free: free)
        seen.append(Budget().pixels() * memory.BYTES_PER_PIXEL + (100 << 20))
    for took, most in zip(seen, (512 << 20, 3 << 29, 2 * 10**9), strict=True):
        assert most - (1 << 20) < took <= most


def test_less_memory_than_the_program_takes_is_refused():
    with pytest.raises(InputError, match="256M or more"):
        Budget(64 << 20)
    assert Budget(256 << 20).pixels() >= memory.MIN_PIXELS


def test_what_is_needed_for_something_else_is_not_there_for_painting(monkeypatch):
    monkeypatch.setattr(memory, "used", lambda: 100 << 20)
    budget = Budget(1 << 30)
    assert budget.pixels() - budget.pixels(540 << 20) == pytest.approx((540 << 20) / memory.BYTES_PER_PIXEL, abs=2)
    assert budget.holds(500 << 20)
    assert not budget.holds(1 << 30)
    budget.note_shortage(500_000)
    assert budget.pixels() == 250_000
    assert not budget.allows(260_000)


def test_free_and_used_are_plausible():
    assert 1 << 26 < memory.free() < 1 << 50
    assert 1 << 23 < memory.used() < 1 << 40


def test_the_limit_of_a_control_group_counts_and_the_cache_of_files_does_not(monkeypatch, tmp_path):
    for version, most, now, name in (
        ("2", "memory.max", "memory.current", "memory.stat"),
        ("1", "memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        root = tmp_path / version
        (root / "memory").mkdir(parents=True)
        monkeypatch.setattr(memory, "CONTROL_GROUP", root)
        machine = memory.free()
        assert machine > 100 << 20
        (root / most).write_text(f"{100 << 20}\n")
        (root / now).write_text(f"{60 << 20}\n")
        (root / name).write_text(f"anon 1\ninactive_file {10 << 20}\n")
        assert memory.free() == 50 << 20
        (root / most).write_text("max\n")
        assert memory.free() > 100 << 20


@pytest.mark.parametrize(
    ("size", "text"),
    [(853_000_001, "860 MB"), (990_000_000, "990 MB"), (990_000_001, "1.0 GB"), (1_720_000_000, "1.8 GB")],
)
def test_amounts_are_rounded_up(size, text):
    assert format_size(size) == text
    assert parse_size(text.replace(" ", "")) >= size


def _faults(setup: str) -> int:
    """Pages that a program asks the system for while it takes and frees 64 MB eight times."""
    code = f"""
import resource
import numpy as np
{setup}
np.ones(1 << 26, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    np.ones(1 << 26, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    return int(subprocess.check_output([sys.executable, "-c", code], text=True, env=environment))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told so")
def test_freed_memory_can_be_kept_for_what_comes_next():
    kept = _faults("from impasto.memory import keep_freed; keep_freed()")
    assert kept < _faults("") / 4
