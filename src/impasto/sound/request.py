"""What callers write for sounds and styles, made into sources and styles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import InputError, Sentence, StyleError
from impasto.files import exists, is_file
from impasto.options import say_value
from impasto.sound.recording import HeldSound, SoundFile, SoundSource, as_held_sound
from impasto.sound.style import SoundStyle, read_sound_style, style_of
from impasto.styles.blending import checked_total, parse_style
from impasto.styles.catalogue import bundled_names, catalogue_file
from impasto.styles.style import SUFFIX

HeldArray = tuple[Any, int]
"""An array of N samples or N x channels, and its samples a second."""
SoundLike = str | Path | HeldArray
"""A path, or an array and its rate."""
SoundStyleLike = SoundStyle | SoundLike
"""A style, a path of a recording or of a style file, a name of the catalogue, or an array and its rate."""

SoundStyles = SoundStyleLike | Iterable[SoundStyleLike | tuple[SoundStyleLike, float]] | Mapping[Any, float]
"""One style, or several; of a mapping, the values are the weights."""


def is_held_array(value: object) -> bool:
    """Whether something is an array and its rate."""
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], np.ndarray | list)


def source_of(sound: SoundLike) -> SoundSource:
    """The source of a sound.

    Raises:
        InputError: it cannot be read, or is no sound.
    """
    if isinstance(sound, tuple) and is_held_array(sound):
        return as_held_sound(sound[0], sound[1])
    if not isinstance(sound, str | Path) or "\0" in str(sound):
        raise InputError(f"A sound is a path, or an array and its rate, not {say_value(sound)}; give one.")
    return SoundFile(Path(sound))


def load_styles(styles: Any, start: float | None = None, end: float | None = None) -> list[tuple[SoundStyle, float]]:
    """Styles as callers write them, loaded.

    Args:
        styles: one or several of :data:`SoundStyleLike`, of text with ``:WEIGHT`` behind it, or in pairs with weights;
            of a mapping, the values are the weights.
        start, end: the part of recordings that is used, in seconds; ``None``: from the start, to the end.

    Returns:
        The styles with their shares, which sum to 1.

    Raises:
        InputError: one cannot be read, or is nothing that names a style.
        StyleError: no style is given, weights do not fit, or a style file is damaged.
    """
    if start is not None and end is not None and not start < end:
        raise InputError("The part of the style ends before it begins; give a larger --style-to.")
    pairs = [(load_style(style, start, end), weight) for style, weight in _weighted(styles)]
    if not pairs:
        raise StyleError("No style is given; name a recording, for example rain.flac.")
    total = checked_total([weight for _, weight in pairs], "rain.flac:2 and bell.flac:1")
    return [(style, weight / total) for style, weight in pairs if weight]


def _weighted(styles: Any) -> list[tuple[Any, float]]:
    """Styles with their weights, not loaded yet."""
    if isinstance(styles, Mapping):
        items: list[Any] = list(styles.items())
    elif (
        isinstance(styles, str | Path | bytes | np.ndarray | SoundStyle)
        or is_held_array(styles)
        or not isinstance(styles, Iterable)
    ):
        items = [styles]
    else:
        items = list(styles)
    pairs: list[tuple[Any, float]] = []
    for item in items:
        style, weight = item, 1.0
        if isinstance(item, tuple) and len(item) == 2 and not is_held_array(item):
            style, weight = item
        elif isinstance(item, str) and not is_file(item):
            style, weight = parse_style(item)
        try:
            pairs.append((style, float(weight)))
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"The weight of a style is {say_value(weight)}; give a number.") from error
    return pairs


def load_style(style: Any, start: float | None = None, end: float | None = None) -> SoundStyle:
    """One style; see :func:`load_styles`."""
    if isinstance(style, SoundStyle):
        return style
    if is_held_array(style):
        held = as_held_sound(style[0], style[1], "The style")
        first, last = (round((seconds or 0) * held.rate) for seconds in (start, end))
        mixed = held.samples if held.channels <= 2 else held.samples.mean(axis=0, keepdims=True)
        part = mixed[:, first : last if end is not None else None]
        if not part.shape[1]:
            raise InputError("The style has nothing in the part that was asked for; give another.")
        return style_of(HeldSound(part, held.rate, "The style"), "style")
    if not isinstance(style, str | Path) or "\0" in str(style):
        raise InputError(f"A style of sound is a recording or a style file, not {say_value(style)}; give one.")
    path = Path(style)
    if not exists(path):  # of a folder, opening it says what it is
        kept = catalogue_file(str(style)) if isinstance(style, str) else None
        if kept is None and str(style) in bundled_names():
            raise StyleError(f"{style} is a style of pictures; give a recording, or a style of sound.")
        if kept is None:
            raise StyleError(
                f"There is no recording {style}; check the path, or take a style of sound of: impasto styles list."
            )
        path = kept
    if path.suffix == SUFFIX:
        return read_sound_style(path)
    source = SoundFile(path, start, end, stereo=True)
    if start is not None and 0 < source.declared <= start:
        text = f"{path} lasts {source.declared:.1f} s, and its part begins behind that; give a smaller --style-from."
        raise InputError(text)
    return replace(style_of(source, path.stem, _about(source)), notices=_not_read(source))


def _not_read(source: SoundFile) -> list[str]:
    """Sentences on what of a recording, which has been read, could not be."""
    said: list[str] = []
    if source.truncated:
        text = f"{source.name} ends before its end; the style is what was there."
        said.append(Sentence(text, "style_cut_off", name=source.name))
    if source.damaged:
        text = f"{source.damaged} damaged pieces of {source.name} are left out of the style."
        said.append(Sentence(text, "style_damaged", name=source.name, count=source.damaged))
    return said


def _about(source: SoundFile) -> dict[str, str]:
    """What a style's metadata take from a recording."""
    known = {name.lower(): text for name, text in source.metadata.items()}
    about = {name: known[name] for name in ("title", "artist") if known.get(name)}
    if licence := known.get("license") or known.get("licence") or known.get("copyright"):
        about["licence"] = licence
    return {**about, "source": source.name}
