"""Checks of the arguments of public functions that are no options: paths, texts, numbers, flags, functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.options import say_value

_TOO_LARGE = 10**18  # whole numbers from which on no argument is meant
_Values = Mapping[str, Any]  # values by the names of the arguments


def check_arguments(
    *,
    needed: Collection[str] = (),
    paths: _Values | None = None,
    texts: _Values | None = None,
    flags: _Values | None = None,
    numbers: _Values | None = None,
    whole: _Values | None = None,
    functions: _Values | None = None,
    mappings: _Values | None = None,
) -> None:
    """Refuse arguments of a wrong type before any work. Each group has values by the names of their arguments.

    ``None`` stands for an argument that was not given, and passes for those that are not ``needed``.

    Raises:
        InputError: a value is of another type than its group, or a number that should be whole is not.
    """
    for group, expected, is_right in (
        (paths, "a path", lambda value: isinstance(value, str | Path) and "\0" not in str(value)),
        (texts, "text", lambda value: isinstance(value, str)),
        (flags, "True or False", lambda value: isinstance(value, bool)),
        (numbers, "a number", _is_number),
        (whole, "a whole number", lambda value: _is_number(value) and isfinite(value) and value == int(value)),
        (functions, "a function", callable),
        (mappings, "a dictionary", lambda value: isinstance(value, Mapping)),
    ):
        for name, value in (group or {}).items():
            if (value is not None or name in needed) and not is_right(value):
                raise InputError(f"The argument {name} takes {expected}, not {say_value(value)}.")


def _is_number(value: Any) -> bool:
    """Whether something is a number; infinite ones and NaN are for whoever knows the range."""
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return False
    return not isinstance(value, bool) and isinstance(value, Real)
