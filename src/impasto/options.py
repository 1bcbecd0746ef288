"""Options of the library: what is known of each is written once, where its dataclass declares it.

**In**: a field that is declared with :func:`option`: its default, range, choices, unit and help.

**Out**, all read from the field's :class:`OptionFacts`: the check of a value and the sentence that refuses it
(:func:`check_options`), the command line's option (:mod:`impasto.cli.options`), the note in a result's metadata
(:func:`changed_options`), the range of a slider in the studio, and the section ``Attributes`` of the dataclass
(:func:`documented`).

**Order**: facts, declaration, check, values as text, keywords to a dataclass.

**Words**: an *option* is one field; *options* are a dataclass of them; *facts* are what is known of an option
whatever its value.

**Never**: this module imports no room; it knows neither pictures nor networks nor the command line.
"""

from __future__ import annotations

import difflib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from functools import cache
from math import inf
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from impasto.errors import ImpastoError, InputError

T = TypeVar("T")

LARGEST = 1e12  # a weight or a rate may be this large; infinity, which would spoil every sum, is refused
_LONGEST_SHOWN = 40  # characters of a text that a sentence about it repeats
_TOO_LARGE = 10**20  # whole numbers from which on a sentence does not repeat them
_FACTS = "facts"  # key of the facts in a field's metadata
_DOCUMENTATION_WIDTH = 112  # characters of a line in a generated section, before its indentation


class SliderRange(NamedTuple):
    """What a slider offers of an option; the option itself may take more."""

    low: float
    high: float
    step: float


@dataclass(frozen=True)
class OptionFacts:
    """What is known of an option whatever its value.

    Attributes:
        help: one sentence for the command line; without it, the command line shows none.
        doc: one sentence for whoever calls the library, where it has to say more than ``help``.
        low: the smallest number that the option takes; ``None``: numbers are not checked.
        high: the largest number that the option takes.
        whole: whether only whole numbers are taken.
        multiple_of: only multiples of this number are taken; 0: all numbers.
        also: a number outside of the range that is taken besides the default; ``None``: there is none.
        choices: the words that the option takes; empty: words are not checked.
        expected: what to give, as the end of ``give ...``; ``None``: made from the range.
        unit: what a number counts, such as ``"pixels"``; ``"bytes"`` are written as 2G or 800M, too.
        title: what a sentence calls the option; ``None``: its name with spaces.
        metavar: what the command line calls a value; ``None``: by the type.
        refusal: the sentence about a value that is not taken, with ``{title}``, ``{value}``, ``{expected}`` and
            ``{choices}``; ``None``: the usual one.
        slider: what a slider offers; ``None``: the option has no slider.
        noted: whether the option changes the picture, so that the result's metadata has it.
    """

    help: str = ""
    doc: str = ""
    low: float | None = None
    high: float = inf
    whole: bool = False
    multiple_of: int = 0
    also: float | None = None
    choices: tuple[str, ...] = ()
    expected: str | None = None
    unit: str = ""
    title: str | None = None
    metavar: str | None = None
    refusal: str | None = None
    slider: SliderRange | None = None
    noted: bool = True

    @property
    def to_give(self) -> str:
        """What to give, as the end of ``give ...``; empty where numbers are not checked."""
        if self.expected is not None or self.low is None:
            return self.expected or ""
        number = "a whole number" if self.whole else "a number"
        if self.high < LARGEST:
            return f"{number} from {self.low:g} to {self.high:g}"
        return f"{number} of {self.low:g} or more" if self.low == 0 else f"{number} of at least {self.low:g}"


# ---- declaration --------------------------------------------------------------------------------------


def option(default: Any = MISSING, *, factory: Any = MISSING, compare: bool = True, **facts: Any) -> Any:
    """A field of a dataclass of options.

    Args:
        default: the option's default, which is taken even where it is out of the range; or ``factory``.
        factory: makes the default, where that can be changed in place.
        compare: whether two dataclasses with different values differ.
        facts: fields of :class:`OptionFacts`.
    """
    known = OptionFacts(**facts)
    if known.low is not None and not known.whole and "high" not in facts and known.unit != "bytes":
        known = replace(known, high=LARGEST)
    metadata = {_FACTS: known}
    if factory is not MISSING:
        return field(default_factory=factory, compare=compare, metadata=metadata)
    return field(default=default, compare=compare, metadata=metadata)


