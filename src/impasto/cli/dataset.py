"""``impasto dataset``: packs of photographs in the ancestors' HDF5 layout."""

from __future__ import annotations

import json
from pathlib import Path

import click

from impasto.cli import options
from impasto.cli.help import Group
from impasto.cli.progress import counting_bar


@click.group("dataset", cls=Group, short_help="Pack photographs into one file for training.")
def command() -> None:
    """Photographs packed into one HDF5 file for training, laid out as fast-neural-style has it."""


@command.command("pack")
@click.option("--train", type=options.PATH, required=True, help="Folder or .zip of photographs to train on.")
@click.option("--val", type=options.PATH, help="Folder or .zip of photographs to judge by; by default none.")
@click.option("-o", "--output", type=options.PATH, required=True, help="The HDF5 file to write.")
@click.option("--size", type=int, default=256, show_default=True, help="Side of the packed pictures, in pixels.")
@click.option("--limit", type=int, help="Pictures to pack at most, of each.")
@click.option("--workers", type=int, default=2, show_default=True, help="How many pictures to read at a time.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def pack(train: Path, val: Path | None, output: Path, size: int, limit: int | None, workers: int, quiet: bool) -> None:
    """Pack photographs into one file.

    An interrupted pack goes on where it stopped.

    \b
    impasto dataset pack --train photos/ --val more/ -o photos.h5
    """
    from impasto.training import dataset

    with counting_bar("Packing", hidden=quiet) as show:
        report = dataset.pack(
            train,
            val,
            output,
            size=(size, size),
            limit=limit,
            workers=workers,
            progress=show,
        )
    click.echo(f"{output}: {report.train} to train on, {report.val} held out, {len(report.skipped)} skipped")


@command.command("info")
@click.argument("file", type=options.PATH)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object, for programs.")
def info(file: Path, as_json: bool) -> None:
    """Say what is in a pack.

    \b
    impasto dataset info photos.h5
    """
    from impasto.training import dataset

    facts = dataset.info(file)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for key, value in facts.items():
        click.echo(f"{key}: {value}")
