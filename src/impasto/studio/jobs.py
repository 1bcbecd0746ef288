"""Work for visitors: in turn, bounded, and ended when its visitor leaves.

Waiting is done by Gradio's own queue, of which :class:`FairQueue` is a kind: it tells everyone their position. A job
that has its turn runs in a thread of :class:`Jobs`, which can be told to stop.
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

T = TypeVar("T")
Lane = Literal["preview", "picture", "long"]
Report = Callable[[Any], None]

_TICK = 0.1  # seconds after which is looked again
_GRACE = 5.0  # seconds that a job may take to end when its time is over
_SESSIONS = 1000  # without a job, of which a little is remembered
_SHARE = 4  # of the places in the queue one visitor may take at most 1 in so many, but always _FEW
_FEW = 3


@dataclass(frozen=True)
class Update:
    """What a job reported."""

    value: Any


@dataclass(frozen=True)
class Done(Generic[T]):
    """What a job came to."""

    result: T


class CancelledError(ImpastoError):
    """A job was stopped and has no result."""


@dataclass(eq=False)
class _QueuedJob:
    session: str
    tab: str
    deadline: float
    stopped: threading.Event = field(default_factory=threading.Event)
    left: bool = False
    news: queue.SimpleQueue[tuple[str, Any]] = field(default_factory=queue.SimpleQueue)

    def report(self, value: Any) -> None:
        """What ``work`` calls."""
        if self.stopped.is_set() or time.monotonic() > self.deadline:
            raise KeyboardInterrupt
        if value is not None:
            self.news.put(("update", value))


class Jobs:
    """Runs what visitors ask for.

    Args:
        settings: limits.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._running: dict[str, set[_QueuedJob]] = {}
        self._lock = threading.Lock()
        self._lanes: dict[str, threading.Lock] = {}

    @staticmethod
    def lane(name: Lane) -> dict[str, Any]:
        """What an event listener needs to wait in one of the queues: each lets one job run at a time.

        Previews have a lane of their own, so that they need not wait for a painting of ten minutes.
        """
        return {"concurrency_id": name, "concurrency_limit": 1}

    def run(
        self, work: Callable[[Report], T], request: Any, lane: Lane = "picture", tab: str = ""
    ) -> Iterator[Update | Done[T]]:
        """Run ``work`` in a thread and hand on what it reports: the newest only, where the receiver is slow.

        ``report`` raises :class:`KeyboardInterrupt` once the visitor has left or stopped the job, or the time is over;
        ``report(None)`` only asks. Work that takes it as "keep what you have" and returns is done; otherwise
        nothing more comes.

        Args:
            work: called with ``report``.
            request: the visitor's, as Gradio gives it; it says whose job this is.
            lane: the one that the event listener waited in. A job whose visitor left may still be busy in it.
            tab: where on the page it was asked for; :meth:`stop` there ends it.

        Raises:
            InputError: the time is over and there is no result.
        """
        job = _QueuedJob(_session(request), tab, time.monotonic() + self.settings.max_seconds)
        with self._lock:
            self._running.setdefault(job.session, set()).add(job)
            free = self._lanes.setdefault(lane, threading.Lock())
        threading.Thread(target=_work, args=(job, work, free), name=f"studio-{lane}", daemon=True).start()
        try:
            yield from self._news(job)
        finally:
            job.stopped.set()
            with self._lock:
                held = self._running.get(job.session, set())
                held.discard(job)
                if not held:
                    self._running.pop(job.session, None)

    def result(self, work: Callable[[Report], T], request: Any, lane: Lane = "picture") -> T:
        """Run ``work`` in the same way and wait for what it comes to.

        Raises:
            CancelledError: it was stopped.
            InputError: the time is over.
        """
        for event in self.run(work, request, lane):
            if isinstance(event, Done):
                return event.result
        raise CancelledError("The job was stopped before it had a result; start it again.")

    def stop(self, request: Any, tab: str = "") -> bool:
        """Ask a visitor's jobs of one tab to stop, and no others; says whether there were any."""
        jobs = [job for job in self._of(_session(request)) if job.tab == tab]
        for job in jobs:
            job.stopped.set()
        return bool(jobs)

    def leave(self, session: str | None = None) -> None:
        """A visitor is gone, or all are: nobody waits for what their jobs come to."""
        for job in self._of(session):
            job.left = True
            job.stopped.set()

    def _of(self, session: str | None) -> list[_QueuedJob]:
        with self._lock:
            return [job for jobs in self._running.values() for job in jobs if session in (None, job.session)]

    @property
    def busy(self) -> int:
        """How many jobs run."""
        with self._lock:
            return sum(len(jobs) for jobs in self._running.values())

    def _news(self, job: _QueuedJob) -> Iterator[Update | Done[Any]]:
        while time.monotonic() < job.deadline + _GRACE and not job.left:
            kind, value = _newest(job.news)
            if kind == "update":
                yield Update(value)
            elif kind == "done":
                yield Done(value)
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


