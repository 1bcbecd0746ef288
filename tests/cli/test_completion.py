import os
import subprocess
import sys

import pytest

from .conftest import run


def completed(*words):
    """What bash is told for the last of the words."""
    script = "from impasto.cli import main; main()"
    asked = {"_IMPASTO_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_impasto(shell, capsys):
    assert run("completion", shell) == 0
    said = capsys.readouterr().out
    assert f"_IMPASTO_COMPLETE={shell}_complete" in said
    assert "impasto" in said


def test_another_shell_gets_one_sentence(capsys):
    assert run("completion", "tcsh") == 2
    assert "bash" in capsys.readouterr().err


def test_commands_complete_without_importing_them():
    assert completed("impasto", "st") == ["plain,styles", "plain,studio"]


def test_sub_commands_options_and_choices_complete():
    assert completed("impasto", "styles", "pr") == ["plain,preview"]
    assert "plain,--style-scale" in completed("impasto", "apply", "--sty")
    assert completed("impasto", "apply", "--colors", "m") == ["plain,match"]


@pytest.mark.parametrize("command", ["apply", "video", "webcam", "styles show"])
def test_style_names_complete(command):
    option = [] if command == "styles show" else ["--style"]
    assert completed("impasto", *command.split(), *option, "sta") == ["plain,stained-glass", "plain,starry-night"]


def test_what_is_no_style_s_name_is_completed_as_a_file():
    assert completed("impasto", "apply", "--style", "./pain") == ["file,./pain"]
    assert completed("impasto", "video", "clip") == ["file,clip"]
