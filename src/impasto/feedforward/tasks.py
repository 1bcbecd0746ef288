"""Many pictures: which files are to be painted, and where and how their results are written."""

from __future__ import annotations

import glob
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import InputError
from impasto.options import documented, option
from impasto.pictures.formats import RAW_SUFFIXES, READ_SUFFIXES, WRITE_SUFFIXES
from impasto.pictures.writing import QUALITY, check_distinct_targets, path_beside, suffix_of
from impasto.styles.style import Style

log = logging.getLogger(__name__)


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
