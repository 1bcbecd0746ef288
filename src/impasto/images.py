"""Pictures in and out: files, bytes, Pillow images and arrays to and from floating-point RGB.

Whatever comes in (grey, palette, CMYK, 16 bits, any colour profile, any orientation) becomes a
:class:`Picture`: upright sRGB in [0, 1] with its transparency beside it. What goes out is tagged as
sRGB, keeps 16 bits and transparency where the format can hold them, and keeps the metadata.

No function here touches global state, so all of them may run in several threads at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

from impasto import _deep, _encode, _formats, _icc, _metadata
from impasto._formats import FORMATS
from impasto._metadata import Metadata
from impasto._picture import Picture, samples, unit
from impasto._resample import enlarged, fill_transparent, resized, shrunk
from impasto.errors import ImpastoError, InputError, OutputError
from impasto.files import atomic_path

if TYPE_CHECKING:
    from impasto.canvas import Rows

log = logging.getLogger(__name__)

__all__ = [
    "QUALITY",
    "READ_SUFFIXES",
    "STREAMED",
    "WRITE_SUFFIXES",
    "Metadata",
    "Picture",
    "Source",
    "beside",
    "check_apart",
    "check_longest",
    "encode",
    "enlarged",
    "fill_transparent",
    "from_array",
    "from_pil",
    "like",
    "of",
    "output_format",
    "read",
    "resized",
    "samples",
    "shrunk",
    "size_of",
    "suffix_of",
    "to_array",
    "to_pil",
    "unit",
    "writable",
    "write",
    "write_rows",
]

Array = np.ndarray
Floats = NDArray[np.float32]
Source = str | Path | bytes | Image.Image | Array | Picture
"""Whatever holds a picture: a path, an encoded file's bytes, a PIL image, an array, or a picture."""

QUALITY = 95
"""Of what is written in a format that loses something, where nobody asks for another."""

_WRITABLE = {name: format for name, format in FORMATS.items() if format.writable}
READ_SUFFIXES = tuple(suffix for format in FORMATS.values() for suffix in format.suffixes)
"""Suffixes of the files that can be read, lower case."""
WRITE_SUFFIXES = tuple(suffix for format in _WRITABLE.values() for suffix in format.suffixes)
"""Suffixes of the files that can be written, lower case."""


# ---- in -------------------------------------------------------------------------------------------


def of(source: Source, *, max_pixels: int = 300_000_000, compact: int = 0) -> Picture:
    """The picture in whatever holds one; :func:`like` is the way back.

    Args:
        source: for arrays see :func:`from_array`.
        max_pixels, compact: as for :func:`read`.

    Raises:
        InputError: it holds none, or one that cannot be used.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, str | Path | bytes):
        return read(source, max_pixels=max_pixels, compact=compact)
    if isinstance(source, Image.Image):
        _check_pixels("The image", *source.size, max_pixels)
        return from_pil(source, compact=compact)
    if isinstance(source, np.ndarray):
        if source.ndim > 1:
            _check_pixels("The array", source.shape[1], source.shape[0], max_pixels)
        return from_array(source, compact=compact)
    raise InputError(
        f"A picture cannot be made from {type(source).__name__}; give a path, bytes, a PIL image or an array."
    )


def read(source: str | Path | bytes | BinaryIO, *, max_pixels: int = 300_000_000, compact: int = 0) -> Picture:
    """Read a picture; of an animation, its first frame.

    Args:
        source: a path, the bytes of a file, or a file opened in binary mode.
        max_pixels: refuse anything larger, before decoding it.
        compact: keep the file's own 8 or 16 bits a sample, a quarter or half of the memory, if the picture has
            more pixels than this; 0 never does.

    Raises:
        InputError: there is no such file, or it is no picture, damaged or too large.
        MissingExtraError: a HEIC file, and the extra ``heic`` is not installed.
    """
    name, format, data = _loaded(source)
    try:
        image = _formats.opened(data, format)
        width, height = image.size
        _check_pixels(name, width, height, max_pixels)
        deep = _deep.samples(_unlimited(image), lambda: _unlimited(_formats.opened(data, format)))
        return _picture(image, deep, 0 < compact < width * height)
    except ImpastoError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's global limit, heeded by its GIF (and old WebP) decoder
        raise InputError(f"{name} has too many pixels for its format: save it as PNG or TIFF.") from error
    except MemoryError as error:
        raise InputError(f"{name} is too large for this computer's memory: shrink it first.") from error
    except Exception as error:  # a damaged file can make a decoder raise anything
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise InputError(
            f"{name} cannot be decoded ({reason}): it is damaged, cut off or of an unusual kind; "
            "get it afresh, or convert it to PNG."
        ) from error


def _check_pixels(name: str, width: int, height: int, most: int) -> None:
    if width * height > most:
        raise InputError(
            f"{name} has {width} x {height} pixels, more than the limit of {most:,}: shrink it, or raise the limit."
        )


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height of a file, as it lies there, from its header; ``None`` if it cannot be read."""
    try:
        with path.open("rb") as file:
            format = _formats.identified(str(path), file.read(64))
            file.seek(0)
            return _formats.lazily_opened(file, format).size
    except Exception:  # reading it says what is wrong
        return None


