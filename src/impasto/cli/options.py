"""Options that several commands share, defined once; defaults are the library's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from impasto.engines.devices import DEVICES
from impasto.feedforward.masks import parse_masks
from impasto.feedforward.options import DEFAULTS, Options
from impasto.memory import limit
from impasto.optimisation.recipe import option_text
from impasto.pictures.colors import COLOR_MODES
from impasto.styles.blending import parse_style

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


def seconds(text: str) -> float:
    """Seconds, or minutes and hours before them: ``12.5``, ``1:02``, ``1:02:03.5``.

    Raises:
        ValueError: it is no such time.
    """
    total = 0.0
    for index, part in enumerate(text.split(":")):
        if index and not 0 <= float(part) < 60:
            raise ValueError(text)
        total = 60 * total + float(part)
    if not math.isfinite(total):
        raise ValueError(text)
    return total


class Bytes(click.ParamType[int]):
    """An amount of memory; ``auto`` is 0, which leaves the choice to the library."""

    name = "SIZE"

    def convert(self, value: Any, _param: Any, _ctx: Any) -> int:
        """See :class:`click.ParamType`."""
        return int(limit(value))


def field(settings: Any, name: str, help: str, type: Any, **more: Any) -> Callable[[F], F]:
    """An option that is a field of the library's settings.

    Args:
        settings: with the defaults, which become the option's and are shown.
        name, help, type, more: as for :func:`click.option`.
    """
    default = getattr(settings, name)
    shown = default not in (None, {})
    return click.option(
        "--" + name.replace("_", "-"),
        name,
        type=type,
        default=("auto" if isinstance(type, Bytes) else option_text(default)) if shown else None,
        show_default=shown,
        help=help,
        **more,
    )


def together(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


style = click.option(
    "--style",
    "styles",
    multiple=True,
    required=True,
    metavar="NAME[:WEIGHT]",
    help="A bundled or added style, a style file, or a picture to learn it from; repeat to blend, with weights.",
)


_size = field(DEFAULTS, "size", "Longer side of the result in pixels; 0 keeps the input's size.", int)

painting_at_a_size = together(
    field(DEFAULTS, "strength", "0 is the photograph itself, 1 the full style.", float),
    field(
        DEFAULTS,
        "colors",
        "The style's colours; the photograph's chroma; or the style's, matched to the photograph's.",
        click.Choice(COLOR_MODES),
    ),
    field(DEFAULTS, "style_scale", "Size of the strokes: 1 as trained, 2 twice as large.", float),
    field(
        DEFAULTS,
        "grain",
        "How uneven the picture is made for the network, so that even parts get strokes, too; 0 is not.",
        float,
    ),
    field(
        DEFAULTS,
        "work_size",
        "Longer side at which strokes are laid, to be refined at full size; 0 is the result's.",
        int,
    ),
    click.option(
        "--mask",
        multiple=True,
        metavar="[STYLE=]FILE",
        help="Where a style applies, or without STYLE= where strength does (white is fully); may be repeated.",
    ),
    field(DEFAULTS, "device", "Where to run.", click.Choice(DEVICES)),
    field(
        DEFAULTS,
        "max_memory",
        "Memory to take, as 2G or 800M; auto is half of what is free, at most 2G.",
        Bytes(),
    ),
    field(DEFAULTS, "max_pixels", "Refuse larger pictures.", int),
)
"""The options of :class:`impasto.feedforward.options.Options` for a command that has a size of its own."""

painting = together(_size, painting_at_a_size)
"""All options of :class:`impasto.feedforward.options.Options`."""


def chosen(given: Mapping[str, Any]) -> Options:
    """The library's options from what :func:`painting` added to a command.

    The library looks over them, so that what is out of range is said as in Python.

    Raises:
        InputError: an option is out of range.
    """
    values = {item.name: given[item.name] for item in fields(Options) if item.name in given}
    values["mask"], values["masks"] = parse_masks(given["mask"])
    return Options(**values)


def is_input(target: Path, files: Iterable[object]) -> bool:
    """Whether a result would replace something that it is made from.

    Args:
        files: pictures, masks and styles as they were named, those with their weights; ``None`` is none.
    """
    names = [name for file in files if file is not None for name in (str(file), parse_style(str(file))[0])]
    return target.exists() and any(Path(name).exists() and target.samefile(name) for name in names)