def _newest(news: queue.SimpleQueue[tuple[str, Any]]) -> tuple[str, Any]:
    """The newest of what a job said, or its end; ``("nothing", None)`` if it says nothing."""
    said: tuple[str, Any] = ("nothing", None)
    with contextlib.suppress(queue.Empty):
        said = news.get(timeout=_TICK)
        while said[0] == "update":
            said = news.get_nowait()
    return said


def _work(job: _QueuedJob, work: Callable[[Report], Any], free: threading.Lock) -> None:
    """Do the work as soon as the lane's last job has ended, and say what came of it."""
    try:
        while not free.acquire(timeout=_TICK):
            job.report(None)
        try:
            job.report(None)
            result = work(job.report)
        finally:
            free.release()
    except BaseException as error:  # it is raised again where the visitor waits
        job.news.put(("failed", error))
    else:
        job.news.put(("done", result))


def _session(request: Any) -> str:
    return str(getattr(request, "session_hash", None) or id(request))


class FairQueue(Queue):
    """Gradio's queue, in which visitors take turns and no page can take all places.

    A visitor is a session: an open page, or a client of gradio_client's. A call without one is a visitor of its own.
    (The address that it comes from would tell no more: behind a proxy it is everybody's.)

    Args:
        blocks: the page.
        jobs: told who left.
        settings: how many may wait.
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
        self.share = max(_FEW, settings.max_queue // _SHARE)
        self.sleep_when_free = 0.005  # Gradio's millisecond costs a tenth of a core while nobody is there
        self.ANALYTICS_MAX_EVENTS = 1  # nobody looks at them

    def compute_analytics_summary(self, records: Any) -> Any:
        """Gradio would make a table of all jobs after each of them."""
        return self.cached_event_analytics_summary

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """Take a job in, at its fair place; or say why not, in the visitor's language."""
        waiting = [event for lane in self.event_queue_per_concurrency_id.values() for event in lane.queue]
        if len(waiting) >= (self.max_size or 0):
            return False, say(request, "queue_full", waiting=len(waiting)), "queue_full"
        if sum(event.session_hash == body.session_hash for event in waiting) >= self.share:
            return False, say(request, "queue_share", share=self.share), "queue_full"
        taken = await super().push(body, request, username)
        for name, lane in self.event_queue_per_concurrency_id.items():
            if (order := fair(lane.queue)) != lane.queue:
                lane.queue[:] = order
                self.broadcast_estimations(name)
        return taken

    async def process_events(self, events: list[Any], batch: bool, begin_time: float, fn: Any) -> None:
        """Do a job, and forget all about a program's call afterwards.

        Gradio keeps a copy of the page's configuration for every session, 0.3 MB, and takes each call for one.
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
            if len(ids) > _SESSIONS:
                for session in [name for name, pending in ids.items() if not pending]:
                    del ids[session]

    async def clean_events(self, *, session_hash: str | None = None, event_id: str | None = None) -> None:
        """Forget a visitor that left: what waits, and what runs."""
        if session_hash is not None:
            self.jobs.leave(session_hash)
        await super().clean_events(session_hash=session_hash, event_id=event_id)


def fair(waiting: list[Any]) -> list[Any]:
    """Jobs in the order in which they take turns: everybody's first, then everybody's second, and so on.

    Args:
        waiting: in the order in which they came; each has a ``session_hash``.
    """
    seen: Counter[str] = Counter()
    rounds = []
    for event in waiting:
        rounds.append(seen[event.session_hash])
        seen[event.session_hash] += 1
    return [event for _, event in sorted(zip(rounds, waiting, strict=True), key=lambda pair: pair[0])]
