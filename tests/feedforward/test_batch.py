import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, OutOfMemoryError, OutputError
from impasto.feedforward import batch, painter
from impasto.feedforward.api import stylize
from impasto.feedforward.batch import BatchTask, Outcome, OutputOptions, expand_inputs, plan_batch
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.styles.catalogue import load_style

PLAIN = OutputOptions()


@pytest.fixture
def style():
    return load_style("scream")


def painted(tasks, style, **more) -> list[Outcome]:
    return list(batch.run_batch(tasks, Painter(style), **more))


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


# ---- which files ----


def test_a_folder_gives_its_pictures_recursively_in_order_without_hidden_ones(folder):
    names = [relative.as_posix() for _, relative in expand_inputs([folder])]
    assert names == ["a.PNG", "b.jpg", "deep/c.webp", "deep/deeper/d.tif"]


def test_a_pattern_is_expanded_where_the_shell_did_not(folder):
    assert [file.name for file, _ in expand_inputs([folder / "*.jpg"])] == ["b.jpg"]  # folder.jpg holds nothing
    assert {file.name for file, _ in expand_inputs([folder / "**" / "*.tif"])} == {"d.tif"}
    odd = folder / "odd[1].png"
    odd.write_bytes((folder / "a.PNG").read_bytes())
    assert expand_inputs([odd]) == [(odd, Path("odd[1].png"))]


def test_raw_photographs_in_a_folder_are_left_out_with_a_word(folder, caplog):
    for name in ("x.NEF", "deep/y.dng"):
        (folder / name).write_bytes(b"raw")
    assert len(expand_inputs([folder])) == 4
    (said,) = (record.getMessage() for record in caplog.records)
    assert said == f"{folder / 'deep/y.dng'}: raw photographs of a camera are left out (2); develop them first."


