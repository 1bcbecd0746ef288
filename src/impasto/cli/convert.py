"""``impasto convert``: a network of another program as a style of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from impasto.cli import options, results
from impasto.cli.help import Command
from impasto.errors import StyleError
from impasto.files import is_file
from impasto.styles.catalogue import load_style
from impasto.styles.converted import choose, convert_styles, is_convertible, save_all, split_number
from impasto.styles.style import CONVERTED, SUFFIX, Style


@click.command(
    "convert",
    cls=Command,
    short_help="Take over a network of another program as a style.",
    sections={
        "The style file": ("output", "name", "overwrite"),
        "Networks that paint any style": ("style_picture",),
        "What is said": ("as_json", "quiet"),
    },
)
@click.argument("old", metavar="OLD")
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="The style file, .safetensors, or a folder for all styles of a network that has several; by default named "
    "after OLD, in this folder.",
)
@click.option("--name", help="Name of the style; by default the file's.")
@click.option(
    "--style-picture",
    type=options.PATH,
    help="The picture whose style is painted, for a network that paints any (MicroAST, Magenta's arbitrary).",
)
@options.overwrite_option
@click.option("--json", "as_json", is_flag=True, help="Describe the styles as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    old: str,
    output: Path | None,
    name: str | None,
    style_picture: Path | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Take over a network of another program, as a style that paints pictures of any size, and video without flicker.

    \b
    impasto convert mosaic.pth -o mosaic.safetensors
    impasto convert monet.ckpt -o monet/
    impasto convert monet.ckpt#3 -o monet-3.safetensors
    impasto apply photo.jpg --style mosaic.safetensors

    OLD is a file of jcjohnson/fast-neural-style (.t7), of pytorch/examples, gordicaleksa or rrmina (.pth, .model), of
    lengstrom or Magenta (TensorFlow checkpoints), of chainer-fast-neuralstyle (.model), of the ONNX zoo (.onnx), or the
    folder of MicroAST or of Magenta in TensorFlow.js. Neither torch nor TensorFlow is needed, and nothing in a file is
    executed. --style OLD does the same, into the cache.
    """
    path, number = split_number(old)
    if not is_convertible(path):
        raise StyleError(
            f"{path} is a style already; nothing is to be converted."
            if path.suffix == SUFFIX and is_file(path)
            else f"There is no network at {path}; check the path."
        )
    styles = convert_styles(path, style_picture)
    has_all = number is None and len(styles) > 1 and (output is None or output.suffix != SUFFIX)
    if not has_all:
        styles = [choose(styles, number, path)]
    if output is not None and not has_all and output.suffix != SUFFIX:
        raise StyleError(f"{output} does not end in {SUFFIX}; a style file does, for example {output.stem}{SUFFIX}.")
    if name is not None and has_all:
        raise click.UsageError("--name is for one style, and these are several; add the number of one to OLD, as #3.")
    if name is not None:
        styles = [replace(styles[0], name=name)]
    target = output or Path(path.stem if has_all else f"{styles[0].name}{SUFFIX}")
    replaces = output is not None and is_file(target)
    if output is None and not overwrite and not has_all:
        target, is_there = results.place_unnamed(target, lambda there: _is_same(there, styles[0]), quiet=quiet)
        if is_there:
            return
    if has_all:
        save_all(styles, target)
    else:
        styles[0].save(target)
    if as_json:
        facts = [{"name": style.name, "network": style.network, **style.metadata} for style in styles]
        click.echo(json.dumps({"file": str(target), "styles": facts}))
    elif not quiet:
        count = f"{len(styles)} styles of " if has_all else ""
        click.echo(f"{target}  ({count}{styles[0].metadata[CONVERTED]})")
        others = "styles of other networks" if has_all else "other styles"
        click.echo(f"It cannot be blended with {others}.", err=True)
        if replaces:
            click.echo(results.replaced(target), err=True)


def _is_same(path: Path, style: Style) -> bool:
    """Whether a file has this very style."""
    try:
        there = load_style(path)
    except StyleError:
        return False
    vectors = zip((there.scale, there.shift), (style.scale, style.shift), strict=True)
    same = all(np.array_equal(one, other) for one, other in vectors)
    return same and (there.name, there.network) == (style.name, style.network)
