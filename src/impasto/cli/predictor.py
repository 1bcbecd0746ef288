"""``impasto predictor``: train the network that predicts the styles of pictures."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli import options
from impasto.cli.help import Command
from impasto.cli.progress import training_bar
from impasto.extras import needing_extra
from impasto.memory import keep_freed
from impasto.training.settings import PredictorSettings


@click.command(
    "predictor",
    cls=Command,
    short_help="Train the network that predicts the styles of pictures.",
    sections={
        "What it learns from": ("photos", "held_out"),
        "The result": ("output", "resume"),
        "How long and how well": ("minutes", "batch", "crop", "style_crop", "style_weight", "seed"),
        "What is said": ("quiet",),
    },
)
@click.argument("styles", type=options.PATH, metavar="PICTURES")
@click.option(
    "--photos", type=options.PATH, required=True, help="Photographs to practise on: a folder, .zip or HDF5 file."
)
@options.held_out_option()
@click.option("-o", "--output", type=options.PATH, required=True, help="Folder for the predictor and the checkpoint.")
@options.dataclass_options(
    PredictorSettings, "minutes", "batch", "crop", "style_crop", "style_weight", "seed", given_only=True
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the output folder, up to --minutes in all.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    styles: Path,
    photos: Path,
    held_out: Path | None,
    output: Path,
    resume: bool,
    quiet: bool,
    **given: float | None,
) -> None:
    """Train the predictor of Impasto's own network on thousands of style pictures, PICTURES, a folder or .zip.

    \b
    impasto predictor paintings/ --photos photos/ --minutes 60 -o predictor/
    """
    with needing_extra("train", "Training a predictor"):
        from impasto.training.predictor import train_predictor
    from impasto.training.photographs import Photographs
    from impasto.training.style_crops import StyleCrops, read_held_out

    settings = PredictorSettings.from_mapping({name: value for name, value in given.items() if value is not None})
    pictures = StyleCrops(styles, held_out=read_held_out(held_out), side=settings.style_crop, seed=settings.seed)
    photographs = Photographs(photos, crop=settings.crop, scales=settings.scales, seed=settings.seed)
    keep_freed()
    with training_bar(0, hidden=quiet) as show:
        train_predictor(pictures, photographs, output, settings, resume=resume, progress=show)
