"""Options that several commands share, made from the facts that the library's dataclasses hold of them.

Commands call :func:`dataclass_option` with a dataclass and a field's name; type, default, help and choices come from
:func:`impasto.options.option_facts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_type_hints

import click

from impasto.feedforward.masks import parse_masks
from impasto.feedforward.options import Options
from impasto.memory import parse_limit
from impasto.networks.loss_names import parse_layers
from impasto.options import OptionFacts, option_default, option_facts, option_text
from impasto.styles.blending import parse_style
from impasto.styles.style import PHOTOGRAPH

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)
PathOrUrl = Path | str
"""A path, or as text the URL of a file system, whose slashes a path would not keep."""


class _Place(click.Path):
    """A path or a URL."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """See :class:`click.ParamType`."""
        return value if isinstance(value, str) and "://" in value else Path(str(super().convert(value, param, ctx)))


PLACE = _Place()


class Bytes(click.ParamType[int]):
    """An amount of memory; ``auto`` is 0, which leaves the choice to the library."""

    name = "SIZE"

    def convert(self, value: Any, _param: Any, _ctx: Any) -> int:
        """See :class:`click.ParamType`."""
        return int(parse_limit(value))


class FrameRate(click.FloatRange):
    """Frames a second, up to 1000; never what is no number, which every range holds."""

    def __init__(self, *, min_open: bool) -> None:
        super().__init__(0, 1000, min_open=min_open)

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """See :class:`click.ParamType`."""
        rate = float(super().convert(value, param, ctx))
        if math.isnan(rate):
            self.fail(f"{value} is no number.", param, ctx)
        return rate


class WholeOrAuto(click.ParamType[Any]):
    """A whole number, or the word ``auto``."""

    name = "PIXELS"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """See :class:`click.ParamType`."""
        return value if value == "auto" else click.INT.convert(value, param, ctx)


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
        given_only: only show the default, for a command that has to know what was given.
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
        settings["show_default"] = option_text(default) if given_only and default not in (None, {}) else shown
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
    if hint == int | Literal["auto"]:
        return WholeOrAuto()
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


def device_option() -> Callable[[F], F]:
    """The option ``--device`` of a command whose settings hold no device."""
    return dataclass_option(Options, "device")


def held_out_option() -> Callable[[F], F]:
    """The option ``--held-out`` of the commands that train on style pictures."""
    return click.option(
        "--held-out",
        type=PATH,
        metavar="FILE",
        help="A list of style pictures' file names, one a line, that are left out, to measure by.",
    )


def complete_styles(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    """The styles whose names begin so; where there are none, whatever files do."""
    from click.shell_completion import CompletionItem

    from impasto.styles.catalogue import bundled_names, catalogue_names

    names = [name for name in (*bundled_names(), *catalogue_names()) if name.startswith(incomplete)]
    shown = [CompletionItem(name) for name in names if name != PHOTOGRAPH]
    return shown or complete_files(_ctx, _parameter, incomplete)


def complete_files(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    """Have the shell complete files, for what may be a file and is no :data:`PATH`."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


overwrite_option = click.option(
    "--overwrite",
    is_flag=True,
    help="Replace what has the usual name. Without it, a result gets a number beside one that was made in another way; "
    "a file named with -o is always replaced.",
)


style_option = click.option(
    "--style",
    "styles",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    shell_complete=complete_styles,
    help="Style to paint in: a name (impasto styles list shows all), a style file, or any picture "
    "(see --style-effort). Repeat to blend; --style scream:2 --style udnie:1 is two parts to one.",
)
"""What to paint in; a command that needs a style says so itself, with the full command."""
style_argument = click.argument("style", metavar="STYLE", shell_complete=complete_styles)
"""One style, of a command about styles."""


# All options of the fast path but the size, and refining, which is for pictures alone; a new field of Options with a
# help text appears here by itself.
_PAINTING = [item.name for item in fields(Options) if item.name not in ("size", "refine")]
_MASK = _PAINTING.index("mask")  # place of the masks, which the command line has in a form of its own
painting_options_but_size = combine_options(
    dataclass_options(Options, *_PAINTING[:_MASK]),
    click.option(
        "--mask",
        multiple=True,
        metavar="[STYLE=]FILE",
        help="A black and white picture: the photograph is painted where it is white and kept where it is black. With "
        "STYLE= in front, where that style goes. May be repeated.",
    ),
    dataclass_options(Options, *(name for name in _PAINTING[_MASK:] if name not in ("mask", "masks"))),
)
"""The options of :class:`impasto.feedforward.options.Options` for a command that has a size of its own."""

_SIZE_AND_MEMORY = ("size", "max_memory", "max_pixels")
_MACHINE = ("device", "engine")
PAINTING_SECTIONS = {
    "The painting": tuple(name for name in _PAINTING if name not in (*_SIZE_AND_MEMORY, *_MACHINE, "mask", "masks")),
    "Size, memory and machine": (*_SIZE_AND_MEMORY, *_MACHINE),
}
"""Sections of the help (see :mod:`impasto.cli.help`) with the options of the fast path but the mask."""

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


def say_engine(given: Options, *, many: bool) -> None:
    """Say which engine paints, on standard error.

    Args:
        given: the options.
        many: as for :func:`impasto.engines.loading.load_engine`.
    """
    from impasto.engines.loading import load_engine  # late: only --timing says it

    engine = load_engine(given.device, None, 1, given.engine, many)
    engine.prepare()  # where a provider does not start, the CPU takes over now
    click.echo(f"Painted by {engine.name}.", err=True)


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


def read_time(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """Read the value of an option with a time, as :func:`parse_time` takes it.

    Raises:
        click.BadParameter: the text is no time.
    """
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError:
        raise click.BadParameter(f"{value} is no time; give seconds (12.5) or 1:02:03.5.") from None


def is_input(target: Path, files: Iterable[object]) -> bool:
    """Whether a result would replace something that it is made from.

    Args:
        target: where the result would go.
        files: pictures, masks and styles as they were named, those with their weights; ``None`` is none.
    """
    names = [name for file in files if file is not None for name in (str(file), parse_style(str(file))[0])]
    return target.exists() and any(Path(name).exists() and target.samefile(name) for name in names)
