"""How the commands are described: options in sections, numbers in words, the help where nothing is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

ARGUMENTS = "impasto.arguments"
"""Key in a context's ``meta``: what was typed behind the command's name."""
_NUMBERS = {"integer": "N", "integer range": "N", "float": "NUMBER", "float range": "NUMBER"}  # by click's type
_PLAIN = {
    "is not a valid float": "is no number",
    "is not a valid integer": "is no whole number",
    "is not in the range": "is out of range; give",
    "requires an argument": "needs a value",
}  # what click says, and what that means
_WIDEST = 100  # characters of a line of help at most; a narrower terminal has narrower lines
_OTHER = "Other"  # title of what is in no section


class Command(click.Command):
    """A command whose help shows its options in sections.

    Args:
        sections: title to the parameters in it, in the order of the help; what is in none comes last.
        options: as for :class:`click.Command`.
    """

    def __init__(self, *options: Any, sections: Mapping[str, Sequence[str]] | None = None, **more: Any) -> None:
        more["context_settings"] = {"max_content_width": _WIDEST, **(more.get("context_settings") or {})}
        super().__init__(*options, **more)
        self.sections = dict(sections or {})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See :class:`click.Command`; what was typed is kept, so that a message can show it put right."""
        ctx.meta[ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        shown = {str(option.name): option for option in self.get_params(ctx) if isinstance(option, click.Option)}
        named = {name for names in self.sections.values() for name in names}
        rest = [name for name in shown if name not in named]
        for title, names in {**self.sections, _OTHER if self.sections else "Options": rest}.items():
            rows = [_help_row(shown[name], ctx) for name in names if name in shown]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def given_parameters() -> Iterator[click.Parameter]:
    """The parameters of the command that were typed, not taken from their defaults."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE:
            yield parameter


class Group(click.Group):
    """A command of several sub-commands; without one it shows its help, which is no error."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See :class:`click.Group`."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)


def one_sentence(error: click.ClickException) -> str:
    """What is said of a command line that is wrong: one line in plain words, with an example of what is missing."""
    missing = error.param if isinstance(error, click.MissingParameter) else None
    example = _first_example(error.ctx.command) if missing is not None and error.ctx is not None else None  # type: ignore[attr-defined]
    if missing is not None and example is not None:
        name = missing.opts[0] if isinstance(missing, click.Option) else (missing.metavar or str(missing.name).upper())
        return f"{name.removesuffix('...')} is missing; for example: {example}"
    text = " ".join(error.format_message().split())
    for typical, plain in _PLAIN.items():
        text = text.replace(typical, plain)
    return _range_in_words(text)


def _first_example(command: click.Command) -> str | None:
    """The first example in a command's help; ``None``: there is none."""
    lines = map(str.strip, (command.help or "").splitlines())
    return next((line for line in lines if line.startswith("impasto ")), None)


def _help_row(option: click.Option, ctx: click.Context) -> tuple[str, str]:
    """An option as it is written, and what the help says of it."""
    written, about = option.get_help_record(ctx) or ("", "")
    if option.metavar is None and option.type.name in _NUMBERS:
        written = written.replace(option.make_metavar(ctx), _NUMBERS[option.type.name])
    return written, _range_in_words(about)


def _range_in_words(text: str) -> str:
    """A range as click writes it, ``1<=x<=100``, as people do: ``1 to 100``."""
    number = r"(\d+(?:\.\d+)?)"
    text = re.sub(rf"\b{number}<=x<={number}", r"\1 to \2", text)
    text = re.sub(rf"\b{number}<x<={number}", r"more than \1, up to \2", text)
    text = re.sub(r"\[default: \((.*)\)", r"[default: \1", text)  # click's sign of a default that is a sentence
    return re.sub(rf"\bx>={number}", r"\1 or more", text)
