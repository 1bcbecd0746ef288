"""``impasto apply``: repaint pictures."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from impasto.cli import hints, options, presets, results
from impasto.cli.apply_job import JobOptions, is_for_a_job, work_through
from impasto.cli.help import Command
from impasto.cli.picture_styles import learn_pictures
from impasto.cli.progress import PicturesBar
from impasto.cli.standard_streams import STANDARD_STREAM, read_standard_input, write_standard_output
from impasto.errors import ImpastoError, InputError, PartialError
from impasto.feedforward import batch
from impasto.feedforward.batch import Outcome
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.passes import PaintingProgress
from impasto.feedforward.tasks import BatchTask, OutputOptions, plan_batch
from impasto.feedforward.watching import watch_folder
from impasto.files import is_file
from impasto.locks import BusyError
from impasto.pictures.results import unnamed_result
from impasto.pictures.writing import output_format, write_picture
from impasto.scale.worker import Worker


@click.command(
    "apply",
    cls=Command,
    short_help="Repaint pictures in a style.",
    sections={
        "What to paint": ("styles", "mask", *presets.SECTION, "watch"),
        **options.PAINTING_SECTIONS,
        "Slower and better": ("refine",),
        "The results": ("output", "format", "quality", "strip", "overwrite", "include_results"),
        "Many processes or machines": ("on", "processes"),
        "What is said": ("timing", "as_json", "quiet"),
    },
)
@click.argument("pictures", nargs=-1, type=options.PLACE, metavar="PICTURE...")
@options.style_option
@presets.preset_options
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    shell_complete=options.complete_files,
    help="Where results go: a file for one picture, which is replaced if it exists, a folder for several, - for "
    "standard output. Without it they lie beside the photographs, named after the style.",
)
@options.painting_options
@options.dataclass_option(Options, "refine")
@options.dataclass_option(OutputOptions, "format")
@options.dataclass_option(OutputOptions, "quality", early=True)
@options.dataclass_option(OutputOptions, "strip")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace what exists. Without it, results of folders are skipped where they exist, and one picture beside "
    "another result gets a number (photo-scream-2.jpg).",
)
@click.option("--include-results", is_flag=True, help="Of several pictures, also paint those that are results.")
@click.option(
    "--watch",
    type=options.PATH,
    metavar="FOLDER",
    help="Wait for pictures in FOLDER and paint each as it appears, until Ctrl-C; needs -o.",
)
@click.option(
    "--on",
    metavar="WHERE",
    help="Paint in several processes: local, ray (the cluster of RAY_ADDRESS, or one here) or ray://HOST:PORT. PICTURE "
    "may then be a job folder of impasto plan, a tar, a Parquet file, a list (.txt) or a URL such as s3://bucket/in, "
    "and -o a URL, or a name in .tar for a tar a shard. Needs -o. What is done already is skipped.",
)
@click.option(
    "--processes",
    type=click.IntRange(1),
    help="With --on, how many processes paint at most, of one thread each; by default one a core.",
)
@click.option("--timing", is_flag=True, help="Say how long reading, painting and writing took.")
@click.option("--json", "as_json", is_flag=True, help="Say what became of each picture as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    pictures: tuple[options.PathOrUrl, ...],
    styles: tuple[str, ...],
    output: str | None,
    format: str | None,
    quality: int,
    strip: bool,
    overwrite: bool,
    include_results: bool,
    watch: Path | None,
    on: str | None,
    processes: int | None,
    timing: bool,
    as_json: bool,
    quiet: bool,
    **painting: Any,
) -> None:
    """Repaint pictures in a style.

    PICTURE is a file, a folder (with its sub-folders), or - for standard input; there may be several.

    \b
    impasto apply photo.jpg --style starry-night -o painted.jpg
    impasto apply photo.jpg --style scream:2 --style udnie:1 --strength 0.7
    impasto apply holiday/ --style great-wave -o painted/
    impasto apply s3://bucket/photos --style great-wave --on local -o s3://bucket/painted
    """
    if bool(pictures) == bool(watch):
        raise click.UsageError(
            "Pictures are given as well as --watch; leave one of them out."
            if watch
            else "No picture is given; try: impasto apply photo.jpg --style starry-night"
        )
    if pictures and all(map(hints.is_video, pictures)):
        raise hints.wrong_command(f"{pictures[0]} is a video", "video")
    if not styles:
        raise hints.missing_style("apply")
    if on or processes or is_for_a_job(pictures, output):
        how = JobOptions(on or "local", processes, overwrite, include_results, timing, as_json, quiet)
        if watch:
            raise click.UsageError("--watch paints one picture after the other; leave --on and --processes out.")
        how_to_paint, writing = options.painting_options_from(painting), OutputOptions(format, quality, strip)
        for_all = learn_pictures(styles, how_to_paint.style_effort, quiet=quiet)
        work_through(pictures, output, Worker(for_all, how_to_paint, writing), how)
        return
    inputs = tuple(map(Path, pictures))
    where = None if output is None else Path(output)
    if STANDARD_STREAM in inputs and len(inputs) > 1:
        raise click.UsageError("Standard input (-) stands alone; paint files in another call.")
    if where == STANDARD_STREAM and inputs and (len(inputs) > 1 or inputs[0].is_dir()):
        raise click.UsageError("Standard output takes one picture; give a folder with -o.")
    if watch and where in (None, STANDARD_STREAM):
        raise click.UsageError("--watch needs a folder for its results: add -o FOLDER.")
    painting_options = options.painting_options_from(painting)
    many = bool(watch) or len(inputs) > 1 or (len(inputs) == 1 and inputs[0].is_dir())
    learnt = learn_pictures(styles, painting_options.style_effort, quiet=quiet)
    painter = Painter(learnt, painting_options, many=many)
    writing = OutputOptions(format, quality, strip)
    # Where the picture goes to standard output, all messages go to standard error.
    piped = not watch and (where == STANDARD_STREAM or (where is None and STANDARD_STREAM in inputs))
    reporter = _Reporter(timing=timing, as_json=as_json, quiet=quiet, to_stderr=piped)
    reporter.say_engine = partial(options.say_engine, painting_options, many=many)

    def refuse_to_replace_inputs(task: BatchTask) -> None:
        """Refuse a task whose result would replace a file that it is made from.

        Raises:
            InputError: it would.
        """
        made_from = [task.source, *styles, *painting_options.every_mask().values()]
        with suppress(OSError):  # a path that the file system cannot look up fails when it is read or written
            if not overwrite and options.is_input(task.target, made_from):
                raise InputError(f"{task.target} is one of the inputs; give another -o, or --overwrite to replace it.")

    if piped or STANDARD_STREAM in inputs:
        task = BatchTask(inputs[0], where or STANDARD_STREAM)
        if not piped:
            refuse_to_replace_inputs(task)
        reporter.replaces = not piped and is_file(task.target)
        with PicturesBar(1, hidden=quiet or as_json) as bar:
            outcome = _paint_piped(task, painter, writing, bar.within)
        reporter.report(outcome)
        reporter.finish(1)
        return
    if watch:
        assert where is not None
        appearing = watch_folder(watch, where, writing)
        if not quiet:
            click.echo(f"Watching {watch}; Ctrl-C ends.", err=True)
        for task in appearing:
            for outcome in batch.run_batch(
                [task], painter, writing, overwrite=overwrite, include_results=include_results
            ):
                reporter.report(outcome)
        return
    into_folder = output is not None and output.endswith(("/", os.sep))
    tasks = plan_batch(list(inputs), where, painter.style, writing, into_folder=into_folder)
    for task in tasks:
        refuse_to_replace_inputs(task)
    single = len(tasks) == 1 and not inputs[0].is_dir()
    named = single and tasks[0].target == where
    if named:
        reporter.replaces = is_file(tasks[0].target)
    elif single and not overwrite:
        tasks = [_beside_other_results(tasks[0], painter, writing, quiet=quiet or as_json)]
    paint = partial(batch.run_batch, overwrite=overwrite or named, include_results=include_results or single)
    with PicturesBar(len(tasks), hidden=quiet or as_json) as bar:
        for outcome in paint(tasks, painter, writing, progress=bar.within):
            bar.advance(skipped=outcome.status == "skipped")
            reporter.report(outcome)
            if single and isinstance(outcome.error, BusyError):
                raise outcome.error
    reporter.finish(len(tasks))


def _beside_other_results(task: BatchTask, painter: Painter, writing: OutputOptions, *, quiet: bool) -> BatchTask:
    """The task with a number in its target's name where a file is there that was made in another way; that is said."""
    target, _ = unnamed_result(task.target, lambda path: batch.is_made(replace(task, target=path), painter, writing))
    if target != task.target and not quiet:
        click.echo(results.kept_beside(task.target), err=True)
    return replace(task, target=target)


