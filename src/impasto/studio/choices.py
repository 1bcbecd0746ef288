"""What visitors choose, checked: styles, options, a mask."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, StyleError
from impasto.feedforward.options import Options
from impasto.feedforward.presets import OPTIONS
from impasto.options import option_default, option_facts
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.studio.uploads import Uploads, plain_stem
from impasto.styles.blending import parse_style
from impasto.styles.catalogue import bundled_names, catalogue_file, catalogue_names
from impasto.styles.files import bundled_network_id, read_style
from impasto.styles.kinds import kind_of
from impasto.styles.style import PHOTOGRAPH, SUFFIX, Style

StyleChoice = str | tuple[Style, float]
"""A style that a visitor has chosen: ``NAME`` or ``NAME:WEIGHT``, or one that was learnt here, with its weight."""
LEARNT = "+"
"""Beginning of the name of a style that was learnt here; the identifier of its file follows."""
MODULES_OF_EXTRAS = {"train": ("torch",), "video": ("cv2", "av"), "sound": ("av",)}
"""Modules that each extra installs and that a tab needs, by the extra's name."""
_PNG_URI_PREFIX = "data:image/png;base64,"  # start of the address as which the page sends a mask
_MAX_MASK_PIXELS = 1024 * 1024  # pixels of a mask that was brushed; the page sends at most as many as a preview has
_MAX_NAME = 80  # characters of a style's name that a sentence repeats


def shown_style_names() -> list[str]:
    """Names of the styles to choose from: those of the catalogue, then the bundled ones."""
    return [*catalogue_names(), *(name for name in bundled_names() if name != PHOTOGRAPH)]


def check_styles(styles: Iterable[str], uploads: Uploads | None = None) -> list[StyleChoice]:
    """Check that a visitor asks only for styles that the page shows, and never for a file of the machine.

    Args:
        styles: what the visitor sent, each ``NAME`` or ``NAME:WEIGHT``. A name that begins with a plus sign is the
            identifier of a style that was learnt here and is not kept in the catalogue.
        uploads: where such styles lie; ``None`` takes none.

    Returns:
        The styles as the library takes them.

    Raises:
        InputError: a style that was learnt here is not there any more.
        StyleError: one of them is not the name of a style that is shown.
    """
    shown_names = set(shown_style_names())
    chosen: list[StyleChoice] = []
    for item in styles:
        name, weight = parse_style(item)
        if uploads is not None and name.startswith(LEARNT):
            chosen.append((learnt_style(name, uploads), weight))
        elif name in shown_names:
            chosen.append(item)
        else:
            raise _unknown_style(name)
    return chosen


def check_style_files(styles: Iterable[str], kind: str, uploads: Uploads) -> list[tuple[Path, float]]:
    """Check that a visitor asks for no styles of sound or motion but those of the catalogue, and files sent here.

    Args:
        styles: what the visitor sent, each ``NAME`` or ``NAME:WEIGHT``; a name that begins with a plus sign is the
            identifier of a file.
        kind: as in :mod:`impasto.styles.kinds`.
        uploads: where such files lie.

    Returns:
        The files with their weights.

    Raises:
        InputError: a file is not there any more.
        StyleError: one of them is not the name of a style of that kind.
    """
    known = set(catalogue_names(kind))
    chosen: list[tuple[Path, float]] = []
    for item in styles:
        name, weight = parse_style(item)
        kept = catalogue_file(name) if name in known else None
        if name.startswith(LEARNT):
            chosen.append((uploads.find(name.removeprefix(LEARNT)), weight))
        elif kept is not None:
            chosen.append((kept, weight))
        else:
            raise _unknown_style(name)
    return chosen


def _unknown_style(name: str) -> StyleError:
    """The refusal of a style that the page does not show."""
    name = name[:_MAX_NAME]
    return StyleError(f"There is no style {name} here; choose one of the styles shown.", key="unknown_style", name=name)


