"""Many pictures: which files, where their results go, and painting them with reading and writing alongside."""

from __future__ import annotations

import glob
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.errors import ImpastoError, InputError, OutOfMemoryError, OutputError
from impasto.feedforward.painter import Painter
from impasto.feedforward.passes import PaintingProgress
from impasto.files import explain_write_error
from impasto.locks import BusyError, locked, remove_left_locks
from impasto.options import documented, option
from impasto.pictures.formats import RAW_SUFFIXES, READ_SUFFIXES, WRITE_SUFFIXES
from impasto.pictures.messages import add_name
from impasto.pictures.picture import Picture
from impasto.pictures.reading import size_of_file
from impasto.pictures.results import is_made_alike, note_of_result
from impasto.pictures.writing import (
    QUALITY,
    check_distinct_targets,
    note_with_encoding,
    output_format,
    path_beside,
    suffix_of,
    write_picture,
)
from impasto.styles.style import Style

log = logging.getLogger(__name__)

# Pixels beyond which a picture has the memory for itself: no other picture is read or written meanwhile.
_ALONE_PIXELS = 1 << 24


@dataclass(frozen=True)
class BatchTask:
    """One picture to paint.

    Attributes:
        source: the file to read.
        target: the file to write.
        changed: whether the photograph has changed since its result was made, so that it is to be painted again.
    """

    source: Path
    target: Path
    changed: bool = False


@documented
@dataclass(frozen=True)
class OutputOptions:
    """How results are written."""

    format: str | None = option(
        None,
        metavar="NAME",
        help="File format of results: jpg, png, webp, tiff, avif or ppm; by default as the file's name says.",
        doc="Suffix of the format, such as ``jpg``; ``None``: the one that the file's suffix says.",
    )
    quality: int = option(
        QUALITY, low=1, high=100, whole=True, help="Quality of JPEG, WebP and AVIF files; lower is smaller."
    )
    strip: bool = option(
        False,
        help="Leave out the photograph's metadata (camera, date, place).",
        doc="Whether the photograph's metadata (camera, place, ...) is dropped.",
    )


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


def expand_inputs(inputs: Sequence[Path]) -> list[tuple[Path, Path]]:
    """The files that the user named.

    A folder gives all pictures in it and in its sub-folders, hidden ones aside; raw files of cameras there are left
    out with a word. A pattern is expanded where the shell did not do so; anything else is taken as it is, so that a
    missing file fails by itself.

    Args:
        inputs: files, folders and patterns.

    Returns:
        Pairs of a file and its path relative to the folder it was found in.

    Raises:
        InputError: a folder has no picture in it, or nothing matches a pattern.
    """
    found: list[tuple[Path, Path]] = []
    for path in inputs:
        if path.is_dir():
            inside = pictures_in(path)
            if raw := [file for file, _ in pictures_in(path, RAW_SUFFIXES)]:
                log.warning("%s: raw photographs of a camera are left out (%d); develop them first.", raw[0], len(raw))
            if not inside:
                raise InputError(f"There is no picture in {path}; give a folder with pictures, or a file.")
            found += inside
        elif any(sign in str(path) for sign in "*?[") and not path.exists():
            matched = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute patterns)
            if not matched:
                raise InputError(f"Nothing matches {path}; check the pattern.")
            for match in matched:  # a match that is a folder without pictures is no error
                found += pictures_in(match) if match.is_dir() else [(match, Path(match.name))]
        else:
            found.append((path, Path(path.name)))
    return found


def pictures_in(folder: Path, suffixes: tuple[str, ...] = READ_SUFFIXES) -> list[tuple[Path, Path]]:
    """Pictures in a folder and its sub-folders, and their paths relative to it."""
    inside = ((file, file.relative_to(folder)) for file in sorted(folder.rglob("*")))
    return [
        (file, relative)
        for file, relative in inside
        if file.suffix.lower() in suffixes
        and file.is_file()
        and not any(part.startswith(".") for part in relative.parts)
    ]