def from_pil(image: Image.Image, *, compact: int = 0) -> Picture:
    """Take over a Pillow image, as :func:`read` would its file (orientation and profile are applied)."""
    if image.width == 0 or image.height == 0:
        raise InputError("The image has no pixels: give one of at least 1 x 1.")
    try:
        return _picture(image, None, 0 < compact < image.width * image.height)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"The image of mode {image.mode} cannot be used: {error}.") from error


def from_array(a: Array, *, compact: int = 0) -> Picture:
    """Take over an array: H x W, or H x W x 1, 3 or 4; uint8, uint16, or floating point in [0, 1].

    The array is taken to be sRGB; a fourth channel is alpha, not premultiplied.
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
    colour = a[..., :3] if keep else unit(a[..., :3])
    return Picture(_as_rgb(colour), _opacity(alpha, keep), 8 if a.dtype == np.uint8 else 16)


def _loaded(source: str | Path | bytes | BinaryIO) -> tuple[str, str, bytes]:
    """Name, format and content. The format is found first, so that a film is not loaded in vain."""
    if isinstance(source, bytes):
        return "The picture", _formats.identified("The picture", source[:64]), source
    if not isinstance(source, str | Path):
        name = str(getattr(source, "name", "The picture"))
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
        if path.is_dir():  # so says Windows
            raise InputError(f"{path} is a folder, not a picture: name a file in it.") from error
        raise InputError(f"{path} cannot be read, permission denied: change its permissions.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}): check its name and the disk.") from error


def _loaded_from(name: str, file: BinaryIO) -> tuple[str, str, bytes]:
    head = file.read(64)
    return name, _formats.identified(name, head), head + file.read()


def _unlimited(image: ImageFile.ImageFile) -> ImageFile.ImageFile:
    """A TIFF with room for its pixels, which Pillow would make only below its global limit."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        image.im = Image.new(image.mode, image._tile_size).im
    return image


def _picture(image: Image.Image, deep: Array | None, compact: bool) -> Picture:
    """Make the picture; ``deep`` has its 16-bit samples if there are more than the image's own."""
    image.load()
    if deep is not None:
        colour, alpha = (deep[..., :-1], deep[..., -1]) if deep.shape[2] in (2, 4) else (deep, None)
    else:
        colour, alpha = _samples(image)
    bits = 8 if colour.dtype == np.uint8 else 16
    key = image.info.get("transparency")
    if alpha is None and bits == 16 and key is not None:  # PNG: one colour stands for "nothing here"
        alpha = (colour != np.array(key)).any(axis=2) * colour.dtype.type(np.iinfo(colour.dtype).max)
    profile = _usable(image.info.get("icc_profile"), colour) if image.mode != "LAB" else None  # which needs none
    rgb = _compact_srgb(colour, profile) if compact and colour.dtype.kind == "u" else _to_srgb(unit(colour), profile)
    # Only after loading: a TIFF is turned upright by Pillow itself, which then says so.
    turn = _UPRIGHT.get(_orientation(image), np.asarray)
    opacity = _opacity(alpha, rgb.dtype.kind == "u")
    return Picture(
        rgb=np.ascontiguousarray(turn(rgb)),
        alpha=None if opacity is None else np.ascontiguousarray(turn(opacity)),
        bits=bits,
        format="JPEG" if image.format == "MPO" else image.format,  # a phone's JPEG with a second picture in it
        metadata=_metadata.read(image),
    )


_UPRIGHT: dict[int, Callable[[Array], Array]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_metadata.ORIENTATION, 1))
    except Exception as error:  # Pillow's parser fails in many ways
        log.warning("orientation ignored because the EXIF cannot be read: %s", error)
        return 1


