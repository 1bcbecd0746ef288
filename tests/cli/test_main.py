import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import impasto
from impasto.cli import COMMANDS, main

from .conftest import check_refusal, process, run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert run(command, "--help") == 0
    assert "Usage: impasto" in capsys.readouterr().out


@pytest.mark.parametrize("group", [("styles", "list"), ("styles", "show"), ("styles", "preview"), ("dataset", "pack")])
def test_every_sub_command_has_help(group, capsys):
    assert run(*group, "--help") == 0
    assert f"Usage: impasto {' '.join(group)}" in capsys.readouterr().out


def test_help_is_quick_and_imports_nothing_heavy():
    watched = "numpy", "onnxruntime", "torch", "PIL"
    script = (
        "import sys\nfrom impasto.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n"
        f"    print([name for name in {watched} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    times = []
    for _ in range(5):
        before = os.times()
        process("--help")
        after = os.times()  # the processor's time, which other programs' work does not lengthen
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        times.append(spent)
    assert min(times) < 0.15


def test_version_is_the_package_s(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"impasto {impasto.__version__}\n"


def test_verbose_shows_where_an_error_came_from(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["something else"])
    with pytest.raises(impasto.StyleError):
        main(["-v", "styles", "show", "scraem"])
    monkeypatch.setattr("sys.argv", ["impasto", "-v"])  # of whoever calls main, not ours
    assert run("styles", "show", "scraem") == 5
    assert capsys.readouterr().err.startswith("Error: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["apply", "IN", "--style", "scream", "-o", "-"], ["styles", "list"]])
def test_standard_output_on_a_full_disk_gets_one_sentence(folder, arguments):
    command = [sys.executable, "-m", "impasto"]
    command += [argument.replace("IN", str(folder / "in" / "deep" / "two.png")) for argument in arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 4
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert "space" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are Linux's")
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_names_that_an_encoding_cannot_hold_are_printed_escaped_and_the_run_goes_on(tmp_path, small, encoding):
    names = [os.fsdecode(b"caf\xe9.jpg"), "\u65e5\u672c.jpg", "z.jpg"]
    (tmp_path / "in").mkdir()
    for name in names:
        small.save(tmp_path / "in" / name)
    options = {"cwd": tmp_path, "env": os.environ | {"PYTHONIOENCODING": f"{encoding}:strict"}}
    done = process("apply", "in", "--style", "scream", "-o", "out", **options)
    assert (done.returncode, done.stderr.strip()) == (0, b"3 written")
    assert b"out/caf\\udce9.jpg" in done.stdout.splitlines()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    done = process("apply", "in", "--style", "scream", "-o", "out", "--json", **options)
    assert sorted(Path(json.loads(line)["output"]).name for line in done.stdout.splitlines()) == sorted(names)
    done = process("apply", "in/no" + names[0], "--style", "scream", **options)
    assert done.stderr.startswith(b"Error: in/nocaf\\udce9.jpg does not exist")
    done = process("styles", "preview", f"in/{names[0]}", "--tile", 32, **options)
    assert done.stdout.strip() == b"in/caf\\udce9-styles.jpg"


ENDED = """
import os, runpy, signal, time, click
def end(*_, **__):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)  # the signal comes before that
click.Command.make_context = end
runpy.run_module("impasto", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_sigterm_is_ctrl_c_in_every_command(command):
    # In a process of its own: in one that has loaded everything, the signal may reach a library's thread.
    done = subprocess.run([sys.executable, "-c", ENDED, command], capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (130, "Interrupted.")


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["aply"], 2, "did you mean apply"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence_and_leaves_nothing(folder, capsys, arguments, status, sentence):
    check_refusal(folder, capsys, arguments, status, sentence)


def test_a_sentence_is_said_once():
    """A file that is read several times has the same to say each time."""
    code = "import logging\nfrom impasto.cli import cli\ncli.main(['styles', 'list'], standalone_mode=False)\n"
    code += "[logging.getLogger('impasto').warning('x.gif: %s', what) for what in 'abba']"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["x.gif: a", "x.gif: b"]
