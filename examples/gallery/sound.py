"""Spectrograms of a drum, a recording, and the drum made of the recording."""

from __future__ import annotations

from pathlib import Path

import impasto
import sound_metrics
from gallery.sheets import GALLERY, beside
from sound_pictures import side_by_side


def rain() -> Path:
    """A tabla made of rain."""
    return _spectrograms("rain")


def guitar() -> Path:
    """A tabla on a guitar."""
    return _spectrograms("guitar_em9")


def _spectrograms(style: str) -> Path:
    """Draw the tabla, a recording and the result, one above the other.

    Raises:
        UnavailableError: the recordings are not here.
    """
    tabla, recording = (sound_metrics.samples_of(beside(f"sound/{name}.flac")) for name in ("tabla", style))
    result, _ = impasto.stylize_sound((tabla, sound_metrics.RATE), (recording, sound_metrics.RATE))
    target = GALLERY / f"sound-{style.partition('_')[0]}.jpg"
    side_by_side({"content: tabla": tabla, f"style: {style}": recording, "result": result}, target)
    return target
