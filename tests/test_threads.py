import os
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.threads import core_count, cpu_threads, session_options


def test_threads_follow_omp_num_threads_or_the_cores_we_have(monkeypatch):
    for wanted in ("3", "3,2"):
        monkeypatch.setenv("OMP_NUM_THREADS", wanted)
        assert cpu_threads() == 3
    for useless in ("0", "many", "-2", ""):
        monkeypatch.setenv("OMP_NUM_THREADS", useless)
        assert cpu_threads() == core_count() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not tell")
def test_a_process_that_is_kept_to_one_core_starts_one_thread(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cpu_threads() == core_count() == session_options().intra_op_num_threads == 1
    finally:
        os.sched_setaffinity(0, before)


def test_the_share_of_the_processor_that_a_container_has_counts(monkeypatch, tmp_path):
    monkeypatch.setattr("impasto.threads.CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert core_count() == 64
    for text, cores in (("250000 100000", 3), ("20000 100000", 1), ("max 100000", 64)):
        (tmp_path / "cpu.max").write_text(f"{text}\n")
        assert core_count() == cores
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    for quota, cores in (("400000", 4), ("-1", 64)):
        (tmp_path / "cpu/cpu.cfs_quota_us").write_text(f"{quota}\n")
        assert core_count() == cores


def test_no_module_makes_sessions_of_its_own_kind():
    import impasto

    for path in (Path(impasto.__file__).parent).rglob("*.py"):
        assert "SessionOptions()" not in path.read_text(encoding="utf-8") or path.name == "threads.py", path


PAINTED = """
import hashlib, numpy, impasto
picture = numpy.random.default_rng(0).random((96, 128, 3), numpy.float32)
for style in ("starry-night", {"scream": 2, "udnie": 1, "mosaic": 3}):
    for colors in ("style", "match"):
        print(hashlib.sha256(impasto.stylize(picture, style, colors=colors).tobytes()).hexdigest())
"""


def test_a_painting_has_the_same_bits_with_any_number_of_threads():
    # A cluster's processes have other numbers of threads than one process has, and a part that is painted again after a
    # fault must be the part that was lost.
    painted = [
        subprocess.run(
            [sys.executable, "-c", PAINTED],
            env={**os.environ, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2", "3")
    ]
    assert painted[0].count("\n") == 4
    assert painted[0] == painted[1] == painted[2]
