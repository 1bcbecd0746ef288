import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path
from threading import current_thread

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, OutOfMemoryError, OutputError, StyleError
from impasto.feedforward import batch, layered_styles
from impasto.feedforward.api import stylize
from impasto.feedforward.batch import Outcome
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.tasks import BatchTask, OutputOptions, plan_batch
from impasto.styles.catalogue import load_style

PLAIN = OutputOptions()


@pytest.fixture
def style():
    return load_style("scream")


def painted(tasks, style, **more) -> list[Outcome]:
    return list(batch.run_batch(tasks, Painter(style), **more))


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


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


def test_engines_are_loaded_once_while_the_first_picture_is_read(folder, tmp_path, style, monkeypatch):
    done, painter = [], Painter(style)
    prepare, paint = painter.styles.prepare, painter.paint_only
    monkeypatch.setattr(painter.styles, "prepare", lambda: (prepare(), done.append(current_thread().name)))
    monkeypatch.setattr(painter, "paint_only", lambda *rest: (done.append("paint"), paint(*rest))[1])
    tasks = plan_batch([folder], tmp_path / "out", style, PLAIN)
    assert all(outcome.status == "written" for outcome in batch.run_batch(tasks, painter))
    assert len(tasks) > 1
    assert done == ["write_0", *["paint"] * len(tasks)]
    list(batch.run_batch(tasks, painter))
    assert len(done) == 1 + len(tasks)  # where all results are kept, nothing is loaded


def test_a_style_of_another_network_fails_each_picture_though_it_fails_while_it_is_loaded(folder, tmp_path, style):
    other = replace(style, network="0123456789ab")
    outcomes = painted(plan_batch([folder], tmp_path / "out", other, PLAIN), other)
    assert all(isinstance(outcome.error, StyleError) for outcome in outcomes)


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

    monkeypatch.setattr(layered_styles, "load_engine", lambda *_: Forgetful())
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
