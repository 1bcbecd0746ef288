"""``impasto export``: what Impasto has, for other programs; ``page``: the page that paints without a server."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli import options, results
from impasto.cli.help import Command
from impasto.errors import InputError

_PAGE = "page"  # the argument that stands for the page


@click.command("export", cls=Command, short_help="Write the page that paints in a browser without a server.")
@click.argument("what", metavar="page")
@click.option("-o", "--output", type=options.PATH, required=True, metavar="FOLDER", help="Where the page goes.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(what: str, output: Path, quiet: bool) -> None:
    """Write the page that paints in a browser without a server, as a folder of static files.

    It works from any web server, also offline after the first visit. The bundled styles are in it, and those of your
    catalogue.

    \b
    impasto export page -o site/
    python -m http.server --directory site/
    """
    if what != _PAGE:
        raise InputError(f"There is nothing to export that is called {what}; give page.")
    from impasto.webpage.api import export_page

    replaces = output.exists() and any(output.iterdir()) if output.is_dir() else False
    target = export_page(output)
    if not quiet:
        size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        click.echo(f"{target}: {size / 1e6:.1f} MB; to see it: python -m http.server --directory {target}")
        if replaces:
            click.echo(results.replaced(target), err=True)
