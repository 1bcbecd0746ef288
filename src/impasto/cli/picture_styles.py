"""Pictures that stand where a style is asked for: their styles are learnt first, with a bar."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

import click

from impasto.cli.progress import learning_bar
from impasto.errors import MissingExtraError
from impasto.learning.api import is_style_cached, learn_cached_style, with_learnt_pictures
from impasto.styles.blending import WeightedStyleLike
from impasto.styles.style import Style

_USUAL_TIME = "2 to 6 minutes"  # on two cores without a GPU; see docs/learning-a-style.md


def learn_pictures(styles: Iterable[str], *, quiet: bool = False) -> list[WeightedStyleLike]:
    """Replace pictures among the given styles by their learnt styles; see :func:`with_learnt_pictures`.

    Args:
        styles: as the command line has them, with or without weights.
        quiet: say nothing, and show no progress.
    """
    return with_learnt_pictures(styles, lambda picture: learn_picture(picture, quiet=quiet))


def learn_picture(picture: Path, *, quiet: bool = False) -> Style:
    """Return the style of a picture; if it is not in the cache yet, learn it, which is said at once.

    Raises:
        MissingExtraError: it is not learnt yet, and the extra ``train`` is not installed.
    """
    if is_style_cached(picture):
        return learn_cached_style(picture)
    if importlib.util.find_spec("torch") is None:  # not imported yet, since that takes a second
        raise MissingExtraError("Learning a style", "train")

    def print_line(text: str) -> None:
        """Print a line for the user on standard error, unless quiet."""
        if not quiet:
            click.echo(text, err=True)

    print_line(
        f"Learning the style of {picture}, which takes {_USUAL_TIME}, only this once. Ctrl-C stops it; "
        "the same command goes on from there."
    )
    try:
        with learning_bar(picture.name, hidden=quiet) as show:
            return learn_cached_style(picture, show)
    except KeyboardInterrupt:
        print_line(f"Stopped learning the style of {picture}; the same command goes on from there.")
        raise
