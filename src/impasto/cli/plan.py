"""``impasto plan``: list what is to be painted, for runs of many processes or machines."""

from __future__ import annotations

import click

from impasto.cli.help import Command
from impasto.cli.options import PLACE, PathOrUrl


@click.command("plan", cls=Command, short_help="List millions of pictures once, to paint them on one machine or many.")
@click.argument("sources", nargs=-1, required=True, type=PLACE, metavar="SOURCE...")
@click.option(
    "-o",
    "--output",
    "job",
    required=True,
    type=PLACE,
    metavar="JOB",
    help="The job folder, or its URL; all machines that paint must reach it.",
)
@click.option(
    "--shard",
    "shard_pictures",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Pictures that are finished together, at most. A tar is always one shard.",
)
@click.option("--overwrite", is_flag=True, help="Replace the plan that is there.")
def command(sources: tuple[PathOrUrl, ...], job: PathOrUrl, shard_pictures: int, overwrite: bool) -> None:
    """List what is to be painted, and cut it into shards.

    SOURCE is a folder, a file, a pattern, a list file (.txt), a tar, or a Parquet file (x.parquet#COLUMN), here or at a
    URL such as s3://bucket/photos; {0000..0099} stands for numbers. Nothing is painted yet.

    \b
    impasto plan photos/ -o job/
    impasto plan "s3://bucket/train-{0000..0099}.tar" -o s3://bucket/job
    impasto apply job/ --style scream --on local -o painted/
    impasto progress job/
    """
    from impasto.scale.api import plan

    about = plan(list(sources), job, shard_pictures=shard_pictures, overwrite=overwrite).about
    uncounted = f", and {about['uncounted_shards']} tars that are not counted" if about["uncounted_shards"] else ""
    click.echo(f"{job}  ({about['pictures']} pictures{uncounted}, {about['shards']} shards, {about['bytes']:,} bytes)")
