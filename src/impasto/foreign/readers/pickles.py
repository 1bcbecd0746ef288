"""An interpreter of pickles that executes nothing.

A pickle is a program that builds an object, and may call anything. Here its operations are read by :mod:`pickletools`
and carried out on plain containers; the few names that PyTorch's state dicts need stand in a list, and any other ends
the reading.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from impasto.foreign.contents import DamagedError, ForeignError

Rebuild = Callable[..., Any]
_MOST_OPERATIONS = 2_000_000
_MARK = object()
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "FLOAT",
        "BINFLOAT",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
    ]
)
_IGNORED = frozenset(("PROTO", "FRAME", "STOP"))
# Modules whose objects are facts beside the weights: they are read as nothing.
_HARMLESS = ("numpy", "torch", "argparse", "collections", "pathlib", "_codecs")


class UnsafePickleError(ForeignError):
    """A pickle would run code of its own when it is opened."""


@dataclass(frozen=True)
class Name:
    """A name that a pickle refers to: a class or function, never imported.

    Attributes:
        module: its module.
        name: its name there.
    """

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Nothing:
    """What stands for an object that is not read."""

    kind: str


def read_pickle(
    file: BinaryIO, calls: Mapping[str, Rebuild], persistent: Callable[[Any], Any] = lambda _: Nothing("storage")
) -> Any:
    """Read one pickle from a file, whose position is after it then.

    Args:
        file: where it is.
        calls: what stands for a function of the pickle, by its full name; it gets the arguments.
        persistent: what stands for an object that the pickle only refers to.

    Raises:
        UnsafePickleError: it would call something that state dicts do not need.
        DamagedError: it is no pickle.
    """
    try:
        return _Machine(calls, persistent).run(pickletools.genops(file))
    except ForeignError:
        raise
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        UnicodeDecodeError,
        AttributeError,
        StopIteration,
        RuntimeError,
    ) as error:
        raise DamagedError(f"its pickle makes no sense ({str(error)[:80]})") from error


class _Machine:
    """The stack and the memo of a pickle."""

    def __init__(self, calls: Mapping[str, Rebuild], persistent: Callable[[Any], Any]) -> None:
        self.calls, self.persistent = calls, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, operations: Iterator[tuple[Any, Any, int | None]]) -> Any:
        """Carry out all operations; returns the object."""
        for count, (operation, argument, _) in enumerate(operations):
            if count > _MOST_OPERATIONS:
                raise DamagedError("its pickle has more operations than any model")
            name = operation.name
            if name in _IGNORED:
                continue
            if name in _LITERALS:
                self.stack.append(argument)
            elif name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            else:
                carry_out = getattr(self, f"_{name.lower()}", None)
                if carry_out is None:
                    raise DamagedError(f"its pickle has the operation {name}, which models do not need")
                carry_out(argument)
        return self.stack.pop()

    def _popped(self) -> list[Any]:
        """All above the last mark, which is taken off, too."""
        at = next(i for i in range(len(self.stack) - 1, -1, -1) if self.stack[i] is _MARK)
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def _mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._popped()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def _empty_list(self, _: Any) -> None:
        self.stack.append([])

    def _empty_tuple(self, _: Any) -> None:
        self.stack.append(())

    def _empty_set(self, _: Any) -> None:
        self.stack.append([])

    def _list(self, _: Any) -> None:
        self.stack.append(self._popped())

    def _tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._popped()))

    def _tuple1(self, _: Any) -> None:
        self.stack[-1:] = [(self.stack[-1],)]

    def _tuple2(self, _: Any) -> None:
        self.stack[-2:] = [tuple(self.stack[-2:])]

    def _tuple3(self, _: Any) -> None:
        self.stack[-3:] = [tuple(self.stack[-3:])]

    def _dict(self, _: Any) -> None:
        items = self._popped()
        self.stack.append(dict(zip(items[::2], items[1::2], strict=True)))

    def _frozenset(self, _: Any) -> None:
        self.stack.append(self._popped())

    def _append(self, _: Any) -> None:
        self._extend([self.stack.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._popped())

    _additems = _appends

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._update([key, value])

    def _setitems(self, _: Any) -> None:
        self._update(self._popped())

    def _update(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], dict):
            self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def _put(self, at: Any) -> None:
        self.memo[int(at)] = self.stack[-1]

    _binput = _long_binput = _put

    def _memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _get(self, at: Any) -> None:
        self.stack.append(self.memo[int(at)])

    _binget = _long_binget = _get

    def _global(self, argument: Any) -> None:
        module, _, name = argument.partition(" ")
        self._named(module, name)

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._named(str(module), str(name))

    def _named(self, module: str, name: str) -> None:
        """Put a name on the stack, if it is one that models need."""
        full = f"{module}.{name}"
        if full not in self.calls and module.partition(".")[0] not in _HARMLESS:
            raise UnsafePickleError(f"opening it would run code of its own, {full[:80]}")
        self.stack.append(Name(module, name))

    def _reduce(self, _: Any) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        self.stack.append(self._called(called, arguments))

    def _newobj(self, _: Any) -> None:
        self._reduce(None)

    def _newobj_ex(self, _: Any) -> None:
        self.stack.pop()
        self._reduce(None)

    def _obj(self, _: Any) -> None:
        called, *arguments = self._popped()
        self.stack.append(self._called(called, tuple(arguments)))

    def _called(self, called: Any, arguments: Any) -> Any:
        """What a call gives: that of a known function, else nothing."""
        if not isinstance(called, Name):
            raise UnsafePickleError("opening it would call something that has no name")
        known = self.calls.get(str(called))
        if known is None:
            return Nothing(str(called))
        return known(*arguments) if isinstance(arguments, tuple) else Nothing(str(called))

    def _build(self, _: Any) -> None:
        self.stack.pop()  # the state of an object is no weight

    def _persid(self, argument: Any) -> None:
        self.stack.append(self.persistent(argument))

    def _binpersid(self, _: Any) -> None:
        self.stack.append(self.persistent(self.stack.pop()))
