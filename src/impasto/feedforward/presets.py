"""Looks in files: the styles and the options of a painting, to be used again and given away.

A preset is JSON, ``{"styles": ["scream:2", "udnie:1"], "options": {"strength": 0.8}}``, and holds only the options that
differ from their defaults. The command line, Python and the page take and write the same files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS, Options
from impasto.files import atomic_path, explained

OPTIONS = ("strength", "style_scale", "grain", "colors", "size", "work_size")
"""Names of the options that a preset may hold."""
_MAX_BYTES = 100_000  # of a preset's file
_FORM = '{"styles": ["scream:2"], "options": {"strength": 0.8}}'


@dataclass(frozen=True)
class Preset:
    """A look.

    Attributes:
        styles: ``NAME`` or ``NAME:WEIGHT``, at least one.
        options: values of :data:`OPTIONS` that differ from their defaults.
    """

    styles: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)


def read_preset(path: str | Path) -> Preset:
    """Read a look from a file.

    Raises:
        InputError: there is no such file, or it is no preset.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            given = json.loads(file.read(_MAX_BYTES + 1))
    except OSError as error:
        raise InputError(f"The preset {path} cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no preset: a preset is JSON such as {_FORM}.") from error
    styles = given.get("styles") if isinstance(given, dict) else None
    options = given.get("options", {}) if isinstance(given, dict) else None
    texts = isinstance(styles, list) and styles and all(isinstance(style, str) for style in styles)
    if not texts or not isinstance(options, dict):
        raise InputError(f"{path} is no preset: a preset is JSON such as {_FORM}.")
    for name in options:
        if name not in OPTIONS:
            raise InputError(f"{path} has the option {name!r}, which no preset has; there are {', '.join(OPTIONS)}.")
    try:
        checked = Options(**options)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return Preset(list(styles or ()), {name: getattr(checked, name) for name in options})


def write_preset(path: str | Path, styles: Sequence[str], options: Options = DEFAULTS) -> Path:
    """Write a look to a file, which is replaced if it exists.

    Args:
        path: the file.
        styles: ``NAME`` or ``NAME:WEIGHT``.
        options: how to paint; masks, device and limits are no part of a look.

    Raises:
        OutputError: the file cannot be written.
    """
    path = Path(path)
    changed = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) != getattr(DEFAULTS, name)}
    text = json.dumps({"styles": list(styles), "options": changed}, indent=1, ensure_ascii=False)
    with explained(path), atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path