def inherited_option(kind: type[Any], name: str, default: Any = MISSING, **changes: Any) -> Any:
    """A field that a subclass declares anew, with another default or other facts than the option has in ``kind``."""
    declared = _field(kind, name)
    facts = replace(declared.metadata[_FACTS], **changes)
    return field(default=declared.default if default is MISSING else default, metadata={_FACTS: facts})


def _field(kind: type[Any], name: str) -> Field[Any]:
    """The field of a dataclass that has this name."""
    return next(item for item in fields(kind) if item.name == name)


def option_facts(kind: type[Any]) -> dict[str, OptionFacts]:
    """The facts of a dataclass's options by name, in its order; fields that are no options are left out."""
    return {item.name: item.metadata[_FACTS] for item in fields(kind) if _FACTS in item.metadata}


def option_default(kind: type[Any], name: str) -> Any:
    """The default of an option."""
    declared = _field(kind, name)
    return declared.default if declared.default_factory is MISSING else declared.default_factory()


def documented(kind: type[T]) -> type[T]:
    """A decorator that adds the section ``Attributes`` to a dataclass of options, made from their facts."""
    items = [
        textwrap.fill(
            f"{name}: {_documentation(facts, option_default(kind, name))}",
            _DOCUMENTATION_WIDTH,
            initial_indent="    ",
            subsequent_indent="        ",
        )
        for name, facts in option_facts(kind).items()
    ]
    about, raises, errors = inspect.cleandoc(kind.__doc__ or "").partition("\n\nRaises:")
    kind.__doc__ = "\n".join([about, "", "Attributes:", *items]) + raises + errors
    return kind


def _documentation(facts: OptionFacts, default: Any) -> str:
    """What the documentation says of an option: what it does, what it takes, its unit and its default."""
    taken = ", ".join(f'``"{choice}"``' for choice in facts.choices) or facts.to_give
    said = f"{facts.doc or facts.help} {taken}".lower()
    unit = f"in {facts.unit}" if facts.unit not in said else ""
    shown = f"``{default!r}``".replace("'", '"') if isinstance(default, str | bool | None) else option_text(default)
    remarks = "; ".join(filter(None, (taken, unit, f"default: {shown or 'none'}")))
    return f"{facts.doc or facts.help} {remarks[0].upper()}{remarks[1:]}.".strip()


# ---- check --------------------------------------------------------------------------------------------


def check_options(options: Any, error: type[ImpastoError] = InputError) -> None:
    """Check a dataclass of options against the facts of its fields.

    Args:
        options: the dataclass; a default is always taken.
        error: the class of what is raised.

    Numbers of other libraries, such as numpy's, become Python's, so that they can be noted and compared.

    Raises:
        InputError: an option is of another type, out of its range, or none of its choices; or another ``error``.
    """
    known = option_facts(type(options))
    for name in known:
        value = getattr(options, name)
        plain = _plain_value(name, value, type(options), error)
        if plain is not value:
            object.__setattr__(options, name, plain)
    for name, facts in known.items():
        value = getattr(options, name)
        if facts.choices and not (isinstance(value, str) and value in facts.choices):
            raise error(
                _refusal(name, facts, value, f"There is no {{title}} {{value}}; {suggest(value, facts.choices)}")
            )
    for name, facts in known.items():
        value = getattr(options, name)
        if facts.low is not None and not _is_in_range(value, option_default(type(options), name), facts):
            raise error(_refusal(name, facts, value, "The {title} {value} is out of range; give {expected}."))


def _plain_value(name: str, value: Any, kind: type[Any], error: type[ImpastoError]) -> Any:
    """The value of an option as Python's own number, truth value or text.

    Options of other types, such as mappings, are given back as they are: their own checks know what they take.

    Args:
        name: the option.
        value: what was given.
        kind: the dataclass of the option.
        error: the class of what is raised.

    Raises:
        InputError: the option takes only numbers, truth values or text, and this is of another type.
    """
    facts, types = _field(kind, name).metadata[_FACTS], _simple_types(kind)[name]  # type: ignore[arg-type]  # a class can be hashed
    if not types or facts.choices or value is option_default(kind, name) or (value is None and NoneType in types):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # one number or truth value of numpy or torch
        value = value.item()
    if isinstance(value, bool):
        taken = bool in types
    elif isinstance(value, Integral):
        taken, value = bool({int, float} & types), int(value)
    elif isinstance(value, Real):  # for a whole number, the check of the range refuses it with what is to be given
        taken, value = float in types or (int in types and facts.low is not None), float(value)
    elif isinstance(value, str) and value in types:
        taken = True
    else:
        taken, value = str in types and isinstance(value, str | Path), str(value) if isinstance(value, Path) else value
    if not taken:
        usual = {bool: "True or False", str: "text", float: "a number", int: "a whole number"}
        expected = facts.to_give or next(words for kind, words in usual.items() if kind in types)
        raise error(f"The option {name} takes {expected.removesuffix('.')}, not {say_value(value)}.")
    return value


