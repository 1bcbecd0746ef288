"""What one process does with a picture: read it, have the worker paint it, bring the result to its place."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from impasto.errors import ImpastoError, MissingExtraError, first_line
from impasto.feedforward.batch import failed_outcome, run_batch
from impasto.feedforward.tasks import BatchTask
from impasto.files import FullDiskError
from impasto.scale import places
from impasto.scale.maker import Maker
from impasto.scale.places import Place
from impasto.scale.worker import Worker

log = logging.getLogger(__name__)

_LONGEST_OTHER = 60.0  # seconds that a picture is waited for which another program is making
_POLL = 0.2  # seconds from one look at it to the next


@dataclass(frozen=True)
class Task:
    """One picture to paint.

    Attributes:
        number: tells it from all other tasks of a run.
        name: what it is called within the source.
        result: what its result is called, whose suffix names the format.
        source: where its bytes are; ``None``: in ``data``.
        size: bytes of the file at the source.
        data: its bytes.
        target: where the result goes; ``None``: it is given back.
    """

    number: int
    name: str
    result: str
    source: Place | None
    size: int | None
    data: bytes | None
    target: Place | None


@dataclass
class Result:
    """What became of a task.

    Attributes:
        number, name: of the task.
        status: whether its result was made, was there already, or could not be made.
        reason: why it was skipped, as :class:`impasto.feedforward.batch.Outcome` has it.
        error: why it failed; empty if it did not.
        stops: whether no other picture can be written either.
        seconds: by stage.
        data: the result, where it has no place of its own.
        target: where the result is; empty: in ``data``.
    """

    number: int
    name: str
    status: Literal["written", "skipped", "failed"] = "written"
    reason: str | None = None
    error: str = ""
    stops: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    data: bytes | None = None
    target: str = ""

    def failed(self, error: str, *, stops: bool = False) -> Result:
        """The same task, failed."""
        return replace(self, status="failed", error=error, stops=stops, data=None)


class Station:
    """A worker, and the rules for results that exist; it is sent to each process once.

    Args:
        worker: makes the results.
        overwrite: whether to paint where a result exists.
        include_results: whether to paint pictures that are results themselves.
    """

    def __init__(self, worker: Maker, *, overwrite: bool = False, include_results: bool = False) -> None:
        self.worker, self.overwrite, self.include_results = worker, overwrite, include_results

    def load(self, task: Task) -> bytes | Result | None:
        """Read what a task needs, while another is painted.

        Returns:
            The picture's bytes; the result of a task that ends here; ``None``: local files, which are read by
            :meth:`paint`.
        """
        result = Result(task.number, task.name, target=str(task.target or ""))
        if isinstance(self.worker, Worker) and isinstance(task.source, Path) and isinstance(task.target, Path):
            return None

        def read() -> bytes:
            """The picture's bytes."""
            return (task.data if task.source is None else places.read(task.source, task.size)) or b""

        try:
            if task.target is not None and not self.overwrite and places.entry_of(task.target) is not None:
                alike = self.worker.is_alike(places.read(task.target), task.name, read)
                return replace(result, status="skipped", reason="same" if alike else "other")
            data = read()
            if not self.include_results and data and self.worker.is_result(data):
                return replace(result, status="skipped", reason="result")
            return data
        except ImpastoError as error:
            return result.failed(str(error))

    def paint(self, task: Task, data: bytes | None) -> Result:
        """Paint a picture; the result still has its bytes, unless the task is one of local files."""
        result = Result(task.number, task.name, target=str(task.target or ""))
        try:
            if data is None:
                return self._paint_files(task, result)
            made, facts = self.worker.make(task.name, data)
            return replace(result, data=made, seconds=facts["seconds"])
        except (MissingExtraError, FullDiskError) as error:
            return result.failed(str(error), stops=True)
        except (ImpastoError, MemoryError) as error:
            outcome = failed_outcome(BatchTask(Path(task.name), Path(task.name)), error)
            return result.failed(str(outcome.error))
        except Exception as error:  # a fault of ours shall not cost the other pictures
            log.info("%s", task.name, exc_info=True)
            reason = f"{task.name} cannot be painted ({first_line(error)}): report it with what impasto doctor prints."
            return result.failed(reason)

    def _paint_files(self, task: Task, result: Result) -> Result:
        """Paint a local file to another as ``impasto apply`` does it in folders."""
        assert isinstance(self.worker, Worker)
        assert isinstance(task.source, Path)
        assert isinstance(task.target, Path)
        last = time.monotonic() + _LONGEST_OTHER
        while True:
            (outcome,) = run_batch(
                [BatchTask(task.source, task.target)],
                self.worker.painter,
                self.worker.writing,
                overwrite=self.overwrite,
                include_results=self.include_results,
            )
            if outcome.reason != "busy" or time.monotonic() > last:
                break
            time.sleep(_POLL)  # another program makes it; if that dies, it is to be made here
        status = "failed" if outcome.reason == "busy" else outcome.status
        about = replace(result, status=status, reason=outcome.reason, seconds=outcome.seconds)
        if outcome.error is None:
            return about
        return replace(about, error=str(outcome.error), stops=isinstance(outcome.error, FullDiskError))

    def store(self, result: Result) -> Result:
        """Bring a painted picture to its place, while the next is painted."""
        if result.data is None or not result.target:
            return result
        try:
            places.write(places.as_place(result.target), result.data)
        except ImpastoError as error:
            return result.failed(str(error), stops=isinstance(error, FullDiskError))
        return replace(result, data=None)
