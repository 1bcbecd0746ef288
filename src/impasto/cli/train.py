"""``impasto train``: fit the network and its styles."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from impasto.cli import options
from impasto.cli.help import Command
from impasto.cli.progress import training_bar
from impasto.engines.devices import torch_device
from impasto.errors import TrainingError
from impasto.extras import needing_extra
from impasto.memory import keep_freed
from impasto.options import suggest
from impasto.training.settings import FitSettings

_FACTS = ("title", "artist", "year", "licence")  # what a settings file may say of a style, besides its pictures


@click.command(
    "train",
    cls=Command,
    short_help="Train a network of your own: several styles together, or one.",
    sections={
        "What it learns from": ("photos", "val_photos", "paintings", "style_pictures", "held_out", "limit", "start"),
        "The result": ("output", "resume", "checkpoint_every", "preview_every"),
        "How it paints": ("style_size", "style_weight", "content_weight", "tv_weight", "equivariance_weight"),
        "How long and how well": ("steps", "minutes", "batch", "crop", "threads", "device"),
        "For experiments": ("features", "repetition_weight", "weave_weight", "learning_rate", "seed"),
        "What is said": ("quiet",),
    },
)
@click.argument("styles", nargs=-1, required=True, type=options.PATH, metavar="SETTINGS.toml | PAINTING...")
@click.option(
    "--photos", type=options.PATH, required=True, help="Photographs to practise on: a folder, .zip or HDF5 file."
)
@click.option(
    "--val-photos",
    type=options.PATH,
    help="Photographs to judge by, not practised on; by default the HDF5 file's own, or 2 % of --photos.",
)
@click.option(
    "--paintings",
    type=options.PATH,
    help="Folder of the paintings that SETTINGS.toml names; by default its own folder.",
)
@click.option(
    "--style-pictures",
    type=options.PATH,
    help="Folder or .zip of thousands of pictures: half of each batch is painted in styles that a predictor gives for "
    "pieces of them, and OUTPUT/model gets the predictor, too.",
)
@options.held_out_option()
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    required=True,
    help="Folder for the result (OUTPUT/model), previews, log and checkpoint.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the output folder.")
@click.option(
    "--from",
    "start",
    metavar="bundled|FOLDER",
    help="Begin with a trained network instead of nothing: minutes instead of hours.",
)
@options.dataclass_options(
    FitSettings,
    "features",
    "steps",
    "minutes",
    "batch",
    "crop",
    "content_weight",
    "style_weight",
    "tv_weight",
    "equivariance_weight",
    "repetition_weight",
    "weave_weight",
    "style_size",
    "learning_rate",
    "checkpoint_every",
    "preview_every",
    "threads",
    given_only=True,
)
@click.option("--limit", type=int, help="Photographs to read at most.")
@options.dataclass_option(FitSettings, "seed", given_only=True)
@options.device_option()
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    styles: tuple[Path, ...],
    photos: Path,
    val_photos: Path | None,
    paintings: Path | None,
    style_pictures: Path | None,
    held_out: Path | None,
    output: Path,
    resume: bool,
    start: str | None,
    limit: int | None,
    device: str,
    quiet: bool,
    **given: Any,
) -> None:
    """Train a network on photographs: all styles of a settings file together, or the paintings named, a style each.

    \b
    impasto train painting.jpg --photos photos/ --from bundled --minutes 30 -o runs/mine
    impasto train research/recipes/bundled.toml --photos photos/ --paintings styles/ -o runs/bundled

    Ctrl-C stops and keeps what there is; --resume goes on. OUTPUT/model has the network and styles/NAME.safetensors,
    written anew with every checkpoint. For a single style impasto learn is quicker.
    """
    with needing_extra("train", "Training"):
        from impasto.networks import files
        from impasto.networks.predictor_files import load_predictor
        from impasto.training.fit import NetworkTraining
        from impasto.training.style_crops import StyleCrops, read_held_out
    from impasto.training.photographs import Photographs

    table, sources = _read_sources(styles, paintings)
    table |= {name: value for name, value in given.items() if value is not None}
    settings, place = FitSettings.from_mapping(table), torch_device(device)
    if (output / "checkpoint.pt").exists() and not resume:
        raise TrainingError(f"{output} holds a checkpoint already; add --resume to go on, or give another -o.")
    pictures = Photographs(
        photos,
        crop=settings.crop,
        scales=settings.scales,
        seed=settings.seed,
        val_source=val_photos,
        limit=limit,
    )
    pieces = None
    if style_pictures:
        pieces = StyleCrops(style_pictures, held_out=read_held_out(held_out), seed=settings.seed)
    architecture = None
    loaded, predictor = None, None
    if start:
        with files.folder_of(start) as folder:
            loaded = files.load_folder(folder)
            if (folder / "predictor.safetensors").exists():
                predictor = load_predictor(folder)
        architecture = loaded[0].architecture
    keep_freed()
    fit = NetworkTraining(pictures, sources, output, settings, architecture=architecture, device=place, pieces=pieces)
    if loaded:
        fit.start_from(*loaded, predictor)
    if resume:
        fit.resume()

    with training_bar(fit.step, hidden=quiet or not fit.ranks.writes) as show:
        fit.run(show)
    if fit.ranks.writes:
        click.echo(output / "model")


def _read_sources(styles: tuple[Path, ...], folder: Path | None) -> tuple[dict[str, Any], list[Any]]:
    """Settings table and paintings, from a settings file or from the paintings themselves.

    Args:
        styles: what was named on the command line.
        folder: where the pictures lie that a settings file names; ``None``: beside the file.

    Raises:
        TrainingError: a painting is missing, or the settings file cannot be read or understood.
    """
    from impasto.training.style_sources import StyleSource

    if styles[0].suffix != ".toml":
        missing = [path for path in styles if not path.is_file()]
        if missing:
            raise TrainingError(f"There is no painting {missing[0]}; check the path.")
        return {}, [StyleSource(path.stem, (path,)) for path in styles]
    if len(styles) > 1:
        raise TrainingError("Give one settings file, or paintings, not both.")
    (file,) = styles
    try:
        recipe = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"{file} cannot be read as settings ({error.strerror}); check the path.") from error
    except ValueError as error:
        raise TrainingError(f"{file} cannot be read as settings ({error}); put that right.") from error
    _check_names(file, recipe, ("settings", "style"))
    table, tables = recipe.get("settings", {}), recipe.get("style", [])
    if not (isinstance(table, dict) and isinstance(tables, list) and all(isinstance(style, dict) for style in tables)):
        raise TrainingError(f"{file}: write [settings] once, and [[style]] above each style.")
    root = folder or file.parent
    sources = []
    for style in tables:
        _check_names(file, style, ("name", "pictures", *_FACTS))
        name, pictures = style.get("name"), style.get("pictures")
        listed = isinstance(pictures, list) and pictures and all(isinstance(picture, str) for picture in pictures)
        if not (name and isinstance(name, str) and listed):
            raise TrainingError(f'{file}: each [[style]] needs a name and pictures, such as ["painting.jpg"].')
        facts = {key: str(style[key]) for key in _FACTS if key in style}
        sources.append(StyleSource(name, tuple(root / picture for picture in pictures), **facts))
    return table, sources


def _check_names(file: Path, table: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refuse a name that a table of a settings file cannot have.

    Raises:
        TrainingError: there is such a name.
    """
    for name in table:
        if name not in known:
            raise TrainingError(f"{file}: there is nothing called {name} to set; {suggest(name, known)}")
