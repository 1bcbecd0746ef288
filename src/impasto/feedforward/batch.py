"""Many pictures: which files, where their results go, and painting them with reading and writing alongside."""

from __future__ import annotations

import glob
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.errors import ImpastoError, InputError, OutputError
from impasto.feedforward.painter import Painter
from impasto.files import explain_write_error
from impasto.options import documented, option
from impasto.pictures.formats import READ_SUFFIXES, WRITE_SUFFIXES
from impasto.pictures.picture import Picture
from impasto.pictures.reading import size_of_file
from impasto.pictures.writing import (
    QUALITY,
    check_distinct_targets,
    output_format,
    path_beside,
    suffix_of,
    write_picture,
)
from impasto.styles.style import Style

log = logging.getLogger(__name__)

_ALONE_PIXELS = (
    1 << 24
)  # pixels beyond which a picture has the memory for itself: no other is read or written meanwhile


@dataclass(frozen=True)
class BatchTask:
    """One picture to paint."""

    source: Path
    target: Path


@documented
@dataclass(frozen=True)
class OutputOptions:
    """How results are written."""

    format: str | None = option(
        None,
        metavar="NAME",
        help="jpg, png, webp, tiff, avif, ppm: instead of the suffix's.",
        doc="Suffix of the format, such as ``jpg``; ``None``: the one that the file's suffix says.",
    )
    quality: int = option(QUALITY, low=1, high=100, whole=True, help="Of JPEG, WebP, AVIF.")
    strip: bool = option(
        False,
        help="Drop the photograph's metadata (camera, place, ...).",
        doc="Whether the photograph's metadata (camera, place, ...) is dropped.",
    )


@dataclass(frozen=True)
class Outcome:
    """What became of a job; ``seconds`` by stage: read, paint, write; for a very large picture all together: total."""

    job: BatchTask
    status: Literal["written", "skipped", "failed"]
    seconds: dict[str, float]
    error: ImpastoError | None = None


