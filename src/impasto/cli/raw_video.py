"""``impasto video - -o - --raw``: frames on standard streams, for FFmpeg and its like."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import click

from impasto.cli import options
from impasto.cli.help import given_parameters
from impasto.cli.picture_styles import learn_pictures
from impasto.cli.progress import video_bar
from impasto.feedforward.options import Options

_STREAM = "-"
_OWN = {"video", "styles", "output", "raw", "stabilize", "quiet"}  # parameters of the command that count here


def run(
    video: str, output: str | None, raw: str, styles: Sequence[str], settings: Mapping[str, Any], *, quiet: bool
) -> None:
    """Paint what comes on standard input to standard output.

    Args:
        video, output: what is read and written; both must be the standard streams.
        raw: the form of frames.
        styles: as the command line has them.
        settings: the command's other parameters.
        quiet: show no progress.

    Raises:
        click.UsageError: a file is given, or an option that does nothing here.
    """
    from impasto.feedforward.painter import Painter
    from impasto.video.raw_frames import paint_raw, parse_form
    from impasto.video.stabilizers import make_spherical_stabilizer, make_stabilizer

    if (video, output) != (_STREAM, _STREAM):
        raise click.UsageError("--raw is for standard streams: impasto video - -o - --raw y4m")
    _refuse_other_options()
    form = parse_form(raw)
    painting = options.painting_options_from(settings)
    painter = Painter(learn_pictures(styles, quiet=quiet), replace(painting, size=0), for_video=True)
    all_around = painting.projection == "equirectangular"
    name = settings["stabilize"]
    stabilizer = make_spherical_stabilizer(name, painting) if all_around else make_stabilizer(name)
    with video_bar(hidden=quiet) as show:

        def progress(count: int) -> None:
            """Show how many frames are painted."""
            if show is not None:
                show(count, 0)

        paint_raw(sys.stdin.buffer, sys.stdout.buffer, form, painter, stabilizer, painting.size, progress)


def _refuse_other_options() -> None:
    """Refuse an option that was given and would change nothing.

    Raises:
        click.UsageError: there is such an option.
    """
    painting = {item.name for item in fields(Options)}
    for parameter in given_parameters():
        if parameter.name not in _OWN | painting:
            raise click.UsageError(f"{parameter.opts[0]} does nothing to raw frames; leave it out.")
