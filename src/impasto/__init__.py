"""Impasto repaints photographs in the style of any picture: offline, on a laptop.

>>> import impasto
>>> impasto.stylize("photo.jpg", "starry-night", output="painted.jpg")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.errors import (
        DownloadError,
        ImpastoError,
        InputError,
        MissingExtraError,
        OutputError,
        PartialError,
        StyleError,
        TrainingError,
        TruncatedError,
    )
    from impasto.learning import learn_style
    from impasto.optimise.api import paint
    from impasto.optimise.recipe import Recipe
    from impasto.repaint import Options, stylize
    from impasto.styles import Style, load_style
    from impasto.video.job import stylize_video

__version__ = "0.1.0"

# Public names and where they live: imported when first used, so that `impasto --help` stays quick.
_PUBLIC = {
    "DownloadError": "errors",
    "ImpastoError": "errors",
    "InputError": "errors",
    "MissingExtraError": "errors",
    "Options": "repaint",
    "OutputError": "errors",
    "PartialError": "errors",
    "Recipe": "optimise.recipe",
    "Style": "styles",
    "StyleError": "errors",
    "TrainingError": "errors",
    "learn_style": "learning",
    "TruncatedError": "errors",
    "load_style": "styles",
    "paint": "optimise.api",
    "stylize": "repaint",
    "stylize_video": "video.job",
}

__all__ = [
    "DownloadError",
    "ImpastoError",
    "InputError",
    "MissingExtraError",
    "Options",
    "OutputError",
    "PartialError",
    "Recipe",
    "Style",
    "StyleError",
    "TrainingError",
    "TruncatedError",
    "__version__",
    "learn_style",
    "load_style",
    "paint",
    "stylize",
    "stylize_video",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"impasto.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'impasto' has no attribute {name!r}")
