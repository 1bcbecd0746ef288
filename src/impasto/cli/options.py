"""Options that several commands share, defined once; defaults are the library's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from impasto.colors import COLORS
from impasto.engines import DEVICES
from impasto.masks import parse_masks
from impasto.memory import parse_size
from impasto.repaint import DEFAULTS, Options

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


def seconds(text: str) -> float:
    """Seconds, or minutes and hours before them: ``12.5``, ``1:02``, ``1:02:03.5``."""
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


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
                "--style-scale",
                type=click.FloatRange(0.25, 32),
                default=DEFAULTS.style_scale,
                show_default=True,
                help="Size of the strokes: 1 as trained, 2 twice as large.",
            ),
            click.option(
                "--grain",
                type=click.FloatRange(0, 4),
                default=DEFAULTS.grain,
                show_default=True,
                help="How uneven the picture is made for the network, so that even parts get strokes, too; 0 is not.",
            ),
            click.option(
                "--work-size",
                type=click.IntRange(0),
                default=DEFAULTS.work_size,
                show_default=True,
                help="Longer side at which strokes are laid, to be refined at full size; 0 is the result's.",
            ),
            click.option(
                "--mask",
                "mask",
                multiple=True,
                metavar="[STYLE=]FILE",
                help="Where a style applies, or without STYLE= where strength does (white is fully); may be repeated.",
            ),
            click.option(
                "--device",
                type=click.Choice(DEVICES),
                default=DEFAULTS.device,
                show_default=True,
                help="Where to run.",
            ),
            click.option(
                "--max-memory",
                default="auto",
                show_default=True,
                metavar="SIZE",
                help="Memory to take, as 2G or 800M; auto is half of what is free, at most 2G.",
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


def chosen(given: Mapping[str, Any]) -> Options:
    """The library's options from what :func:`painting` added to a command.

    Raises:
        InputError: an option is out of range.
    """
    values = {item.name: given[item.name] for item in fields(Options) if item.name in given}
    values["mask"], values["masks"] = parse_masks(given["mask"])
    values["max_memory"] = 0 if given["max_memory"] == "auto" else parse_size(given["max_memory"])
    return Options(**values)
