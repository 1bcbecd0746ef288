"""What every command says of a result that was there already; the rule is that of :mod:`impasto.pictures.results`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from impasto.pictures.results import unnamed_result

REASONS = {
    "same": "made in the same way",
    "other": "made in another way",
    "result": "is itself a result",
    "busy": "is being made by another run",
}
"""Why a picture of several was skipped, as the JSON of the commands says it."""


def kept_as_it_is(path: Path) -> str:
    """The sentence on a result that is not made again."""
    return f"{path} was made in the same way and is kept; --overwrite makes it anew."


def kept_beside(other: Path) -> str:
    """The sentence on a file that has the name of a result and was made with other settings, from an earlier
    photograph, or not by Impasto."""
    return f"{other} was made in another way and is kept; --overwrite replaces it."


def replaced(path: Path) -> str:
    """The sentence on a file that a result with its name has replaced."""
    return f"{path} was there before and is replaced."


def place_unnamed(usual: Path, is_alike: Callable[[Path], bool], *, quiet: bool = False) -> tuple[Path, bool]:
    """Where a result goes that nobody named; what is there and kept is said on standard error.

    Args:
        usual: the path that it has if nothing is in the way.
        is_alike: whether a file that exists was made in the same way.
        quiet: say nothing.

    Returns:
        As :func:`impasto.pictures.results.unnamed_result`.
    """
    target, is_there = unnamed_result(usual, is_alike)
    if (is_there or target != usual) and not quiet:
        click.echo(kept_as_it_is(target) if is_there else kept_beside(usual), err=True)
    return target, is_there
