import shutil
import time
from threading import Event, Thread

import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.feedforward.tasks import OutputOptions
from impasto.scale import runner
from impasto.scale.api import find_job, open_run, paint_run, plan, run
from impasto.scale.job import Receipt, now
from impasto.scale.run_progress import progress
from impasto.scale.sessions import Session
from impasto.scale.worker import Worker

from .conftest import encoded, files_of, members_of
from .test_sources import tar_with


def tars_of(folder):
    return sorted(folder.glob("out-*.tar"))


def test_two_processes_write_the_files_that_a_plain_run_over_the_folder_writes(photos, tmp_path, worker):
    from impasto.cli import main

    with pytest.raises(SystemExit):
        main(["apply", str(photos), "--style", "scream", "-o", str(tmp_path / "plain"), "--quiet"])
    report = run(photos, tmp_path / "out", worker, processes=2)
    assert report.counts == {"written": 6}
    assert files_of(tmp_path / "out") == files_of(tmp_path / "plain")
    assert run(photos, tmp_path / "out", worker, processes=2).counts == {}


def test_a_list_over_several_folders_is_painted_under_the_names_that_they_do_not_share(photos, tmp_path, worker, here):
    (tmp_path / "list.txt").write_text("in/p1.jpg\nin/deep/p3.png\n")
    assert run(tmp_path / "list.txt", tmp_path / "out", worker, processes=1).counts == {"written": 2}
    assert [name for name in files_of(tmp_path / "out") if not name.startswith(".")] == ["deep/p3.png", "p1.jpg"]


def test_a_new_picture_is_painted_and_those_that_are_there_are_not(photos, tmp_path, worker, here):
    run(photos, tmp_path / "out", worker, processes=1)
    times = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.*g")}
    shutil.copy(photos / "p0.jpg", photos / "a.jpg")
    assert run(photos, tmp_path / "out", worker, processes=1).counts == {"written": 1, "skipped": 6}
    assert {file: file.stat().st_mtime_ns for file in times} == times


def test_each_shard_becomes_one_tar_in_the_order_of_its_pictures(photos, tmp_path, worker):
    plan(photos, tmp_path / "job", shard_pictures=4)
    report = run(tmp_path / "job", tmp_path / "out.tar", worker, processes=2)
    assert report.counts == {"written": 6}
    first, second = tars_of(tmp_path)
    assert list(members_of(first)) == ["deep/p3.png", "p0.jpg", "p1.jpg", "p2.jpg"]
    made = members_of(first) | members_of(second)
    assert made["p5.jpg"] == worker((photos / "p5.jpg").read_bytes())[0]
    again = [first.read_bytes(), second.read_bytes()]
    run(tmp_path / "job", tmp_path / "out.tar", worker, processes=1, overwrite=True)
    assert [tar.read_bytes() for tar in tars_of(tmp_path)] == again


def test_what_lies_beside_pictures_in_a_tar_goes_along(photos, tmp_path, worker, here):
    picture = (photos / "p0.jpg").read_bytes()
    tar_with(tmp_path / "in.tar", {"a.jpg": picture, "a.json": b"{}", "b.gif": picture, "b.json": b"{1}"})
    run(tmp_path / "in.tar", tmp_path / "out.tar", worker, processes=1)
    made = members_of(tars_of(tmp_path)[0])
    assert list(made) == ["a.jpg", "a.json", "b.png", "b.json"]
    assert made["b.json"] == b"{1}"
    run(tmp_path / "in.tar", tmp_path / "folder", worker, processes=1)
    assert sorted(files_of(tmp_path / "folder")) == ["in/a.jpg", "in/b.png"]


def test_a_failed_picture_is_listed_and_alone_is_painted_again_once_it_is_put_right(
    photos, tmp_path, worker, small, here
):
    good = {f"{n}.jpg": encoded(small.rotate(n)) for n in range(3)}
    (photos / "p1.jpg").write_bytes(b"no picture")
    tar_with(tmp_path / "in.tar", good | {"1.jpg": b"no picture"})
    for sink in ("folder", "out.tar"):
        source = photos if sink == "folder" else tmp_path / "in.tar"
        report = run(source, tmp_path / sink, worker, processes=2)
        ((name, reason),) = report.failed
        assert name in ("p1.jpg", "in/1.jpg")
        assert "not a picture" in reason
        (found,) = progress(tmp_path / sink)
        assert (found.failed, found.left) == ([(name, reason)], 0)
        assert run(source, tmp_path / sink, worker, processes=2).counts == {"failed": 1}
    assert list(members_of(tars_of(tmp_path)[0])) == ["0.jpg", "2.jpg"]
    shutil.copy(photos / "p0.jpg", photos / "p1.jpg")
    assert run(photos, tmp_path / "folder", worker, processes=2).counts == {"written": 1, "skipped": 5}


