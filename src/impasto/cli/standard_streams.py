"""Standard input and output in the place of a file, written as ``-``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.pictures.picture import Picture
from impasto.pictures.writing import encode_picture, writable_format

STANDARD_STREAM = Path("-")  # stands for standard input as a source, and for standard output as a target


def read_standard_input() -> bytes:
    """All that comes on standard input.

    Raises:
        InputError: standard input is empty.
    """
    data = sys.stdin.buffer.read()
    if not data:
        raise InputError("Nothing came on standard input; pipe a picture into it.")
    return data


def write_standard_output(picture: Picture, format: str | None = None, **encoding: Any) -> None:
    """Write a picture to standard output.

    Args:
        picture: what to write.
        format: suffix of the format; ``None``: the one that the picture came in, where that can be written.
        encoding: as for :func:`impasto.pictures.writing.encode_picture`.
    """
    sys.stdout.buffer.write(encode_picture(picture, format or writable_format(picture.format), **encoding))
    sys.stdout.buffer.flush()