def _samples(image: Image.Image) -> tuple[Array, Array | None]:
    """Colour, H x W x 1 (grey), 3 (RGB) or 4 (CMYK), and alpha."""
    mode = image.mode
    if mode.startswith("I;16"):
        return _deep.grey_samples(image), None
    if mode == "I":
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise InputError("The picture has 32-bit samples beyond 0 to 65535: scale it to 16 bits first.")
        return wide.astype(np.uint16)[..., None], None
    if mode == "F":
        return np.asarray(image)[..., None], None
    if mode == "LAB":
        return np.asarray(_icc.lab_to_rgb(image)), None
    if mode == "CMYK":
        inks = np.asarray(image)
        # Pillow takes every CMYK JPEG for Adobe's, which are inverted; those without its mark are not.
        return 255 - inks if image.format == "JPEG" and "adobe" not in image.info else inks, None
    if image.has_transparency_data:
        both = np.asarray(image.convert("LA" if mode in ("1", "L", "LA", "La") else "RGBA"))
        return both[..., :-1], both[..., -1]
    if mode in ("1", "L"):
        return np.asarray(image.convert("L"))[..., None], None
    return np.asarray(image if mode == "RGB" else image.convert("RGB")), None


def _opacity(alpha: Array | None, compact: bool = False) -> Array | None:
    if alpha is None:
        return None
    opacity = np.ascontiguousarray(alpha if compact else unit(alpha))
    return None if opacity.min() >= (np.iinfo(alpha.dtype).max if compact else 1) else opacity


def _as_rgb(colour: Array) -> Array:
    return np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else np.ascontiguousarray(colour)


def _compact_srgb(colour: Array, profile: bytes | None) -> Array:
    """As :func:`_to_srgb`, a few rows at a time, in the samples' own type."""
    if profile is None and colour.shape[2] != 4:
        return _as_rgb(colour)
    out = np.empty((*colour.shape[:2], 3), colour.dtype)
    for row in range(0, len(out), 256):
        part = slice(row, row + 256)
        out[part] = samples(_to_srgb(unit(colour[part]), profile), out.dtype)
    return out


def _to_srgb(colour: Floats, profile: bytes | None) -> Floats:
    if profile:
        return _icc.to_srgb(_as_rgb(colour) if _icc.channels(profile) == 3 else colour, profile)
    if colour.shape[2] == 4:  # CMYK of unknown inks
        return (1 - colour[..., :3]) * (1 - colour[..., 3:])
    return _as_rgb(colour)


def _usable(profile: bytes | None, colour: Array) -> bytes | None:
    """The profile if a picture of such samples can be converted with it; that it cannot is said, once a picture."""
    if not profile:
        return None
    try:
        wanted, given = _icc.channels(profile), colour.shape[2]
        if wanted != given and (wanted, given) != (3, 1):
            raise _icc.ProfileError(f"it is for {wanted} channels and the picture has {given}")
        _icc.to_srgb(np.zeros((1, 1, wanted), np.float32), profile)
    except _icc.ProfileError as error:
        log.warning("colour profile ignored because it cannot be used: %s", error)
        return None
    return profile


# ---- out ------------------------------------------------------------------------------------------


def like(
    picture: Picture, source: bytes | Image.Image | Array | Picture, settings: str | None = None
) -> bytes | Image.Image | Array | Picture:
    """A picture in the kind of thing that another came in; :func:`of` is the way there.

    Args:
        picture: what was made of the source.
        source: bytes give bytes, in the same format if it can be written; an array one of the same type.
        settings: for bytes: one line on how it was made; see :func:`write`.
    """
    if isinstance(source, Picture):
        return picture
    if isinstance(source, bytes):
        return encode(picture, writable(picture.format), settings=settings)
    return to_array(picture, source) if isinstance(source, np.ndarray) else to_pil(picture)


def beside(source: Path, style: str) -> Path:
    """Where a result goes that nobody named: ``photo.jpg`` in scream to ``photo-scream.jpg``.

    Kinds that cannot be written become PNG.
    """
    suffix = source.suffix if source.suffix.lower() in WRITE_SUFFIXES else ".png"
    return source.with_name(f"{source.stem}-{Path(style).name}{suffix}")


def check_apart(results: Iterable[tuple[Path, Path]]) -> dict[Path, Path]:
    """Sources by their targets, from pairs of source and target; the same source twice is no matter.

    Raises:
        InputError: two sources have one target.
    """
    taken: dict[Path, Path] = {}
    for source, target in results:
        if (other := taken.setdefault(target, source)) != source:
            raise InputError(
                f"{other} and {source} would both become {target}; paint one by itself, with another output."
            )
    return taken


def to_pil(picture: Picture) -> Image.Image:
    """An 8-bit image, RGBA if the picture is transparent anywhere and else RGB."""
    return Image.fromarray(_encode.stacked(picture, 8))


