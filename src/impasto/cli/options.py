"""Options that several commands share, defined once; defaults are the library's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from impasto.colors import COLORS
from impasto.engines import DEVICES
from impasto.repaint import DEFAULTS

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)

style = click.option(
    "--style",
    "styles",
    multiple=True,
    required=True,
    metavar="NAME[:WEIGHT]",
    help="A bundled or added style, a style file, or a picture to learn it from; repeat to blend, with weights.",
)


def painting(command: F) -> F:
    """The options of :class:`impasto.repaint.Options`."""
    for option in reversed(
        (
            click.option(
                "--strength",
                type=click.FloatRange(0, 1),
                default=DEFAULTS.strength,
                show_default=True,
                help="0 is the photograph itself, 1 the full style.",
            ),
            click.option(
                "--size",
                type=click.IntRange(0),
                default=DEFAULTS.size,
                help="Longer side of the result in pixels; 0 keeps the input's size.",
                show_default=True,
            ),
            click.option(
                "--colors",
                type=click.Choice(COLORS),
                default=DEFAULTS.colors,
                show_default=True,
                help="The style's colours; the photograph's chroma; or the style's, matched to the photograph's.",
            ),
            click.option(
                "--device",
                type=click.Choice(DEVICES),
                default=DEFAULTS.device,
                show_default=True,
                help="Where to run.",
            ),
            click.option(
                "--max-pixels",
                type=click.IntRange(1),
                default=DEFAULTS.max_pixels,
                show_default=True,
                help="Refuse larger pictures.",
            ),
        )
    ):
        command = option(command)
    return command
