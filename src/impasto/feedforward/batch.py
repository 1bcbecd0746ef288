"""Painting many pictures, with reading and writing alongside."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.errors import ImpastoError, OutOfMemoryError, OutputError
from impasto.feedforward.painter import Painter
from impasto.feedforward.passes import PaintingProgress
from impasto.feedforward.tasks import BatchTask, OutputOptions
from impasto.files import explain_write_error
from impasto.locks import BusyError, locked, remove_left_locks
from impasto.networks.grain import grain_patterns
from impasto.pictures.messages import add_name
from impasto.pictures.picture import Picture
from impasto.pictures.reading import size_of_file
from impasto.pictures.results import is_made_alike, note_of_result
from impasto.pictures.writing import note_with_encoding, output_format, write_picture

# Pixels beyond which a picture has the memory for itself: no other picture is read or written meanwhile.
_ALONE_PIXELS = 1 << 24


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        task: the picture that was to be painted.
        status: whether its result was written, was there already, or could not be made.
        seconds: by stage, ``"read"``, ``"paint"`` and ``"write"``; of a very large picture only ``"total"``.
        error: why it failed; ``None`` if it did not.
        reason: why it was skipped: its result is there and was made in the same way (``"same"``) or in another one,
            with other settings or from an earlier photograph (``"other"``); the picture is itself a result
            (``"result"``); or another run is making the result (``"busy"``), which the error says.
    """

    task: BatchTask
    status: Literal["written", "skipped", "failed"]
    seconds: dict[str, float]
    error: ImpastoError | None = None
    reason: Literal["same", "other", "result", "busy"] | None = None


def run_batch(
    tasks: Iterable[BatchTask],
    painter: Painter,
    writing: OutputOptions | None = None,
    *,
    overwrite: bool = False,
    include_results: bool = True,
    progress: PaintingProgress | None = None,
) -> Iterator[Outcome]:
    """Paint pictures in order; the next one is read and the last one written while one is painted.

    A task that fails yields its error and does not stop the others. Several runs may share the tasks of a folder: each
    result is locked while it is made, and the others skip it.

    Args:
        tasks: the tasks.
        painter: paints all of them.
        writing: how results are written.
        overwrite: whether to paint where a result exists, instead of skipping it.
        include_results: whether to paint pictures that are results themselves, instead of skipping them.
        progress: called while each picture is painted; see :meth:`impasto.feedforward.painter.Painter.paint`.

    Yields:
        What became of each task, in order.
    """
    batch = _Batch(painter, writing or OutputOptions(), overwrite, include_results, progress)
    yield from batch.run(tasks)