def _paint_piped(task: BatchTask, painter: Painter, writing: OutputOptions, progress: PaintingProgress) -> Outcome:
    """Paint one picture from standard input, or to standard output in the format that it came in, or both.

    Args:
        task: ``-`` as source or target stands for standard input or output.
        painter: paints it.
        writing: how it is written.
        progress: called while it is painted.

    Returns:
        What became of it; an error is in it, not raised.
    """
    times = [time.perf_counter()]
    encoding: dict[str, Any] = {"quality": writing.quality, "strip": writing.strip, "note": painter.describe()}
    try:
        format = writing.format if task.target == STANDARD_STREAM else output_format(task.target, writing.format)
        picture = painter.read(read_standard_input() if task.source == STANDARD_STREAM else task.source, format)
        times.append(time.perf_counter())
        painted = painter.paint_only(picture, progress)
        times.append(time.perf_counter())
        if task.target == STANDARD_STREAM:
            write_standard_output(painted, writing.format, **encoding)
        else:
            write_picture(painted, task.target, format=writing.format, **encoding)
        times.append(time.perf_counter())
    except (ImpastoError, MemoryError) as error:
        return batch.failed_outcome(task, error)
    stages = ("read", "paint", "write")
    return Outcome(
        task, "written", {stage: end - start for stage, (start, end) in zip(stages, pairwise(times), strict=True)}
    )


