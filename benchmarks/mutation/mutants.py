"""Spoilt copies of files: what their containers say is changed, and now and then any of their bytes.

A container is known by its first bytes. Its **pieces** are chunks, boxes, segments or elements, which can be dropped,
doubled, swapped, or taken from another file; its **fields** are the numbers that say how long and how large something
is, which get values beyond reason.
"""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable, Sequence

from mutation.containers import structure

_NUMBERS = (0, 1, 2, 7, 8, 16, 64, 127, 128, 254, 255, 256, 32767, 32768, 65535, 65536, 1 << 24, 1 << 28)
_NUMBERS += ((1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 32) - 8, (1 << 63) - 1, (1 << 64) - 1)
_SIDES = (
    (17000, 17000),
    (16383, 16383),
    (65535, 4500),
    (65535, 65535),
    (1, 65535),
    (300, 900000),
    (4000, 4000),
    (0, 0),
)
_FLOATS = (float("nan"), float("inf"), -float("inf"), 1e20, -1e30, 1e38, 1e-42, 0.0)


def mutant(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A file with one to five changes.

    Args:
        chance: decides; the same state gives the same mutant.
        data: the file.
        others: files of which parts may be put into it.
    """
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        change = chance.choices(_CHANGES, _WEIGHTS)[0]
        data = change(chance, bytearray(data), others) if len(data) > 8 else data + chance.randbytes(8)
    if data[:8] == b"\x89PNG\r\n\x1a\n" and chance.random() < 0.8:  # else most end at the first sum that is wrong
        data = with_sums(data)
    return bytes(data)


def _set(data: bytearray, place: tuple[int, int, str], value: int) -> None:
    at, size, order = place
    data[at : at + size] = (value % (1 << (8 * size))).to_bytes(size, "little" if order == "<" else "big")


def _change_field(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    fields = structure(bytes(data)).fields
    if not fields:
        at = chance.randrange(min(len(data), 200) - 3)
        fields = [(at, chance.choice((1, 2, 4)), chance.choice("<>"))]
    at, size, order = chance.choice(fields)
    now = int.from_bytes(data[at : at + size], "little" if order == "<" else "big")
    near = (now + 1, now - 1, now * 2, now // 2, now + len(data), -now)
    _set(data, (at, size, order), chance.choice(near) if chance.random() < 0.4 else chance.choice(_NUMBERS))
    return bytes(data)


def _claim_sides(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    width, height = chance.choice(_SIDES)
    if data[:1] == b"P" and data[2:3] in b" \n":
        end = data.find(b"\n", 3)
        return bytes(data[:3] + b"%d %d" % (width, height) + data[max(3, end) :])
    sides = structure(bytes(data)).sides
    if not sides:
        return _change_field(chance, data, others)
    for across, down in sides if chance.random() < 0.7 else [chance.choice(sides)]:
        _set(data, across, width)
        _set(data, down, height)
    at = data.find(b"VP8L")
    if at > 0:
        _set(data, (at + 9, 4, "<"), (width - 1) % 16384 | (height - 1) % 16384 << 14)
    at = data.find(b"VP8X")
    if at > 0:
        data[at + 12 : at + 18] = max(width - 1, 0).to_bytes(3, "little") + max(height - 1, 0).to_bytes(3, "little")
    return bytes(data)


def _move_piece(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    pieces = structure(bytes(data)).pieces
    if len(pieces) < 2:
        return _splice(chance, data, others)
    (start, end), (other, stop) = sorted((chance.choice(pieces), chance.choice(pieces)))
    kind = chance.randrange(4)
    if kind == 0:
        del data[start:end]
    elif kind == 1:
        data[end:end] = data[start:end] * chance.choice((1, 1, 2, 50))
    elif kind == 2 and end <= other:
        data[start:stop] = data[other:stop] + data[end:other] + data[start:end]
    else:
        another = chance.choice(others)
        theirs = structure(another).pieces
        if theirs:
            first, last = chance.choice(theirs)
            data[start:start] = another[first:last]
    return bytes(data)


def _splice(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    another, at = chance.choice(others), chance.randrange(len(data))
    start = chance.randrange(max(1, len(another)))
    taken = another[start : start + chance.randrange(1, 3000)]
    return bytes(data[:at] + taken + (data[at:] if chance.random() < 0.5 else b""))


def _cut(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    return bytes(data[: chance.randrange(1, len(data))])


def _change_bytes(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    most = len(data) if chance.random() < 0.5 else min(len(data), 300)
    for _ in range(chance.choice((1, 1, 3, 10, 50))):
        at = chance.randrange(most)
        data[at] = data[at] ^ 1 << chance.randrange(8) if chance.random() < 0.6 else chance.choice((0, 255, 128, 127))
    return bytes(data)


def _change_run(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    at, size = chance.randrange(len(data)), chance.choice((1, 4, 16, 60, 400))
    inserted = (b"", bytes(size), chance.randbytes(size), bytes(data[at : at + size]) * 2)
    data[at : at + chance.choice((0, size))] = chance.choice(inserted)
    return bytes(data)


def _change_floats(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) - 7) & ~3
    for place in range(at, min(at + 4 * chance.choice((1, 1, 40)), len(data) - 3), 4):
        struct.pack_into(chance.choice("<>") + "f", data, place, chance.choice(_FLOATS))
    return bytes(data)


Change = Callable[[random.Random, bytearray, Sequence[bytes]], bytes]
_CHANGES: tuple[Change, ...] = (
    *(_change_field, _claim_sides, _move_piece, _splice),
    *(_cut, _change_bytes, _change_run, _change_floats),
)
_WEIGHTS = (6, 2, 4, 2, 2, 4, 3, 1)


def with_sums(data: bytes) -> bytes:
    """A PNG whose chunks have the right checksums."""
    out = bytearray(data)
    for start, end in structure(data).pieces:
        if end <= len(data):
            out[end - 4 : end] = struct.pack(">I", zlib.crc32(data[start + 4 : end - 4]))
    return bytes(out)


def tensors_mutant(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A file of safetensors with changes in its header, in its values, or as :func:`mutant` makes them."""
    size = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + size])
        names = [name for name in header if name != "__metadata__"]
    except ValueError:
        return mutant(chance, data, others)
    kind = chance.randrange(5)
    if kind == 0 or not names:
        return mutant(chance, data, others)
    body = bytearray(data[8 + size :])
    name = chance.choice(names)
    about = header[name]
    start, end = about["data_offsets"]
    if kind == 1:
        values = b"".join(_number(chance, about["dtype"]) for _ in range(chance.choice((1, 1, 8, 2000))))
        at = start + chance.randrange(max(1, end - start)) // 4 * 4
        body[at : at + len(values)] = values[: end - at]
    elif kind == 2:
        key = chance.choice(("dtype", "shape", "data_offsets"))
        about[key] = _odd(chance, key, about[key])
    elif kind == 3:
        known = header.setdefault("__metadata__", {})
        key = chance.choice([*known, "id", "network", "format"])
        texts = ("", "x" * 3000, "{}", "[]", "null", '{"half": 1e9}', "\x00", "-1", "9" * 400, known.get(key, "")[:-1])
        known[key] = chance.choice((*texts, None, 1, [], {}))
        if chance.random() < 0.3:
            del known[key]
    else:
        other = chance.choice(("", "x", "scale", "shift", "\x00", name + ".0", name[:-1], "conv9_9.weight"))
        header[other] = header.pop(name)
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + bytes(body)


def _number(chance: random.Random, dtype: str) -> bytes:
    value = chance.choice(_FLOATS)
    code = {"F16": "e", "F32": "f", "F64": "d"}.get(dtype)
    if code == "e" and abs(value) > 65504:
        value = float("inf")
    return struct.pack("<" + code, value) if code else chance.randbytes(4)


def _odd(chance: random.Random, key: str, now: object) -> object:
    if key == "dtype":
        return chance.choice(("F16", "BF16", "F64", "F8_E4M3", "I8", "U64", "BOOL", "C64", "X", "", None, 3))
    odd: list[object] = [[], [0], [-1], [1 << 40], [1 << 63, 1 << 63], [1] * 70, None, "x", [1.5], [[]]]
    if isinstance(now, list) and now:
        odd += [now[::-1], now[:-1], [*now, 1], [now[0] + 1, *now[1:]], [now[0] // 2, *now[1:]]]
    return chance.choice(odd)
