import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

from impasto.errors import InputError
from impasto.feedforward import watching
from impasto.feedforward.tasks import OutputOptions

PLAIN = OutputOptions()


def test_watching_gives_each_file_once_and_only_when_it_is_complete(folder, tmp_path, monkeypatch):
    growing = folder / "b.jpg"
    looks = []

    def look(_seconds: float) -> None:
        looks.append(1)
        if len(looks) < 4:  # still being copied
            growing.write_bytes(growing.read_bytes() + b"more")
        if len(looks) > 12:
            raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", look)
    seen = []
    with suppress(KeyboardInterrupt):
        for task in watching.watch_folder(folder, tmp_path / "out", PLAIN):
            seen.append((task.source.name, len(looks)))
    assert sorted(name for name, _ in seen) == ["a.PNG", "b.jpg", "c.webp", "d.tif"]
    assert dict(seen)["a.PNG"] == 1
    assert dict(seen)["b.jpg"] == 4


def watched(folder, output, monkeypatch, at_look):
    """The names that watching gives at each look; ``at_look`` gets the number of the look."""
    seen = [[]]

    def look(_seconds: float) -> None:
        if len(seen) > 8:
            raise KeyboardInterrupt
        at_look(len(seen))
        seen.append([])

    monkeypatch.setattr(watching.time, "sleep", look)
    with suppress(KeyboardInterrupt):
        for task in watching.watch_folder(folder, output, PLAIN):
            seen[-1].append((task.source.name, task.changed))
    return seen


def test_a_copy_that_paused_and_a_replaced_photograph_are_tried_again(folder, tmp_path, monkeypatch):
    whole = (folder / "b.jpg").read_bytes()
    for path in folder.rglob("*.*"):
        if path.is_file() and path.name != "b.jpg":
            path.unlink()
    (folder / "b.jpg").write_bytes(whole[:200])

    def at_look(number):
        if number == 3:  # the copy goes on
            (folder / "b.jpg").write_bytes(whole)
        if number == 6:  # another of the same size
            os.utime(folder / "b.jpg", (5, 5))

    seen = watched(folder, tmp_path / "out", monkeypatch, at_look)
    tried = [(number, *one) for number, several in enumerate(seen) for one in several]
    assert tried == [(1, "b.jpg", False), (4, "b.jpg", True), (7, "b.jpg", True)]


def test_a_photograph_that_is_newer_than_its_result_is_painted_again(folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    for name, when in (("b.jpg", 2), ("a.PNG", 10)):
        (out / name).write_bytes(b"painted before")
        os.utime(out / name, (when, when))
        os.utime(folder / name, (5, 5))
    tasks = dict(one for several in watched(folder, out, monkeypatch, lambda _: None) for one in several)
    assert tasks["b.jpg"]
    assert not tasks["a.PNG"]  # skipped as in other folders, or said to be made in another way


def test_watching_mirrors_names_and_leaves_its_own_results_alone(folder, monkeypatch):
    output = folder / "out"
    output.mkdir()
    (output / "b.jpg").write_bytes(b"painted before")
    monkeypatch.setattr(watching.time, "sleep", lambda _seconds: None)
    tasks = list(islice(watching.watch_folder(folder, output, OutputOptions(format="png")), 4))
    assert {task.target for task in tasks} == {
        output / "a.png",
        output / "b.png",
        output / "deep" / "c.png",
        output / "deep" / "deeper" / "d.png",
    }
    assert output / "b.jpg" not in {task.source for task in tasks}


@pytest.mark.parametrize("output", ["HERE/in/out", "in/../in/out", "."])
def test_watching_tells_its_results_however_the_folders_are_written(folder, tmp_path, monkeypatch, output):
    monkeypatch.chdir(tmp_path)
    looks = []

    def look(_seconds: float) -> None:
        looks.append(1)
        if len(looks) > 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", look)
    seen = []
    with suppress(KeyboardInterrupt):
        for task in watching.watch_folder(Path("in"), Path(output.replace("HERE", str(tmp_path))), PLAIN):
            seen.append(task.source.as_posix())
            task.target.parent.mkdir(parents=True, exist_ok=True)
            task.target.write_bytes(b"painted")
    assert seen == ["in/a.PNG", "in/b.jpg", "in/deep/c.webp", "in/deep/deeper/d.tif"]


def test_watching_needs_folders(folder, tmp_path):
    with pytest.raises(InputError, match="no folder"):
        watching.watch_folder(tmp_path / "none", tmp_path, PLAIN)
    with pytest.raises(InputError, match="is a file"):
        watching.watch_folder(folder, folder / "b.jpg", PLAIN)
    with pytest.raises(InputError, match="is the folder that is watched"):
        watching.watch_folder(folder, folder / "deep" / "..", PLAIN)
