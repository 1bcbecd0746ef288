"""Impasto repaints photographs in the style of any picture: offline, on a laptop.

>>> import impasto
>>> impasto.stylize("photo.jpg", "starry-night", output="painted.jpg")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto import environment
from impasto.version import __version__

if TYPE_CHECKING:
    from impasto import flow, scale
    from impasto.errors import (
        DownloadError,
        ImpastoError,
        InputError,
        MissingExtraError,
        OutOfMemoryError,
        OutputError,
        PartialError,
        StyleError,
        TrainingError,
        TruncatedError,
    )
    from impasto.feedforward.api import stylize
    from impasto.feedforward.options import Options
    from impasto.feedforward.painter import Painter
    from impasto.learning.api import learn_style
    from impasto.motion.api import stylize_motion
    from impasto.optimisation.api import paint
    from impasto.optimisation.recipe import Recipe
    from impasto.sound.api import stylize_sound
    from impasto.styles.catalogue import load_style
    from impasto.styles.listing import StyleFacts, list_styles
    from impasto.styles.style import Style
    from impasto.video.api import stylize_video

environment.prepare()

# Public names and where they live: imported when first used, so that ``impasto --help`` stays quick.
_PUBLIC = {
    "DownloadError": "errors",
    "ImpastoError": "errors",
    "InputError": "errors",
    "MissingExtraError": "errors",
    "Options": "feedforward.options",
    "OutOfMemoryError": "errors",
    "OutputError": "errors",
    "Painter": "feedforward.painter",
    "PartialError": "errors",
    "Recipe": "optimisation.recipe",
    "Style": "styles.style",
    "StyleError": "errors",
    "StyleFacts": "styles.listing",
    "TrainingError": "errors",
    "TruncatedError": "errors",
    "learn_style": "learning.api",
    "list_styles": "styles.listing",
    "load_style": "styles.catalogue",
    "paint": "optimisation.api",
    "stylize": "feedforward.api",
    "stylize_motion": "motion.api",
    "stylize_sound": "sound.api",
    "stylize_video": "video.api",
}

_PUBLIC_PACKAGES = ("flow", "scale")  # whose own names are public as well: ``impasto.flow.compute``

__all__ = [
    "DownloadError",
    "ImpastoError",
    "InputError",
    "MissingExtraError",
    "Options",
    "OutOfMemoryError",
    "OutputError",
    "Painter",
    "PartialError",
    "Recipe",
    "Style",
    "StyleError",
    "StyleFacts",
    "TrainingError",
    "TruncatedError",
    "__version__",
    "flow",
    "learn_style",
    "list_styles",
    "load_style",
    "paint",
    "scale",
    "stylize",
    "stylize_motion",
    "stylize_sound",
    "stylize_video",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name in _PUBLIC_PACKAGES:
        return import_module(f"impasto.{name}")
    if name in _PUBLIC:
        return getattr(import_module(f"impasto.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'impasto' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for editors and notebooks; nothing is imported."""
    return sorted(__all__)
