"""What is known of the styles that can be named: those of the package and of the user's catalogue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from impasto.errors import StyleError
from impasto.styles.catalogue import bundled_names, catalogue_names, load_style
from impasto.styles.style import Style

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StyleFacts:
    """What is known of a style; a text is empty where nothing is known.

    Attributes:
        name: what :func:`impasto.stylize` and the command line take.
        title: the painting's.
        artist: who made the painting.
        year: when, as text.
        licence: what allows its use.
        origin: ``"bundled"``: it comes with the package; ``"catalogue"``: it is the user's own.
        learnt_from: file names of the pictures that ``impasto.learn_style`` took it from; empty for a style that was
            trained together with the network, as the bundled ones were.
        own_network: whether it brings a network of its own, so that it cannot be blended with others.
    """

    name: str
    title: str
    artist: str
    year: str
    licence: str
    origin: Literal["bundled", "catalogue"]
    learnt_from: str
    own_network: bool


def load_all_styles(warn: Callable[[StyleError], None]) -> Iterator[tuple[str, Style]]:
    """Load all styles that can be given by name, those of the package first: name and style.

    Args:
        warn: called with the error of a file of the catalogue that cannot be read, which is then left out.
    """
    for name in (*bundled_names(), *catalogue_names()):
        try:
            style = load_style(name)
        except StyleError as error:
            warn(error)
            continue
        yield name, style


def list_styles() -> list[StyleFacts]:
    """List all styles that can be given by name: the bundled ones first, then those of the user's catalogue.

    A file of the catalogue that cannot be read is left out, with a warning in the log.

    Returns:
        The facts of each style, sorted by name within its origin; ``photograph``, which changes nothing, ends the
        bundled ones.
    """
    listed = []
    bundled = bundled_names()
    for name, style in load_all_styles(partial(log.warning, "%s")):
        about = style.metadata
        listed.append(
            StyleFacts(
                name=name,
                title=about.get("title", ""),
                artist=about.get("artist", ""),
                year=about.get("year", ""),
                licence=about.get("licence", ""),
                origin="bundled" if name in bundled else "catalogue",
                learnt_from=about.get("pictures", ""),
                own_network=style.embedded is not None,
            )
        )
    return listed