def learnt_style(name: str, uploads: Uploads) -> Style:
    """A style that was learnt here and is not kept in the catalogue, by a plus sign and its identifier.

    Raises:
        InputError: it is not there any more, or is no style.
    """
    path = uploads.find(name.removeprefix(LEARNT))
    with uploads.protect(path):  # it is kept for an hour from now on
        return read_small_style(path)


def read_small_style(path: Path) -> Style:
    """Read a visitor's style file, which may bring no network of its own: what one does is not known before it runs.

    Raises:
        InputError: it is no style of the package's network.
    """
    try:
        style = read_style(path)
    except StyleError:
        style = None
    if style is None or style.embedded is not None or style.network != bundled_network_id():
        raise InputError(
            f"{path.name} is no style of this network: give a style file of Impasto that impasto learn made without "
            "--deep.",
            key="style_file",
            name=path.name,
        )
    return style


def style_file_name(path: Path) -> str:
    """The name that an uploaded style file gets.

    Raises:
        InputError: it is no style of the package's network.
    """
    read_small_style(path)
    return f"{plain_stem(path)}{SUFFIX}"


def sound_or_motion_style_name(path: Path, kind: str, otherwise: Callable[[Path], str]) -> str:
    """The name of an upload that is a style of sound or motion: a style file, or a recording or clip.

    Args:
        path: the file.
        kind: as in :mod:`impasto.styles.kinds`.
        otherwise: gives the name of what is no style file.

    Raises:
        InputError: it is a style of another kind, or ``otherwise`` raises it.
    """
    found = kind_of(path)
    if found is None:
        return otherwise(path)
    if found != kind:
        raise InputError(
            f"{path.name} is a style of another kind: give a style of {kind}, or what one can be learnt of.",
            key="style_of_other_kind",
            name=path.name,
        )
    return plain_stem(path) + SUFFIX


def check_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check that a visitor sets only options that the page offers; their values are the library's to judge.

    Raises:
        InputError: there is no such option.
    """
    for name in given:
        if name not in OPTIONS:
            raise InputError(f"There is no option {name[:_MAX_NAME]}; there are {', '.join(OPTIONS)}.")
    return {name: work_size_option(value) if name == "work_size" else value for name, value in given.items()}


def work_size_option(value: str | int | None) -> Any:
    """The option ``work_size`` from a number of pixels, which may be text, or a word, which the library judges."""
    try:
        return int(value or 0)
    except ValueError:
        return value


def offered_options() -> dict[str, dict[str, Any]]:
    """What the page is told of each option: its default, and its slider or its choices."""
    facts, offered = option_facts(Options), {}
    for name in OPTIONS:
        about: dict[str, Any] = {"default": option_default(Options, name)}
        if slider := facts[name].slider:
            about |= {"low": slider.low, "high": slider.high, "step": slider.step}
        if facts[name].choices:
            about["choices"] = list(facts[name].choices)
        offered[name] = about
    return offered


def read_brushed_mask(value: str | None) -> NDArray[np.uint8] | None:
    """Read a mask that was brushed on the page.

    Args:
        value: a PNG file as a data address, or nothing.

    Returns:
        The mask, H x W with levels from 0 to 255, 255 where it applies; ``None`` if nothing was brushed.

    Raises:
        InputError: the value is not a PNG file of at most 1024 x 1024 pixels.
    """
    if not value:
        return None
    try:
        data = base64.b64decode(value.removeprefix(_PNG_URI_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("The mask cannot be read; brush it again.", key="mask_unreadable") from error
    levels = to_samples(read_picture(data, max_pixels=_MAX_MASK_PIXELS).rgb[..., 0])
    return levels if levels.any() else None


def has_extra(extra: str) -> bool:
    """Whether an extra that a tab needs is installed; a key of :data:`MODULES_OF_EXTRAS`."""
    return all(find_spec(module) for module in MODULES_OF_EXTRAS[extra])
