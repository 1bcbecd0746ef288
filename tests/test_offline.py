"""Nothing leaves the machine, seen from the system: no connection, no look-up of a name, no file but what is asked for.

Python's sockets are not enough to look at, since libraries of C++ open their own.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest

import impasto

STRACE = shutil.which("strace")


def can_trace() -> bool:
    return STRACE is not None and subprocess.run([STRACE, "-qq", "-o", os.devnull, "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_trace(), reason="system calls are seen by strace, which cannot run here")
SECONDS = 11  # seconds; onnxruntime looks for its maker's host nine seconds after it was loaded
LIBRARY = f"""
import sys, time
started = time.monotonic()
import impasto
impasto.stylize("photo.png", "scream", output="library.png")
impasto.stylize_video("photo%d.png", "scream", output="frame%d.png")
time.sleep(max(0, {SECONDS} - (time.monotonic() - started)))
"""
LOOK_UP = "import socket\ntry:\n    socket.getaddrinfo('impasto.invalid', 80)\nexcept OSError:\n    pass"
ONLY_LOAD = "import onnxruntime"


@pytest.fixture
def home(tmp_path, small):
    """A folder with pictures, in which ``home`` is an empty home."""
    (tmp_path / "home").mkdir()
    for name in ("photo.png", "photo1.png", "photo2.png"):
        small.save(tmp_path / name)
    return tmp_path


def traced(home, *arguments, **variables) -> subprocess.Popen:
    """Start Python with a home of its own; what it asks of the network goes to ``home / "trace"``.

    ``CI`` is unset, since onnxruntime sends and keeps nothing where it is set: there these tests would see nothing.
    """
    others = ("IMPASTO_CACHE", "IMPASTO_STYLES", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR")
    unset = ("CI", "ORT_DISABLE_TELEMETRY", *others)
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    source = str(Path(impasto.__file__).parents[1])  # the package that is tested, whatever else is installed
    environment |= {"HOME": str(home / "home"), "PYTHONPATH": source} | variables
    calls = "trace=connect,sendto,sendmsg,sendmmsg"
    command = [STRACE, "-f", "-qq", "--seccomp-bpf", "-e", calls, "-o", str(home / "trace"), sys.executable]
    return subprocess.Popen([*command, *arguments], cwd=home, env=environment)


def end_traced(process: subprocess.Popen) -> None:
    """End what strace runs, and strace with it."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        process.wait(30)


def contacts(home) -> list[str]:
    """The system calls that were to reach another machine, or the resolver on this one."""
    lines = (home / "trace").read_text().splitlines()
    return [line for line in lines if re.search(r"AF_INET|nscd|systemd/resolve|resolve1", line)]


def left_at_home(home) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in (home / "home").rglob("*") if path.is_file())


def test_a_library_that_stays_for_a_while_contacts_nobody_and_leaves_nothing_at_home(home):
    assert traced(home, "-c", LIBRARY).wait() == 0
    assert (home / "library.png").exists()
    assert (home / "frame2.png").exists()
    assert contacts(home) == []
    assert left_at_home(home) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["apply", "photo.png", "--style", "scream", "-o", "out.png"],
        ["video", "photo%d.png", "--style", "scream", "-o", "out%d.png"],
        ["styles", "preview", "photo.png", "-o", "out.png", "--tile", "32"],
        ["paint", "photo.png", "--style", "photo1.png", "--iterations", "1", "--scales", "1", "-o", "out.png"],
        ["doctor"],
        ["apply", "photo.png", "--style", "scream", "-o", "out.png", "--engine", "openvino"],
    ],
    ids=lambda arguments: "-".join(arguments[::7]),
)
def test_a_command_contacts_nobody_and_leaves_nothing_at_home(home, arguments):
    if arguments[0] == "paint":
        pytest.importorskip("torch")
    if arguments[-1] == "openvino" and not find_spec("openvino"):
        pytest.skip("the extra openvino is not installed")
    assert traced(home, "-m", "impasto", *arguments).wait() == 0
    assert contacts(home) == []
    measured = arguments == ["doctor"] and find_spec("openvino")  # what doctor keeps in the cache of Impasto
    assert left_at_home(home) == (["home/.cache/impasto/engines.json"] if measured else [])


def test_the_studio_contacts_nobody_and_leaves_nothing_at_home(home):
    pytest.importorskip("fastapi")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = traced(home, "-m", "impasto", "studio", "--port", str(port), "--no-browser")
    try:
        for _ in range(600):
            time.sleep(0.1)
            try:
                with urlopen(f"http://127.0.0.1:{port}/") as page:
                    assert b"Impasto" in page.read()
                break
            except OSError:
                assert process.poll() is None
    finally:
        end_traced(process)
    assert contacts(home) == []
    assert left_at_home(home) == []


def test_what_these_tests_look_for_is_seen_where_it_is(home):
    assert traced(home, "-c", LOOK_UP).wait() == 0
    assert contacts(home)
    assert traced(home, "-c", ONLY_LOAD).wait() == 0
    if tuple(map(int, version("onnxruntime").split(".")[:2])) >= (1, 29):
        assert any("deviceid" in name for name in left_at_home(home))
