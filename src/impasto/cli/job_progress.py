"""``impasto progress``: how far the painting of many pictures is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from impasto.cli.help import Command
from impasto.cli.options import PLACE, PathOrUrl
from impasto.cli.progress import duration

if TYPE_CHECKING:
    from impasto.scale.run_progress import RunProgress

_SHOWN = 20  # pictures that failed and are named; --json names all


@click.command("progress", cls=Command, short_help="Say how far the painting of many pictures is.")
@click.argument("job", type=PLACE, metavar="JOB")
@click.option(
    "--price",
    type=click.FloatRange(0),
    help="Price of one machine for an hour, in any currency; says what the run costs.",
)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, for programs.")
def command(job: PathOrUrl, price: float | None, as_json: bool) -> None:
    """Say what is done, failed and left, how fast it goes, and when it will be done.

    JOB is a job folder that impasto plan made, or the folder of results of impasto apply --on.

    \b
    impasto progress job/
    impasto progress painted/ --price 0.34
    """
    from impasto.scale.run_progress import progress

    runs = progress(job)
    if as_json:
        click.echo(json.dumps([_as_json(run, price) for run in runs]))
        return
    if not runs:
        click.echo(f"Nothing of {job} is painted yet; begin with: impasto apply {job} --style NAME -o FOLDER")
    for run in runs:
        for line in _lines(run, price):
            click.echo(line)


def _as_json(run: RunProgress, price: float | None) -> dict[str, object]:
    """A run as plain values."""
    more = {"left": run.left, "seconds_left": run.seconds_left}
    spent, whole = (None, None) if price is None else run.cost(price)
    return asdict(run) | more | {"spent": spent, "cost": whole}


def _money(amount: float) -> str:
    """An amount for people: cents, or two digits of what is less than one."""
    return f"{amount:.2f}" if amount >= 0.01 else f"{amount:.2g}"


def _lines(run: RunProgress, price: float | None) -> list[str]:
    """A run for people."""
    total = f" of {run.pictures}" if run.pictures else ""
    lines = [
        f"{run.sink}: {run.done}{total} done, {len(run.failed)} failed, {run.left} left "
        f"({run.shards_done} of {run.shards} shards)"
    ]
    left = run.seconds_left
    if left != 0:
        by = f"{run.programs} programs paint" if run.programs != 1 else "one program paints"
        pace = f", {run.rate:.1f} pictures a second" if run.rate else ""
        when = f", about {duration(left)} left" if left is not None else ""
        lines.append(f"  {by if run.programs else 'nobody paints; before'}{pace}{when}")
    if price is not None:
        spent, whole = run.cost(price)
        lines.append(f"  cost {_money(spent)} so far" + (f", {_money(whole)} in the end" if whole is not None else ""))
    lines += [f"  {name}: {reason}" if name not in reason else f"  {reason}" for name, reason in run.failed[:_SHOWN]]
    if len(run.failed) > _SHOWN:
        lines.append(f"  and {len(run.failed) - _SHOWN} more failed; --json names all")
    return lines
