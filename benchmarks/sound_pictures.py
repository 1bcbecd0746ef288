"""Spectrograms side by side, with onsets marked: what numbers cannot hear is to be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import sound_metrics as metrics

_HEIGHT, _SECOND = 240, 120  # pixels of one spectrogram, and of one second
_RANGE = 70.0  # dB from black to white
_LOWEST, _HIGHEST = 60.0, 10000.0  # Hz


def _colours(level: np.ndarray) -> np.ndarray:
    """Levels in [0, 1] as RGB: black, violet, red, yellow, white."""
    stops = np.array([[0, 0, 0], [60, 15, 110], [190, 40, 75], [250, 165, 40], [255, 255, 225]], float)
    at = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(level, at, stops[:, channel]) for channel in range(3)], axis=-1).astype(np.uint8)


def spectrogram(samples: np.ndarray, seconds: float, *, onsets: np.ndarray | None = None) -> Image.Image:
    """A spectrogram with pitch upwards (by octaves), time to the right, and onsets as marks below it.

    Args:
        samples: at :data:`sound_metrics.RATE`.
        seconds: that are shown.
        onsets: seconds at which something begins; ``None``: none are marked.
    """
    count = int(seconds * metrics.RATE)
    samples = np.pad(samples[:count], (0, max(0, count - len(samples))))
    power = np.abs(metrics.spectra(samples, 2048, 128)) ** 2
    width = int(seconds * _SECOND)
    hertz = np.geomspace(_HIGHEST, _LOWEST, _HEIGHT)
    columns = np.linspace(0, len(power) - 1, width).astype(int)
    bins = np.clip(hertz * 2048 / metrics.RATE, 0, power.shape[1] - 1.001)
    low = bins.astype(int)
    part = (bins - low)[:, None]
    shown = power[columns].T[low] * (1 - part) + power[columns].T[low + 1] * part
    level = 10 * np.log10(shown + 1e-12)
    picture = Image.fromarray(_colours((level - level.max()) / _RANGE + 1))
    sheet = Image.new("RGB", (width, _HEIGHT + 10), "white")
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for at in [] if onsets is None else onsets:
        draw.line([(at * _SECOND, _HEIGHT), (at * _SECOND, _HEIGHT + 9)], fill="black", width=1)
    return sheet


def onsets_of(samples: np.ndarray) -> np.ndarray:
    """Seconds at which something begins: peaks of the onset strength above its mean by a deviation."""
    strength = metrics.onset_strength(samples)
    high = strength > strength.mean() + strength.std()
    peak = (strength[1:-1] >= strength[:-2]) & (strength[1:-1] > strength[2:]) & high[1:-1]
    return (np.flatnonzero(peak) + 1) * metrics.HOP / metrics.RATE


def side_by_side(sounds: dict[str, np.ndarray], path: Path, seconds: float = 5.0) -> None:
    """Write spectrograms of named sounds, one above the other; each is marked with the first one's onsets.

    Args:
        sounds: name to samples.
        path: a picture file.
        seconds: that are shown.
    """
    first = next(iter(sounds.values()))
    onsets = onsets_of(first)
    rows = [spectrogram(samples, seconds, onsets=onsets[onsets < seconds]) for samples in sounds.values()]
    sheet = Image.new("RGB", (rows[0].width, sum(row.height + 16 for row in rows)), "white")
    draw, y = ImageDraw.Draw(sheet), 0
    for name, row in zip(sounds, rows, strict=True):
        draw.text((2, y + 2), name, fill="black")
        sheet.paste(row, (0, y + 16))
        y += row.height + 16
    sheet.save(path, quality=88)
