"""Pictures in memory (PIL images, arrays, tensors, bytes, open files) as the files that a style is learnt from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from impasto.files import temporary_folder
from impasto.pictures import messages
from impasto.pictures.conversion import Held, as_picture
from impasto.pictures.writing import encode_picture

_DIGITS = 6  # hex digits that tell pictures without a name apart


@contextmanager
def file_of(picture: Held) -> Iterator[Path]:
    """A file with a picture that is in memory, for as long as the block lasts.

    Args:
        picture: whatever holds it.

    Yields:
        A PNG file with the same pixels. It is named after the file that a PIL image or an open file came from; a
        picture of unknown origin is named after its content, so that results in two such styles differ in name.

    Raises:
        InputError: it holds no picture, or one that cannot be used.
    """
    origin = getattr(picture, "filename", None) or getattr(picture, "name", None)
    data = encode_picture(as_picture(picture), "PNG", strip=True)
    name = Path(origin).stem if isinstance(origin, str) else ""
    with temporary_folder() as folder:
        path = folder / f"{name or f'picture-{hashlib.sha256(data).hexdigest()[:_DIGITS]}'}.png"
        path.write_bytes(data)
        with messages.called(path, path.name):
            yield path
