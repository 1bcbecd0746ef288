"""Processes that are killed, a network that fails, a disk that is full: nothing is lost, nothing is half written."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from impasto.errors import OutputError
from impasto.scale import places
from impasto.scale.api import open_run, paint_run, plan, run
from impasto.scale.run_progress import progress
from impasto.scale.worker import Worker

from .conftest import encoded, files_of, members_of
from .s3 import S3Server
from .test_sources import tar_with

FAULTS = 10  # of each kind in the slow tests; the fast ones have two
ROUNDS = [pytest.param(2, id="twice"), pytest.param(FAULTS, id="ten-times", marks=pytest.mark.slow)]


def start(*arguments: object) -> subprocess.Popen:
    """A run of the command line in a process of its own."""
    command = [sys.executable, "-m", "impasto", *map(str, arguments)]
    path = os.pathsep.join([str(Path(places.__file__).parents[2]), *filter(None, sys.path)])
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    )


def many(folder: Path, photo: Image.Image, number: int) -> Path:
    """A folder of pictures, each of which takes a tenth of a second or so."""
    folder.mkdir()
    for n in range(number):
        (folder / f"p{n:03}.jpg").write_bytes(encoded(photo.rotate(n, expand=True)))
    return folder


@pytest.mark.parametrize("rounds", ROUNDS)
def test_killed_workers_cost_nothing_and_every_picture_is_painted_once(rounds, photo, tmp_path, worker):
    source, random_moments = many(tmp_path / "in", photo, 12 * rounds), random.Random(1)
    begun = open_run(source, tmp_path / "out", worker, processes=2)
    results, killed, next_kill = [], 0, 0.0  # the first one is killed at the first result
    for result in paint_run(begun, processes=2):
        results.append(result)
        children = psutil.Process().children()
        # Not at the end, where pictures whose processes were killed have their second tries.
        if len(results) < 8 * rounds and killed < rounds and time.monotonic() > next_kill and children:
            random_moments.choice(children).kill()
            killed, next_kill = killed + 1, time.monotonic() + random_moments.uniform(0.2, 0.6)
    assert killed >= min(rounds, 1)
    assert sorted(result.name for result in results) == sorted(file.name for file in source.iterdir())
    set_aside = [result.error for result in results if result.status == "failed"]  # killed by chance at both tries
    assert all("processes that painted it were killed" in error for error in set_aside)
    assert len(set_aside) <= rounds // 2
    if set_aside:
        assert not run(source, tmp_path / "out", worker, processes=2).failed
    made = files_of(tmp_path / "out")
    for file in source.iterdir():  # here there are more threads than in the pool, which round otherwise
        found, expected = (
            np.asarray(Image.open(io.BytesIO(data)), int) for data in (made[file.name], worker(file.read_bytes())[0])
        )
        assert np.abs(found - expected).max() <= 3


@pytest.mark.parametrize(
    ("rounds", "sink"),
    [(1, "out"), *(pytest.param(FAULTS, sink, marks=pytest.mark.slow) for sink in ("out", "out.tar"))],
)
def test_a_killed_driver_leaves_whole_results_only_and_the_same_command_goes_on(rounds, sink, photo, tmp_path, worker):
    source, random_moments = many(tmp_path / "in", photo, 12 * rounds), random.Random(2)
    plan(source, tmp_path / "job", shard_pictures=4)
    command = ("apply", tmp_path / "job", "--style", "scream", "--on", "local", "--processes", 2, "-o", tmp_path / sink)
    for _ in range(rounds):
        driver = start(*command)
        time.sleep(random_moments.uniform(1.5, 3.5))
        children = psutil.Process(driver.pid).children() if driver.poll() is None else []
        driver.kill()
        driver.wait()
        driver.stderr.close()
        psutil.wait_procs(children, timeout=20)
        assert not [child for child in children if child.is_running()]  # they end by themselves
        for file in [*tmp_path.glob("out/*.jpg"), *tmp_path.glob("out-*.tar")]:
            whole = members_of(file).values() if file.suffix == ".tar" else [file.read_bytes()]
            assert all(data.endswith(b"\xff\xd9") for data in whole)
    report = run(tmp_path / "job", tmp_path / sink, worker, processes=2)
    assert not report.failed
    (found,) = progress(tmp_path / "job")
    assert (found.done, found.left, found.shards_done) == (12 * rounds, 0, 3 * rounds)
    made = files_of(tmp_path / "out") if sink == "out" else {}
    for tar in tmp_path.glob("out-*.tar"):
        made |= members_of(tar)
    assert made == {file.name: worker(file.read_bytes())[0] for file in source.iterdir()}


def test_ctrl_c_ends_all_processes_and_the_same_command_goes_on(photo, tmp_path):
    source = many(tmp_path / "in", photo, 40)
    driver = start("apply", source, "--style", "scream", "--processes", 2, "-o", tmp_path / "out")
    while not list(tmp_path.glob("out/*.jpg")):
        time.sleep(0.05)
    children = psutil.Process(driver.pid).children()
    driver.send_signal(signal.SIGINT)
    assert driver.wait(20) == 130
    assert b"Interrupted." in driver.stderr.read()
    driver.stderr.close()
    assert not [child for child in children if child.is_running()]
    assert not [file for file in (tmp_path / "out").iterdir() if file.suffix in (".part", ".lock")]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount the small disk that this test fills")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("sink", ["out", "out.tar"])
def test_a_full_disk_stops_the_run_with_one_sentence_and_keeps_what_is_whole(sink, tmp_path, small_disk, worker, here):
    source = tmp_path / "in"
    source.mkdir()
    noise = np.random.default_rng(0)
    for n in range(8):
        Image.fromarray(noise.integers(0, 255, (400, 400, 3), np.uint8)).save(source / f"p{n}.png")
    plan(source, tmp_path / "job", shard_pictures=2)
    with pytest.raises(OutputError, match="the disk is full: free some space"):
        run(tmp_path / "job", small_disk / sink, worker, processes=1)
    (found,) = progress(tmp_path / "job")
    assert 0 < found.done < 8
    assert not found.failed
    kept = files_of(small_disk)
    for name, data in kept.items():
        assert name.endswith(".tar") or data.endswith(b"IEND\xaeB`\x82")
    assert not [file for file in small_disk.rglob("*") if file.suffix == ".part"]


@pytest.fixture
def s3(monkeypatch):
    """An S3 server that fails every tenth request and cuts off every fiftieth answer."""
    pytest.importorskip("s3fs", reason="s3:// needs s3fs, which the extra cloud brings")
    monkeypatch.setattr(places, "_PAUSES", (0.01, 0.02, 0.05, 0.1, 0.2))
    account = {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "DEFAULT_REGION": "local", "MAX_ATTEMPTS": "1"}
    for name, value in account.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with S3Server(fail_every=10, truncate_every=50) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        yield server
        s3fs.S3FileSystem.clear_instance_cache()


def test_a_bucket_that_fails_and_cuts_off_answers_gives_the_same_results(s3, photo, tmp_path, worker, here):
    for n in range(40):
        s3.objects[f"bucket/in/p{n:02}.jpg"] = encoded(photo.resize((48, 32)).rotate(n))
    report = run("s3://bucket/in", "s3://bucket/out", worker, processes=1)
    assert report.counts == {"written": 40}
    assert s3.failed >= 4
    assert s3.truncated >= 1
    for n in range(40):
        assert s3.objects[f"bucket/out/p{n:02}.jpg"] == worker(s3.objects[f"bucket/in/p{n:02}.jpg"])[0]
    assert len({name for name in s3.written if "/out/p" in name}) == 40
    assert run("s3://bucket/in", "s3://bucket/out", worker, processes=1).counts == {}
    (found,) = progress("s3://bucket/out")
    assert (found.done, found.left) == (40, 0)


def test_tars_go_from_bucket_to_bucket_and_appear_once_they_are_whole(s3, photo, tmp_path, worker):
    pictures = {f"{n}.jpg": encoded(photo.resize((48, 32)).rotate(n)) for n in range(5)}
    for shard in range(2):
        tar_with(tmp_path / "t.tar", pictures)
        s3.objects[f"bucket/in/t{shard}.tar"] = (tmp_path / "t.tar").read_bytes()
    plan("s3://bucket/in/t{0..1}.tar", "s3://bucket/job")
    assert run("s3://bucket/job", "s3://bucket/out.tar", worker, processes=2).counts == {"written": 10}
    tars = [name for name in s3.written if name.startswith("bucket/out-")]
    assert len(tars) == len(set(tars)) == 2
    (tmp_path / "made.tar").write_bytes(s3.objects[tars[0]])
    assert members_of(tmp_path / "made.tar") == {name: worker(data)[0] for name, data in pictures.items()}
    (found,) = progress("s3://bucket/job")
    assert (found.pictures, found.done, found.shards_done) == (10, 10, 2)


def test_a_bucket_that_is_not_there_or_cannot_be_reached_is_one_sentence(s3, tmp_path, worker, monkeypatch):
    from impasto.errors import ImpastoError

    with pytest.raises(ImpastoError, match="There is no picture at s3://bucket/none"):
        run("s3://bucket/none", tmp_path / "out", worker)
    with pytest.raises(ImpastoError, match="nosuch://"):
        run("nosuch://bucket/in", tmp_path / "out", worker)
    s3.fail_every = 1
    with pytest.raises(ImpastoError, match=r"s3://bucket/in.* cannot be (reached|listed|read) .*check the address"):
        run("s3://bucket/in", tmp_path / "out", Worker("scream"))
