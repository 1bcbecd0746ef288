"""The elements that Matroska files are made of: an id, a length, and the content (EBML)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\x1a\x45\xdf\xa3"  # the first bytes of Matroska and WebM
SEGMENT, CLUSTER = 0x18538067, 0x1F43B675
LONGEST_HEAD = 12  # bytes of the longest id and length


@dataclass(frozen=True)
class Head:
    """The head of an element.

    Attributes:
        id: of the element, with its marker bits.
        size: of the head itself, in bytes.
        length: of the content, in bytes; ``None``: up to where an element begins that cannot be in this one.
    """

    id: int
    size: int
    length: int | None


def read_head(data: bytes) -> Head | None:
    """The head of the element that begins with the first byte; ``None`` if it is not whole, or none."""
    id_size = _size_of_number(data)
    length_size = _size_of_number(data[id_size:])
    if not id_size or not length_size or len(data) < id_size + length_size:
        return None
    ones = (1 << 7 * length_size) - 1
    length = int.from_bytes(data[id_size : id_size + length_size], "big") & ones
    return Head(int.from_bytes(data[:id_size], "big"), id_size + length_size, None if length == ones else length)


def _size_of_number(data: bytes) -> int:
    """How many bytes a number takes that begins with the first byte; 0 if there is none."""
    return 9 - data[0].bit_length() if data and data[0] else 0


def elements(data: bytes, *path: int) -> Iterator[tuple[int, bytes]]:
    """The elements in a piece of a file: id and content.

    Args:
        data: elements one after the other.
        path: ids of elements to go into, from the outermost on; without it, the outermost elements are given.
    """
    at = 0
    while (head := read_head(data[at : at + LONGEST_HEAD])) is not None:
        at += head.size
        content = data[at:] if head.length is None else data[at : at + head.length]
        if not path:
            yield head.id, content
        elif head.id == path[0]:
            yield from elements(content, *path[1:])
        at += len(content)
        if not content and head.length:
            return
