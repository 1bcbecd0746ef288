import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from impasto.errors import InputError, StyleError
from impasto.pictures.messages import hear
from impasto.studio.jobs import (
    JobCancelledError,
    JobResult,
    Jobs,
    JobUpdate,
    JobWaiting,
    QueueFullError,
    in_fair_order,
)
from impasto.studio.settings import ServerSettings


@pytest.fixture
def jobs():
    return Jobs(ServerSettings(max_seconds=30))


class Told:
    """What becomes of a job, received in a thread of its own as a visitor does: ``.events`` and ``.error``."""

    def __init__(self, job, slow=0.0):
        self.job, self.events, self.error, self._slow = job, [], None, slow
        self._changed = threading.Condition()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._receive()), daemon=True)
        self.thread.start()

    async def _receive(self):
        try:
            async for event in self.job.events():
                with self._changed:
                    self.events.append(event)
                    self._changed.notify()
                await asyncio.sleep(self._slow)
        except Exception as error:
            self.error = error

    def wait_for(self, event):
        with self._changed:
            assert self._changed.wait_for(lambda: event in self.events, 10), self.events

    def all(self):
        self.thread.join(20)
        assert not self.thread.is_alive()
        if self.error:
            raise self.error
        return self.events


def run(jobs, work, lane="picture", visitor=""):
    return Told(jobs.start(work, lane, visitor))


def endless(report):
    report("begun")
    while True:
        report(None)
        time.sleep(0.01)


def order(names):
    return "".join(job.visitor for job in in_fair_order([SimpleNamespace(visitor=name) for name in names]))


def test_visitors_take_turns():
    assert order("aaaab") == "abaaa"
    assert order("aaabbbc") == "abcabab"
    assert order("abc") == "abc"


def test_everybodys_own_jobs_stay_in_order():
    jobs = [SimpleNamespace(visitor=name, n=n) for n, name in enumerate("aabaab")]
    assert [job.n for job in in_fair_order(jobs) if job.visitor == "a"] == [0, 1, 3, 4]


def test_reports_and_the_result_come_out(jobs):
    def work(report):
        report("one")
        time.sleep(0.1)
        report("two")
        time.sleep(0.1)
        return 3

    assert run(jobs, work).all() == [JobUpdate("one"), JobUpdate("two"), JobResult(3)]
    assert jobs.busy == 0


def test_what_is_said_of_files_meanwhile_comes_with_the_result(jobs):
    def work(_):
        hear("left out", "left out")
        return 3

    assert run(jobs, work).all() == [JobResult(3, ("left out",))]
    hear("by somebody else")
    assert run(jobs, lambda _: 4).all() == [JobResult(4)]


def test_a_slow_receiver_gets_the_newest_report_only(jobs):
    def work(report):
        for n in range(100):
            report(n)
            time.sleep(0.002)

    told = Told(jobs.start(work), slow=0.2).all()
    assert told[-2:] == [JobUpdate(99), JobResult(None)]
    assert len(told) < 20


def test_a_job_that_is_stopped_may_keep_what_it_has(jobs):
    def work(report):
        try:
            endless(report)
        except KeyboardInterrupt:
            return "kept"

    told = run(jobs, work)
    told.wait_for(JobUpdate("begun"))
    assert not jobs.stop("another")
    assert jobs.stop(told.job.id)
    assert told.all()[-1] == JobResult("kept")


def test_a_job_that_is_stopped_and_has_nothing_just_ends(jobs):
    told = run(jobs, endless)
    told.wait_for(JobUpdate("begun"))
    jobs.stop(told.job.id)
    assert told.all() == [JobUpdate("begun")]


def test_a_result_that_is_waited_for_and_never_comes_is_an_error(jobs):
    threading.Timer(0.2, jobs.stop_all).start()
    with ThreadPoolExecutor(1) as pool, pytest.raises(JobCancelledError):
        pool.submit(lambda: asyncio.run(jobs.result(endless))).result()


