"""The jobs of visitors: they take turns, have a time limit, and are stopped when their visitor leaves.

Jobs wait in :class:`FairQueue`, a kind of Gradio's queue, which tells visitors their position. A job whose turn has
come runs in a thread that :class:`Jobs` starts and can stop.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from gradio.queueing import Queue

from impasto.errors import ImpastoError, InputError
from impasto.studio.settings import ServerSettings
from impasto.studio.translation import say

ResultT = TypeVar("ResultT")
Lane = Literal["preview", "picture", "long"]
"""A queue of jobs: previews, paintings of a picture, and jobs that take minutes."""
ReportFunction = Callable[[Any], None]
"""What a job calls to report a value; ``None`` only asks whether to go on. Raises KeyboardInterrupt to end the job."""

_POLL_INTERVAL = 0.1  # seconds between two looks at what a job reported, or at whether its lane is free
_GRACE_PERIOD = 5.0  # seconds that a job may take to end after its time limit
_MAX_SESSIONS = 1000  # sessions of which the queue remembers something; beyond it those without a job are forgotten
_MAX_QUEUE_SHARE = 1 / 4  # share of the places in the queue that one visitor may take
_MIN_PLACES = 3  # places in the queue that one visitor may take however short the queue is


@dataclass(frozen=True)
class JobUpdate:
    """A report of a job that still runs.

    Attributes:
        value: What the job's work gave to its :data:`ReportFunction`.
    """

    value: Any


@dataclass(frozen=True)
class JobResult(Generic[ResultT]):
    """The end of a job that succeeded.

    Attributes:
        result: What the job's work returned.
    """

    result: ResultT


class JobCancelledError(ImpastoError):
    """A job was stopped before it had a result."""


@dataclass(eq=False)
class _QueuedJob:
    """A job that waits for its lane or runs in it.

    Attributes:
        session: The visitor's session.
        tab: The tab of the page where the job was asked for; empty for a program's call.
        deadline: The end of the time limit in seconds of the monotonic clock.
        stopped: Set when the job is to end.
        abandoned: Whether the visitor has left, so that nobody waits for the result.
        messages: What the job reported and how it ended: pairs of ``"update"``, ``"done"`` or ``"failed"`` and a value.
    """

    session: str
    tab: str
    deadline: float
    stopped: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False
    messages: queue.SimpleQueue[tuple[str, Any]] = field(default_factory=queue.SimpleQueue)

    def report(self, value: Any) -> None:
        """Report a value, and raise :class:`KeyboardInterrupt` if the job is to end; ``None`` reports nothing."""
        if self.stopped.is_set() or time.monotonic() > self.deadline:
            raise KeyboardInterrupt
        if value is not None:
            self.messages.put(("update", value))


class Jobs:
    """Runs the jobs of all visitors.

    Args:
        settings: The studio's limits, of which ``max_seconds`` applies here.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._running: dict[str, set[_QueuedJob]] = {}
        self._lock = threading.Lock()
        self._lanes: dict[str, threading.Lock] = {}

    @staticmethod
    def lane(name: Lane) -> dict[str, Any]:
        """Arguments of an event listener that waits in one of the queues, each of which runs one job at a time.

        Previews have a queue of their own, so that they need not wait for a painting that takes ten minutes.

        Args:
            name: Name of the queue.
        """
        return {"concurrency_id": name, "concurrency_limit": 1}

    def run(
        self, work: Callable[[ReportFunction], ResultT], request: Any, lane: Lane = "picture", tab: str = ""
    ) -> Iterator[JobUpdate | JobResult[ResultT]]:
        """Run a job in a thread and hand on what it reports; where the receiver is slow, only the newest report.

        The job is to end when the visitor leaves or stops it, or when its time is over. From then on its ``report``
        raises :class:`KeyboardInterrupt`, and ``report(None)`` does nothing else. Work that catches the exception and
        returns what it has so far counts as done; otherwise the iterator ends without a result.

        Args:
            work: The function to run, called with ``report``.
            request: The visitor's request as Gradio gives it; it says whose job this is.
            lane: The queue in which the event listener waited. The job starts when the last job of that queue has
                ended, which may take a while if that job's visitor has left.
            tab: The tab of the page where the job was asked for, by which :meth:`stop` finds it.

        Yields:
            A :class:`JobUpdate` for each report that is handed on, and a :class:`JobResult` at the end.

        Raises:
            InputError: The time is over and there is no result.
        """
        job = _QueuedJob(_session(request), tab, time.monotonic() + self.settings.max_seconds)
        with self._lock:
            self._running.setdefault(job.session, set()).add(job)
            lane_lock = self._lanes.setdefault(lane, threading.Lock())
        threading.Thread(target=_run_in_lane, args=(job, work, lane_lock), name=f"studio-{lane}", daemon=True).start()
        try:
            yield from self._receive(job)
        finally:
            job.stopped.set()
            with self._lock:
                own_jobs = self._running.get(job.session, set())
                own_jobs.discard(job)
                if not own_jobs:
                    self._running.pop(job.session, None)

    def result(self, work: Callable[[ReportFunction], ResultT], request: Any, lane: Lane = "picture") -> ResultT:
        """Run a job as :meth:`run` does, and wait for its result.

        Args:
            work: The function to run, called with ``report``.
            request: The visitor's request as Gradio gives it.
            lane: The queue in which the event listener waited.

        Returns:
            What ``work`` returned.

        Raises:
            JobCancelledError: The job was stopped.
            InputError: The time is over.
        """
        for event in self.run(work, request, lane):
            if isinstance(event, JobResult):
                return event.result
        raise JobCancelledError("The job was stopped before it had a result; start it again.")

    def stop(self, request: Any, tab: str = "") -> bool:
        """Stop a visitor's jobs of one tab only.

        Args:
            request: The visitor's request as Gradio gives it.
            tab: The tab where the jobs were asked for.

        Returns:
            Whether there was such a job.
        """
        jobs = [job for job in self._jobs_of(_session(request)) if job.tab == tab]
        for job in jobs:
            job.stopped.set()
        return bool(jobs)

    def abandon(self, session: str | None = None) -> None:
        """Stop the jobs of a visitor who has left, without waiting for their results.

        Args:
            session: The visitor's session; ``None`` means all visitors.
        """
        for job in self._jobs_of(session):
            job.abandoned = True
            job.stopped.set()

    def _jobs_of(self, session: str | None) -> list[_QueuedJob]:
        """The jobs of a session; of all sessions with ``None``."""
        with self._lock:
            return [job for jobs in self._running.values() for job in jobs if session in (None, job.session)]

    @property
    def busy(self) -> int:
        """Number of jobs that run or wait for their lane."""
        with self._lock:
            return sum(len(jobs) for jobs in self._running.values())

    def _receive(self, job: _QueuedJob) -> Iterator[JobUpdate | JobResult[Any]]:
        """Hand on what a job reports until it ends, its time is over or its visitor has left."""
        while time.monotonic() < job.deadline + _GRACE_PERIOD and not job.abandoned:
            kind, value = _newest_message(job.messages)
            if kind == "update":
                yield JobUpdate(value)
            elif kind == "done":
                yield JobResult(value)
                return
            elif kind == "failed" and not isinstance(value, KeyboardInterrupt):
                raise value
            elif kind == "failed":
                break
        if time.monotonic() > job.deadline:
            raise InputError(
                f"This took longer than {self.settings.max_seconds:.0f} seconds, the limit here: "
                "make it smaller or shorter."
            )


