"""The process that paints: tasks come in on standard input, results go out on standard output, both pickled."""

from __future__ import annotations

import logging
import os
import pickle
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, BinaryIO

from impasto.scale.station import Result, Station, Task


class _Parent:
    """The process that gives out the tasks.

    Messages are pairs: ``("at", number)`` before a task is painted, ``("done", result)``, ``("log", (level, text))``.
    """

    def __init__(self) -> None:
        # What libraries print must not get between the messages.
        self.tasks: BinaryIO = os.fdopen(os.dup(0), "rb")
        self.messages: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        self._one_at_a_time = threading.Lock()

    def receive(self) -> Any:
        """The next object; ``None`` at the end, also where the parent was killed."""
        try:
            return pickle.load(self.tasks)
        except (EOFError, pickle.UnpicklingError):
            return None

    def send(self, kind: str, content: object) -> None:
        """Send a message; where the parent was killed, which ends the tasks as well, nobody needs it."""
        with self._one_at_a_time, suppress(OSError):
            pickle.dump((kind, content), self.messages, protocol=5)
            self.messages.flush()


class _LogToParent(logging.Handler):
    """Sends log records to the parent, which has the user."""

    def __init__(self, parent: _Parent) -> None:
        super().__init__()
        self.parent = parent

    def emit(self, record: logging.LogRecord) -> None:
        """See :class:`logging.Handler`."""
        self.parent.send("log", (record.levelno, self.format(record)))


def main() -> None:
    """Paint until there are no more tasks; a picture is read, and the last one stored, while one is painted."""
    parent = _Parent()
    level, station = parent.receive() or (None, None)
    if station is None:
        return
    logging.basicConfig(level=level, format="%(message)s", handlers=[_LogToParent(parent)])
    ended = threading.Event()
    loaded: queue.Queue[tuple[Task, bytes | Result | None] | None] = queue.Queue(1)

    def load() -> None:
        """Receive tasks and read their pictures."""
        while (task := parent.receive()) is not None:
            loaded.put((task, station.load(task)))
        ended.set()
        loaded.put(None)

    threading.Thread(target=load, daemon=True).start()
    serve(station, loaded, parent, ended)


def serve(station: Station, loaded: queue.Queue[Any], parent: _Parent, ended: threading.Event) -> None:
    """Paint what is loaded, until the end.

    Args:
        station: what is done with each picture.
        loaded: tasks with what was read of them; ``None`` ends.
        parent: who gets the results.
        ended: set once there are no more tasks, after which nothing that waits is painted.
    """

    def store(result: Result) -> None:
        """Store a result and say so."""
        parent.send("done", station.store(result))

    with ThreadPoolExecutor(1, "store") as storing:
        last: Future[None] | None = None
        while (item := loaded.get()) is not None and not ended.is_set():
            task, found = item
            parent.send("at", task.number)
            result = found if isinstance(found, Result) else station.paint(task, found)
            if last is not None:
                last.result()
            last = storing.submit(store, result)


if __name__ == "__main__":
    main()
