"""``impasto apply --on``: many pictures in several processes or on a cluster, and what is said of that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from impasto.cli import results
from impasto.cli.options import PathOrUrl
from impasto.cli.progress import counting_bar
from impasto.errors import PartialError
from impasto.scale.places import as_place, is_url, name_of
from impasto.scale.sources import is_source_of_many

if TYPE_CHECKING:
    from impasto.scale.maker import Maker
    from impasto.scale.station import Result

_SHOWN = 20  # pictures that failed and are named; impasto progress --json names all


@dataclass(frozen=True)
class JobOptions:
    """The options of the command that concern a job.

    Attributes:
        on, processes, overwrite, include_results: as for :func:`impasto.scale.run`.
        timing: say how long reading, painting and writing took.
        as_json: say what became of each picture as JSON.
        quiet: say nothing but errors.
    """

    on: str
    processes: int | None
    overwrite: bool
    include_results: bool
    timing: bool
    as_json: bool
    quiet: bool


def is_for_a_job(inputs: Sequence[PathOrUrl], output: str | None) -> bool:
    """Whether pictures are painted as a job though nobody asked for it: from or to where only jobs read and write."""
    if any(map(is_source_of_many, inputs)) or (output is not None and (is_url(output) or output.endswith(".tar"))):
        return True
    from impasto.scale.job import is_job

    return len(inputs) == 1 and is_job(as_place(inputs[0]))


def work_through(
    inputs: Sequence[PathOrUrl], output: str | None, worker: Maker, how: JobOptions, what: str = "Painting"
) -> None:
    """Do what is left of a job, and say how it went.

    Args:
        inputs: what it is about, or the job folder.
        output: where results go.
        worker: makes the results.
        how: the options that concern the job.
        what: is done, for the bar.

    Raises:
        UsageError: there is no output.
        PartialError: some pictures failed; the others were written.
    """
    from impasto.scale.api import open_run, paint_run

    if output is None or output == "-":
        raise click.UsageError("--on, URLs, tars and lists need -o: a folder or its URL, or a name in .tar.")
    if any(name_of(as_place(one)) == "-" for one in inputs):
        raise click.UsageError("Standard input (-) is one picture; leave --on and --processes out.")
    run = open_run(list(inputs), output, worker, how.on, how.processes, how.overwrite, how.include_results)
    if not how.quiet and not how.as_json:
        click.echo(f"How far it is: impasto progress {run.job}", err=True)
    counts: Counter[str] = Counter()
    others = 0
    seconds: Counter[str] = Counter()
    total = run.pictures_left()
    with counting_bar(what, total, hidden=how.quiet or how.as_json) as show:
        for result in paint_run(run, how.on, how.processes):
            counts[result.status] += 1
            others += result.reason == "other"
            seconds.update(result.seconds)
            _say(result, counts["failed"], how)
            show(counts.total())
    said = ", ".join(f"{counts[name]} {name}" for name in ("written", "skipped", "failed") if counts[name])
    said += f" ({others} of them made in another way)" if others else ""
    if counts["failed"]:
        raise PartialError(f"{said}; put right what failed, and run the same again for it.")
    if how.quiet or how.as_json:
        return
    click.echo(said or "All of it was done before; --overwrite makes it anew.", err=True)
    if how.timing and counts["written"]:
        click.echo(", ".join(f"{name} {1000 * value / counts['written']:.1f} ms" for name, value in seconds.items()))


def _say(result: Result, failures: int, how: JobOptions) -> None:
    """Say what became of one picture: as JSON always, else only why it failed."""
    if how.as_json:
        about = {"input": result.name, "output": result.target, "status": result.status}
        times = {name: round(value, 4) for name, value in result.seconds.items()}
        more = {"error": result.error} if result.error else {}
        more |= {"reason": results.REASONS[result.reason]} if result.reason else {}
        click.echo(json.dumps(about | {"seconds": times} | more))
    elif result.status == "failed" and failures <= _SHOWN and not result.stops:  # what stops the run is said at its end
        click.echo(f"Error: {result.error}", err=True)
    elif result.status == "failed" and failures == _SHOWN + 1:
        click.echo("More pictures failed; impasto progress names them.", err=True)
