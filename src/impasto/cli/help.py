"""How the commands are described: options in sections, numbers in words, the help where nothing is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

ARGUMENTS = "impasto.arguments"
"""Key in a context's ``meta``: what was typed behind the command's name."""
_NUMBERS = {"integer": "N", "integer range": "N", "float": "NUMBER", "float range": "NUMBER"}  # by click's type
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


class Group(click.Group):
    """A command of several sub-commands; without one it shows its help, which is no error."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See :class:`click.Group`."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)


def _help_row(option: click.Option, ctx: click.Context) -> tuple[str, str]:
    """An option as it is written, and what the help says of it."""
    written, about = option.get_help_record(ctx) or ("", "")
    if option.metavar is None and option.type.name in _NUMBERS:
        written = written.replace(option.make_metavar(ctx), _NUMBERS[option.type.name])
    return written, _range_in_words(about)


def _range_in_words(text: str) -> str:
    """A range as click writes it, ``1<=x<=100``, as people do: ``1 to 100``."""
    text = re.sub(r"\b([\d.]+)<=x<=([\d.]+)", r"\1 to \2", text)
    text = re.sub(r"\b([\d.]+)<x<=([\d.]+)", r"above \1, at most \2", text)
    text = re.sub(r"\[default: \((.*)\)", r"[default: \1", text)  # click's sign of a default that is a sentence
    return re.sub(r"\bx>=([\d.]+)", r"\1 or more", text)
