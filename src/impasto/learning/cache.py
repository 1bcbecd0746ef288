"""The styles of pictures that stand where a style is asked for, which are kept in a cache once they were fitted."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from impasto.folders import cache_folder
from impasto.learning.api import learn_style
from impasto.learning.checks import made_from
from impasto.learning.fitting import LearningProgress
from impasto.learning.held_pictures import file_of
from impasto.learning.settings import Effort, EffortChoice
from impasto.locks import locked
from impasto.pictures.conversion import is_held
from impasto.styles.blending import Styles, WeightedStyleLike, as_style_list, parse_style
from impasto.styles.catalogue import picture_of_style
from impasto.styles.files import kept_style
from impasto.styles.style import SUFFIX, Style, StyleLike, StyleSource

_FITTED: tuple[Effort, ...] = ("full", "draft")  # efforts whose styles are kept, the best one first


def effort_for(picture: Path, wanted: EffortChoice = "auto") -> Effort:
    """The effort by which the style of a picture is made.

    Args:
        picture: a picture file.
        wanted: an effort, or ``"auto"``: that of the best style of the picture which is kept; where none is,
            ``"draft"``, and without the extra ``train`` ``"quick"``.

    Raises:
        InputError: the picture cannot be read.
    """
    if wanted != "auto":
        return wanted
    kept = [effort for effort in _FITTED if is_style_cached(picture, effort)]
    if kept:
        return kept[0]
    return "quick" if importlib.util.find_spec("torch") is None else "draft"  # importing torch takes a second


def is_style_cached(picture: Path, effort: Effort) -> bool:
    """Whether the style of a picture is kept with an effort, so that it need not be learnt.

    Raises:
        InputError: the picture cannot be read.
    """
    return _cache_file(picture, effort).is_file()


def learn_cached_style(
    picture: Path, effort: EffortChoice = "auto", progress: Callable[[LearningProgress], None] | None = None
) -> Style:
    """Return the style of a picture: predicted, or from the cache; if it is not there, fit it and keep it.

    The cache is in ``styles/`` of the folder for downloads (``IMPASTO_CACHE``). A file is named after a hash of the
    picture's bytes, the network, the settings and the edition of learning, so that a change of any learns anew.

    Args:
        picture: a picture file.
        effort: see :func:`effort_for`.
        progress: called after each step of fitting.

    Raises:
        InputError: the picture cannot be read.
        MissingExtraError: it has to be fitted, and the extra ``train`` is not installed.
    """
    chosen = effort_for(picture, effort)
    if chosen == "quick":
        return learn_style(picture, effort=chosen)
    target = _cache_file(picture, chosen)
    if (style := kept_style(target)) is None:
        with locked(target, wait=True):
            if (style := kept_style(target)) is None:  # else another run has learnt it meanwhile
                style = learn_style(picture, target, effort=chosen, progress=progress)
                target.with_name(f"{target.stem}-preview.jpg").unlink(missing_ok=True)
    return replace(style, name=picture.stem)  # the file's name is unique, the picture's is not


def with_learnt_pictures(
    styles: Styles, effort: EffortChoice = "auto", learn: Callable[[Path, EffortChoice], Style] | None = None
) -> list[WeightedStyleLike]:
    """Styles as callers write them, with learnt styles in the place of picture files.

    Args:
        styles: one or several names, paths and styles, with or without weights.
        effort: how much is done for a picture, see :func:`effort_for`.
        learn: makes a style of a picture with an effort; default: :func:`learn_cached_style`.

    Returns:
        The styles in the same order. Those that were pictures have their weights beside them, and know how the caller
        wrote them (``Style.given_as``); all others are as they came.

    Raises:
        InputError: one is nothing that names a style, or a picture cannot be read.
        MissingExtraError: a picture has to be fitted, and the extra ``train`` is not installed.
    """
    learn = learn or learn_cached_style
    result: list[WeightedStyleLike] = []
    for item in as_style_list(styles):
        if isinstance(item, tuple):
            name, weight = item
        else:
            name, weight = parse_style(item) if isinstance(item, str) else (item, 1.0)
        if is_held(name):
            with file_of(name) as path:
                result.append((_made_of(name, learn(path, effort)), weight))
        else:
            picture = picture_of_style(cast("StyleLike", name))
            if picture is not None:
                result.append((replace(_made_of(picture, learn(picture, effort)), given_as=str(name)), weight))
            else:
                result.append(item)
    return result


def _made_of(picture: Any, style: Style) -> Style:
    """The style of a picture with the picture itself, for what looks at it again."""
    return replace(style, sources=(StyleSource(style.name, picture=picture),))


def _cache_file(picture: Path, effort: Effort) -> Path:
    """The path that the style of a picture, fitted with an effort, has in the cache."""
    return cache_folder() / "styles" / f"{made_from((picture,), {}, effort=effort)}{SUFFIX}"
