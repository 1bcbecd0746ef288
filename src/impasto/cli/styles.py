"""``impasto styles``: the catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from impasto import styles
from impasto.cli import options


@click.group("styles", short_help="List the styles, show one, preview all on your picture.")
def command() -> None:
    """The bundled styles."""


def _facts(style: styles.Style) -> dict[str, str]:
    return {"name": style.name, **style.metadata, "network": style.network}


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON array.")
def list_(as_json: bool) -> None:
    """List all styles."""
    found = [styles.load_style(name) for name in styles.bundled()]
    if as_json:
        click.echo(json.dumps([_facts(style) for style in found], indent=2, ensure_ascii=False))
        return
    width = max(len(style.name) for style in found)
    for style in found:
        about = ", ".join(filter(None, (style.metadata.get(key, "") for key in ("artist", "title", "year"))))
        click.echo(f"{style.name:{width}}  {about}")


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
def show(name: str, as_json: bool) -> None:
    """Show what is known of one style."""
    facts = _facts(styles.load_style(name))
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    width = max(map(len, facts))
    for key, value in facts.items():
        click.echo(f"{key:{width}}  {value}")


@command.command("preview")
@click.argument("picture", type=options.PATH)
@click.option("-o", "--output", type=options.PATH, help="Where to write the sheet; default: PICTURE-styles.jpg.")
@click.option(
    "--tile",
    type=click.IntRange(32),
    default=384,
    show_default=True,
    help="Longer side of each small picture.",
)
@options.painting
def preview(picture: Path, output: Path | None, tile: int, **painting: Any) -> None:
    """Paint your picture in all styles, on one labelled sheet."""
    from dataclasses import replace

    from impasto import images, sheet
    from impasto.repaint import paint

    chosen = replace(options.chosen(painting), size=tile)
    original = images.read(picture, max_pixels=chosen.max_pixels)
    target = output or picture.with_name(f"{picture.stem}-styles.jpg")
    images.output_format(target)
    cells = [("original", images.resized(original, tile))]
    cells += [(name, paint(original, styles.load_style(name), chosen)) for name in styles.bundled()]
    images.write(sheet.contact_sheet(cells), target)
    click.echo(target)
