"""Whatever holds a picture (path, bytes, open file, PIL image, array, tensor) to one, and back to the same kind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

import numpy as np
from PIL import Image

from impasto.errors import InputError
from impasto.memory import MAX_PIXELS
from impasto.pictures import encoding
from impasto.pictures.decoding import Array, from_pil, opacity_or_none, to_three_channels
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.reading import check_pixel_count, read_picture
from impasto.pictures.tensors import Tensor, array_to_tensor, is_tensor, tensor_to_array
from impasto.pictures.writing import encode_picture, writable_format

Held = bytes | BinaryIO | Image.Image | Array | Tensor | Picture
"""Whatever holds a picture in memory: an encoded file's bytes, an open file, a PIL image, an array or tensor."""
Source = str | Path | Held
"""Whatever holds a picture: a path, or one in memory."""
_BYTES = (bytes, bytearray, memoryview)


def is_held(value: object) -> TypeGuard[Held]:
    """Whether something is of a kind that can hold a picture in memory; a path is not."""
    return isinstance(value, (*_BYTES, Image.Image, np.ndarray, Picture)) or is_tensor(value) or hasattr(value, "read")


def as_picture(source: Source, *, max_pixels: int = MAX_PIXELS, compact: int = 0) -> Picture:
    """The picture in whatever holds one; :func:`in_kind_of` is the way back.

    Args:
        source: whatever holds a picture; see :func:`from_array` for the arrays that can be given.
        max_pixels, compact: as for :func:`~impasto.pictures.reading.read_picture`.

    Raises:
        InputError: it holds none, or one that cannot be used.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, str | Path):
        return read_picture(source, max_pixels=max_pixels, compact=compact)
    if isinstance(source, _BYTES):
        return read_picture(bytes(source), max_pixels=max_pixels, compact=compact)
    if isinstance(source, Image.Image):
        check_pixel_count("The image", *source.size, max_pixels)
        return from_pil(source, compact=compact)
    if isinstance(source, np.ndarray):
        if source.ndim > 1:
            check_pixel_count("The array", source.shape[1], source.shape[0], max_pixels)
        return from_array(source, compact=compact)
    if is_tensor(source):
        return as_picture(tensor_to_array(source), max_pixels=max_pixels, compact=compact)
    if hasattr(source, "read"):
        return read_picture(content_of(source), max_pixels=max_pixels, compact=compact)
    raise InputError(
        f"A picture cannot be made from {type(source).__name__}; give a path, bytes, an open file, a PIL image, an "
        "array or a tensor."
    )


def content_of(file: Any) -> bytes:
    """What an open file holds from where it stands.

    Raises:
        InputError: it cannot be read, or was opened as text.
    """
    try:
        content = file.read()
    except (OSError, ValueError, TypeError) as error:  # closed, opened for writing, or text of another encoding
        raise InputError(f"The open file cannot be read ({error}): open it for reading, in binary mode.") from error
    if not isinstance(content, bytes):
        raise InputError("The open file gives text, not bytes: open it in binary mode, as open(path, 'rb').")
    return content


def from_array(a: Array, *, compact: int = 0) -> Picture:
    """Take over an array, which is taken to be sRGB.

    Args:
        a: H x W, or H x W x 1, 3 or 4; uint8, uint16, or floating point in [0, 1]. A fourth channel is alpha, not
            premultiplied.
        compact: as for :func:`~impasto.pictures.reading.read_picture`.

    Raises:
        InputError: it has another shape or type, no pixels, or values beyond [0, 1].
    """
    a = np.asarray(a)
    if a.ndim not in (2, 3) or (a.ndim == 3 and a.shape[2] not in (1, 3, 4)):
        raise InputError(f"An array of shape {a.shape} is no picture: give H x W, or H x W x 1, 3 or 4.")
    if a.size == 0:
        raise InputError(f"An array of shape {a.shape} has no pixels: give at least 1 x 1.")
    if a.dtype not in (np.uint8, np.uint16) and a.dtype.kind != "f":
        raise InputError(f"An array of {a.dtype} is no picture: convert it to uint8, uint16 or float32.")
    a = a if a.ndim == 3 else a[..., None]
    a = a.copy() if a.dtype == np.float32 else a  # whoever gave it may change it
    alpha = a[..., 3] if a.shape[2] == 4 else None
    keep = 0 < compact < a.shape[0] * a.shape[1] and a.dtype.kind == "u"
    colour = a[..., :3] if keep else to_unit_range(a[..., :3])
    return Picture(to_three_channels(colour), opacity_or_none(alpha, keep), 8 if a.dtype == np.uint8 else 16)


def in_kind_of(picture: Picture, source: Held, note: str | None = None) -> Any:
    """A picture as the kind of thing that another came in; :func:`as_picture` is the way there.

    Args:
        picture: what was made of the source.
        source: bytes and an open file give bytes, in the same format if it can be written, else PNG; an array gives one
            of its type, a tensor one of its type on its device.
        note: for bytes: one line on how it was made; see :func:`~impasto.pictures.writing.write_picture`.
    """
    if isinstance(source, Picture):
        return picture
    if isinstance(source, np.ndarray):
        return to_array(picture, source)
    if isinstance(source, Image.Image):
        return to_pil(picture)
    if is_tensor(source):
        return array_to_tensor(to_array(picture, tensor_to_array(source)), source)
    return encode_picture(picture, writable_format(picture.format), note=note)


def is_stack(source: object) -> bool:
    """Whether something is an array or a tensor of several pictures: one with four axes."""
    return (isinstance(source, np.ndarray) or is_tensor(source)) and source.ndim == 4


def unstack(stack: Any) -> list[Any]:
    """The pictures of an array, N x H x W x C, or of a tensor, N x C x H x W.

    Raises:
        InputError: it has none, or its shape is that of neither.
    """
    shape, first = tuple(stack.shape), isinstance(stack, np.ndarray)
    expected = "N x H x W x 3" if first else "N x 3 x H x W"
    if shape[3 if first else 1] not in (1, 3, 4):
        raise InputError(f"An array of shape {shape} holds no pictures: give {expected}.")
    if 0 in shape:
        raise InputError(f"An array of shape {shape} has no pixels: give {expected}, with at least one picture.")
    return list(stack)


def restack(pictures: Sequence[Any], like: Any) -> Any:
    """Pictures of one size as one array or tensor; :func:`unstack` is the way there."""
    return np.stack(pictures) if isinstance(like, np.ndarray) else sys.modules["torch"].stack(list(pictures))


def to_pil(picture: Picture) -> Image.Image:
    """An 8-bit image, RGBA if the picture is transparent anywhere and else RGB."""
    return Image.fromarray(encoding.stack_channels(picture, 8))


def to_array(picture: Picture, like: Array) -> Array:
    """An array of the type of ``like``: H x W x 3, or 4 if the picture or ``like`` has alpha."""
    like = np.asarray(like)
    if picture.alpha is None and like.ndim == 3 and like.shape[2] == 4:
        picture = replace(picture, alpha=np.ones(picture.rgb.shape[:2], np.float32))
    bits = {np.dtype(np.uint8): 8, np.dtype(np.uint16): 16}.get(like.dtype, 0)
    out = encoding.stack_channels(picture, bits).astype(like.dtype, copy=False)
    # The picture can be the source itself, as with strength 0, and the caller may change what is returned.
    return out.copy() if np.may_share_memory(out, like) else out