def test_a_pattern_or_folder_without_pictures_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="Nothing matches"):
        expand_inputs([folder / "*.gif"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no picture in"):
        expand_inputs([tmp_path / "empty"])


# ---- where results go ----


def test_names_are_mirrored_in_the_output_folder_and_unwritable_kinds_become_png(folder, tmp_path, style, small):
    small.save(folder / "g.gif")
    out = tmp_path / "out"
    targets = [task.target.relative_to(out).as_posix() for task in plan_batch([folder], out, style, PLAIN)]
    assert targets == ["a.PNG", "b.jpg", "deep/c.webp", "deep/deeper/d.tif", "g.png"]
    targets = [task.target.suffix for task in plan_batch([folder], out, style, OutputOptions(format="jpg"))]
    assert set(targets) == {".jpg"}


def test_one_file_goes_where_it_is_told(folder, tmp_path, style):
    source = folder / "b.jpg"
    assert plan_batch([source], tmp_path / "x.png", style, PLAIN) == [BatchTask(source, tmp_path / "x.png")]
    assert plan_batch([source], tmp_path, style, PLAIN) == [BatchTask(source, tmp_path / "b.jpg")]
    assert plan_batch([source], tmp_path / "new", style, PLAIN, into_folder=True) == [
        BatchTask(source, tmp_path / "new" / "b.jpg")
    ]
    assert plan_batch([source], tmp_path / "new", style, OutputOptions(format="png")) == [
        BatchTask(source, tmp_path / "new")
    ]
    assert plan_batch([source], None, style, PLAIN) == [BatchTask(source, folder / "b-scream.jpg")]
    assert plan_batch([source], None, style, OutputOptions(format="png")) == [
        BatchTask(source, folder / "b-scream.png")
    ]


def test_two_results_under_one_name_are_refused_and_the_same_file_twice_is_painted_once(folder, tmp_path, style):
    with pytest.raises(InputError, match="both become"):
        plan_batch([folder / "b.gif", folder / "b.png"], tmp_path / "out", style, PLAIN)
    for twice in ([folder / "b.jpg", folder / "b.jpg"], [folder / "**"]):
        sources = [task.source for task in plan_batch(twice, tmp_path / "out", style, OutputOptions(format="png"))]
        assert len(sources) == len(set(sources))


def test_an_output_that_may_be_a_file_or_a_folder_is_not_guessed(folder, tmp_path, style):
    with pytest.raises(InputError, match=r"new\.jpg for a file, or .*new/ for a folder"):
        plan_batch([folder / "b.jpg"], tmp_path / "new", style, PLAIN)
    for several in ([folder], [folder / "b.jpg", folder / "a.PNG"], [folder / "*.*"]):
        with pytest.raises(InputError, match="would be one file"):
            plan_batch(several, tmp_path / "one.jpg", style, PLAIN)
        tasks = plan_batch(several, tmp_path / "one.jpg", style, PLAIN, into_folder=True)
        assert all(tmp_path / "one.jpg" in task.target.parents for task in tasks)
    assert plan_batch([folder], tmp_path / "v1.2", style, PLAIN)[0].target == tmp_path / "v1.2" / "a.PNG"


def test_a_file_cannot_take_several_results(folder, tmp_path, style):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="need a folder"):
        plan_batch([folder], tmp_path / "file", style, PLAIN)


@pytest.mark.parametrize("where", ["beside", "within"])
def test_results_of_an_earlier_run_are_not_painted_again(folder, style, where):
    output = {"beside": None, "within": folder / "painted"}[where]
    first = plan_batch([folder], output, style, PLAIN)
    for task in first:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        task.target.write_bytes(task.source.read_bytes())
    assert len(expand_inputs([folder])) == 8
    assert plan_batch([folder], output, style, PLAIN) == first
    assert len(first) == 4


def test_a_folder_of_nothing_but_results_is_refused(folder, style):
    (folder / "a.PNG").unlink()
    (folder / "b.jpg").unlink()
    with pytest.raises(InputError, match="where the results go"):
        plan_batch([folder], folder / "deep", style, PLAIN)


def test_a_deeper_file_goes_into_a_folder_above_it(folder, style):
    source = folder / "deep" / "c.webp"
    assert plan_batch([source, folder / "b.jpg"], folder, style, PLAIN)[0] == BatchTask(source, folder / "c.webp")


# ---- painting ----


def test_one_bad_file_does_not_stop_the_rest(folder, tmp_path, style):
    (folder / "bad.jpg").write_bytes(b"not a picture")
    (folder / "cut.png").write_bytes((folder / "a.PNG").read_bytes()[:400])
    tasks = plan_batch([folder, folder / "missing.jpg"], tmp_path / "out", style, PLAIN)
    outcomes = painted(tasks, style)
    assert [outcome.task for outcome in outcomes] == tasks
    status = {outcome.task.source.name: outcome.status for outcome in outcomes}
    assert {name for name, value in status.items() if value == "failed"} == {"bad.jpg", "cut.png", "missing.jpg"}
    assert all(outcome.task.target.exists() == (outcome.status == "written") for outcome in outcomes)
    assert all(isinstance(o.error, InputError) for o in outcomes if o.status == "failed")
    assert not leftovers(tmp_path)


def test_existing_results_are_skipped_unless_overwritten(folder, tmp_path, style):
    task = BatchTask(folder / "b.jpg", tmp_path / "b.jpg")
    task.target.write_bytes(b"mine")
    assert [o.status for o in painted([task], style)] == ["skipped"]
    assert task.target.read_bytes() == b"mine"
    assert [o.status for o in painted([task], style, overwrite=True)] == ["written"]
    assert task.target.read_bytes()[:2] == b"\xff\xd8"


def test_results_that_are_kept_are_told_apart_by_how_they_were_made(folder, tmp_path, style):
    task = BatchTask(folder / "b.jpg", tmp_path / "o.jpg")
    assert [o.reason for o in painted([task], style)] == [None]
    assert [o.reason for o in painted([task], style)] == ["same"]
    assert [o.reason for o in painted([task], style, writing=OutputOptions(quality=30))] == ["other"]
    assert [o.reason for o in painted([task], load_style("udnie"))] == ["other"]
    assert [o.reason for o in painted([task], replace(style, scale=style.scale + 1))] == ["other"]
    others = [{"strength": 0.5}, {"mask": np.full((32, 48), 255, np.uint8)}]
    for options in others:
        (outcome,) = batch.run_batch([task], Painter(style, Options(**options)))
        assert (outcome.status, outcome.reason) == ("skipped", "other")
    os.utime(task.target, (1, 1))
    assert [o.reason for o in painted([task], style)] == ["other"]  # of an earlier photograph
    assert [o.status for o in painted([replace(task, changed=True)], style)] == ["written"]


def test_a_run_that_keeps_all_results_sweeps_the_locks_that_a_killed_one_left(folder, tmp_path, style):
    task = BatchTask(folder / "b.jpg", tmp_path / "o.jpg")
    painted([task], style)
    left = tmp_path / ".o.jpg.lock"
    left.write_text(json.dumps({"process": 1, "machine": platform.node(), "since": "10:00"}))
    batch.remove_left_locks.cache_clear()  # as in another process
    assert [outcome.reason for outcome in painted([task], style)] == ["same"]
    assert not left.exists()


def test_pictures_that_are_results_are_skipped_where_that_is_asked_for(folder, tmp_path, style):
    painted([BatchTask(folder / "b.jpg", folder / "b-scream.jpg")], style)
    tasks = [BatchTask(folder / name, tmp_path / name) for name in ("b.jpg", "b-scream.jpg")]
    outcomes = painted(tasks, load_style("udnie"), include_results=False)
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [("written", None), ("skipped", "result")]
    assert [outcome.status for outcome in painted(tasks[1:], load_style("udnie"))] == ["written"]


def test_a_result_that_cannot_be_written_fails_alone(folder, tmp_path, style):
    (tmp_path / "out").write_text("in the way")
    tasks = [
        BatchTask(folder / "b.jpg", tmp_path / "out" / "b.jpg"),
        BatchTask(folder / "b.jpg", tmp_path / "fine.jpg"),
    ]
    first, second = painted(tasks, style)
    assert (first.status, second.status) == ("failed", "written")
    assert isinstance(first.error, OutputError)
    assert not leftovers(tmp_path)


def test_a_name_too_long_for_a_result_fails_alone(folder, tmp_path, style):
    tasks = [BatchTask(folder / "b.jpg", tmp_path / name) for name in ("a.jpg", f"{'b' * 300}.jpg", "c.jpg")]
    outcomes = painted(tasks, style)
    assert [outcome.status for outcome in outcomes] == ["written", "failed", "written"]
    assert isinstance(outcomes[1].error, OutputError)
    assert "too long" in str(outcomes[1].error)


def test_nothing_is_read_or_written_beside_a_very_large_picture(folder, tmp_path, style, monkeypatch):
    Image.new("RGB", (64, 64)).save(folder / "large.png")
    monkeypatch.setattr(batch, "_ALONE_PIXELS", 48 * 32)
    seen = []

    class Watched(Painter):
        def read(self, source, format=None):
            seen.append(source.name)
            return super().read(source, format)

        def paint_file(self, source, target, **more):
            time.sleep(0.1)  # long enough for a read or a write to begin
            seen.append("alone")
            assert (tmp_path / "0.jpg").exists()
            super().paint_file(source, target, **more)
            seen.append("done")

    names = ["b.jpg", "large.png", "a.PNG", "b.jpg"]
    tasks = [BatchTask(folder / name, tmp_path / f"{at}.jpg") for at, name in enumerate(names)]
    assert [outcome.status for outcome in batch.run_batch(tasks, Watched(style))] == ["written"] * 4
    assert seen == ["b.jpg", "alone", "large.png", "done", "a.PNG", "b.jpg"]


@pytest.mark.parametrize("alone", [False, True])
def test_a_side_too_long_for_the_format_is_refused_before_the_work(folder, tmp_path, style, monkeypatch, alone):
    Image.new("RGB", (16_400, 16)).save(folder / "long.png")
    if alone:
        monkeypatch.setattr(batch, "_ALONE_PIXELS", 9)
    monkeypatch.setattr(Painter, "paint", lambda *_: pytest.fail("painted"))
    (outcome,) = painted([BatchTask(folder / "long.png", tmp_path / "o.webp")], style)
    assert isinstance(outcome.error, OutputError)
    assert "16383 pixels along a side" in str(outcome.error)


def test_short_memory_is_one_failed_job(folder, tmp_path, style, monkeypatch):
    class Forgetful:
        multiple, minimum, border, channels, network = 8, 16, 8, len(style.scale), style.network
        bytes_per_pixel = 220

        def paint_only(self, *_):
            raise OutOfMemoryError("too large")

        def release(self):
            pass

    monkeypatch.setattr(painter, "load_engine", lambda *_: Forgetful())
    (outcome,) = painted([BatchTask(folder / "b.jpg", tmp_path / "o.jpg")], style)
    assert outcome.status == "failed"
    assert "more memory" in str(outcome.error)
    assert "--size" in str(outcome.error)


def test_seconds_are_said_by_stage(folder, tmp_path, style):
    (outcome,) = painted([BatchTask(folder / "b.jpg", tmp_path / "o.jpg")], style)
    assert list(outcome.seconds) == ["read", "paint", "write"]
    assert all(value > 0 for value in outcome.seconds.values())
    json.dumps(outcome.seconds)


def test_writing_goes_by_format_and_quality(folder, tmp_path, style):
    sizes = []
    for quality in (20, 95):
        task = BatchTask(folder / "a.PNG", tmp_path / f"{quality}")
        painted([task], style, writing=OutputOptions(format="jpg", quality=quality))
        with Image.open(task.target) as image:
            assert image.format == "JPEG"
        sizes.append(task.target.stat().st_size)
    assert sizes[0] < sizes[1]


def test_a_batch_gives_what_stylize_gives(folder, tmp_path, style):
    painted([BatchTask(folder / "a.PNG", tmp_path / "o.png")], style)
    with Image.open(folder / "a.PNG") as source, Image.open(tmp_path / "o.png") as result:
        assert np.array_equal(np.asarray(result), np.asarray(stylize(source, style)))


def test_results_are_told_however_the_folders_are_written(folder, tmp_path, style, monkeypatch):
    (folder / "out").mkdir()
    (folder / "b.jpg").rename(folder / "out" / "b.jpg")
    monkeypatch.chdir(tmp_path)
    for output in (Path("in/out"), tmp_path / "in" / ".." / "in" / "out"):
        names = [task.source.name for task in plan_batch([Path("in")], output, style, PLAIN)]
        assert names == ["a.PNG", "c.webp", "d.tif"]


def test_a_failure_names_its_picture(tmp_path, style):
    Image.fromarray(np.full((4, 4), 255, np.float32)).save(tmp_path / "float.tif")
    Image.new("RGB", (20, 10)).save(tmp_path / "small.png")
    masked = Painter(style, Options(mask=np.full((64, 64), 255, np.uint8)))
    tasks = [BatchTask(tmp_path / name, tmp_path / f"out-{name}") for name in ("float.tif", "small.png")]
    for task, outcome in zip(tasks, batch.run_batch(tasks, masked), strict=True):
        assert outcome.status == "failed"
        assert str(outcome.error).startswith(f"{task.source}: ")
        assert str(outcome.error).count(task.source.name) == 1


def test_two_runs_into_one_folder_share_the_work(tmp_path, folder, style):
    """What one is making, the other skips, and says who makes it; nothing is left over."""
    tasks = plan_batch([folder], tmp_path / "out", style, PLAIN)
    seen: list[Outcome] = []

    def run_another(*_):
        if not seen:
            seen.extend(painted(tasks, style, overwrite=True))

    first = painted(tasks, style, overwrite=True, progress=run_another)
    # Both have threads, so the first may find the second at a picture as well; each picture is made by one or both.
    assert all("written" in (one.status, other.status) for one, other in zip(first, seen, strict=True))
    busy = [outcome for outcome in (*first, *seen) if outcome.reason == "busy"]
    assert any(outcome.reason == "busy" for outcome in seen)
    assert all(f"process {os.getpid()}" in str(outcome.error) for outcome in busy)
    assert {outcome.status for outcome in (*first, *seen) if outcome.reason != "busy"} <= {"written"}
    assert sum(path.is_file() for path in (tmp_path / "out").rglob("*")) == 4
