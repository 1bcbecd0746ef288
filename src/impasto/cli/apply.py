"""``impasto apply``: repaint pictures."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from impasto.cli import options
from impasto.cli.picture_styles import learn_pictures
from impasto.cli.progress import pictures_bar
from impasto.cli.standard_streams import STANDARD_STREAM, read_standard_input, write_standard_output
from impasto.errors import ImpastoError, InputError, PartialError
from impasto.feedforward import batch
from impasto.feedforward.batch import Outcome, OutputOptions
from impasto.feedforward.painter import Painter
from impasto.pictures.writing import output_format, write_picture


@click.command("apply", short_help="Repaint pictures in a style.")
@click.argument("inputs", nargs=-1, type=options.PATH, metavar="PICTURE...")
@options.style_option
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="File for one picture, folder for several; - is standard output.",
)
@options.painting_options
@options.dataclass_option(OutputOptions, "format")
@options.dataclass_option(OutputOptions, "quality", early=True)
@options.dataclass_option(OutputOptions, "strip")
@click.option("--overwrite", is_flag=True, help="Repaint where a result exists; without it, it is skipped.")
@click.option(
    "--watch",
    type=options.PATH,
    metavar="FOLDER",
    help="Paint pictures as they appear in FOLDER, until Ctrl-C.",
)
@click.option("--timing", is_flag=True, help="Say how long reading, painting and writing took.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a picture on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    inputs: tuple[Path, ...],
    styles: tuple[str, ...],
    output: Path | None,
    format: str | None,
    quality: int,
    strip: bool,
    overwrite: bool,
    watch: Path | None,
    timing: bool,
    as_json: bool,
    quiet: bool,
    **painting: Any,
) -> None:
    """Repaint pictures, folders of pictures, or standard input (-) in a style.

    \b
    impasto apply photo.jpg --style starry-night -o painted.jpg
    impasto apply photo.jpg --style scream:2 --style udnie:1 --strength 0.7
    impasto apply holiday/ --style great-wave -o painted/
    """
    if bool(inputs) == bool(watch):
        raise click.UsageError("Give pictures or folders, or one folder to --watch.")
    if STANDARD_STREAM in inputs and len(inputs) > 1:
        raise click.UsageError("Standard input (-) stands alone; paint files in another call.")
    if output == STANDARD_STREAM and inputs and (len(inputs) > 1 or inputs[0].is_dir()):
        raise click.UsageError("Standard output takes one picture; give a folder with -o.")
    if watch and output in (None, STANDARD_STREAM):
        raise click.UsageError("--watch needs a folder for its results: add -o FOLDER.")
    painting_options = options.painting_options_from(painting)
    learn_pictures(styles, quiet=quiet)
    painter = Painter(styles, painting_options)
    writing = OutputOptions(format, quality, strip)
    # A picture on standard output has it for itself: what is said goes to standard error.
    piped = not watch and (output == STANDARD_STREAM or (output is None and STANDARD_STREAM in inputs))
    reporter = _Reporter(timing=timing, as_json=as_json, quiet=quiet, to_stderr=piped)

    def refuse_to_replace_inputs(job: batch.BatchTask) -> None:
        made_from = [job.source, *styles, *painting_options.every_mask().values()]
        with suppress(OSError):  # a name that cannot be looked for fails in its turn
            if not overwrite and options.is_input(job.target, made_from):
                raise InputError(f"{job.target} is one of the inputs; give another -o, or --overwrite to replace it.")

    if piped or STANDARD_STREAM in inputs:
        job = batch.BatchTask(inputs[0], output or STANDARD_STREAM)
        if not piped:
            refuse_to_replace_inputs(job)
        reporter.report(_paint_piped(job, painter, writing))
        reporter.finish(1)
        return
    if watch:
        assert output is not None
        appearing = batch.watch_folder(watch, output, writing)
        if not quiet:
            click.echo(f"Watching {watch}; Ctrl-C ends.", err=True)
        for job in appearing:
            for outcome in batch.run_batch([job], painter, writing, overwrite=overwrite):
                reporter.report(outcome)
        return
    jobs = batch.plan_batch(list(inputs), output, painter.style, writing)
    for job in jobs:
        refuse_to_replace_inputs(job)
    # A file named on the command line is meant to be written; only what it is made from is not to be lost.
    named = output is not None and len(jobs) == 1 and jobs[0].target == output
    with pictures_bar(len(jobs), hidden=quiet or as_json) as advance:
        for outcome in batch.run_batch(jobs, painter, writing, overwrite=overwrite or named):
            advance()
            reporter.report(outcome)
    reporter.finish(len(jobs))


def _paint_piped(job: batch.BatchTask, painter: Painter, writing: OutputOptions) -> Outcome:
    """Paint one picture from standard input, or to standard output in the format that it came in, or both.

    Args:
        job: ``-`` as source or target stands for standard input or output.
        painter: paints it.
        writing: how it is written.

    Returns:
        What became of it; an error is in it, not raised.
    """
    times = [time.perf_counter()]
    encoding: dict[str, Any] = {"quality": writing.quality, "strip": writing.strip, "settings": painter.describe()}
    try:
        format = writing.format if job.target == STANDARD_STREAM else output_format(job.target, writing.format)
        picture = painter.read(read_standard_input() if job.source == STANDARD_STREAM else job.source, format)
        times.append(time.perf_counter())
        painted = painter.paint(picture).picture
        times.append(time.perf_counter())
        if job.target == STANDARD_STREAM:
            write_standard_output(painted, writing.format, **encoding)
        else:
            write_picture(painted, job.target, format=writing.format, **encoding)
        times.append(time.perf_counter())
    except (ImpastoError, MemoryError) as error:
        return batch.failed_outcome(job, error)
    stages = ("read", "paint", "write")
    return Outcome(
        job, "written", {stage: end - start for stage, (start, end) in zip(stages, pairwise(times), strict=True)}
    )


class _Reporter:
    """What the user sees of a run; results go to standard output, progress and errors to standard error.

    Args:
        timing: say how long reading, painting and writing took.
        as_json: say everything as JSON objects.
        quiet: say nothing but errors.
        to_stderr: say everything on standard error, since a picture has standard output.
    """

    def __init__(self, *, timing: bool, as_json: bool, quiet: bool, to_stderr: bool = False) -> None:
        self.timing, self.as_json, self.quiet, self.to_stderr = timing, as_json, quiet, to_stderr
        self.counts = {"written": 0, "skipped": 0, "failed": 0}
        self.last: Outcome | None = None

    def report(self, outcome: Outcome) -> None:
        """Say what became of one picture."""
        self.counts[outcome.status] += 1
        self.last = outcome
        if self.as_json:
            click.echo(
                json.dumps(
                    {
                        "input": str(outcome.job.source),
                        "output": str(outcome.job.target),
                        "status": outcome.status,
                        "seconds": {name: round(value, 4) for name, value in outcome.seconds.items()},
                        **({"error": str(outcome.error)} if outcome.error else {}),
                    }
                ),
                err=self.to_stderr,
            )
        elif outcome.status == "skipped" and not self.quiet:
            click.echo(f"{outcome.job.target} exists and is kept; --overwrite repaints it.", err=True)
        elif outcome.status == "written" and not self.quiet and (self.timing or not self.to_stderr):
            times = ", ".join(f"{name} {value:.3f} s" for name, value in outcome.seconds.items())
            click.echo(f"{outcome.job.target}" + (f"  ({times})" if self.timing else ""), err=self.to_stderr)
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
        if self.counts["failed"]:
            raise PartialError(f"{counts}; put right what failed, and run the same again for it.")
        if counts and not self.quiet and not self.as_json:
            click.echo(counts, err=True)
