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

from impasto.cli import options, pipes
from impasto.cli.pipes import STANDARD
from impasto.cli.progress import learn_pictures
from impasto.errors import ImpastoError, InputError, PartialError
from impasto.feedforward import batch
from impasto.feedforward.batch import Outcome, OutputOptions
from impasto.feedforward.painter import Painter
from impasto.pictures.writing import output_format, write_picture


@click.command("apply", short_help="Repaint pictures in a style.")
@click.argument("inputs", nargs=-1, type=options.PATH, metavar="PICTURE...")
@options.style
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="File for one picture, folder for several; - is standard output.",
)
@options.painting
@click.option("--format", "format_", metavar="NAME", help="jpg, png, webp, tiff, avif, ppm: instead of the suffix's.")
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=OutputOptions.quality,
    show_default=True,
    help="Of JPEG, WebP, AVIF.",
)
@click.option("--strip", is_flag=True, help="Drop the photograph's metadata (camera, place, ...).")
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
    format_: str | None,
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
    if STANDARD in inputs and len(inputs) > 1:
        raise click.UsageError("Standard input (-) stands alone; paint files in another call.")
    if output == STANDARD and inputs and (len(inputs) > 1 or inputs[0].is_dir()):
        raise click.UsageError("Standard output takes one picture; give a folder with -o.")
    if watch and output in (None, STANDARD):
        raise click.UsageError("--watch needs a folder for its results: add -o FOLDER.")
    chosen = options.chosen(painting)
    painter = Painter(learn_pictures(styles, quiet=quiet), chosen)
    writing = OutputOptions(format_, quality, strip)
    # A picture on standard output has it for itself: what is said goes to standard error.
    piped = not watch and (output == STANDARD or (output is None and STANDARD in inputs))
    say = _Reporter(timing=timing, as_json=as_json, quiet=quiet, aside=piped)

    def spare_inputs(job: batch.BatchTask) -> None:
        made_from = [job.source, *styles, *chosen.every_mask().values()]
        with suppress(OSError):  # a name that cannot be looked for fails in its turn
            if not overwrite and options.is_input(job.target, made_from):
                raise InputError(f"{job.target} is one of the inputs; give another -o, or --overwrite to replace it.")

    if piped or STANDARD in inputs:
        job = batch.BatchTask(inputs[0], output or STANDARD)
        if not piped:
            spare_inputs(job)
        say.outcome(_pipe(job, painter, writing))
        say.end(1)
        return
    if watch:
        assert output is not None
        appearing = batch.watch_folder(watch, output, writing)
        if not quiet:
            click.echo(f"Watching {watch}; Ctrl-C ends.", err=True)
        for job in appearing:
            for outcome in batch.run_batch([job], painter, writing, overwrite=overwrite):
                say.outcome(outcome)
        return
    jobs = batch.plan_batch(list(inputs), output, painter.style, writing)
    for job in jobs:
        spare_inputs(job)
    # A file named on the command line is meant to be written; only what it is made from is not to be lost.
    named = output is not None and len(jobs) == 1 and jobs[0].target == output
    with say.progress(len(jobs)):
        for outcome in batch.run_batch(jobs, painter, writing, overwrite=overwrite or named):
            say.outcome(outcome)
    say.end(len(jobs))


def _pipe(job: batch.BatchTask, painter: Painter, writing: OutputOptions) -> Outcome:
    """Paint one picture from standard input, or to standard output in the format that it came in, or both."""
    clock = [time.perf_counter()]
    extra: dict[str, Any] = {"quality": writing.quality, "strip": writing.strip, "settings": painter.describe()}
    try:
        format = writing.format if job.target == STANDARD else output_format(job.target, writing.format)
        picture = painter.read(pipes.received() if job.source == STANDARD else job.source, format)
        clock.append(time.perf_counter())
        painted = painter.paint(picture).picture
        clock.append(time.perf_counter())
        if job.target == STANDARD:
            pipes.send(painted, writing.format, **extra)
        else:
            write_picture(painted, job.target, format=writing.format, **extra)
        clock.append(time.perf_counter())
    except (ImpastoError, MemoryError) as error:
        return batch.failed_outcome(job, error)
    stages = ("read", "paint", "write")
    return Outcome(
        job, "written", {stage: end - start for stage, (start, end) in zip(stages, pairwise(clock), strict=True)}
    )


class _Reporter:
    """What the user sees of a run; results go to standard output, progress and errors to standard error.

    ``aside``: standard output is taken by a picture, so that all goes to standard error.
    """

    def __init__(self, *, timing: bool, as_json: bool, quiet: bool, aside: bool = False) -> None:
        self.timing, self.as_json, self.quiet, self.aside = timing, as_json, quiet, aside
        self.counts = {"written": 0, "skipped": 0, "failed": 0}
        self.last: Outcome | None = None
        self.bar: Any = None

    def progress(self, total: int) -> Any:
        from contextlib import nullcontext

        if self.quiet or self.as_json or total < 2 or not sys.stderr.isatty():
            return nullcontext()
        from rich.console import Console
        from rich.progress import Progress

        self.bar = Progress(console=Console(stderr=True))
        self.bar.add_task("Painting", total=total)
        return self.bar

    def outcome(self, outcome: Outcome) -> None:
        self.counts[outcome.status] += 1
        self.last = outcome
        if self.bar is not None:
            self.bar.advance(self.bar.task_ids[0])
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
                err=self.aside,
            )
        elif outcome.status == "skipped" and not self.quiet:
            click.echo(f"{outcome.job.target} exists and is kept; --overwrite repaints it.", err=True)
        elif outcome.status == "written" and not self.quiet and (self.timing or not self.aside):
            times = ", ".join(f"{name} {value:.3f} s" for name, value in outcome.seconds.items())
            click.echo(f"{outcome.job.target}" + (f"  ({times})" if self.timing else ""), err=self.aside)
        if outcome.error and not self.as_json:
            click.echo(f"Error: {outcome.error}", err=True)

    def end(self, total: int) -> None:
        """Say the sum, and fail if something failed; why it did has been said."""
        if total == 1:
            if self.last and self.last.error:
                sys.exit(self.last.error.exit_status)
            return
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        if self.counts["failed"]:
            raise PartialError(f"{counts}; put right what failed, and run the same again for it.")
        if counts and not self.quiet and not self.as_json:
            click.echo(counts, err=True)
