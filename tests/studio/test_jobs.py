import threading
import time
from types import SimpleNamespace

import pytest

from impasto.errors import InputError, StyleError
from impasto.studio.jobs import JobCancelledError, JobResult, Jobs, JobUpdate, in_fair_order
from impasto.studio.settings import ServerSettings

ANN, BOB = SimpleNamespace(session_hash="ann"), SimpleNamespace(session_hash="bob")


@pytest.fixture
def jobs():
    return Jobs(ServerSettings(max_seconds=30))


def waits(names):
    return [SimpleNamespace(session_hash=name, n=n) for n, name in enumerate(names)]


def order(names):
    return "".join(event.session_hash for event in in_fair_order(waits(names)))


def test_visitors_take_turns():
    assert order("aaaab") == "abaaa"
    assert order("aaabbbc") == "abcabab"
    assert order("abc") == "abc"


def test_everybodys_own_jobs_stay_in_order():
    assert [event.n for event in in_fair_order(waits("aabaab")) if event.session_hash == "a"] == [0, 1, 3, 4]


def test_reports_and_the_result_come_out(jobs):
    def work(report):
        report("one")
        time.sleep(0.05)
        report("two")
        time.sleep(0.05)
        return 3

    assert list(jobs.run(work, ANN)) == [JobUpdate("one"), JobUpdate("two"), JobResult(3)]
    assert jobs.busy == 0


def test_a_slow_receiver_gets_the_newest_report_only(jobs):
    all_reported = threading.Event()

    def work(report):
        for n in range(100):
            report(n)
        all_reported.set()
        time.sleep(0.3)

    events = jobs.run(work, ANN)
    first = next(events)
    all_reported.wait()
    rest = [first, *events]
    assert rest[-2] == JobUpdate(99)
    assert len(rest) < 20


def test_a_job_that_is_stopped_may_keep_what_it_has(jobs):
    def work(report):
        kept = 0
        try:
            while True:
                report(kept := kept + 1)
                time.sleep(0.01)
        except KeyboardInterrupt:
            return kept

    events = jobs.run(work, ANN)
    assert isinstance(next(events), JobUpdate)
    assert not jobs.stop(BOB)
    assert jobs.stop(ANN)
    last = list(events)[-1]
    assert isinstance(last, JobResult)
    assert last.result >= 1


def test_a_job_that_is_stopped_and_has_nothing_just_ends(jobs):
    def work(report):
        while True:
            report("on")
            time.sleep(0.01)

    events = jobs.run(work, ANN)
    next(events)
    jobs.stop(ANN)
    assert all(isinstance(event, JobUpdate) for event in events)
    threading.Timer(0.1, jobs.stop, [BOB]).start()
    with pytest.raises(JobCancelledError):
        jobs.result(work, BOB)


def test_stop_on_one_tab_leaves_the_jobs_of_the_others_alone(jobs):
    go_on = threading.Event()

    def work(report):
        report("begun")
        while not go_on.wait(0.01):
            report(None)
        return "kept"

    learning, watching = jobs.run(work, ANN, "long", "learn"), jobs.run(work, ANN, "picture", "video")
    assert [next(learning), next(watching)] == [JobUpdate("begun")] * 2
    assert jobs.stop(ANN, "video")
    assert list(watching) == []
    assert not jobs.stop(ANN, "paint")
    go_on.set()
    assert list(learning) == [JobResult("kept")]


def test_who_leaves_frees_the_lane_even_if_the_work_does_not_notice(jobs):
    ended = threading.Event()

    def stubborn(report):
        ended.wait(10)
        report(None)

    events = jobs.run(stubborn, ANN)
    threading.Timer(0.2, jobs.abandon, ["ann"]).start()
    started = time.monotonic()
    assert list(events) == []
    assert time.monotonic() - started < 2
    other = jobs.run(lambda report: "mine", BOB)
    threading.Timer(0.2, ended.set).start()  # until then the lane is really taken
    assert list(other) == [JobResult("mine")]


def test_a_receiver_that_is_closed_stops_the_work(jobs):
    stopped = threading.Event()

    def work(report):
        try:
            while True:
                report(1)
                time.sleep(0.01)
        except KeyboardInterrupt:
            stopped.set()
            raise

    events = jobs.run(work, ANN)
    next(events)
    events.close()
    assert stopped.wait(2)


def test_one_job_at_a_time_in_a_lane(jobs):
    here, most = [], []

    def work(report):
        here.append(1)
        most.append(len(here))
        time.sleep(0.05)
        here.pop()

    threads = [threading.Thread(target=lambda: list(jobs.run(work, ANN))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_time_runs_out():
    def work(report):
        while True:
            report(None)
            time.sleep(0.01)

    with pytest.raises(InputError, match=r"longer than 0 seconds.*smaller"):
        list(Jobs(ServerSettings(max_seconds=0.2)).run(work, ANN))


@pytest.mark.parametrize("error", [StyleError("no such style"), ValueError("a bug"), MemoryError()])
def test_what_fails_fails_for_its_visitor_only(jobs, error):
    def work(report):
        raise error

    with pytest.raises(type(error)):
        list(jobs.run(work, ANN))
    assert jobs.result(lambda report: 5, BOB) == 5
