import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from impasto.errors import OutputError
from impasto.files import atomic_path, check_writable, make_folder, temporary_folder
from impasto.styles.style import Style

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
as_user = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_halfway(path, error):
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise error


@posix
def test_a_folder_that_is_made_at_the_root_is_said(tmp_path, monkeypatch, caplog):
    make_folder(tmp_path / "a" / "b")
    assert not caplog.text
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    make_folder(Path("/impasto-nosuch/a"))
    assert "There was no folder /impasto-nosuch; it is made." in caplog.text


def test_what_a_path_keeps_of_a_url_makes_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"s3:// is elsewhere"), atomic_path(Path("s3://bucket/x.png")):
        pass
    assert not list(tmp_path.iterdir())


def test_writes_and_makes_folders(tmp_path):
    path = tmp_path / "a" / "b" / "x.png"
    with atomic_path(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.name.startswith(".impasto-")
        assert temporary.name.endswith(".png.part")
        assert not path.exists()
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["x.png"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_failure_keeps_the_old_file_and_leaves_nothing(tmp_path, error):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")
    with pytest.raises(error):
        fail_halfway(path, error)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.bin"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "permission denied"),
        (errno.EIO, "cannot be written"),
    ],
)
def test_operating_system_errors_are_translated(tmp_path, code, words):
    with pytest.raises(OutputError, match=words):
        fail_halfway(tmp_path / "x", OSError(code, os.strerror(code)))
    assert names(tmp_path) == []


def refuse(path, words):
    with pytest.raises(OutputError, match=words), atomic_path(path):
        pytest.fail("the block must not run")


def test_impossible_targets(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    refuse(tmp_path, "is a folder")
    refuse("", "is a folder")
    refuse(tmp_path / "file" / "x.png", "file stands where")
    refuse("nul\0l", "cannot be written")
    assert names(tmp_path) == ["file"]


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").write_bytes(b"kept")
    for name in ("new", "file", "folders/to/make"):
        check_writable(tmp_path / name)
    check_writable(os.devnull)
    assert names(tmp_path) == ["file"]
    for name, words in (
        ("", "because it is a folder: add a file name"),
        ("file/below", "because a file stands where one of its folders should be"),
        ("x" * 300, "because its name is too long"),
    ):
        with pytest.raises(OutputError, match=words):
            check_writable(tmp_path / name)


@posix
@as_user
def test_what_may_not_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").touch(mode=0o400)
    with pytest.raises(OutputError, match="permission denied"):
        check_writable(tmp_path / "file")
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        check_writable(tmp_path / "new")


def test_name_too_long(tmp_path):
    with pytest.raises(OutputError, match="too long"), atomic_path(tmp_path / ("x" * 300)) as temporary:
        temporary.write_bytes(b"")
    assert names(tmp_path) == []


@posix
@as_user
def test_read_only(tmp_path):
    (tmp_path / "kept").write_bytes(b"old")
    (tmp_path / "kept").chmod(0o400)
    refuse(tmp_path / "kept", "permission denied")
    tmp_path.chmod(0o500)
    refuse(tmp_path / "x", "permission denied")
    tmp_path.chmod(0o700)


@posix
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with atomic_path(tmp_path / "x") as temporary:
            temporary.write_bytes(b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode


@posix
def test_a_writer_that_puts_a_private_file_of_its_own_there_changes_no_permissions(tmp_path):
    with atomic_path(tmp_path / "x") as temporary:
        other = tmp_path / "other"
        other.write_bytes(b"new")
        other.chmod(0o600)
        wanted = stat.S_IMODE(temporary.stat().st_mode)
        other.replace(temporary)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == wanted != 0o600


@posix
def test_an_existing_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
def test_links_are_written_through(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with atomic_path(tmp_path / "link") as temporary:
        temporary.write_bytes(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@posix
def test_a_link_to_itself(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    refuse(tmp_path / "loop", "cannot be written")


@posix
def test_devices_are_written_directly():
    with atomic_path("/dev/null") as path:
        assert path == Path("/dev/null")
        path.write_bytes(b"gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(sys.platform == "win32", reason="no harmless way to ask for a process")
def test_what_a_killed_process_left_is_removed_and_what_another_one_writes_is_not(tmp_path):
    code = "import os, sys\nfrom impasto.files import *\nwith atomic_path(sys.argv[1]):\n    os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "x.png")], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".png.part")
    running = left.name.replace(left.name.split("-")[2], str(os.getppid()))
    elsewhere = left.name.replace(left.name.split("-")[1], "00000000")
    for name in (running, elsewhere):
        (tmp_path / name).touch()
    with atomic_path(tmp_path / "y.png"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([running, elsewhere, "y.png"])


class SafetensorError(Exception):
    """As safetensors raises it: no OSError."""


def test_an_error_number_in_the_text_of_a_library_is_explained(tmp_path):
    text = f"Error while serializing: I/O error: No space left on device (os error {errno.ENOSPC})"
    with pytest.raises(OutputError, match=r"x was not written because the disk is full: free some space"):
        fail_halfway(tmp_path / "x", SafetensorError(text))
    assert names(tmp_path) == []


def test_an_error_that_says_nothing_of_the_disk_stays_as_it_is_where_there_is_space(tmp_path):
    with pytest.raises(RuntimeError, match="unexpected pos 576 vs 534"):
        fail_halfway(tmp_path / "x", RuntimeError("unexpected pos 576 vs 534"))
    assert names(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 64 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("no small disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)  # torch has a file open as long as its error is known


def write_state(path, values):
    from impasto.optimisation.state import OptimisationState

    OptimisationState({"picture": values}, 0, 0, (1, 1), "", "adam", False).save(path)


def write_style(path, values):
    Style("x", values.numpy(), values.numpy(), "n").save(path)


def write_checkpoint(path, values):
    import torch

    with atomic_path(path) as temporary:
        torch.save({"a": values}, temporary)


def write_arrays(path, values):
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, a=values.numpy())


def write_hdf5(path, values):
    h5py = pytest.importorskip("h5py")
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset("images", data=values.numpy())


@pytest.mark.parametrize("write", [write_state, write_style, write_checkpoint, write_arrays, write_hdf5])
def test_every_writer_says_that_the_disk_is_full(small_disk, write):
    values = pytest.importorskip("torch").rand(100_000)
    with pytest.raises(OutputError, match=r"x was not written because the disk is full: free some space and try again"):
        write(small_disk / "x", values)
    assert names(small_disk) == []


def test_what_is_in_the_cache_names_the_variable_that_moves_it(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_bytes(b"")
    refuse(tmp_path / "file" / "x.pth", r"x.pth cannot be used .*: set IMPASTO_CACHE")


@posix
def test_a_temporary_folder_is_removed_and_so_is_that_of_a_killed_process(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = (
        "import os, signal, tempfile, sys\nfrom impasto.files import temporary_folder\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "with temporary_folder() as folder:\n"
        "    (folder / 'half').write_bytes(b'')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, tmp_path], check=False).returncode == -9
    assert len(names(tmp_path)) == 1
    with temporary_folder() as folder:
        assert names(tmp_path) == [folder.name]
    assert names(tmp_path) == []
