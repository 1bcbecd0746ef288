import logging
import os
import signal
import threading
import time

import pytest

from impasto.scale.pool import Pool, PoolError
from impasto.scale.station import Station, Task

from .conftest import POISON, DeadlyStation, encoded


class BrokenStation(Station):
    """One whose processes cannot even begin."""

    def __setstate__(self, state):
        os._exit(3)


class LoudStation(Station):
    """Prints and logs while it paints."""

    def load(self, task):
        print("a library that prints", flush=True)  # noqa: T201
        logging.getLogger("library").warning("a notice about %s", task.name)
        return super().load(task)


def tasks(datas):
    return (Task(n, f"p{n}.jpg", f"p{n}.jpg", None, None, data, None) for n, data in enumerate(datas))


def test_several_processes_give_the_bytes_that_one_gives(worker, photo):
    data = [encoded(photo.rotate(n)) for n in range(6)]
    with Pool(Station(worker), 2) as pool:
        results = {result.number: result for result in pool.run(tasks(data))}
        assert len(pool.pids) == 2
    assert [results[n].data for n in range(6)] == [worker(one)[0] for one in data]


def test_a_picture_that_kills_its_process_is_set_aside_after_two_tries_and_costs_no_other(worker, small):
    good = encoded(small)
    with Pool(DeadlyStation(worker), 2) as pool:
        results = list(pool.run(tasks([good, good, good + POISON, good, good])))
    failed = [result for result in results if result.status == "failed"]
    assert [result.name for result in failed] == ["p2.jpg"]
    assert failed[0].error == "p2.jpg is set aside: 2 processes that painted it were killed (SIGKILL)."
    assert sum(result.status == "written" for result in results) == 4


def test_a_worker_killed_at_any_moment_costs_nothing(worker, photo):
    data = [encoded(photo.rotate(n)) for n in range(12)]
    with Pool(Station(worker), 2) as pool:
        results = {}
        for result in pool.run(tasks(data)):
            results[result.number] = result
            if len(results) in (2, 5):  # not at the end, where a killed picture has its second and last try
                os.kill(pool.pids[0], signal.SIGKILL)
    assert [results[n].data for n in range(12)] == [worker(one)[0] for one in data]


def test_processes_that_end_at_once_are_said_and_not_started_for_ever(worker, small):
    with (
        Pool(BrokenStation(worker), 1) as pool,
        pytest.raises(PoolError, match=r"as soon as they start .exit status 3"),
    ):
        list(pool.run(tasks([encoded(small)])))


def test_what_libraries_print_in_a_process_harms_nothing_and_what_they_log_is_logged_here(worker, small, caplog):
    with Pool(LoudStation(worker), 1) as pool:
        (result,) = pool.run(tasks([encoded(small)]))
    assert result.status == "written"
    assert "a notice about p0.jpg" in caplog.text


def test_a_pool_that_is_left_early_leaves_no_process(worker, photo):
    with Pool(Station(worker), 2) as pool:
        next(pool.run(tasks([encoded(photo)] * 50)))
        pids = pool.pids
        started = time.monotonic()
    assert time.monotonic() - started < 8  # the pictures at hand are finished, the others not begun
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not [thread for thread in threading.enumerate() if "_listen" in thread.name]