def _newest_message(messages: queue.SimpleQueue[tuple[str, Any]]) -> tuple[str, Any]:
    """The newest report of a job, or its end; ``("nothing", None)`` if none came within ``_POLL_INTERVAL``."""
    message: tuple[str, Any] = ("nothing", None)
    with contextlib.suppress(queue.Empty):
        message = messages.get(timeout=_POLL_INTERVAL)
        while message[0] == "update":
            message = messages.get_nowait()
    return message


def _run_in_lane(job: _QueuedJob, work: Callable[[ReportFunction], Any], lane_lock: threading.Lock) -> None:
    """Do a job's work as soon as the last job of its lane has ended, and put the outcome into its messages."""
    try:
        while not lane_lock.acquire(timeout=_POLL_INTERVAL):
            job.report(None)
        try:
            job.report(None)
            result = work(job.report)
        finally:
            lane_lock.release()
    except BaseException as error:  # raised again in Jobs._receive, where the visitor waits
        job.messages.put(("failed", error))
    else:
        job.messages.put(("done", result))


def _session(request: Any) -> str:
    """The session of a request; a request without one is a session of its own."""
    return str(getattr(request, "session_hash", None) or id(request))


class FairQueue(Queue):
    """Gradio's queue, changed so that visitors take turns and no page can take all places.

    A visitor is a session: an open page, or a client of ``gradio_client``. A call without a session counts as a visitor
    of its own. The network address does not tell visitors apart, because behind a proxy all of them have the same.

    Args:
        blocks: The page.
        jobs: The jobs to stop when their visitor leaves.
        settings: The studio's limits, of which ``max_queue`` applies here.
    """

    def __init__(self, blocks: Any, jobs: Jobs, settings: ServerSettings) -> None:
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=settings.max_queue,
            blocks=blocks,
            default_concurrency_limit=1,
        )
        self.jobs = jobs
        self.max_places = max(_MIN_PLACES, int(settings.max_queue * _MAX_QUEUE_SHARE))
        self.sleep_when_free = 0.005  # seconds; Gradio's 0.001 costs a tenth of a core while nobody visits
        self.ANALYTICS_MAX_EVENTS = 1  # events; nothing reads Gradio's statistics

    def compute_analytics_summary(self, records: Any) -> Any:
        """Skip the statistics: after each job Gradio would make a table of all jobs."""
        return self.cached_event_analytics_summary

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """Put a job into its place in the queue, or refuse it with a sentence in the visitor's language.

        Args:
            body: The call, as Gradio gives it.
            request: The visitor's request.
            username: Gradio's name of the visitor; the studio has none.

        Returns:
            Whether the job was taken, its identifier or the sentence, and the state as Gradio calls it.
        """
        waiting = [event for lane in self.event_queue_per_concurrency_id.values() for event in lane.queue]
        if len(waiting) >= (self.max_size or 0):
            return False, say(request, "queue_full", waiting=len(waiting)), "queue_full"
        if sum(event.session_hash == body.session_hash for event in waiting) >= self.max_places:
            return False, say(request, "queue_share", share=self.max_places), "queue_full"
        taken = await super().push(body, request, username)
        for name, lane in self.event_queue_per_concurrency_id.items():
            if (order := in_fair_order(lane.queue)) != lane.queue:
                lane.queue[:] = order
                self.broadcast_estimations(name)
        return taken

    async def process_events(self, events: list[Any], batch: bool, begin_time: float, fn: Any) -> None:
        """Run jobs, and forget the sessions of programs' calls afterwards.

        Gradio takes each call of a program for a session, and keeps a copy of the page's configuration (0.3 MB) for it.
        """
        try:
            await super().process_events(events, batch, begin_time, fn)
        finally:
            app: Any = self.server_app
            for event in events:
                if event.session_hash == event._id:
                    app.state_holder.session_data.pop(event.session_hash, None)
                    app.state_holder.time_last_used.pop(event.session_hash, None)
            ids = self.pending_event_ids_session
            if len(ids) > _MAX_SESSIONS:
                for session in [name for name, pending in ids.items() if not pending]:
                    del ids[session]

    async def clean_events(self, *, session_hash: str | None = None, event_id: str | None = None) -> None:
        """Forget a visitor who has left: remove the jobs that wait, and stop those that run."""
        if session_hash is not None:
            self.jobs.abandon(session_hash)
        await super().clean_events(session_hash=session_hash, event_id=event_id)


def in_fair_order(waiting: list[Any]) -> list[Any]:
    """Jobs in the order in which they take turns: the first of every visitor, then the second of every visitor, ...

    Args:
        waiting: Gradio's events, each with a ``session_hash``, in the order in which they came.
    """
    seen: Counter[str] = Counter()
    rounds = []
    for event in waiting:
        rounds.append(seen[event.session_hash])
        seen[event.session_hash] += 1
    return [event for _, event in sorted(zip(rounds, waiting, strict=True), key=lambda pair: pair[0])]
