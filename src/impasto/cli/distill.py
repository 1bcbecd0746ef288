"""``impasto distill``: make the builtin perceptual network."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli import options
from impasto.cli.help import Command
from impasto.cli.progress import counting_bar
from impasto.extras import needing_extra
from impasto.memory import keep_freed
from impasto.training.settings import DistillSettings


@click.command("distill", cls=Command, short_help="Make the network that judges paintings while others are trained.")
@click.option(
    "--photos",
    type=options.PATH,
    required=True,
    help="Pictures to learn on, a folder, .zip or HDF5 file; paintings may be among them.",
)
@click.option(
    "--teacher",
    default="vgg19",
    show_default=True,
    metavar="vgg19|PATH",
    help="The network to learn from.",
)
@click.option("-o", "--output", type=options.PATH, required=True, help="The result, a .safetensors file.")
@click.option(
    "--from",
    "start",
    metavar="builtin|PATH",
    help="Go on from a network that was distilled before, instead of beginning with the teacher's weights.",
)
@options.dataclass_options(DistillSettings, "steps", "batch", "crop", given_only=True)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint beside the output.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    photos: Path,
    teacher: str,
    output: Path,
    start: str | None,
    resume: bool,
    quiet: bool,
    **given: int | None,
) -> None:
    """Make a small network that judges pictures as a large one (VGG-19) does, for --features of other commands.

    Before the first step its weights are solved for, which takes some minutes. At the end it says what share of the
    large one's answers it does not explain, layer by layer.

    \b
    impasto distill --photos photos/ --teacher vgg19 -o mine.safetensors
    """
    with needing_extra("train", "Distillation"):
        from impasto.training.distill import distill
    from impasto.training.photographs import Photographs

    settings = DistillSettings(**{name: value for name, value in given.items() if value is not None})
    pictures = Photographs(photos, crop=settings.crop, scales=(1.0, 1.5))
    keep_freed()
    with counting_bar("Distilling", settings.steps, hidden=quiet) as show:
        shares = distill(
            pictures,
            teacher,
            output,
            settings,
            start=start,
            resume=resume,
            progress=lambda step, _steps, _shares: show(step),
        )
    for tap, share in shares.items():
        click.echo(f"{tap}  {share:.1%} unexplained on held-out pictures")
