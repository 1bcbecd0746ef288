"""``impasto flow``: optical flow between frames, and how far it can be trusted."""

from __future__ import annotations

import json
from pathlib import Path

import click

from impasto.cli import options, results
from impasto.cli.help import Group
from impasto.errors import OutputError
from impasto.files import is_file
from impasto.flow.forward_backward import VARIANTS, Variant
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture


@click.group("flow", cls=Group, short_help="Measure how a video's frames move, for other programs.")
def command() -> None:
    """How each pixel moves from frame to frame (optical flow), and where that is certain."""


_variant_option = click.option(
    "--variant",
    type=click.Choice(VARIANTS),
    default=VARIANTS[0],
    show_default=True,
    help="Which program's rule says where flow is certain.",
)


@command.command("compute", short_help="Write flow and certainty between frames.")
@click.argument("frames", metavar="FRAMES|VIDEO", shell_complete=options.complete_files)
@click.option(
    "-o", "--output", type=options.PATH, required=True, metavar="DIR", help="Folder for the files that are written."
)
@click.option(
    "--step", type=click.IntRange(1), default=1, show_default=True, help="How many frames the two of a pair are apart."
)
@click.option(
    "--method",
    default="dis",
    show_default=True,
    metavar="NAME",
    help="How motion is found: dis, deepflow (slower) or a network in an .onnx file.",
)
@click.option(
    "--size",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Longer side of the frames in pixels; 0 keeps it.",
)
@click.option(
    "--start-number", type=click.IntRange(0), help="Of numbered pictures, the one to begin with; by default the lowest."
)
@_variant_option
@click.option("--overwrite", is_flag=True, help="Make flow files anew that exist; without it, they are kept.")
@click.option("--json", "as_json", is_flag=True, help="Name each pair as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def compute(
    frames: str,
    output: Path,
    step: int,
    method: str,
    size: int,
    start_number: int | None,
    variant: Variant,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write flow and certainty between frames, as makeOptFlow.sh of artistic-videos does.

    FRAMES are numbered pictures (frame_%04d.ppm), VIDEO is a file whose frames count from 1. For frames i and j, one
    step apart: forward_i_j.flo, backward_j_i.flo, reliable_i_j.pgm, reliable_j_i.pgm. Flow files that exist are kept,
    which is said, since they do not tell how they were made.

    \b
    impasto flow compute clip.mp4 -o flow/
    """
    from impasto.flow.folders import compute_files
    from impasto.video.numbered_pictures import NumberedPictures
    from impasto.video.source import open_source

    source = open_source(frames, size=size, first=start_number)
    first = source.start if isinstance(source, NumberedPictures) else 1
    numbered = ((number, frame.rgb) for number, frame in enumerate(source.frames(), first))
    count = 0
    for i, j in compute_files(numbered, output, step=step, method=method, variant=variant, overwrite=overwrite):
        count += 1
        if as_json:
            click.echo(json.dumps({"from": i, "to": j, "folder": str(output)}))
        elif not quiet:
            click.echo(f"{i} {j}", err=True)
    if not count:
        raise click.UsageError(f"{frames} has no two frames {step} apart; give more frames, or a smaller --step.")


@command.command("consistency", short_help="Judge flow by that of the opposite direction.")
@click.argument("judged", type=options.PATH, metavar="A.flo")
@click.argument("opposite", type=options.PATH, metavar="B.flo")
@click.option(
    "-o", "--output", type=options.PATH, required=True, metavar="OUT.pgm", help="Where the picture of certainty goes."
)
@_variant_option
@click.option(
    "--frame", type=options.PATH, help="The frame that A starts from, which fast-artistic-videos looks at, too."
)
def check(judged: Path, opposite: Path, output: Path, variant: Variant, frame: Path | None) -> None:
    """Judge the flow A by the flow B of the opposite direction; white is certain.

    \b
    impasto flow consistency backward_2_1.flo forward_1_2.flo -o reliable_2_1.pgm
    """
    from impasto.flow.files import read_flo, write_certainty
    from impasto.flow.forward_backward import consistency

    if output.suffix.lower() != ".pgm":
        raise OutputError(f"{output} would hold a PGM picture; give it the suffix .pgm.")
    replaces = is_file(output)
    pixels = None if frame is None else to_samples(read_picture(frame).rgb)
    write_certainty(consistency(read_flo(judged), read_flo(opposite), variant=variant, frame=pixels), output)
    if replaces:
        click.echo(results.replaced(output), err=True)
