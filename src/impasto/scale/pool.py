"""A pool of local processes of one thread each, which outlives the processes that pictures kill."""

from __future__ import annotations

import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.scale.station import Result, Station, Task

log = logging.getLogger(__name__)

_AHEAD = 3  # tasks of a process: one that is read, one that is painted, one that is stored
_MOST_TRIES = 2  # processes that one picture may kill before it is set aside
_OTHERS_BETWEEN = 20  # results between two tries of a picture: another program may have killed its process by chance
_MOST_FAILED_STARTS = 3  # processes in a row that end before they have painted anything
_GRACE = 10.0  # seconds that a process has to finish its picture when the pool is closed


class PoolError(ImpastoError):
    """Processes that paint cannot be started."""


class _End:
    """Stands for the end of the tasks, where ``None`` stands for a pause."""


_END = _End()


class _Process:
    """One process, and the tasks that it has.

    Args:
        station: what it does with each.
        threads: that its network may use.
        events: gets ``(process, message)`` for each message, and ``(process, None)`` at its end.
    """

    def __init__(self, station: Station, threads: int, events: queue.Queue[Any]) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": search_path()}
        # The parent's own options (-W error, ...) and its main module are not needed, and may not even be files.
        command = [sys.executable, "-m", "impasto.scale.child"]
        self.tasks: dict[int, Task] = {}
        self.at: int | None = None  # number of the task that is painted
        self.has_answered = False
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is for this process, which lets that one finish its picture
        )
        self.pid = self._popen.pid
        self._send((logging.getLogger().getEffectiveLevel(), station))
        self._listener = threading.Thread(target=self._listen, args=(events,), daemon=True)
        self._listener.start()

    def _send(self, content: object) -> None:
        """Send an object; where the process is dead, its end is an event of its own."""
        assert self._popen.stdin is not None
        try:
            pickle.dump(content, self._popen.stdin, protocol=5)
            self._popen.stdin.flush()
        except OSError:
            log.debug("Process %d takes no more tasks.", self.pid)

    def give(self, task: Task) -> None:
        """Give the process one more task."""
        self.tasks[task.number] = task
        self._send(task)

    def _listen(self, events: queue.Queue[Any]) -> None:
        """Turn what the process says into events, in a thread of its own."""
        assert self._popen.stdout is not None
        try:
            while True:
                events.put((self, pickle.load(self._popen.stdout)))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):  # half of a message: it was killed
            events.put((self, None))

    def end(self) -> str:
        """Wait for the end of a process that ends by itself; returns how it ended, in words."""
        code = self._popen.wait()
        self._close_pipes()
        if code >= 0:
            return f"exit status {code}"
        return signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"

    def stop_soon(self) -> None:
        """Have the process end after its picture."""
        assert self._popen.stdin is not None
        try:
            self._popen.stdin.close()
        except OSError:
            log.debug("Process %d has ended.", self.pid)

    def stop_now(self, seconds: float) -> None:
        """Wait for the process, and kill it if it takes longer."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        """Close both pipes of a process that has ended."""
        self.stop_soon()
        self._listener.join()
        assert self._popen.stdout is not None
        self._popen.stdout.close()


def search_path() -> str:
    """Where this process finds its modules, for one that it starts."""
    return os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])


class Pool:
    """Processes that paint. They start when there is work for them, and each is replaced when it dies.

    Args:
        station: what each does with a picture.
        processes: how many, at most.
        threads: of the network in each; processes of one thread are faster than threads.
    """

    def __init__(self, station: Station, processes: int, threads: int = 1) -> None:
        self.station, self.processes, self.threads = station, processes, threads
        self._running: list[_Process] = []
        self._events: queue.Queue[tuple[_Process, Any]] = queue.Queue()
        self._tries: Counter[int] = Counter()  # processes that died of a task, by its number
        self._failed_starts = 0
        self._again: deque[Task] = deque()
        self._suspects: deque[tuple[int, Task]] = deque()  # pictures that killed a process, and when to try them again
        self._results = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.stop_soon()
        for process in self._running:
            process.stop_now(_GRACE)
        self._running.clear()

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that run."""
        return [process.pid for process in self._running]

    def run(self, tasks: Iterator[Task | None]) -> Iterator[Result]:
        """Paint pictures, in any order.

        Args:
            tasks: the tasks; ``None``: there is none right now, ask again after the next result.

        Yields:
            The results as they come, one for each task.

        Raises:
            PoolError: processes end as soon as they start.
        """
        more = True
        while True:
            more = self._feed(tasks) if more or self._again or self._suspects else more

            if not any(process.tasks for process in self._running):
                if not more:
                    return
                continue
            process, message = self._events.get()
            if message is None:
                yield from self._replaced(process)
                continue
            kind, content = message
            if kind == "at":
                process.at = content
            elif kind == "log":
                log.log(*content)
            elif kind == "done" and process.tasks.pop(content.number, None) is not None:
                process.has_answered, self._failed_starts = True, 0
                self._results += 1

                process.at = None if process.at == content.number else process.at
                self._tries.pop(content.number, None)
                yield content

    def _feed(self, tasks: Iterator[Task | None]) -> bool:
        """Give out tasks as long as processes take more; returns whether there may be more tasks."""
        while True:
            free = min(self._running, key=lambda process: len(process.tasks), default=None)
            may_start = len(self._running) < self.processes
            if not may_start and (free is None or len(free.tasks) >= _AHEAD):
                return True
            task = self._next(tasks)
            if task is None:
                return True
            if isinstance(task, _End):
                return False

            if free is None or (may_start and free.tasks):
                free = _Process(self.station, self.threads, self._events)
                self._running.append(free)
            free.give(task)

    def _next(self, tasks: Iterator[Task | None]) -> Task | _End | None:
        """The next task: one that a dead process had, or a new one; a suspect once others were done meanwhile."""
        if self._again:
            return self._again.popleft()
        if self._suspects and self._results >= self._suspects[0][0]:
            return self._suspects.popleft()[1]
        task = next(tasks, _END)
        if not isinstance(task, Task) and self._suspects:
            return self._suspects.popleft()[1]
        return task

    def _replaced(self, process: _Process) -> Iterator[Result]:
        """Take the tasks of a process that has died back; the picture that it painted is tried once more.

        Yields:
            The result of a picture that has killed as many processes as it may.

        Raises:
            PoolError: processes end as soon as they start.
        """
        self._running.remove(process)
        how = process.end()
        culprit = process.tasks.pop(process.at, None) if process.at is not None else None
        self._again.extendleft(reversed(process.tasks.values()))
        if culprit is None:
            self._failed_starts += not process.has_answered
            if self._failed_starts >= _MOST_FAILED_STARTS:
                raise PoolError(
                    f"Processes that paint end as soon as they start ({how}): free memory, or give fewer --processes."
                )
            return
        self._tries[culprit.number] += 1
        log.info("A process ended while it painted %s (%s).", culprit.name, how)
        if self._tries[culprit.number] < _MOST_TRIES:
            self._suspects.append((self._results + _OTHERS_BETWEEN, culprit))

            return
        reason = f"{culprit.name} is set aside: {_MOST_TRIES} processes that painted it were killed ({how})."
        yield Result(culprit.number, culprit.name, target=str(culprit.target or "")).failed(reason)
