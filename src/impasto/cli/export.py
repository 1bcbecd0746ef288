"""``impasto export``: what Impasto has, for other programs; ``page``: the page that paints without a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from impasto.cli import options, results
from impasto.cli.help import Command
from impasto.files import is_file
from impasto.foreign.onnx_graph import OPSET, OPSETS
from impasto.pictures.results import unnamed_result

_PAGE = "page"  # the argument that stands for the page
_TARGETS = ("onnx", "torch", "safetensors")


@click.command(
    "export",
    cls=Command,
    short_help="Write a style or network for other programs, or the page.",
    sections={
        "The file": ("output", "to"),
        "The model": ("size", "opset", "vectors", "pixels", "statistics"),
        "What is said": ("quiet",),
    },
)
@click.argument("what", metavar="STYLE|NETWORK|page", shell_complete=options.complete_styles)
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="The file; by default named after the style, in this folder. Of page: the folder, which has to be named.",
)
@click.option("--to", type=click.Choice(_TARGETS), help="The format.  [default: onnx]")
@click.option(
    "--size", metavar="WxH", help="Fix width and height in pixels, as 640x480; by default any size is painted."
)
@click.option(
    "--opset",
    type=int,
    help=f"Version of ONNX's operators, {OPSETS[0]} to {OPSETS[-1]}, for older programs.  [default: {OPSET}]",
)
@click.option(
    "--vectors",
    type=click.Choice(("baked", "inputs")),
    help="inputs: the style's scale and shift are inputs, so that one file paints all styles of the network.  "
    "[default: baked]",
)
@click.option(
    "--pixels",
    type=click.Choice(("bytes", "planes")),
    help="bytes: pictures as they are, 1 x H x W x 3 of bytes, with all that Impasto does around the network; planes: "
    "what the network itself takes, 1 x 3 or 4 x H x W of float32.  [default: bytes]",
)
@click.option(
    "--statistics",
    is_flag=True,
    help="The means and variances of the normalisations are inputs and outputs, for tiles, and video without flicker.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(what: str, output: Path | None, quiet: bool, statistics: bool, size: str | None, **chosen: Any) -> None:
    """Write a style, or a network without one, for other programs; or the page that paints in a browser.

    \b
    impasto export scream --to onnx -o scream.onnx
    impasto export mine.safetensors --to torch -o mine.pt2
    impasto export network --to onnx --vectors inputs -o impasto.onnx
    impasto export page -o site/

    NETWORK is the word network, for the package's own, or the folder that impasto train wrote. Beside the file goes a
    card, FILE.md, which says what goes in and out, and shows a few lines that run it. A .safetensors file is the style
    with its network in it, which any version of Impasto takes.

    The page works from any web server, also offline after the first visit. The bundled styles are in it, and those of
    your catalogue.
    """
    given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    if what == _PAGE:
        if given or statistics or size:
            raise click.UsageError("The page has no options but -o and -q.")
        if output is None:
            raise click.UsageError("Name the folder of the page with -o, for example -o site.")
        _export_page(output, quiet=quiet)
        return
    from impasto.networks.export_settings import SUFFIXES, ExportSettings
    from impasto.networks.exporting import export, what_of

    settings = ExportSettings(size=None if size is None else _size(size), statistics=statistics, **given)
    exported = what_of(what)
    usual = Path(f"{exported.name}{SUFFIXES[settings.to]}")
    target = output or unnamed_result(usual, lambda _: False)[0]
    replaces = is_file(target)
    card = export(exported, settings, target)
    if not quiet:
        click.echo(f"{target}  ({target.stat().st_size / 1e6:.1f} MB; {card.name} says how to use it)")
        if replaces:
            click.echo(results.replaced(target), err=True)


def _size(text: str) -> tuple[int, int]:
    """``WxH`` as width and height.

    Raises:
        click.UsageError: it is something else.
    """
    found = re.fullmatch(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", text)
    if found is None:
        raise click.UsageError(f"--size takes width and height, as 640x480, not {text}.")
    return int(found[1]), int(found[2])


def _export_page(output: Path, *, quiet: bool) -> None:
    """Write the page that paints in a browser without a server, as a folder of static files."""
    from impasto.webpage.api import export_page

    replaces = output.exists() and any(output.iterdir()) if output.is_dir() else False
    target = export_page(output)
    if not quiet:
        size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        click.echo(f"{target}: {size / 1e6:.1f} MB; to see it: python -m http.server --directory {target}")
        if replaces:
            click.echo(results.replaced(target), err=True)