def test_a_failed_picture_takes_its_place_in_the_tar_once_it_succeeds(photos, tmp_path, worker, monkeypatch):
    plan(photos, tmp_path / "job")
    run(tmp_path / "job", tmp_path / "whole.tar", worker, processes=1)
    begun = open_run(tmp_path / "job", tmp_path / "out.tar", worker)
    broken = photos / "p1.jpg"
    data = broken.read_bytes()
    broken.unlink()
    assert {r.name for r in paint_run(begun, processes=1) if r.status == "failed"} == {"p1.jpg"}
    broken.write_bytes(data)
    assert [r.status for r in paint_run(begun, processes=1)] == ["written"]
    (made,) = tars_of(tmp_path)
    assert made.read_bytes() == next(tmp_path.glob("whole-*.tar")).read_bytes()


def test_a_tar_far_away_is_fetched_while_the_one_before_it_is_painted(photos, tmp_path, worker, here, monkeypatch):
    store = pytest.importorskip("fsspec").filesystem("memory")
    for number in range(2):
        tar_with(tmp_path / "t.tar", {f"{number}.jpg": (photos / "p0.jpg").read_bytes()})
        store.pipe_file(f"/bucket/t{number}.tar", (tmp_path / "t.tar").read_bytes())
    second, before = Event(), []
    fetch, make = runner.file_of, Worker.make

    def fetch_and_say(shard, files):
        file = fetch(shard, files)
        if shard.index == 1:
            second.set()
        return file

    def make_after(self, name, data):
        before.append(second.wait(0.5))
        return make(self, name, data)

    monkeypatch.setattr(runner, "file_of", fetch_and_say)
    monkeypatch.setattr(Worker, "make", make_after)
    plan("memory://bucket/t{0..1}.tar", tmp_path / "job")
    store.rm_file("/bucket/t1.tar")
    report = run(tmp_path / "job", tmp_path / "out", Worker("scream"), processes=1)
    assert before == [False]  # the file is gone, and never fetched
    assert (report.counts, len(progress(tmp_path / "job")[0].failed)) == ({"written": 1, "failed": 1}, 1)
    tar_with(tmp_path / "t.tar", {"1.jpg": (photos / "p1.jpg").read_bytes()})
    store.pipe_file("/bucket/t1.tar", (tmp_path / "t.tar").read_bytes())
    assert run(tmp_path / "job", tmp_path / "all", Worker("scream"), processes=1).counts == {"written": 2}
    assert before == [False, True, True]
    store.rm("/bucket", recursive=True)


def test_a_damaged_tar_fails_by_itself_and_what_it_holds_before_is_painted(photos, tmp_path, worker, here):
    picture = (photos / "p0.jpg").read_bytes()
    tar_with(tmp_path / "a.tar", {f"{n}.jpg": picture for n in range(4)})
    plan([tmp_path / "a.tar", photos], tmp_path / "job")
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[: len(picture) + 1600])
    report = run(tmp_path / "job", tmp_path / "out", worker, processes=2)
    assert report.counts["written"] == 7
    (found,) = progress(tmp_path / "job")
    assert [name for name, _ in found.failed] == [str(tmp_path / "a.tar")]
    assert report.failed == [tuple(found.failed[0])]
    assert "get it afresh" in found.failed[0][1]


def test_tars_of_one_name_keep_their_folders_or_are_refused_and_so_are_pictures_of_one_name(
    photos, tmp_path, worker, here
):
    picture = (photos / "p0.jpg").read_bytes()
    for folder in ("a", "b"):
        (tmp_path / "tars" / folder).mkdir(parents=True)
        tar_with(tmp_path / f"tars/{folder}/x.tar", {"1.png": picture, "1.gif": picture, "2.png": picture})
    report = run(tmp_path / "tars", tmp_path / "out", worker, processes=1)
    assert report.counts == {"written": 4, "failed": 2}
    assert report.failed[0] == ("a/x/1.gif", "a/x/1.png and a/x/1.gif would both become a/x/1.png.")
    made = [name for name in files_of(tmp_path / "out") if not name.startswith(".")]
    assert made == ["a/x/1.png", "a/x/2.png", "b/x/1.png", "b/x/2.png"]
    both = [tmp_path / "tars/a/x.tar", tmp_path / "tars/b/x.tar"]
    with pytest.raises(InputError, match=r"a/x.tar and .*b/x.tar would both go into x/"):
        run(both, tmp_path / "other", worker, processes=1)
    assert run(tmp_path / "tars", tmp_path / "out.tar", worker, processes=1).counts == {"written": 4, "failed": 2}
    assert [list(members_of(tar)) for tar in tars_of(tmp_path)] == [["1.png", "2.png"]] * 2