def _skipped(outcome: Outcome) -> str:
    """The sentence on a picture that was not painted."""
    task = outcome.task
    if outcome.error is not None:  # another run is making it
        return str(outcome.error)
    if outcome.reason == "result":
        return f"{task.source} is itself a result of Impasto's and is skipped; --include-results paints it."
    return results.kept_as_it_is(task.target) if outcome.reason == "same" else results.kept_beside(task.target)


class _Reporter:
    """What the user sees of a run; results go to standard output, progress and errors to standard error.

    Args:
        timing: say how long reading, painting and writing took.
        as_json: say everything as JSON objects.
        quiet: say nothing but errors.
        to_stderr: say everything on standard error, since a picture has standard output.

    Attributes:
        replaces: whether the one result that is made was there before.
        say_engine: says which engine paints; with ``timing``, it is called once one has painted, since the CPU may
            have taken over by then.
    """

    def __init__(self, *, timing: bool, as_json: bool, quiet: bool, to_stderr: bool = False) -> None:
        self.timing, self.as_json, self.quiet, self.to_stderr = timing, as_json, quiet, to_stderr
        self.counts = {"written": 0, "skipped": 0, "failed": 0}
        self.others = 0  # results that are kept though they were made in another way
        self.replaces = False
        self.say_engine: Callable[[], None] = lambda: None
        self.last: Outcome | None = None

    def report(self, outcome: Outcome) -> None:
        """Say what became of one picture."""
        self.counts[outcome.status] += 1
        self.others += outcome.reason == "other"
        self.last = outcome
        replaced = self.replaces and outcome.status == "written"
        if self.as_json:
            click.echo(
                json.dumps(
                    {
                        "input": str(outcome.task.source),
                        "output": str(outcome.task.target),
                        "status": outcome.status,
                        "seconds": {name: round(value, 4) for name, value in outcome.seconds.items()},
                        **({"error": str(outcome.error)} if outcome.error else {}),
                        **({"reason": results.REASONS[outcome.reason]} if outcome.reason else {}),
                        **({"replaced": True} if replaced else {}),
                    }
                ),
                err=self.to_stderr,
            )
        elif outcome.status == "skipped" and not self.quiet:
            click.echo(_skipped(outcome), err=True)
        elif outcome.status == "written" and not self.quiet and (self.timing or not self.to_stderr):
            times = ", ".join(f"{name} {value:.3f} s" for name, value in outcome.seconds.items())
            click.echo(f"{outcome.task.target}" + (f"  ({times})" if self.timing else ""), err=self.to_stderr)
            if self.timing and self.counts["written"] == 1:
                self.say_engine()
        if replaced and not self.quiet and not self.as_json:
            click.echo(results.replaced(outcome.task.target), err=True)
        if outcome.error and not self.as_json:
            click.echo(f"Error: {outcome.error}", err=True)

    def finish(self, total: int) -> None:
        """Say how many pictures were written, skipped and failed; the reasons of failures were said before.

        Raises:
            PartialError: one of several pictures failed.
        """
        if total == 1:
            if self.last and self.last.error:
                sys.exit(self.last.error.exit_status)
            return
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        if self.others:
            counts += f" ({self.others} of them made in another way)"
        if self.counts["failed"]:
            raise PartialError(f"{counts}; put right what failed, and run the same again for it.")
        if counts and not self.quiet and not self.as_json:
            click.echo(counts, err=True)
