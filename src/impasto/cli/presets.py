"""The options ``--preset`` and ``--save-preset``, with which commands take looks from files and keep them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from impasto.cli.options import PATH
from impasto.feedforward.options import Options
from impasto.feedforward.presets import OPTIONS, read_preset, write_preset

F = TypeVar("F", bound=Callable[..., Any])

SECTION = ("preset", "save_preset")
"""Names of both options, for the sections of a command's help."""


def preset_options(command: F) -> F:
    """Decorator that adds both options to a command with styles and painting options.

    What the command line gives goes before what the preset says; the preset goes before the defaults.
    """

    @functools.wraps(command)
    def saving(*arguments: Any, save_preset: Path | None, **given: Any) -> Any:
        if save_preset is not None:
            options = Options(**{name: given[name] for name in OPTIONS if name in given})
            write_preset(save_preset, given["styles"], options)
        return command(*arguments, **given)

    wrapped = click.option(
        "--save-preset",
        type=PATH,
        metavar="FILE",
        help="Write styles and options to FILE (.json) as a preset, for --preset and the page.",
    )(saving)
    return click.option(
        "--preset",
        type=PATH,
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_take,
        help="Styles and options from FILE, as --save-preset and the page write it; options on the command line win.",
    )(wrapped)  # type: ignore[return-value]


def _take(context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    """Make what a preset says the defaults of the command's other options."""
    if path is None or context.resilient_parsing:
        return
    preset = read_preset(path)
    context.default_map = {**(context.default_map or {}), "styles": list(preset.styles), **preset.options}
