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
    "Style": "styles",
    "StyleError": "errors",
    "TrainingError": "errors",
    "TruncatedError": "errors",
    "load_style": "styles",
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
    "Style",
    "StyleError",
    "TrainingError",
    "TruncatedError",
    "__version__",
    "load_style",
    "stylize",
    "stylize_video",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"impasto.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'impasto' has no attribute {name!r}")
