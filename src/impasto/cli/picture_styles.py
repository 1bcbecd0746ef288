"""Pictures that stand where a style is asked for: their styles are learnt first, with a bar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from impasto.cli.progress import learning_bar
from impasto.learning.api import is_style_cached, learn_cached_style, with_learnt_pictures
from impasto.styles.blending import WeightedStyleLike
from impasto.styles.style import Style


def learn_pictures(styles: Iterable[str], *, quiet: bool = False) -> list[WeightedStyleLike]:
    """Replace pictures among the given styles by their learnt styles; see :func:`with_learnt_pictures`.

    Args:
        styles: as the command line has them, with or without weights.
        quiet: show no bar.
    """
    return with_learnt_pictures(styles, lambda picture: learn_picture(picture, quiet=quiet))


def learn_picture(picture: Path, *, quiet: bool = False) -> Style:
    """Return the style of a picture; a bar is shown while it is learnt, if it is not in the cache yet."""
    if is_style_cached(picture):
        return learn_cached_style(picture)
    with learning_bar(picture.name, hidden=quiet) as show:
        return learn_cached_style(picture, show)
