"""Protocol buffers without their library: fields written one by one, and messages read into fields."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from impasto.foreign.contents import DamagedError

Value = int | bytes | memoryview
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_LONGEST_VARINT = 10  # bytes
_MOST_PARTS = 200_000  # fields of a message, and whole numbers of a field
_MASK = (1 << 64) - 1


def varint(value: int) -> bytes:
    """A whole number as a varint; a negative one as its two's complement of 64 bits."""
    value &= _MASK
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """The varint at a position, and the position after it.

    Raises:
        DamagedError: the data end within it.
    """
    value = 0
    for count in range(_LONGEST_VARINT):
        if at >= len(data):
            raise DamagedError("it ends within a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value & _MASK, at
    raise DamagedError("a number in it is too long")


def field(number: int, value: int | float | str | bytes) -> bytes:
    """A field of a message: a whole number, a float of 32 bits, or text, bytes and messages with their length."""
    if isinstance(value, float):
        return varint(number << 3 | _FIXED32) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3 | _VARINT) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | _BYTES) + varint(len(raw)) + raw


def message(fields: Iterable[tuple[int, int | float | str | bytes]]) -> bytes:
    """A message of fields, by number."""
    return b"".join(field(number, value) for number, value in fields)


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """The fields of a message: number and value, which is a whole number, or the bytes of anything else.

    Raises:
        DamagedError: the data are no message.
    """
    at = count = 0
    while at < len(data):
        count += 1
        if count > _MOST_PARTS:
            raise DamagedError("it has more parts than any network")
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value: Value
            value, at = read_varint(data, at)
        else:
            if kind == _BYTES:
                length, at = read_varint(data, at)
            elif kind in (_FIXED64, _FIXED32):
                length = 8 if kind == _FIXED64 else 4
            else:
                raise DamagedError("a field in it is of no known kind")
            if length > len(data) - at:
                raise DamagedError("a field in it is longer than the file")
            value, at = data[at : at + length], at + length
        yield key >> 3, value


def as_bytes(value: Value) -> memoryview:
    """The value of a field that must be text, bytes or a message.

    Raises:
        DamagedError: it is a number.
    """
    if isinstance(value, int):
        raise DamagedError("a field in it is a number, where there should be more")
    return memoryview(value)


def as_int(value: Value) -> int:
    """The value of a field that must be a whole number with a sign, of 64 bits.

    Raises:
        DamagedError: it is something else.
    """
    if not isinstance(value, int):
        raise DamagedError("a field in it should be a number")
    return value - (1 << 64) if value >> 63 else value


def as_text(value: Value) -> str:
    """The value of a field that must be text."""
    return bytes(as_bytes(value)).decode("utf-8", "replace")


def numbers(value: Value) -> list[int]:
    """Whole numbers of a repeated field, packed or a single one.

    Raises:
        DamagedError: the data end within one.
    """
    if isinstance(value, int):
        return [as_int(value)]
    data, at, found = memoryview(value), 0, []
    while at < len(data):
        number, at = read_varint(data, at)
        found.append(as_int(number))
        if len(found) > _MOST_PARTS:
            raise DamagedError("it has more parts than any network")
    return found
