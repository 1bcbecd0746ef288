"""The jobs of visitors: they take turns, have a time limit, and are stopped when their visitor leaves.

A job waits in one of three lanes, each of which runs one job at a time in a thread of its own. Who asked for it
receives its position in the lane, what it reports and its result as they come.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from impasto.errors import ImpastoError, InputError
from impasto.pictures.messages import heard
from impasto.studio.settings import ServerSettings

ResultT = TypeVar("ResultT")
Lane = Literal["preview", "picture", "long"]
"""A queue of jobs: previews, paintings of a picture, and jobs that take minutes.

Previews have one of their own, so that they need not wait for a painting that takes ten minutes.
"""
ReportFunction = Callable[[Any], None]
"""What a job calls to report a value; ``None`` only asks whether to go on. Raises KeyboardInterrupt to end the job."""

_GRACE_PERIOD = 5.0  # seconds that a job may take to end after its time limit
_LOOK_INTERVAL = 0.5  # seconds between two looks at whether a job's time is over
_MAX_QUEUE_SHARE = 1 / 4  # share of the places in the queue that one visitor may take
_MIN_PLACES = 3  # places in the queue that one visitor may take however short the queue is


class QueueFullError(ImpastoError):
    """Too many jobs wait already, of this visitor or of all."""


class JobCancelledError(ImpastoError):
    """A job was stopped before it had a result."""


@dataclass(frozen=True)
class JobWaiting:
    """A job is not running yet.

    Attributes:
        before: number of jobs that come before it: those that wait, and the one that runs.
    """

    before: int


@dataclass(frozen=True)
class JobUpdate:
    """A report of a job that still runs.

    Attributes:
        value: what the job's work gave to its :data:`ReportFunction`.
    """

    value: Any


@dataclass(frozen=True)
class JobResult(Generic[ResultT]):
    """The end of a job that succeeded.

    Attributes:
        result: what the job's work returned.
        notices: what was said of files meanwhile, such as what could not be kept.
    """

    result: ResultT
    notices: tuple[str, ...] = ()


class Job(Generic[ResultT]):
    """A job that waits for its turn or runs.

    Args:
        work: the function to run, called with a :data:`ReportFunction`.
        visitor: who asked for it; texts that differ are different visitors.
        max_seconds: most seconds that it may run.

    Attributes:
        id: a name that nobody can guess.
    """

    def __init__(self, work: Callable[[ReportFunction], ResultT], visitor: str, max_seconds: float) -> None:
        self.id, self.visitor = secrets.token_hex(12), visitor
        self._work, self._max_seconds, self._deadline = work, max_seconds, math.inf
        self._position = 0  # jobs before this one, as the receiver was told
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._news: dict[str, Any] = {}  # what the receiver was not told yet: "waiting", "update", "end"
        self._wake: Callable[[], None] = lambda: None

    def run(self) -> Callable[[], None]:
        """Do the work in this thread, unless the job was stopped before its turn.

        Returns:
            A function that tells the receiver how it ended.
        """
        self._deadline = time.monotonic() + self._max_seconds
        try:
            self._report(None)
            with heard() as said:
                result = JobResult(self._work(self._report), tuple(said))
        except BaseException as error:  # raised again in ``events``, where the visitor waits
            end: tuple[Any, BaseException | None] = None, error
        else:
            end = result, None
        return lambda: self._tell("end", end)

    def stop(self) -> None:
        """Have the work end. Work that catches the exception and returns what it has so far counts as done."""
        self._stopped.set()

    def set_position(self, before: int) -> None:
        """Tell the receiver how many jobs come before this one, if that has changed."""
        if before != self._position:
            self._position = before
            self._tell("waiting", before)

    def end_unrun(self) -> None:
        """End a job that was stopped before its turn."""
        self._tell("end", (None, KeyboardInterrupt()))

    async def events(self) -> AsyncIterator[JobWaiting | JobUpdate | JobResult[ResultT]]:
        """What becomes of the job, as it comes; where the receiver is slow, only the newest report.

        Yields:
            :class:`JobWaiting` as the job moves up, a :class:`JobUpdate` for each report that is handed on, and a
            :class:`JobResult` at the end. A job that was stopped and has no result ends without one.

        Raises:
            InputError: The time is over and there is no result.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, as the receiver has left
                loop.call_soon_threadsafe(changed.set)

        self._wake = wake
        while True:
            changed.clear()
            news = self._take_news()
            if "waiting" in news and "end" not in news:
                yield JobWaiting(news["waiting"])
            if "update" in news:
                yield JobUpdate(news["update"])
            if "end" in news:
                result, error = news["end"]
                if result is not None:
                    yield result
                    return
                if not isinstance(error, KeyboardInterrupt):
                    raise error
            now = time.monotonic()
            if now > self._deadline + (0 if "end" in news else _GRACE_PERIOD):
                raise InputError(
                    f"This took longer than {self._max_seconds:.0f} seconds, the limit here: "
                    "make it smaller or shorter.",
                    key="took_too_long",
                    seconds=self._max_seconds,
                )
            if "end" in news:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), _LOOK_INTERVAL)

    def _report(self, value: Any) -> None:
        """Report a value, and raise :class:`KeyboardInterrupt` if the job is to end; ``None`` reports nothing."""
        if self._stopped.is_set() or time.monotonic() > self._deadline:
            raise KeyboardInterrupt
        if value is not None:
            self._tell("update", value)

    def _tell(self, what: str, value: Any) -> None:
        """Keep news for the receiver, and wake it."""
        with self._lock:
            self._news[what] = value
        self._wake()

    def _take_news(self) -> dict[str, Any]:
        """What the receiver was not told yet."""
        with self._lock:
            news, self._news = self._news, {}
        return news