def test_results_of_another_way_are_kept_and_other_settings_are_another_run(photos, tmp_path, worker, here):
    run(photos, tmp_path / "out", worker, processes=1)
    before = files_of(tmp_path / "out")
    assert run(photos, tmp_path / "out", "udnie", processes=1).counts == {"skipped": 6}
    assert files_of(tmp_path / "out") == before
    assert run(photos, tmp_path / "out", "udnie", processes=1, overwrite=True).counts == {"written": 6}
    assert len(progress(tmp_path / "out")) == 2


def test_pictures_that_are_results_are_skipped_unless_they_are_included(photos, tmp_path, worker, here):
    (photos / "p0.jpg").write_bytes(worker((photos / "p0.jpg").read_bytes())[0])
    for sink in ("out", "out.tar"):
        assert run(photos, tmp_path / sink, worker, processes=1).counts == {"written": 5, "skipped": 1}
    assert run(photos, tmp_path / "all", worker, processes=1, include_results=True).counts == {"written": 6}


def test_two_pictures_with_one_result_are_refused_before_anything_is_painted(photos, tmp_path, worker, here):
    Image.new("RGB", (40, 40)).save(photos / "p0.gif")
    shutil.copy(photos / "p0.jpg", photos / "p0.png")
    with pytest.raises(InputError, match=r"p0.gif and p0.png would both become p0.png"):
        run(photos, tmp_path / "out", worker, processes=1)
    (photos / "p0.gif").unlink()
    with pytest.raises(InputError, match=r"would both become p0.webp"):
        run(photos, tmp_path / "out", "scream", processes=1, writing=OutputOptions("webp"))


@pytest.mark.parametrize("dies", [True, False], ids=["it-dies", "it-finishes"])
def test_a_shard_that_another_program_is_painting_is_left_to_it_until_it_is_done_or_dead(
    dies, photos, tmp_path, worker, here, monkeypatch, caplog
):
    monkeypatch.setattr("impasto.scale.api._WAIT", 0.02)
    plan(photos, tmp_path / "job", shard_pictures=2)
    begun, results = open_run(tmp_path / "job", tmp_path / "out", worker), []
    records = begun.records()
    first = next(iter(records.job.shards())).name(begun.settings)
    with Session(records.job.place, records.id) as other:
        other.take(first)
        painting = Thread(target=lambda: results.extend(paint_run(begun, processes=1)))
        painting.start()
        while "Other runs have the last shards in hand (1)" not in caplog.text:
            time.sleep(0.01)
        (found,) = progress(tmp_path / "job")
        assert (found.shards_done, found.programs, found.left) == (2, 2, 2)
        assert painting.is_alive()
        if not dies:
            records.finish(Receipt(first, 2, 2, 0, finished=now()))
    painting.join(20)
    assert len(results) == (6 if dies else 4)
    (found,) = progress(tmp_path / "job")
    assert (found.shards_done, found.left, found.seconds_left) == (3, 0, 0.0)
    spent, whole = found.cost(3600.0)
    assert spent == whole == pytest.approx(found.seconds)


def test_a_job_is_found_from_its_results_and_a_folder_without_one_is_said(photos, tmp_path, worker, here):
    run(photos, tmp_path / "out", worker, processes=1)
    assert find_job(tmp_path / "out").about["pictures"] == 6
    with pytest.raises(InputError, match="There is no plan in"):
        find_job(photos)
    with pytest.raises(InputError, match="There is a plan in"):
        plan(photos, find_job(tmp_path / "out").place)
    with pytest.raises(InputError, match="There is no moon to paint on"):
        run(photos, tmp_path / "out", worker, on="moon")
    with pytest.raises(InputError, match="out of range"):
        run(photos, tmp_path / "out", worker, processes=0)


def test_public_names_are_no_modules_whatever_was_imported_before():
    from impasto import scale

    assert all(callable(getattr(scale, name)) for name in 2 * scale.__all__)
