"""Pictures that stand where a style is asked for: it is said how their styles are made."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

import click

from impasto.cli.progress import learning_bar
from impasto.errors import MissingExtraError
from impasto.learning.cache import effort_for, is_style_cached, learn_cached_style, with_learnt_pictures
from impasto.learning.settings import Effort, EffortChoice
from impasto.styles.blending import WeightedStyleLike
from impasto.styles.style import Style

# On two cores; see docs/learning-a-style.md.
_USUAL_TIME = {"draft": "5 to 20 seconds", "full": "half a minute to two minutes"}
_BETTER: dict[Effort, str] = {
    "quick": "; --style-effort draft (seconds) or full (a minute) comes closer",
    "draft": "; --style-effort full (a minute) comes closer",
    "full": "",
}
_HOW: dict[Effort, str] = {"quick": "predicted", "draft": "a draft", "full": "fully learnt"}


def learn_pictures(
    styles: Iterable[str], effort: EffortChoice = "auto", *, quiet: bool = False
) -> list[WeightedStyleLike]:
    """Replace pictures among the given styles by their styles; see :func:`with_learnt_pictures`.

    Args:
        styles: as the command line has them, with or without weights.
        effort: how much is done for a picture.
        quiet: say nothing, and show no progress.
    """
    return with_learnt_pictures(styles, effort, lambda picture, wanted: learn_picture(picture, wanted, quiet=quiet))


def learn_picture(picture: Path, wanted: EffortChoice = "auto", *, quiet: bool = False) -> Style:
    """Return the style of a picture, and say how it is made; fitting it, which is said at once, shows a bar.

    Raises:
        MissingExtraError: it has to be fitted, and the extra ``train`` is not installed.
    """

    def print_line(text: str) -> None:
        """Print a line for the user on standard error, unless quiet."""
        if not quiet:
            click.echo(text, err=True)

    effort = effort_for(picture, wanted)
    if effort == "quick" or is_style_cached(picture, effort):
        style = learn_cached_style(picture, effort)
        print_line(f"The style of {picture} is {_HOW[effort]}{_BETTER[effort]}.")
        return style
    if importlib.util.find_spec("torch") is None:  # not imported yet, since that takes a second
        raise MissingExtraError("Fitting a style", "train")
    print_line(
        f"Fitting the style of {picture}, which takes {_USUAL_TIME[effort]}, only this once"
        f"{_BETTER[effort] or '; --style-effort draft takes seconds, quick predicts it'}. Ctrl-C stops it; the same "
        "command goes on from there."
    )
    try:
        with learning_bar(picture.name, hidden=quiet) as show:
            return learn_cached_style(picture, effort, show)
    except KeyboardInterrupt:
        print_line(f"Stopped fitting the style of {picture}; the same command goes on from there.")
        raise
