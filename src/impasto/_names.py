"""Names that callers write, of options and choices: the nearest is suggested where one is wrong."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from impasto.errors import ImpastoError, InputError

T = TypeVar("T")


def nearest(value: object, choices: Sequence[str]) -> str:
    """The end of a sentence about a name that is not among the choices."""
    near = difflib.get_close_matches(str(value), choices, n=1)
    return f"did you mean {near[0]}?" if near else f"give one of {', '.join(choices)}."


def settings(
    kind: type[T],
    given: Mapping[str, Any],
    caller: Callable[..., Any],
    error: type[ImpastoError] = InputError,
) -> T:
    """A dataclass from keyword arguments.

    Args:
        caller: the function that was called; its own keywords are suggested, too.
        error: what a wrong keyword is.

    Raises:
        InputError: there is no such keyword; or another ``error``.
    """
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            own = [p.name for p in inspect.signature(caller).parameters.values() if p.kind is p.KEYWORD_ONLY]
            raise error(f"There is no option {name}; {nearest(name, [*own, *known])}")
    return kind(**given)
