"""``impasto styles``: the catalogue."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import click

from impasto.cli import options, results
from impasto.cli.help import Group
from impasto.cli.progress import counting_bar
from impasto.errors import InputError, StyleError
from impasto.files import is_file, printable
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.pictures.results import is_made_alike
from impasto.pictures.writing import output_format, write_picture
from impasto.styles.catalogue import (
    add_to_catalogue,
    bundled_names,
    catalogue_file,
    catalogue_names,
    catalogue_path,
    keep_file,
    load_style,
    picture_of_style,
    remove_from_catalogue,
)
from impasto.styles.kinds import KEY, MOTION, PICTURE, SOUND, kind_of, read_header
from impasto.styles.listing import load_all_styles
from impasto.styles.style import PHOTOGRAPH, Style
from impasto.version import __version__


@click.group("styles", cls=Group, short_help="List the styles, show one, keep yours, see all on your picture.")
def command() -> None:
    """The bundled styles, and your own."""


def _facts(style: Style) -> dict[str, str]:
    """What is known of a style: its name, what people ask for first, all metadata by name, and its network."""
    first = {key: style.metadata[key] for key in ("title", "artist", "year", "licence") if key in style.metadata}
    facts = {"name": style.name, **first, **dict(sorted(style.metadata.items())), "network": style.network}
    return facts | ({"own_network": f"{len(style.embedded.onnx) / 1e6:.1f} MB"} if style.embedded else {})


def _file_of_other_kind(name: str | Path) -> Path | None:
    """The style file of sound or motion that a name or a path stands for; ``None``: it is no such style."""
    path = Path(name) if is_file(name) else catalogue_file(str(name))
    return path if path is not None and kind_of(path) in (SOUND, MOTION) else None


def _facts_of_file(name: str) -> dict[str, Any]:
    """What is known of a style of sound or motion in the catalogue."""
    path = _file_of_other_kind(name)
    assert path is not None
    metadata = read_header(path)
    metadata.pop(KEY, None)
    return {**metadata, "name": name, "kind": kind_of(path), "added": catalogue_file(name) == path}


def _loaded(name: str | Path, *, quiet: bool) -> Style:
    """A style by its name or its file; that of a picture is learnt."""
    from impasto.cli.picture_styles import learn_picture

    picture = picture_of_style(name)
    return load_style(name) if picture is None else learn_picture(picture, quiet=quiet)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array, for programs.")
def list_(as_json: bool) -> None:
    """List all styles."""
    # A damaged file in the user's catalogue must not hide the other styles.
    found = list(load_all_styles(lambda error: click.echo(f"Warning: {error}", err=True)))
    others = [(kind, name) for kind in (SOUND, MOTION) for name in catalogue_names(kind)]
    if as_json:
        listed = [
            {**_facts(style), "name": name, "kind": PICTURE, "added": name in catalogue_names()}
            for name, style in found
        ] + [_facts_of_file(name) for _, name in others]
        click.echo(json.dumps(listed, indent=2))
        return
    width = max(map(len, [*bundled_names(), *catalogue_names(), *(name for _, name in others)]))
    for name, style in found:
        about = ", ".join(filter(None, (style.metadata.get(key, "") for key in ("artist", "title", "year"))))
        click.echo(
            f"{name:{width}}  {about or style.metadata.get('pictures', '')}" + " (yours)" * (name in catalogue_names())
        )
    for kind, name in others:
        facts = _facts_of_file(name)
        click.echo(f"{name:{width}}  {facts.get('title') or facts.get('source', '')} (yours, {kind})")


@command.command("add", short_help="Keep a style in your catalogue, to use it by name.")
@options.style_argument
@click.option("--name", help="What to call it; by default its own name.")
@click.option("--overwrite", is_flag=True, help="Replace a style of that name.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def add(style: str, name: str | None, overwrite: bool, quiet: bool) -> None:
    """Keep a style in your catalogue, so that its name is enough everywhere.

    STYLE is a style file, or a picture, whose style is learnt first.

    \b
    impasto styles add mine.safetensors
    impasto styles add painting.jpg --name mine
    """
    if other := _file_of_other_kind(Path(style)):
        target = keep_file(other, name, overwrite=overwrite)
    else:
        if picture := picture_of_style(Path(style)):
            catalogue_path(name or picture.stem, overwrite=overwrite)  # refuses a name before anything is learnt
        target = add_to_catalogue(_loaded(Path(style), quiet=quiet), name, overwrite=overwrite)
    if not quiet:
        click.echo(target)


@command.command("remove")
@click.argument("name", shell_complete=options.complete_styles)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def remove(name: str, quiet: bool) -> None:
    """Take a style out of your catalogue.

    \b
    impasto styles remove mine
    """
    target = remove_from_catalogue(name)
    if not quiet:
        click.echo(f"{target} removed")


@command.command("show")
@click.argument("name", shell_complete=options.complete_styles)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object, for programs.")
def show(name: str, as_json: bool) -> None:
    """Show what is known of one style.

    \b
    impasto styles show starry-night
    """
    facts = _facts_of_file(name) if _file_of_other_kind(name) else _facts(_loaded(name, quiet=True))
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    width = max(map(len, facts))
    for key, value in facts.items():
        click.echo(f"{key:{width}}  {value}")


@command.command(
    "preview",
    sections={
        "What to paint": ("tile", "mask"),
        **options.PAINTING_SECTIONS,
        "The sheet": ("output", "overwrite"),
    },
)
@click.argument("picture", type=options.PATH)
@click.option("-o", "--output", type=options.PATH, help="Where the sheet goes; by default PICTURE-styles.jpg.")
@click.option(
    "--tile",
    type=click.IntRange(32),
    default=384,
    show_default=True,
    help="Longer side of each small picture, in pixels.",
)
@options.painting_options_but_size
@options.overwrite_option
def preview(picture: Path, output: Path | None, tile: int, overwrite: bool, **painting: Any) -> None:
    """Paint your picture in all styles, on one labelled sheet.

    \b
    impasto styles preview photo.jpg
    """
    from impasto.feedforward.painter import Painter
    from impasto.feedforward.preview import preview_options, preview_original
    from impasto.pictures import contact_sheet

    sheet_options = options.painting_options_from(painting)
    if sheet_options.masks:
        raise click.UsageError(
            f"The sheet shows each style alone, and a mask is for {next(iter(sheet_options.masks))}; give --mask FILE."
        )
    original = read_picture(picture, max_pixels=sheet_options.max_pixels)
    target = output or picture.with_name(f"{picture.stem}-styles.jpg")
    output_format(target)
    if options.is_input(target, [picture, sheet_options.mask]):
        raise InputError(f"{target} is one of the inputs; give another -o.")
    small = preview_original(original)
    shown = preview_options(sheet_options, small.size, original.size)
    painters = {}
    for name in (*bundled_names(), *catalogue_names()):
        try:
            if name != PHOTOGRAPH:
                painters[name] = Painter(load_style(name), shown)
        except StyleError as error:  # a style that cannot be used must not spoil the sheet
            click.echo(f"Warning: {error}", err=True)
    described = "\n".join(painter.describe() for painter in painters.values())
    digest = hashlib.sha256(printable(described).encode()).hexdigest()
    note = f"impasto {__version__} styles preview tile={tile} id={digest[:8]}"
    replaces = output is not None and is_file(target)
    if output is None and not overwrite:
        target, is_there = results.place_unnamed(target, lambda path: is_made_alike(path, note, picture))
        if is_there:
            return
    cells = [("original", resize_picture(original, tile))]
    with counting_bar("Painting", len(painters), hidden=False) as show:
        for count, (name, painter) in enumerate(painters.items(), 1):
            try:
                cells.append((name, resize_picture(painter.paint_only(small), tile)))
            except StyleError as error:
                click.echo(f"Warning: {error}", err=True)
            show(count)
    write_picture(contact_sheet.contact_sheet(cells), target, note=note)
    click.echo(target)
    if replaces:
        click.echo(results.replaced(target), err=True)