class Jobs:
    """Runs the jobs of all visitors: in each lane one at a time, the visitors by turns.

    Args:
        settings: the studio's limits, of which ``max_queue`` and ``max_seconds`` apply here.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.max_places = max(_MIN_PLACES, int(settings.max_queue * _MAX_QUEUE_SHARE))
        self._lock = threading.Lock()
        self._waiting: dict[Lane, list[Job[Any]]] = {}
        self._running: dict[Lane, Job[Any]] = {}

    def start(
        self, work: Callable[[ReportFunction], ResultT], lane: Lane = "picture", visitor: str = ""
    ) -> Job[ResultT]:
        """Let a job wait for its turn; it begins at once where its lane is free.

        Args:
            work: the function to run, called with ``report``. Once the job is to end, ``report`` raises
                :class:`KeyboardInterrupt`; ``report(None)`` does nothing else.
            lane: where the job waits.
            visitor: who asks; empty for a visitor of its own.

        Raises:
            QueueFullError: too many jobs wait, of this visitor or of all.
        """
        job = Job(work, visitor or secrets.token_hex(8), self.settings.max_seconds)
        with self._lock:
            waiting = [other for jobs in self._waiting.values() for other in jobs]
            if len(waiting) >= self.settings.max_queue:
                raise QueueFullError(
                    f"{len(waiting)} jobs are waiting already: try again in a minute.",
                    key="queue_full",
                    waiting=len(waiting),
                )
            if sum(other.visitor == job.visitor for other in waiting) >= self.max_places:
                raise QueueFullError(
                    f"{self.max_places} of your jobs are waiting already: wait for one to end, or cancel one.",
                    key="queue_share",
                    share=self.max_places,
                )
            if lane not in self._running:
                self._running[lane] = job
                threading.Thread(target=self._work_off, args=[lane], name=f"studio-{lane}", daemon=True).start()
            else:
                self._waiting[lane] = in_fair_order([*self._waiting.get(lane, ()), job])
                self._tell_positions(lane)
        return job

    async def result(
        self, work: Callable[[ReportFunction], ResultT], lane: Lane = "picture", visitor: str = ""
    ) -> JobResult[ResultT]:
        """Run a job as :meth:`start` does, and wait for its result; it is stopped if nobody waits any more.

        Raises:
            QueueFullError: Too many jobs wait.
            JobCancelledError: The job was stopped.
            InputError: The time is over.
        """
        job = self.start(work, lane, visitor)
        try:
            async for event in job.events():
                if isinstance(event, JobResult):
                    return event
        finally:
            self.stop(job.id)
        raise JobCancelledError("The job was stopped before it had a result; start it again.", key="job_stopped")

    def stop(self, job_id: str) -> bool:
        """Stop a job; one that waits leaves its lane.

        Returns:
            Whether there was such a job.
        """
        with self._lock:
            for job in self._running.values():
                if job.id == job_id:
                    job.stop()
                    return True
            for lane, jobs in self._waiting.items():
                for job in jobs:
                    if job.id == job_id:
                        jobs.remove(job)
                        job.end_unrun()
                        self._tell_positions(lane)
                        return True
        return False

    def stop_all(self) -> None:
        """Stop all jobs, as the server ends."""
        with self._lock:
            ids = [job.id for job in self._running.values()]
            ids += [job.id for jobs in self._waiting.values() for job in jobs]
        for job_id in ids:
            self.stop(job_id)

    @property
    def busy(self) -> int:
        """Number of jobs that run or wait."""
        with self._lock:
            return len(self._running) + sum(len(jobs) for jobs in self._waiting.values())

    def _work_off(self, lane: Lane) -> None:
        """Run the jobs of a lane until none waits."""
        while True:
            tell_end = self._running[lane].run()
            with self._lock:
                del self._running[lane]
                if ended := not self._waiting.get(lane):
                    self._waiting.pop(lane, None)
                else:
                    self._running[lane] = self._waiting[lane].pop(0)
                    self._tell_positions(lane)
            tell_end()  # only now, so that the receiver's next job finds its lane free
            if ended:
                return

    def _tell_positions(self, lane: Lane) -> None:
        """Tell the waiting jobs of a lane how many come before them."""
        for before, job in enumerate(self._waiting.get(lane, ()), 1):
            job.set_position(before)


def in_fair_order(waiting: Sequence[Job[Any]]) -> list[Job[Any]]:
    """Jobs in the order in which they take turns: the first of every visitor, then the second of every visitor, ...

    Args:
        waiting: the jobs in the order in which they came.
    """
    seen: Counter[str] = Counter()
    rounds = []
    for job in waiting:
        rounds.append(seen[job.visitor])
        seen[job.visitor] += 1
    return [job for _, job in sorted(zip(rounds, waiting, strict=True), key=lambda pair: pair[0])]