def test_who_does_not_wait_any_more_stops_the_work(jobs):
    stopped = threading.Event()

    def work(report):
        try:
            endless(report)
        finally:
            stopped.set()

    async def impatient():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(jobs.result(work), 0.2)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(impatient())).result()
    assert stopped.wait(2)


def test_stopping_one_job_leaves_the_others_alone(jobs):
    learning, watching = run(jobs, endless, "long", "ann"), run(jobs, endless, "picture", "ann")
    for told in (learning, watching):
        told.wait_for(JobUpdate("begun"))
    jobs.stop(watching.job.id)
    watching.all()
    assert jobs.busy == 1
    jobs.stop(learning.job.id)


def test_who_waits_sees_how_many_come_before_and_may_give_up(jobs):
    first = run(jobs, endless, visitor="ann")
    first.wait_for(JobUpdate("begun"))
    second, third = run(jobs, lambda _: 2, visitor="bob"), run(jobs, lambda _: 3, visitor="cy")
    second.wait_for(JobWaiting(1))
    third.wait_for(JobWaiting(2))
    jobs.stop(second.job.id)
    assert second.all() == [JobWaiting(1)]
    third.wait_for(JobWaiting(1))
    jobs.stop(first.job.id)
    assert third.all()[-1] == JobResult(3)


def test_a_job_that_does_not_notice_that_it_is_stopped_keeps_its_lane_and_no_other(jobs):
    go_on = threading.Event()
    stubborn = run(jobs, lambda _: go_on.wait(10))
    jobs.stop(stubborn.job.id)
    assert run(jobs, lambda _: "mine", "preview").all() == [JobResult("mine")]
    other = run(jobs, lambda _: "mine")
    other.wait_for(JobWaiting(1))
    go_on.set()
    assert other.all()[-1] == JobResult("mine")


def test_one_job_at_a_time_in_a_lane(jobs):
    here, most = [], []

    def work(report):
        here.append(1)
        most.append(len(here))
        time.sleep(0.05)
        here.pop()

    for told in [run(jobs, work, visitor=name) for name in "abcd"]:
        told.all()
    assert most == [1, 1, 1, 1]


def test_nobody_takes_all_places_and_there_is_a_limit_for_all():
    jobs = Jobs(ServerSettings(max_queue=12))
    first = run(jobs, endless)
    first.wait_for(JobUpdate("begun"))
    for _ in range(3):
        jobs.start(endless, visitor="ann")
    with pytest.raises(QueueFullError, match="3 of your jobs"):
        jobs.start(endless, visitor="ann")
    for _ in range(9):
        jobs.start(endless)
    with pytest.raises(QueueFullError, match="12 jobs are waiting") as caught:
        jobs.start(endless, visitor="bob")
    assert (caught.value.key, caught.value.values) == ("queue_full", {"waiting": 12})
    jobs.stop_all()


def test_time_runs_out():
    with pytest.raises(InputError, match=r"longer than 0 seconds.*smaller"):
        run(Jobs(ServerSettings(max_seconds=0.2)), endless).all()


def test_work_that_does_not_notice_that_time_is_over_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("impasto.studio.jobs._GRACE_PERIOD", 0.1)
    ended = threading.Event()
    with pytest.raises(InputError, match="longer than"):
        run(Jobs(ServerSettings(max_seconds=0.1)), lambda _: ended.wait(20)).all()
    ended.set()


@pytest.mark.parametrize("error", [StyleError("no such style"), ValueError("a bug"), MemoryError()])
def test_what_fails_fails_for_its_visitor_only(jobs, error):
    def work(report):
        raise error

    with pytest.raises(type(error)):
        run(jobs, work).all()
    assert run(jobs, lambda _: 5).all() == [JobResult(5)]


def test_nothing_is_left_of_jobs_that_have_ended(jobs):
    for _ in range(20):
        run(jobs, lambda _: None).all()
    for _ in range(100):
        time.sleep(0.01 * bool(jobs.busy))
    assert jobs._waiting == {}
    assert jobs._running == {}
