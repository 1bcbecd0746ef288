"""Pictures that stand where a style is asked for: their styles are learnt first, with a bar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from impasto.cli.progress import learning_bar
from impasto.learning.api import is_style_cached, learn_cached_style
from impasto.styles.blending import parse_style
from impasto.styles.catalogue import is_picture_path


def learn_pictures(styles: Iterable[str], *, quiet: bool = False) -> None:
    """Learn those of the given styles that are pictures and not in the cache yet, so that all can be loaded at once.

    Args:
        styles: as the command line has them, with or without weights.
        quiet: show no bar.
    """
    for item in styles:
        name, _ = parse_style(item)
        path = Path(name)
        if is_picture_path(path) and path.is_file() and not is_style_cached(path):
            with learning_bar(path.name, hidden=quiet) as show:
                learn_cached_style(path, show)
