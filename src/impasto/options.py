"""Options of the library: their ranges, choices and defaults, checked in one place."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar

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


class Range(NamedTuple):
    """The numbers that an option may be, besides its default, and what to give where it is none of them."""

    least: float
    most: float
    meaning: str
    whole: bool = False


def check(
    options: Any,
    ranges: Mapping[str, Range],
    choices: Mapping[str, Sequence[str]],
    error: type[ImpastoError] = InputError,
) -> None:
    """Look over a dataclass of options.

    Args:
        ranges, choices: by the option's name.
        error: what a wrong value is.

    Raises:
        InputError: an option is out of its range, or none of its choices; or another ``error``.
    """
    for name, known in choices.items():
        value = getattr(options, name)
        if not (isinstance(value, str) and value in known):
            words = name.replace("_", " ").replace("colors", "colour mode")
            raise error(f"There is no {words} {value}; {nearest(value, known)}")
    for name, (least, most, meaning, whole) in ranges.items():
        value, default = getattr(options, name), getattr(type(options), name)
        number = isinstance(value, Integral if whole else Real)
        if not (value == default or least <= value <= most if number else value is default):  # NaN fails, too
            raise error(f"The {name.replace('_', ' ')} {value} is out of range; give {meaning}.")


def parse_layers(text: str, error: type[ImpastoError] = InputError) -> dict[str, float]:
    """``"relu1_1,relu2_1:0.5"`` to layers and weights; 1 where none is given.

    Caffe's names of convolutions (``conv1_1``) stand for the ReLU behind them, as neural-style meant them.

    Raises:
        InputError: a weight is no number; or another ``error``.
    """
    layers: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, weight = item.partition(":")
        try:
            layers[re.sub(r"^conv(?=\d_\d$)", "relu", name)] = float(weight) if weight else 1.0
        except ValueError as cause:
            raise error(f"{item} is no layer with a weight; write it as relu3_1:0.5.") from cause
    return layers


def as_layers(
    name: str, value: Any, error: type[ImpastoError] = InputError, *, optional: bool = False
) -> dict[str, float]:
    """What stands for layers and weights as these.

    Args:
        name: the option's, ``content_layers`` for example.
        error: what a wrong value is.
        optional: there may be none.

    Raises:
        InputError: it stands for none, or a weight is out of range; or another ``error``.
    """
    if isinstance(value, Mapping):
        layers = dict(value)
    elif isinstance(value, str):
        layers = parse_layers(value, error)
    elif isinstance(value, Sequence) and all(isinstance(layer, str) for layer in value):
        layers = parse_layers(",".join(value), error)
    else:
        raise error(f"The {name.replace('_', ' ')} {value!r} are no layers; give names, such as relu3_1:0.5,relu4_1.")
    for layer, weight in layers.items():
        if not (isinstance(weight, Real) and 0 <= float(weight) < float("inf")):
            raise error(f"The weight {weight} of {layer} is out of range; give a number of 0 or more.")
    if not (optional or any(layers.values())):
        loss = name.removesuffix("_layers")
        raise error(f"No {name.replace('_', ' ')} are left; to switch the loss off, give --{loss}-weight 0.")
    return layers