def say_value(value: object) -> str:
    """What a value of a wrong type is called in a sentence: ``the text '1'``, ``True``, ``a list``."""
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) <= _LONGEST_SHOWN else "a long text"
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:  # Python refuses to write very large ones
        return "a number of more than 20 digits"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    kind = type(value)
    return f"a {kind.__name__}" if kind.__module__ == "builtins" else f"a value of type {kind.__name__}"


@cache
def _simple_types(kind: type[Any]) -> dict[str, frozenset[Any]]:
    """The types of each option that takes only numbers, truth values or text, and single words; else nothing."""
    found = {}
    for name, hint in get_type_hints(kind).items():
        parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        words = {word for part in parts if get_origin(part) is Literal for word in get_args(part)}
        types = frozenset(part for part in parts if get_origin(part) is not Literal)
        found[name] = types | words if types and types <= {bool, int, float, str, NoneType} else frozenset()
    return found


def _is_in_range(value: Any, default: Any, facts: OptionFacts) -> bool:
    """Whether a number, or whatever was given in place of one, is the default or within the option's range."""
    is_number = isinstance(value, Integral) if facts.whole else isinstance(value, Real)
    if not is_number or facts.low is None:
        return value is default or (isinstance(value, str) and value == default)
    if value == default or value == facts.also:
        return True
    inside = bool(facts.low <= value <= facts.high)  # NaN is never inside
    return inside and not (facts.multiple_of and value % facts.multiple_of)


def _refusal(name: str, facts: OptionFacts, value: Any, usual: str) -> str:
    """The sentence about a value that an option does not take."""
    words = {"{title}": facts.title or name.replace("_", " "), "{expected}": facts.to_give}
    shown = value if isinstance(value, str) else say_value(value)
    words |= {"{choices}": ", ".join(facts.choices), "{value}": shown}
    return re.sub(r"\{\w+\}", lambda found: words.get(found[0], found[0]), facts.refusal or usual)


def suggest(value: object, choices: Sequence[str]) -> str:
    """The end of a sentence about a word that is not among the choices: the nearest of them, or all."""
    near = difflib.get_close_matches(value, choices, n=1) if isinstance(value, str) else []
    return f"did you mean {near[0]}?" if near else f"give one of {', '.join(choices)}."


# ---- values as text -----------------------------------------------------------------------------------


def option_text(value: object) -> str:
    """A value as the command line takes it; one that it cannot take, such as a picture, as the name of its type."""
    if isinstance(value, Mapping):
        return ",".join(f"{layer}:{weight:g}" for layer, weight in value.items())
    if isinstance(value, Real) and not isinstance(value, Integral):
        return f"{float(value):g}"
    if isinstance(value, tuple):
        return ",".join(map(option_text, value))
    return str(value) if isinstance(value, str | int | Path | None) else type(value).__name__


def changed_options(options: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of the options that change the picture and are not as they are by default."""
    for name, facts in option_facts(type(options)).items():
        value = getattr(options, name)
        if facts.noted and option_text(value) != option_text(option_default(type(options), name)):
            yield name, value


# ---- keywords to a dataclass --------------------------------------------------------------------------


def options_from_keywords(
    kind: type[T],
    given: Mapping[str, Any],
    caller: Callable[..., Any],
    error: type[ImpastoError] = InputError,
) -> T:
    """A dataclass of options from keyword arguments.

    Args:
        kind: the dataclass.
        given: values by name.
        caller: the function that was called; its own keywords are suggested, too.
        error: the class of what is raised about a wrong keyword.

    Raises:
        InputError: there is no such keyword; or another ``error``.
    """
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            own = [p.name for p in inspect.signature(caller).parameters.values() if p.kind is p.KEYWORD_ONLY]
            raise error(f"There is no option {name}; {suggest(name, [*own, *known])}")
    return kind(**given)