class _Batch:
    """The painting of many pictures; see :func:`run_batch` for its arguments."""

    def __init__(
        self,
        painter: Painter,
        writing: OutputOptions,
        overwrite: bool,
        include_results: bool,
        progress: PaintingProgress | None,
    ) -> None:
        self.painter, self.writing, self.progress = painter, writing, progress
        self.overwrite, self.include_results = overwrite, include_results
        self.locks: dict[Path, ExitStack] = {}  # of the results that are being made
        self.ready: Future[None] | None = None  # the loading of the engines, which the first picture begins

    def run(self, tasks: Iterable[BatchTask]) -> Iterator[Outcome]:
        """Paint all tasks; yields what became of each, in order."""
        waiting = iter(tasks)
        with ExitStack() as left, ThreadPoolExecutor(1, "read") as reader, ThreadPoolExecutor(1, "write") as writer:
            left.callback(self._release_all)

            def read_next() -> tuple[BatchTask, Future[Outcome | tuple[Picture, float] | None]] | None:
                """Begin to read the next picture; returns its task and what is read, or ``None`` at the end."""
                task = next(waiting, None)
                return None if task is None else (task, reader.submit(self._read, task, writer))

            current = read_next()
            written: Future[Outcome] | None = None  # what becomes of the task before
            while current is not None:
                task, reading = current
                read = reading.result()
                if read is None:
                    if written is not None:
                        yield self._finished(written.result())
                        written = None
                    read = self._paint_alone(task)
                current = read_next()
                painted = read if isinstance(read, Outcome) else self._paint(task, *read, writer)
                if written is not None:
                    yield self._finished(written.result())
                    written = None
                if isinstance(painted, Outcome):
                    yield self._finished(painted)
                else:
                    written = painted
            if written is not None:
                yield self._finished(written.result())

    def _read(self, task: BatchTask, other: ThreadPoolExecutor) -> Outcome | tuple[Picture, float] | None:
        """Read the picture of a task, unless its result exists.

        Args:
            task: the task.
            other: a thread that has nothing to do before the first picture is painted.

        Returns:
            The picture and the seconds that reading took; or the outcome of a task that ends here; or ``None`` for a
            picture that is so large that nothing else may be read or written beside it.
        """
        started = time.perf_counter()
        try:
            if not self.include_results and note_of_result(task.source):
                return Outcome(task, "skipped", {}, reason="result")
            format = output_format(task.target, self.writing.format)
            if (kept := self._kept(task)) is not None:
                return kept
            width, height = size_of_file(task.source) or (0, 0)
            if width * height > _ALONE_PIXELS:
                return None
            picture = self._read_beside_loading(task.source, format, other)
            self.locks[task.target] = lock = ExitStack()
            lock.enter_context(locked(task.target))
            # Another run may have made it since.
            return self._kept(task) or (picture, time.perf_counter() - started)
        except (ImpastoError, MemoryError) as error:
            return failed_outcome(task, error)

    def _read_beside_loading(self, source: Path, format: str, other: ThreadPoolExecutor) -> Picture:
        """Read a picture; beside the first one engines are loaded and grain is made, which it is going to need."""
        if self.ready is not None:
            return self.painter.read(source, format)
        self.ready = other.submit(self.painter.styles.prepare)
        picture = self.painter.read(source, format)
        grain_patterns()
        return picture

    def _kept(self, task: BatchTask) -> Outcome | None:
        """The outcome of a task whose result exists and is kept; ``None``: it is to be painted."""
        if self.overwrite or task.changed or not _exists(task.target):
            return None
        remove_left_locks(task.target.absolute().parent)
        return Outcome(task, "skipped", {}, reason="same" if is_made(task, self.painter, self.writing) else "other")

    def _paint(
        self, task: BatchTask, picture: Picture, seconds: float, writer: ThreadPoolExecutor
    ) -> Future[Outcome] | Outcome:
        """Paint a picture, and have the painting written; returns what becomes of the task, or its failure.

        Args:
            task: the task.
            picture: what was read for it.
            seconds: that reading took.
            writer: writes.
        """
        started = time.perf_counter()
        if self.ready is not None:
            self.ready.result()
        try:
            painted = self.painter.paint_only(picture, self.progress)
        except (ImpastoError, MemoryError) as error:
            return failed_outcome(task, error)
        taken = {"read": seconds, "paint": time.perf_counter() - started}
        return writer.submit(self._write, task, painted, taken)

    def _write(self, task: BatchTask, painted: Picture, seconds: dict[str, float]) -> Outcome:
        """Write a painting; ``seconds`` are those of reading and painting."""
        started = time.perf_counter()
        try:
            write_picture(painted, task.target, note=self.painter.describe(), **vars(self.writing))
        except ImpastoError as error:
            return failed_outcome(task, error)
        return Outcome(task, "written", seconds | {"write": time.perf_counter() - started})

    def _paint_alone(self, task: BatchTask) -> Outcome:
        """Paint a picture while nothing else is read or written."""
        started = time.perf_counter()
        try:
            with locked(task.target):
                self.painter.paint_file(task.source, task.target, progress=self.progress, **vars(self.writing))
        except (ImpastoError, MemoryError) as error:
            return failed_outcome(task, error)
        return Outcome(task, "written", {"total": time.perf_counter() - started})

    def _finished(self, outcome: Outcome) -> Outcome:
        """An outcome whose result other runs may touch again."""
        self.locks.pop(outcome.task.target, ExitStack()).close()
        return outcome

    def _release_all(self) -> None:
        """Let other runs touch all results again."""
        for lock in self.locks.values():
            lock.close()


def is_made(task: BatchTask, painter: Painter, writing: OutputOptions) -> bool:
    """Whether the result of a task is there, made from this photograph in the same way.

    Args:
        task: the photograph, and where its result lies.
        painter: would paint it.
        writing: how it would be written.
    """
    format = output_format(task.target, writing.format)
    note = note_with_encoding(painter.describe(), format, quality=writing.quality, strip=writing.strip)
    return is_made_alike(task.target, note, task.source)


def _exists(target: Path) -> bool:
    """Whether there is a result already.

    Raises:
        OutputError: the file system does not tell, since the name is too long or the folder is closed.
    """
    try:
        return target.exists()
    except OSError as error:
        raise OutputError(explain_write_error(target, error)) from error


def failed_outcome(task: BatchTask, error: ImpastoError | MemoryError) -> Outcome:
    """The outcome of a task that raised; the error's sentence names its file."""
    if isinstance(error, BusyError):
        return Outcome(task, "skipped", {}, error, reason="busy")
    if isinstance(error, MemoryError):
        error = OutOfMemoryError(f"{task.source} needs more memory than there is; make it smaller with --size.")
    if not any(str(path) in str(error) for path in (task.source, task.target)):
        add_name(error, task.source)
    return Outcome(task, "failed", {}, error)