def target_in(output: Path, relative: Path, suffix: str | None) -> Path:
    """Where the result of a picture goes.

    Args:
        output: the folder of results.
        relative: the picture's path in the folder it was found in.
        suffix: of the result; ``None``: the picture's own, or ``.png`` if that cannot be written.
    """
    target = output / relative
    if suffix or target.suffix.lower() not in WRITE_SUFFIXES:
        target = target.with_suffix(suffix or ".png")
    return target


def is_in_results(relative: Path, root: Path, output: Path) -> bool:
    """Whether a file lies in the folder of results, where that lies within the folder of inputs.

    Args:
        relative: the file's path in the folder of inputs.
        root: the folder of inputs, resolved.
        output: the folder of results, resolved.
    """
    return root in output.parents and output in (root / relative).parents


def plan_batch(
    inputs: Sequence[Path], output: Path | None, style: Style, writing: OutputOptions, *, into_folder: bool = False
) -> list[BatchTask]:
    """Find out which pictures are to be painted, and where each result goes.

    One file goes to ``output`` as named, or into it where that is a folder. Several files, or a folder, go into the
    folder ``output`` under mirrored names. Without ``output`` results lie beside their inputs, with the style's name
    appended. What lies in the folder of results is not painted again.

    Args:
        inputs: as for :func:`expand_inputs`.
        output: a file or a folder; ``None``: beside the inputs.
        style: its name goes into the names of results beside their inputs.
        writing: its format decides on the suffix.
        into_folder: whether ``output`` is a folder though there is none yet.

    Raises:
        InputError: there is nothing to paint, several results would have one name or are to go into a file, or it is
            not clear whether ``output`` is to be a file or a folder.
    """
    once: dict[Path, Path] = {}
    for source, relative in expand_inputs(inputs):
        once.setdefault(source, relative)
    files = list(once.items())
    suffix = None if writing.format is None else suffix_of(writing.format)
    single = len(files) == 1 and not inputs[0].is_dir()
    if output is not None and not into_folder and not output.is_dir():
        if single:
            if not (suffix or output.suffix or output.exists()):
                raise InputError(
                    f"{output} is neither a folder nor names a format; write {output}.jpg for a file, or {output}/ "
                    "for a folder."
                )
            return [BatchTask(files[0][0], output)]
        if output.suffix.lower() in READ_SUFFIXES and not output.exists():
            raise InputError(
                f"{output} would be one file, but these results need a folder; give another -o, or write {output}/ "
                "for a folder of that name."
            )
    if output is not None and output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file, but {len(files)} results need a folder; give another -o.")
    tasks = []
    for source, relative in files:
        if output is not None:
            root = source.absolute().parents[len(relative.parts) - 1]
            if is_in_results(relative, root.resolve(), output.resolve()):
                continue
            tasks.append(BatchTask(source, target_in(output, relative, suffix)))
        else:
            target = path_beside(source, style.name)
            tasks.append(BatchTask(source, target.with_suffix(suffix) if suffix else target))
    taken = check_distinct_targets((task.source, task.target) for task in tasks)
    if not tasks:
        raise InputError(f"All pictures that were found lie in {output}, where the results go; give others.")
    return [task for task in tasks if taken.get(task.source, task.source) == task.source]


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
    writing = writing or OutputOptions()
    pending = iter(tasks)
    locks: dict[Path, ExitStack] = {}  # of the results that are being made

    def existing(task: BatchTask) -> Outcome | None:
        """The outcome of a task whose result exists and is kept; ``None``: it is to be painted."""
        if overwrite or task.changed or not _exists(task.target):
            return None
        remove_left_locks(task.target.absolute().parent)
        return Outcome(task, "skipped", {}, reason="same" if is_made(task, painter, writing) else "other")

    def read(task: BatchTask) -> Outcome | tuple[Picture, float] | None:
        """Read the picture of a task, unless its result exists.

        Returns:
            The picture and the seconds that reading took; or the outcome of a task that ends here; or ``None`` for a
            picture that is so large that nothing else may be read or written beside it.
        """
        started = time.perf_counter()
        try:
            if not include_results and note_of_result(task.source):
                return Outcome(task, "skipped", {}, reason="result")
            format = output_format(task.target, writing.format)
            if (kept := existing(task)) is not None:
                return kept
            width, height = size_of_file(task.source) or (0, 0)
            if width * height > _ALONE_PIXELS:
                return None
            picture = painter.read(task.source, format)
            locks[task.target] = lock = ExitStack()
            lock.enter_context(locked(task.target))
            # Another run may have made it since.
            return existing(task) or (picture, time.perf_counter() - started)
        except (ImpastoError, MemoryError) as error:
            return failed_outcome(task, error)

    def write(task: BatchTask, picture: Picture, seconds: dict[str, float]) -> Outcome:
        """Write a painted picture; ``seconds`` are those of reading and painting."""
        started = time.perf_counter()
        write_picture(picture, task.target, settings=painter.describe(), **vars(writing))
        return Outcome(task, "written", seconds | {"write": time.perf_counter() - started})

    def finished(outcome: Outcome) -> Outcome:
        """An outcome whose result other runs may touch again."""
        locks.pop(outcome.task.target, ExitStack()).close()
        return outcome

    def release_all() -> None:
        """Let other runs touch all results again."""
        for lock in locks.values():
            lock.close()

    with ExitStack() as left, ThreadPoolExecutor(1, "read") as reader, ThreadPoolExecutor(1, "write") as writer:
        left.callback(release_all)

        def paint(task: BatchTask, picture: Picture, took: float) -> Future[Outcome]:
            """Paint a picture and have it written; ``took`` are the seconds of reading."""
            started = time.perf_counter()
            painted = painter.paint_only(picture, progress)
            return writer.submit(write, task, painted, {"read": took, "paint": time.perf_counter() - started})

        def advance() -> tuple[BatchTask, Future[Outcome | tuple[Picture, float] | None]] | None:
            """Start to read the next picture; returns its task and what is read, or ``None`` where no task is left."""
            task = next(pending, None)
            return None if task is None else (task, reader.submit(read, task))

        next_read = advance()
        last_write: tuple[BatchTask, Future[Outcome]] | None = None
        while next_read is not None:
            task, reading = next_read
            found = reading.result()
            outcome: Outcome | None = None
            writes: Future[Outcome] | None = None
            if found is None:
                if last_write is not None:
                    yield finished(_outcome_of(*last_write))
                    last_write = None
                outcome = _paint_alone(task, painter, writing, progress)
            next_read = advance()
            if isinstance(found, Outcome):
                outcome = found
            elif found is not None:
                try:
                    writes = paint(task, *found)
                except (ImpastoError, MemoryError) as error:
                    outcome = failed_outcome(task, error)
            if last_write is not None:
                yield finished(_outcome_of(*last_write))
                last_write = None
            if writes is not None:
                last_write = (task, writes)
            elif outcome is not None:
                yield finished(outcome)
        if last_write is not None:
            yield finished(_outcome_of(*last_write))


