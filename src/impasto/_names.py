"""Names that callers write, of options and choices: the nearest is suggested where one is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from impasto.errors import InputError

T = TypeVar("T")


def nearest(value: object, choices: Sequence[str]) -> str:
    """The end of a sentence about a name that is not among the choices."""
    near = difflib.get_close_matches(str(value), choices, n=1)
    return f"did you mean {near[0]}?" if near else f"give one of {', '.join(choices)}."


def settings(kind: type[T], given: Mapping[str, Any], *others: str) -> T:
    """A dataclass from keyword arguments.

    Args:
        others: further keywords that the caller takes, to be suggested, too.

    Raises:
        InputError: there is no such keyword.
    """
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            raise InputError(f"There is no option {name}; {nearest(name, [*others, *known])}")
    return kind(**given)
