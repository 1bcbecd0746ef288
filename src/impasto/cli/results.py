"""What every command says of a result that was there already; the rule is that of :mod:`impasto.pictures.results`."""

from __future__ import annotations

from pathlib import Path


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