def is_made(task: BatchTask, painter: Painter, writing: OutputOptions) -> bool:
    """Whether the result of a task is there, made from this photograph in the same way."""
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


def _paint_alone(
    task: BatchTask, painter: Painter, writing: OutputOptions, progress: PaintingProgress | None
) -> Outcome:
    """Paint a picture while nothing else is read or written."""
    started = time.perf_counter()
    try:
        with locked(task.target):
            painter.paint_file(task.source, task.target, progress=progress, **vars(writing))
    except (ImpastoError, MemoryError) as error:
        return failed_outcome(task, error)
    return Outcome(task, "written", {"total": time.perf_counter() - started})


def _outcome_of(task: BatchTask, future: Future[Outcome]) -> Outcome:
    """The outcome of a write, also where it failed."""
    try:
        return future.result()
    except ImpastoError as error:
        return failed_outcome(task, error)


def failed_outcome(task: BatchTask, error: ImpastoError | MemoryError) -> Outcome:
    """The outcome of a task that raised; the error's sentence names its file."""
    if isinstance(error, BusyError):
        return Outcome(task, "skipped", {}, error, reason="busy")
    if isinstance(error, MemoryError):
        error = OutOfMemoryError(f"{task.source} needs more memory than there is; make it smaller with --size.")
    if not any(str(path) in str(error) for path in (task.source, task.target)):
        add_name(error, task.source)
    return Outcome(task, "failed", {}, error)
