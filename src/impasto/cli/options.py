"""Options that several commands share, made from the facts that the library's dataclasses hold of them.

Commands call :func:`dataclass_option` with a dataclass and a field's name; type, default, help and choices come from
:func:`impasto.options.option_facts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import click

from impasto.engines.devices import DEVICES
from impasto.feedforward.masks import parse_masks
from impasto.feedforward.options import Options
from impasto.memory import parse_limit
from impasto.options import OptionFacts, option_default, option_facts, option_text, parse_layers
from impasto.styles.blending import parse_style

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


class Bytes(click.ParamType[int]):
    """An amount of memory; ``auto`` is 0, which leaves the choice to the library."""

    name = "SIZE"

    def convert(self, value: Any, _param: Any, _ctx: Any) -> int:
        """See :class:`click.ParamType`."""
        return int(parse_limit(value))


class Layers(click.ParamType[dict[str, float]]):
    """Layers of the perceptual network with their weights."""

    name = "LAYER[:WEIGHT],..."

    def convert(self, value: Any, _param: Any, _ctx: Any) -> Any:
        """See :class:`click.ParamType`."""
        return parse_layers(value) if isinstance(value, str) else value


def dataclass_option(
    kind: type[Any],
    name: str,
    flag: str | None = None,
    *,
    parameter: str | None = None,
    given_only: bool = False,
    early: bool = False,
    **more: Any,
) -> Callable[[F], F]:
    """An option of the command line that is a field of a dataclass of options.

    Args:
        kind: the dataclass.
        name: the field's name.
        flag: the option as it is written; ``None``: the name with hyphens.
        parameter: what the command calls it; ``None``: the name.
        given_only: leave out the default, for a command that has to know what was given.
        early: have click refuse what is out of the range, and show the range in the help. Without it the library
            refuses, with the same sentence as in Python.
        more: as for :func:`click.option`, in place of what the facts say.
    """
    facts, default = option_facts(kind)[name], option_default(kind, name)
    shown = default not in (None, {}) and not given_only
    settings: dict[str, Any] = {"help": facts.help or None, "metavar": facts.metavar}
    if isinstance(default, bool):
        settings["is_flag"] = True
    else:
        settings["type"] = _click_type(get_type_hints(kind)[name], facts, early)
        settings["default"] = ("auto" if facts.unit == "bytes" else option_text(default)) if shown else None
        settings["show_default"] = shown
    return click.option(flag or "--" + name.replace("_", "-"), parameter or name, **settings | more)


def _click_type(hint: Any, facts: OptionFacts, early: bool) -> Any:
    """How click reads a value.

    Args:
        hint: the field's annotation.
        facts: of the option.
        early: whether click checks the range.
    """
    if facts.choices:
        return click.Choice(facts.choices)
    if facts.unit == "bytes":
        return Bytes()
    if "Mapping" in str(hint):
        return Layers()
    if hint in (int, int | None):
        return click.IntRange(_whole(facts.low), _whole(facts.high)) if early else int
    return float if hint in (float, float | None) else str


def _whole(bound: float | None) -> int | None:
    """A bound as a whole number; ``None`` where there is no bound."""
    return None if bound is None or math.isinf(bound) else int(bound)


def dataclass_options(kind: type[Any], *names: str, given_only: bool = False) -> Callable[[F], F]:
    """Several options of one dataclass as one decorator; see :func:`dataclass_option`."""
    return combine_options(*(dataclass_option(kind, name, given_only=given_only) for name in names))


def combine_options(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator; the help shows them in this order."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def device_option(help: str) -> Callable[[F], F]:
    """The option ``--device`` of a command whose settings hold no device.

    Args:
        help: what is done there.
    """
    return click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True, help=help)


style_option = click.option(
    "--style",
    "styles",
    multiple=True,
    required=True,
    metavar="NAME[:WEIGHT]",
    help="A bundled or added style, a style file, or a picture to learn it from; repeat to blend, with weights.",
)


# All options of the fast path but the size; a new field of Options with a help text appears here by itself.
_PAINTING = [item.name for item in fields(Options) if item.name != "size"]
_MASK = _PAINTING.index("mask")  # place of the masks, which the command line has in a form of its own
painting_options_but_size = combine_options(
    dataclass_options(Options, *_PAINTING[:_MASK]),
    click.option(
        "--mask",
        multiple=True,
        metavar="[STYLE=]FILE",
        help="Where a style applies, or without STYLE= where strength does (white is fully); may be repeated.",
    ),
    dataclass_options(Options, *(name for name in _PAINTING[_MASK:] if name not in ("mask", "masks"))),
)
"""The options of :class:`impasto.feedforward.options.Options` for a command that has a size of its own."""

painting_options = combine_options(dataclass_option(Options, "size"), painting_options_but_size)
"""All options of :class:`impasto.feedforward.options.Options`."""


def painting_options_from(given: Mapping[str, Any]) -> Options:
    """The library's options from what :data:`painting_options` added to a command.

    The library checks them, so that what is out of range is said as in Python.

    Args:
        given: the command's parameters; those of other options are left out.

    Raises:
        InputError: an option is out of range.
    """
    values = {item.name: given[item.name] for item in fields(Options) if item.name in given}
    values["mask"], values["masks"] = parse_masks(given["mask"])
    return Options(**values)


def parse_time(text: str) -> float:
    """Seconds, or minutes and hours before them: ``12.5``, ``1:02``, ``1:02:03.5``.

    Raises:
        ValueError: the text is no such time.
    """
    total = 0.0
    for index, part in enumerate(text.split(":")):
        if index and not 0 <= float(part) < 60:
            raise ValueError(text)
        total = 60 * total + float(part)
    if not math.isfinite(total):
        raise ValueError(text)
    return total


def is_input(target: Path, files: Iterable[object]) -> bool:
    """Whether a result would replace something that it is made from.

    Args:
        target: where the result would go.
        files: pictures, masks and styles as they were named, those with their weights; ``None`` is none.
    """
    names = [name for file in files if file is not None for name in (str(file), parse_style(str(file))[0])]
    return target.exists() and any(Path(name).exists() and target.samefile(name) for name in names)
