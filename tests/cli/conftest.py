"""What the tests of the commands share: a folder with pictures, and running a command here or in a process."""

import subprocess
import sys

import pytest

from impasto.cli import main


@pytest.fixture
def folder(tmp_path, photo):
    """Two pictures, one in a sub-folder, and a file that is none."""
    inside = tmp_path / "in"
    (inside / "deep").mkdir(parents=True)
    photo.resize((96, 64)).save(inside / "one.jpg")
    photo.resize((64, 96)).save(inside / "deep" / "two.png")
    (inside / "bad.jpg").write_bytes(b"not a picture")
    return tmp_path


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def process(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "impasto", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, **options)


def files_in(folder):
    """What is in a folder, and when each file was last written; locks come and go, which changes folders' own times."""
    return {path: path.is_dir() or path.stat().st_mtime_ns for path in folder.rglob("*")}


def check_refusal(folder, capsys, arguments: list[str], status: int | None, sentence: str) -> None:
    """Run a command that cannot be done: it says one sentence and changes no file.

    Args:
        arguments: with ``IN`` for the folder of the pictures.
        status: the exit status; ``None``: any but 0.
        sentence: a part of what is said.
    """
    (folder / "in" / "cut.png").write_bytes((folder / "in" / "deep" / "two.png").read_bytes()[:500])
    for name in ("m.jpg", "m-styles.jpg"):
        (folder / "in" / name).write_bytes((folder / "in" / "one.jpg").read_bytes())
    before = files_in(folder)
    ended = run(*(argument.replace("IN", str(folder / "in")) for argument in arguments))
    assert ended == status if status else ended > 0
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert said.count("Error") == 1
    if ended != 2:  # click shows the usage, too
        assert said.strip().count("\n") == 0
    assert files_in(folder) == before