def to_array(picture: Picture, like: Array) -> Array:
    """An array of the type of ``like``: H x W x 3, or 4 if the picture or ``like`` has alpha."""
    like = np.asarray(like)
    if picture.alpha is None and like.ndim == 3 and like.shape[2] == 4:
        picture = replace(picture, alpha=np.ones(picture.rgb.shape[:2], np.float32))
    bits = {np.dtype(np.uint8): 8, np.dtype(np.uint16): 16}.get(like.dtype, 0)
    out = _encode.stacked(picture, bits).astype(like.dtype, copy=False)
    return out.copy() if np.may_share_memory(out, like) else out  # one that nothing was done to, as with strength 0


def write(
    picture: Picture,
    path: str | Path,
    *,
    format: str | None = None,
    quality: int = QUALITY,
    strip: bool = False,
    settings: str | None = None,
) -> None:
    """Write a picture to a file, which appears whole or not at all; missing folders are made.

    Args:
        picture: the picture.
        path: the file; its suffix names the format unless ``format`` does.
        format: a format's name or suffix.
        quality: 1 to 100, for the formats that lose something.
        strip: leave the source's metadata out.
        settings: one line on how the result was made, kept as EXIF ``Software`` (PNG: a text of that name).

    Raises:
        OutputError: the format is unknown or cannot hold the picture, or the file cannot be written.
    """
    data = encode(picture, output_format(path, format), quality=quality, strip=strip, settings=settings)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


STREAMED = ("PNG", "TIFF")
"""Formats that :func:`write_rows` can write."""


def write_rows(
    parts: Iterable[Picture],
    whole: Rows,
    path: str | Path,
    *,
    format: str | None = None,
    metadata: Metadata | None = None,
    strip: bool = False,
    settings: str | None = None,
) -> None:
    """Write a PNG or TIFF that need not fit into memory; see :func:`write`.

    Args:
        parts: its rows from top to bottom, any number at a time.
        whole: a picture of the same size, depth and transparency.
        path, format, strip, settings: as for :func:`write`.
        metadata: what to keep.
    """
    target = FORMATS[output_format(path, format)]
    kept = Metadata() if strip or metadata is None else metadata
    _encode.warn_of_losses(kept, target)
    with atomic_path(path) as temporary, temporary.open("r+b") as out:
        _encode.streamed(parts, whole, target, kept, settings, out)


def encode(
    picture: Picture, format: str, *, quality: int = QUALITY, strip: bool = False, settings: str | None = None
) -> bytes:
    """The bytes of the file that :func:`write` would write."""
    target = FORMATS[output_format("", format)]
    check_longest(max(picture.size), format)
    if not 1 <= quality <= 100:
        raise OutputError(f"A quality of {quality} is outside 1 to 100: choose one in between.")
    metadata = Metadata() if strip else picture.metadata
    _encode.warn_of_losses(metadata, target)
    try:
        return _encode.encoded(picture, target, quality, metadata, settings)
    except ImpastoError:
        raise
    except Exception as error:
        if metadata == Metadata():
            raise OutputError(f"The result cannot be written as {target.name} ({error}): choose another.") from error
        log.warning("metadata left out because %s cannot hold it: %s", target.name, error)
    return encode(picture, format, quality=quality, strip=True, settings=settings)


def check_longest(longest: int, format: str) -> None:
    """Refuse a result whose longer side has so many pixels, before the work.

    Raises:
        OutputError: the format does not allow them.
    """
    target = FORMATS[output_format("", format)]
    if target.longest and longest > target.longest:
        raise OutputError(
            f"{target.name} allows {target.longest} pixels along a side and the result has {longest}: "
            "choose a smaller size, or write PNG or TIFF."
        )


def output_format(path: str | Path, format: str | None = None) -> str:
    """The name of the format to write: Pillow's, except that ``PGM`` is told from ``PPM``.

    Args:
        path: the file, whose suffix names the format.
        format: a format's name or suffix, instead of the path's.

    Raises:
        OutputError: there is no such format, or this Pillow lacks it.
    """
    wanted = (Path(path).suffix if format is None else format).strip().lower().removeprefix(".")
    for name, found in _WRITABLE.items():
        if wanted == name.lower() or f".{wanted}" in found.suffixes:
            if name not in Image.SAVE and name != "PGM":
                raise OutputError(f"This Pillow lacks {name}: install its own wheel, or choose another format.")
            return name
    asked = f"{path} names" if format is None else f"{format!r} is"
    raise OutputError(f"{asked.lstrip()} no format that can be written: choose {', '.join(_WRITABLE)}.")


def suffix_of(format: str) -> str:
    """The usual suffix of a format's files."""
    return FORMATS[output_format("", format)].suffixes[0]


def writable(format: str | None) -> str:
    """The format itself if it can be written, else PNG (GIF, BMP, HEIC)."""
    try:
        return output_format("", format)
    except OutputError:
        return "PNG"
