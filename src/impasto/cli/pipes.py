"""``-``: standard input and output in the place of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from impasto import images
from impasto.errors import InputError

STANDARD = Path("-")


def received() -> bytes:
    """All that comes on standard input.

    Raises:
        InputError: nothing does.
    """
    data = sys.stdin.buffer.read()
    if not data:
        raise InputError("Nothing came on standard input; pipe a picture into it.")
    return data


def send(picture: images.Picture, format: str | None = None, **how: Any) -> None:
    """Write a picture to standard output.

    Args:
        format: ``None``: the one that the picture came in, where that can be written.
        how: as for :func:`impasto.images.encode`.
    """
    sys.stdout.buffer.write(images.encode(picture, format or images.writable(picture.format), **how))
    sys.stdout.buffer.flush()
