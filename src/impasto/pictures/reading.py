"""Picture files, whole, to pictures; whatever goes wrong is one sentence."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from PIL import Image, ImageFile, MpoImagePlugin

from impasto.errors import ImpastoError, InputError, Sentence
from impasto.memory import MAX_PIXELS
from impasto.pictures import claims, formats, messages
from impasto.pictures.decoding import decode_file
from impasto.pictures.picture import Picture

T = TypeVar("T")
log = messages.logger(__name__)

_MP_ENTRIES = 0xB002  # tag of an MPO that describes each of its pictures
_NAMELESS = "The picture"  # how messages call what has no name


def read_picture(
    source: str | Path | bytes | BinaryIO, *, max_pixels: int = MAX_PIXELS, compact: int = 0, at_least: int = 0
) -> Picture:
    """Read a picture; of an animation, its first frame.

    Args:
        source: a path, the bytes of a file, or a file opened in binary mode.
        max_pixels: refuse anything larger, before decoding it.
        compact: keep the file's own 8 or 16 bits a sample, a quarter or half of the memory of float32, if the
            picture has more pixels than this; 0 always converts to float32.
        at_least: pixels of the shorter side that are enough, see :func:`~impasto.pictures.decoding.decode_file`.

    Raises:
        InputError: there is no such file, or it is no picture, damaged or too large.
        MissingExtraError: a HEIC file, and the extra ``heic`` is not installed.
    """
    name, format, data = _loaded(source)
    with messages.about("" if name == _NAMELESS else name):
        return _decoded(name, format, data, max_pixels, compact, at_least)


def open_picture(source: str | Path) -> ImageFile.ImageFile:
    """Open a picture file whose frames are then asked of Pillow.

    Raises:
        InputError: there is no such file, or it is no picture, damaged, or claims more than it can hold.
        MissingExtraError: a HEIC file, and the extra ``heic`` is not installed.
    """
    name, format, data = _loaded(source)
    with messages.about(name), _sentences(name):
        image = formats.open_bytes(data, format)
        claims.check_claim(name, image, len(data), compact=True)
        return image


def _decoded(name: str, format: str, data: bytes, max_pixels: int, compact: int, at_least: int) -> Picture:
    """Decode the content of a file; see :func:`read_picture`."""
    with _sentences(name):
        image = formats.open_bytes(data, format)
        width, height = image.size
        check_pixel_count(name, width, height, max_pixels)
        keep = 0 < compact < width * height
        claims.check_claim(name, image, len(data), compact=keep)
        messages.say_notices(image, log)
        _say_what_is_one_of_many(image)
        return decode_file(image, data, compact=keep, at_least=at_least)


def _say_what_is_one_of_many(image: ImageFile.ImageFile) -> None:
    """Log that only one picture of an animation or a collection is taken."""
    if image.format in ("GIF", "PNG", "WEBP", "AVIF") and getattr(image, "is_animated", False):
        text = "it is an animation, of which the first picture is taken; impasto video repaints all of it"
        messages.warn(log, Sentence(text, "picture_animation"))
    elif image.format in ("HEIF", "MPO"):
        # Beside its picture, an MPO often has a preview of it or a gain map.
        mpinfo = image.mpinfo if isinstance(image, MpoImagePlugin.MpoImageFile) else None
        entries = (mpinfo or {}).get(_MP_ENTRIES, [])
        count = sum("Multi-Frame" in entry["Attribute"]["MPType"] for entry in entries)
        count = count or (getattr(image, "n_frames", 1) if image.format == "HEIF" else 1)
        if count > 1:
            text = f"it holds {count} pictures: the main one is taken, the others are left out"
            messages.warn(log, Sentence(text, "picture_one_of_many", count=count))
        if any("hdrgainmap" in kind for kind in image.info.get("aux", ())):
            what = "the gain map (HDR)"
            messages.warn(log, Sentence(f"left out, as a painting has none: {what}", "parts_left_out", what=what))


@contextmanager
def _sentences(name: str) -> Iterator[None]:
    """Have whatever goes wrong in a block be one sentence about the file of a name.

    Raises:
        InputError: the block raised something; errors of our own come through.
    """
    try:
        yield
    except ImpastoError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's global limit, heeded by its GIF (and old WebP) decoder
        text = f"{name} has too many pixels for its format: save it as PNG or TIFF."
        raise InputError(text, key="cannot_decode") from error
    except MemoryError as error:
        raise InputError(
            f"{name} is too large for this computer's memory: shrink it first.", key="no_memory"
        ) from error
    except Exception as error:  # a damaged file can make a decoder raise anything
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise InputError(
            f"{name} cannot be decoded ({reason}): it is damaged, cut off or of an unusual kind; "
            "get it afresh, or convert it to PNG.",
            key="cannot_decode",
        ) from error


def check_pixel_count(name: str, width: int, height: int, most: int) -> None:
    """Refuse a picture of too many pixels.

    Args:
        name: how the message calls it.
        width, height: its size.
        most: pixels that it may have.

    Raises:
        InputError: it has more.
    """
    if width * height > most:
        raise InputError(
            f"{name} has {width} x {height} pixels, more than the limit of {most:,}: shrink it, or raise the limit.",
            key="too_many_pixels",
            width=width,
            height=height,
            limit=most / 1e6,
        )


def size_of_file(path: Path) -> tuple[int, int] | None:
    """Width and height from a file's header, before it is turned upright; None if they cannot be read."""
    return from_header(path, lambda image: image.size)


def has_transparency(path: Path) -> bool:
    """Whether a file may be transparent anywhere, from its header; also False if that cannot be read."""
    return bool(from_header(path, lambda image: image.has_transparency_data))


def from_header(source: Path | bytes, fact: Callable[[Image.Image], T]) -> T | None:
    """What the header of a file, or of its bytes, tells; None if it cannot be read."""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            format = formats.identify_format(_NAMELESS, file.read(64))
            file.seek(0)
            return fact(formats.open_header(file, format))
    except Exception:  # reading it says what is wrong
        return None


def _loaded(source: str | Path | bytes | BinaryIO) -> tuple[str, str, bytes]:
    """Name (for messages), format and content of a source.

    Raises:
        InputError: it cannot be read, or is no picture.
    """
    if isinstance(source, bytes):
        return _NAMELESS, formats.identify_format(_NAMELESS, source[:64]), source
    if not isinstance(source, str | Path):
        name = str(getattr(source, "name", _NAMELESS))
        return _loaded_from(name, source)
    path = Path(source)
    try:
        with path.open("rb") as file:
            return _loaded_from(str(path), file)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check its name and folder.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, not a picture: name a file in it.") from error
    except PermissionError as error:
        if path.is_dir():  # Windows refuses to open a folder with this error
            raise InputError(f"{path} is a folder, not a picture: name a file in it.") from error
        raise InputError(f"{path} cannot be read, permission denied: change its permissions.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}): check its name and the disk.") from error


def _loaded_from(name: str, file: BinaryIO) -> tuple[str, str, bytes]:
    """Name, format and content of an open file; the format is found first, so that no film is loaded in vain."""
    head = file.read(64)
    return name, formats.identify_format(name, head), head + file.read()
