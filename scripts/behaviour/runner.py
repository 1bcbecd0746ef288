"""Run the cases, each in a folder of its own, and keep what they say and what becomes of their files."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from calls import CALLS
from cases import COMMANDS
from fingerprint import file_fingerprint, in_words, masked
from inputs import write_inputs

FOLDER = Path(__file__).parent  # of this package, which Python runs
TIMEOUT = 180  # seconds that one command may take
# Packages on whose versions the pixels depend.
PACKAGES = ("av", "click", "h5py", "numpy", "onnxruntime", "opencv-contrib-python-headless", "pillow", "torch")
# Files that onnxruntime and torch make in a case's folder.
FILES_OF_LIBRARIES = re.compile(r"home/$|home/\.cache|tmp/\.ses$|tmp/torchinductor")


def file_states(folder: Path) -> dict[str, tuple[int, int]]:
    """Size in bytes and time of change in nanoseconds of every file below a folder; 0 and 0 for the folders."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder)) + "/" * path.is_dir()
        found[name] = (0, 0) if path.is_dir() else (path.stat().st_size, path.stat().st_mtime_ns)
    return {name: state for name, state in found.items() if not FILES_OF_LIBRARIES.match(name)}


def environment_of(folder: Path, checkout: Path) -> dict[str, str]:
    """The environment variables of a case: nothing of the user's, and the package of a checkout."""
    home = folder / "home"
    own = {"HOME": home, "XDG_CACHE_HOME": home / ".cache", "XDG_CONFIG_HOME": home / ".config", "LANG": "C.UTF-8",
           "XDG_DATA_HOME": home / ".local", "IMPASTO_STYLES": home / "styles", "IMPASTO_CACHE": home / "cache",
           "PYTHONPATH": checkout / "src", "PATH": os.environ.get("PATH", ""), "TMPDIR": folder / "tmp",
           "IMPASTO_OFFLINE": 1, "OMP_NUM_THREADS": 1, "COLUMNS": 200, "NO_COLOR": 1}  # fmt: skip
    return {name: str(value) for name, value in own.items()}


@contextlib.contextmanager
def case_folder(root: Path, name: str, parts: dict[str, str], checkout: Path) -> Iterator[Path]:
    """Make a folder with the inputs of a case; add to its parts the files that it makes, changes or removes."""
    folder = root / name
    shutil.copytree(root / "inputs", folder)
    (folder / "tmp").mkdir()
    before = file_states(folder)
    yield folder
    after = file_states(folder)
    for file in sorted(before.keys() | after.keys()):
        if file not in after:
            parts[f"{file} is removed"] = "yes"
        elif before.get(file) != after[file] and file.endswith("/"):
            parts[f"{file} is made"] = "yes"
        elif before.get(file) != after[file]:
            found = file_fingerprint(folder / file)
            parts |= {f"{file}: {part}": masked(text, folder, checkout) for part, text in found.items()}
        elif not file.endswith("/"):
            (folder / file).unlink()  # an unchanged input: --keep shall leave only what was made


def run_command(number: int, line: str, folder: Path, checkout: Path) -> dict[str, str]:
    """Run a command: its exit status and what it says."""
    words, environment, files = shlex.split(line), environment_of(folder, checkout), {}
    while "=" in words[0]:
        environment |= [words.pop(0).split("=", 1)]
    for sign in ("<", ">", "^C"):
        if sign in words:
            at = words.index(sign)
            files[sign] = folder / words[at + 1]
            del words[at : at + 2]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": folder, "env": environment}
    arguments = [sys.executable, "-m", "impasto", *words]
    with files.get("<", Path(os.devnull)).open("rb") as given, subprocess.Popen(arguments, stdin=given, **pipes) as run:
        if "^C" in files:
            while run.poll() is None and not files["^C"].exists():
                time.sleep(0.05)
            time.sleep(0.7)
            run.send_signal(signal.SIGINT)
        try:
            out, err = run.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            run.kill()
            out, err = b"", f"not finished after {TIMEOUT} s".encode()
    if ">" in files:
        files[">"].write_bytes(out)
        out = b""
    said = {"status": str(run.returncode).encode(), "stdout": out, "stderr": err}
    texts = {key: text.decode(errors="replace") for key, text in said.items()}
    versions = "doctor" in line
    return {
        f"{number} `{line}` {key}": masked(text, folder, checkout, versions=versions) for key, text in texts.items()
    }


def make_call(
    number: int, function: Callable[[Any], Any], impasto: Any, folder: Path, checkout: Path
) -> dict[str, str]:
    """Make a call: what it gives, or its error, and what it says."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            value = in_words(function(impasto))
        except Exception as error:
            value = f"{type(error).__name__} {getattr(error, 'exit_status', '')}: {error}"
    said = {"value": value, "stdout": out.getvalue(), "stderr": err.getvalue()}
    return {f"call {number} {key}": masked(text, folder, checkout) for key, text in said.items()}


def make_calls(root: Path, checkout: Path, names: list[str]) -> None:
    """Make the calls of several cases in this process, and write a line of JSON for each."""
    import impasto

    warnings.simplefilter("always")
    for name in names:
        started = time.perf_counter()
        parts: dict[str, str] = {}
        with case_folder(root, name, parts, checkout) as folder:
            os.chdir(folder)
            os.environ.update(environment_of(folder, checkout))
            tempfile.tempdir = None
            for number, function in enumerate(CALLS[name], 1):
                parts |= make_call(number, function, impasto, folder, checkout)
            os.chdir(root)
        print(json.dumps([name, time.perf_counter() - started, parts]), flush=True)


def run_cases(root: Path, checkout: Path, only: str, verbose: bool) -> dict[str, dict[str, str]]:
    """Run the cases with a word in their names: name to part to words."""
    results: dict[str, dict[str, str]] = {}

    def add(name: str, seconds: float, parts: dict[str, str]) -> None:
        results[name] = {key: text for key, text in parts.items() if text}
        if verbose:
            print(f"{seconds:6.1f} s  {name}", file=sys.stderr, flush=True)

    inputs = root / "inputs"
    write_inputs(inputs)
    if only in "inputs":
        paths = [path for path in sorted(inputs.rglob("*")) if path.is_file()]
        files = {str(path.relative_to(inputs)): file_fingerprint(path) for path in paths}
        add("inputs", 0, {f"{file}: {part}": text for file, parts in files.items() for part, text in parts.items()})
    for name, lines in COMMANDS.items():
        if only in name:
            started = time.perf_counter()
            parts: dict[str, str] = {}
            with case_folder(root, name, parts, checkout) as folder:
                for number, line in enumerate(lines, 1):
                    parts |= run_command(number, line, folder, checkout)
            add(name, time.perf_counter() - started, parts)
    if names := [name for name in CALLS if only in name]:
        arguments = [sys.executable, FOLDER, "make-calls", root, checkout, *names]
        environment = environment_of(root / "child", checkout)
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
            for line in process.stdout or ():
                add(*json.loads(line))
        for name in names:
            results.setdefault(name, {"process": f"ended with status {process.returncode}"})
    return results


def machine() -> dict[str, str]:
    """The processor, Python and the packages, on which hashes depend beside the code."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    facts = {"processor": model[1] if model else platform.processor(), "python": platform.python_version()}
    return facts | {name: importlib.metadata.version(name) for name in PACKAGES}
