import os
import signal
import subprocess
import sys
import threading

import pytest

from impasto.errors import OutputError
from impasto.locks import locked, remove_left_locks

HOLD = """
import sys, time
from impasto.locks import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of ``tmp_path / "x"``."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "x"], stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"held"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_told_which_process_holds_the_lock(tmp_path, holder):
    words = rf"x is being made by another run \(process {holder.pid}, since \d\d:\d\d\)"
    with pytest.raises(OutputError, match=words), locked(tmp_path / "x"):
        pass


def test_a_killed_run_holds_nothing_and_its_file_is_swept(tmp_path, holder):
    holder.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    holder.wait()
    assert (tmp_path / ".x.lock").exists()
    with locked(tmp_path / "x"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_next_run_in_a_folder_sweeps_what_killed_runs_left_for_other_files(tmp_path, holder):
    holder.kill()
    holder.wait()
    (tmp_path / ".other.lock").write_text("another program's")
    (tmp_path / ".empty.lock").touch()
    (tmp_path / ".far.lock").write_text('{"process": 1, "machine": "elsewhere", "since": "10:00"}')
    with locked(tmp_path / "y"):
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            ".empty.lock",
            ".far.lock",
            ".other.lock",
            ".y.lock",
        ]


def test_locks_that_are_held_are_not_swept(tmp_path, holder):
    with locked(tmp_path / "y"), locked(tmp_path / "z"):
        pass
    remove_left_locks(tmp_path)
    with pytest.raises(OutputError, match="another run"), locked(tmp_path / "x"):
        pass


def test_a_run_that_waits_says_for_whom_and_goes_on_once_the_other_ends(tmp_path, holder, caplog):
    threading.Timer(0.5, holder.kill).start()
    with locked(tmp_path / "x", wait=True):
        assert holder.wait() != 0
    assert caplog.messages == [m for m in caplog.messages if f"process {holder.pid}" in m]
    assert len(caplog.messages) == 1


def test_threads_of_one_process_lock_each_other_out_too(tmp_path):
    with locked(tmp_path / "x"):
        with pytest.raises(OutputError, match=str(os.getpid())), locked(tmp_path / "x"):
            pass
        with locked(tmp_path / "y"):
            pass


def test_many_runs_have_the_lock_one_after_another(tmp_path):
    inside, most, guard = 0, 0, threading.Lock()

    def work():
        nonlocal inside, most
        for _ in range(20):
            with locked(tmp_path / "x", wait=True):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    import impasto.locks

    threads = [threading.Thread(target=work) for _ in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(impasto.locks, "_POLL_SECONDS", 0.001)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_given_back_after_a_failure(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path / "new" / "x"):
        raise KeyError
    with locked(tmp_path / "new" / "x"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="links need permissions there")
def test_two_names_of_one_folder_have_one_lock(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "x")
    with locked(tmp_path / "x"), pytest.raises(OutputError, match="another run"), locked(tmp_path / "link"):
        pass


def test_folders_made_for_a_lock_stay_only_with_something_in_them(tmp_path):
    with locked(tmp_path / "a" / "b" / "x.png"):
        pass
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "a" / "b" / "x.png"):
        (tmp_path / "a" / "y.png").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["y.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such devices")
def test_devices_are_not_locked():
    with locked(os.devnull), locked(os.devnull):
        pass
