"""The optional packages of the extra ``video``, imported when first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from impasto.errors import MissingExtraError


@cache
def opencv(what: str = "Optical flow") -> Any:
    """The module ``cv2``.

    Raises:
        MissingExtraError: it is not installed.
    """
    return _imported("cv2", what)


@cache
def pyav(what: str = "Video") -> Any:
    """The module ``av``, its log kept off the terminal: what matters reaches the user as our own sentence.

    Raises:
        MissingExtraError: it is not installed.
    """
    av = _imported("av", what)
    av.logging.set_level(None)
    return av


def _imported(module: str, what: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(what, "video") from error
