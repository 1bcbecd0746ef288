"""Watching a folder: pictures are painted as they appear in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from impasto.errors import InputError
from impasto.feedforward.tasks import BatchTask, OutputOptions, is_in_results, pictures_in, target_in
from impasto.pictures.results import is_newer
from impasto.pictures.writing import suffix_of

_EVERY = 1.0  # seconds between two looks


def watch_folder(folder: Path, output: Path, writing: OutputOptions) -> Iterator[BatchTask]:
    """Tasks for pictures as they appear in a folder, for ever.

    A file is painted once its size and time of change are the same in two looks, so that half-copied files are left
    alone, and again whenever they have changed since: a copy that paused failed, and a replaced photograph has a result
    of the earlier one.

    Args:
        folder: where pictures appear.
        output: the folder of results.
        writing: its format decides on the suffix.

    Raises:
        InputError: there is no such folder, or the results cannot go where they are to go.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder} to watch; create it first.")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file, but the results need a folder; give another -o.")
    if output.resolve() == folder.resolve():
        raise InputError(f"{output} is the folder that is watched; give the results another one with -o.")
    suffix = None if writing.format is None else suffix_of(writing.format)
    return _tasks_of_appearing_files(folder, output, suffix)


def _tasks_of_appearing_files(folder: Path, output: Path, suffix: str | None) -> Iterator[BatchTask]:
    """Yield tasks for pictures as they appear; see :func:`watch_folder`.

    This is a function of its own because a generator would check the folders only when its first task is asked for.
    """
    root, results = folder.resolve(), output.resolve()
    seen: dict[Path, tuple[int, int]] = {}  # size and time of change at the last look
    done: dict[Path, tuple[int, int]] = {}  # size and time of change of what was painted, or tried
    while True:
        for source, relative in pictures_in(folder):
            if is_in_results(relative, root, results):
                continue
            try:
                status = source.stat()
            except OSError:
                continue
            stamp = status.st_size, status.st_mtime_ns
            if status.st_size and seen.get(source) == stamp != done.get(source):
                target = target_in(output, relative, suffix)
                changed = source in done or is_newer(source, target)
                done[source] = stamp
                yield BatchTask(source, target, changed)
            seen[source] = stamp
        time.sleep(_EVERY)