def expand_inputs(inputs: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Files for what the user named: pairs of file and its path relative to the folder it was found in.

    A folder gives all pictures in it and in its sub-folders, hidden ones aside; a pattern is expanded where
    the shell did not do so; anything else is taken as it is, so that a missing file fails by itself.
    """
    found: list[tuple[Path, Path]] = []
    for path in inputs:
        if path.is_dir():
            inside = _pictures_in(path)
            if not inside:
                raise InputError(f"There is no picture in {path}; give a folder with pictures, or a file.")
            found += inside
        elif any(sign in str(path) for sign in "*?[") and not path.exists():
            matched = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute patterns)
            if not matched:
                raise InputError(f"Nothing matches {path}; check the pattern.")
            for match in matched:  # a folder without pictures among them is no reason to stop
                found += _pictures_in(match) if match.is_dir() else [(match, Path(match.name))]
        else:
            found.append((path, Path(path.name)))
    return found


def _pictures_in(folder: Path) -> list[tuple[Path, Path]]:
    """Pictures in a folder and its sub-folders, and their paths relative to it."""
    inside = ((file, file.relative_to(folder)) for file in sorted(folder.rglob("*")))
    return [
        (file, relative)
        for file, relative in inside
        if file.suffix.lower() in READ_SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in relative.parts)
    ]


def _inside(output: Path, relative: Path, suffix: str | None) -> Path:
    """Where in the folder ``output`` the result of a picture goes."""
    target = output / relative
    if suffix or target.suffix.lower() not in WRITE_SUFFIXES:
        target = target.with_suffix(suffix or ".png")
    return target


def _is_result(relative: Path, root: Path, output: Path) -> bool:
    """Whether what lies in a folder is a result of an earlier run, in a folder within that one; both are resolved."""
    return root in output.parents and output in (root / relative).parents


def plan_batch(inputs: Sequence[Path], output: Path | None, style: Style, writing: OutputOptions) -> list[BatchTask]:
    """Where each result goes.

    One file goes to ``output`` as named, or into it where that is a folder or names no format. Several files,
    or a folder, go into the folder ``output`` under mirrored names. Without ``output`` results lie beside
    their inputs, with the style's name appended. Results of an earlier run are not painted again.
    """
    once: dict[Path, Path] = {}
    for source, relative in expand_inputs(inputs):
        once.setdefault(source, relative)
    files = list(once.items())
    suffix = None if writing.format is None else suffix_of(writing.format)
    single = len(files) == 1 and not inputs[0].is_dir()
    if single and output is not None and not output.is_dir() and (suffix or output.suffix or output.exists()):
        return [BatchTask(files[0][0], output)]
    if output is not None and output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file, but {len(files)} results need a folder; give another -o.")
    jobs = []
    for source, relative in files:
        if output is not None:
            root = source.absolute().parents[len(relative.parts) - 1]
            if _is_result(relative, root.resolve(), output.resolve()):
                continue
            jobs.append(BatchTask(source, _inside(output, relative, suffix)))
        else:
            target = path_beside(source, style.name)
            jobs.append(BatchTask(source, target.with_suffix(suffix) if suffix else target))
    taken = check_distinct_targets((job.source, job.target) for job in jobs)
    if not jobs:
        raise InputError(f"All pictures that were found lie in {output}, where the results go; give others.")
    return [job for job in jobs if taken.get(job.source, job.source) == job.source]


def run_batch(
    jobs: Iterable[BatchTask],
    painter: Painter,
    writing: OutputOptions | None = None,
    *,
    overwrite: bool = False,
) -> Iterator[Outcome]:
    """Paint jobs in order; the next picture is read and the last one written while one is painted.

    A job that fails yields its error and does not stop the others. Existing results are skipped unless
    ``overwrite``.
    """
    writing = writing or OutputOptions()
    pending = iter(jobs)

    def read(job: BatchTask) -> Outcome | tuple[Picture, float] | None:
        """What became of the job already, or the picture and the seconds that it took; ``None``: it is very large."""
        started = time.perf_counter()
        try:
            if not overwrite and _exists(job.target):
                return Outcome(job, "skipped", {})
            format = output_format(job.target, writing.format)
            width, height = size_of_file(job.source) or (0, 0)
            if width * height > _ALONE_PIXELS:
                return None
            return painter.read(job.source, format), time.perf_counter() - started
        except (ImpastoError, MemoryError) as error:
            return failed_outcome(job, error)

    def write(job: BatchTask, picture: Picture, seconds: dict[str, float]) -> Outcome:
        started = time.perf_counter()
        write_picture(picture, job.target, settings=painter.describe(), **vars(writing))
        return Outcome(job, "written", seconds | {"write": time.perf_counter() - started})

    with ThreadPoolExecutor(1, "read") as reader, ThreadPoolExecutor(1, "write") as writer:

        def paint(job: BatchTask, picture: Picture, took: float) -> Future[Outcome]:
            started = time.perf_counter()
            painted = painter.paint(picture).picture
            return writer.submit(write, job, painted, {"read": took, "paint": time.perf_counter() - started})

        def advance() -> tuple[BatchTask, Future[Outcome | tuple[Picture, float] | None]] | None:
            job = next(pending, None)
            return None if job is None else (job, reader.submit(read, job))

        ahead = advance()
        behind: tuple[BatchTask, Future[Outcome]] | None = None
        while ahead is not None:
            job, reading = ahead
            found = reading.result()
            outcome: Outcome | None = None
            writes: Future[Outcome] | None = None
            if found is None:
                if behind is not None:
                    yield _finished(*behind)
                    behind = None
                outcome = _alone(job, painter, writing)
            ahead = advance()
            if isinstance(found, Outcome):
                outcome = found
            elif found is not None:
                try:
                    writes = paint(job, *found)
                except (ImpastoError, MemoryError) as error:
                    outcome = failed_outcome(job, error)
            if behind is not None:
                yield _finished(*behind)
                behind = None
            if writes is not None:
                behind = (job, writes)
            elif outcome is not None:
                yield outcome
        if behind is not None:
            yield _finished(*behind)


def _exists(target: Path) -> bool:
    """Whether there is a result already.

    Raises:
        OutputError: one cannot even look, as its name is too long or its folder closed.
    """
    try:
        return target.exists()
    except OSError as error:
        raise OutputError(explain_write_error(target, error)) from error


def _alone(job: BatchTask, painter: Painter, writing: OutputOptions) -> Outcome:
    """Paint a picture while nothing else is read or written."""
    started = time.perf_counter()
    try:
        painter.paint_file(job.source, job.target, **vars(writing))
    except (ImpastoError, MemoryError) as error:
        return failed_outcome(job, error)
    return Outcome(job, "written", {"total": time.perf_counter() - started})


def _finished(job: BatchTask, future: Future[Outcome]) -> Outcome:
    """The outcome of a write, also where it failed."""
    try:
        return future.result()
    except ImpastoError as error:
        return failed_outcome(job, error)


def failed_outcome(job: BatchTask, error: ImpastoError | MemoryError) -> Outcome:
    """The outcome of a job that raised."""
    if isinstance(error, MemoryError):
        error = InputError(f"{job.source} needs more memory than there is; make it smaller with --size.")
    return Outcome(job, "failed", {}, error)


def watch_folder(folder: Path, output: Path, writing: OutputOptions, *, every: float = 1.0) -> Iterator[BatchTask]:
    """Jobs for pictures as they appear in a folder, for ever.

    A file counts once its size has not changed between two looks, so that half-copied files are left alone;
    files whose result exists are not painted again.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder} to watch; create it first.")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file, but the results need a folder; give another -o.")
    if output.resolve() == folder.resolve():
        raise InputError(f"{output} is the folder that is watched; give the results another one with -o.")
    suffix = None if writing.format is None else suffix_of(writing.format)
    return _appearing(folder, output, suffix, every)


def _appearing(folder: Path, output: Path, suffix: str | None, every: float) -> Iterator[BatchTask]:
    root, results = folder.resolve(), output.resolve()
    sizes: dict[Path, int] = {}
    done: set[Path] = set()
    while True:
        for source, relative in _pictures_in(folder):
            if source in done or _is_result(relative, root, results):
                continue
            try:
                size = source.stat().st_size
            except OSError:
                continue
            if size and sizes.get(source) == size:
                done.add(source)
                yield BatchTask(source, _inside(output, relative, suffix))
            sizes[source] = size
        time.sleep(every)
