"""``impasto learn`` of a movement or a recording, which takes a moment: the style of one file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from impasto.cli import results
from impasto.cli.help import given_parameters
from impasto.files import is_file
from impasto.styles.style import SUFFIX

_TAKEN = {"--output", "--name", "--title", "--artist", "--year", "--licence", "--overwrite", "--json", "--quiet"}


@dataclass(frozen=True)
class Learnt:
    """What is known of a style that was just learnt.

    Attributes:
        name: of the style.
        facts: what ``--json`` says of it besides its file and name.
        line: what is said of it to people; gets the number of bytes of its file.
        save: writes it to a file.
        is_in: whether a file has this style.
        notices: sentences on what could not be taken as it is.
    """

    name: str
    facts: dict[str, Any]
    line: Callable[[int], str]
    save: Callable[[Path], None]
    is_in: Callable[[Path], bool]
    notices: Sequence[str]


def refuse_options_of_pictures(thing: str) -> None:
    """Refuse an option that pictures alone take.

    Args:
        thing: what is learnt from, for the message: ``"a recording"``.

    Raises:
        click.UsageError: one was given.
    """
    for parameter in given_parameters():
        if isinstance(parameter, click.Option) and not _TAKEN & set(parameter.opts):
            raise click.UsageError(f"{parameter.opts[0]} is for pictures; leave it out of {thing}.")


def learn_at_once(
    source: Path,
    output: Path | None,
    learn: Callable[[Path | None], Learnt],
    *,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Learn the style of a file, write it and say so, by the rules of :mod:`impasto.cli.learn`.

    Args:
        source: the file.
        output: the style file; ``None``: named after the source, in this folder.
        learn: learns the style, and writes it to a file where it gets one.
        overwrite: replace what has the usual name.
        as_json: describe the style as JSON.
        quiet: say nothing.
    """
    target = output or Path(f"{source.stem}{SUFFIX}")
    replaces = output is not None and is_file(target)
    learnt = learn(output)
    if not quiet and not as_json:
        for notice in learnt.notices:
            click.echo(notice, err=True)
    if output is None:
        if not overwrite:
            target, is_there = results.place_unnamed(target, learnt.is_in, quiet=quiet)
            if is_there:
                return
        learnt.save(target)
    written = target.stat().st_size
    if as_json:
        click.echo(
            json.dumps(
                {
                    "file": str(target),
                    "bytes": written,
                    "name": learnt.name,
                    **learnt.facts,
                    "notices": list(learnt.notices),
                }
            )
        )
    elif not quiet:
        click.echo(f"{target}  ({learnt.line(written)})")
        if replaces:
            click.echo(results.replaced(target), err=True)
