"""What a picture says about itself: EXIF, XMP, resolution and text, read and made ready to be written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image, PngImagePlugin, TiffImagePlugin

from impasto.errors import Sentence
from impasto.files import printable
from impasto.pictures import messages
from impasto.pictures.xmp import with_size, without_missing_parts, without_places

log = messages.logger(__name__)

ORIENTATION, SOFTWARE = 0x0112, 0x0131
"""Tags of EXIF: how the picture is turned, and the program that made it."""
_EXIF, _GPS, _INTEROP = 0x8769, 0x8825, 0xA005  # tags of EXIF that point to further directories
_COLOUR_SPACE, _WIDTH, _HEIGHT = 0xA001, 0xA002, 0xA003  # tags of EXIF that describe the pixels
_PLACES = (0x9214, 0xA214)  # tags of EXIF that give the subject's place in pixels
_DAMAGE = "damaged EXIF"  # where the ``info`` of a Pillow image keeps what Pillow has warned of

# A TIFF's first directory mixes the description of the picture with that of its storage (sizes,
# strips, colours) and with blocks that hold previews. These tags would be wrong for the result.
_STORAGE = frozenset(
    {*range(254, 260), *range(262, 267), 273, *range(277, 282), *range(284, 294), *range(297, 302)}
    | {*range(317, 348), *range(512, 533), 700, 33723, 34377, 34675, 37724, 50341, 59932}
)


@dataclass(frozen=True)
class Metadata:
    """What is kept of a picture besides its pixels.

    Attributes:
        exif: a block of EXIF (starting with ``Exif\\0\\0``); its orientation is always the normal one.
        xmp: a packet of XMP.
        dpi: horizontal and vertical resolution.
        text: a PNG's texts; the comment of a JPEG or GIF is called ``Comment`` as in a PNG.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: Mapping[str, str] = field(default_factory=dict)


def read_metadata(image: Image.Image) -> Metadata:
    """Take the metadata of a Pillow image; what is broken is left out, which is logged.

    Args:
        image: loaded if it is a PNG, else perhaps only opened.
    """
    info = image.info
    exif, is_turned = None, False
    try:
        directory = Image.Exif()
        with messages.pillow_warnings() as said:
            found = load_exif(image)
            is_turned = _is_turned(found)
            for tag, value in described_tags(found):
                directory[tag] = value
        damage = image.info.pop(_DAMAGE, None) or (said[0] if said else None)
        if damage:
            messages.warn(log, Sentence(f"EXIF is damaged, and part of it left out: {damage}", "exif_damaged"))
        exif = directory.tobytes() if len(directory) else None
    except Exception as error:  # Pillow's parser fails in many ways
        messages.warn(log, Sentence(f"EXIF left out because it cannot be read: {error}", "exif_unreadable"))
    xmp = info.get("xmp")
    if isinstance(xmp, str):
        xmp = xmp.encode()
    if xmp:
        xmp = re.sub(rb"""(tiff:Orientation(?:=["']|>))\d""", rb"\g<1>1", xmp)
        xmp, missing = without_missing_parts(xmp)
        if missing:
            what = ", ".join(missing)
            messages.warn(log, Sentence(f"left out, as a painting has none: {what}", "parts_left_out", what=what))
        if is_turned:
            xmp, missing = without_places(xmp)
            if missing:
                notice = f"left out, since the picture is turned upright: {', '.join(missing)}"
                messages.warn(log, Sentence(notice, "places_left_out"))
    text = {
        key: str(value)
        for key, value in getattr(image, "text", {}).items()
        if not key.startswith(("Raw profile type ", "XML:com.adobe.xmp"))
    }
    if comment := info.get("comment"):
        text["Comment"] = _decoded(comment) if isinstance(comment, bytes) else str(comment)
    return Metadata(exif, xmp or None, _resolution(info.get("dpi")), text)


def load_exif(image: Image.Image) -> Image.Exif:
    """The EXIF of an image; damage is said where the metadata are read. What Pillow raises comes through."""
    with messages.pillow_warnings() as said:
        exif = image.getexif()
    note_damaged_exif(image, said)
    return exif


def note_damaged_exif(image: Image.Image, said: list[str]) -> None:
    """Keep what Pillow has warned of, until the metadata are read."""
    if said:
        image.info[_DAMAGE] = said[0]


def of_result(metadata: Metadata, size: tuple[int, int]) -> Metadata:
    """Metadata of a source as a result of a width and height keeps it."""
    return metadata if metadata.xmp is None else replace(metadata, xmp=with_size(metadata.xmp, size))


def exif_of_result(metadata: Metadata, size: tuple[int, int], note: str | None) -> Image.Exif:
    """The EXIF to write with a result.

    Args:
        metadata: metadata of the source.
        size: width and height of the result.
        note: one line on how the result was made, for ``Software``; None leaves the source's.
    """
    directory = Image.Exif()
    if metadata.exif:
        directory.load(metadata.exif)
        for tag, value in list(directory.items()):
            directory[tag] = _plain(value)
        for tag in (_EXIF, _GPS):
            if tag in directory:
                directory[tag] = {key: _plain(value) for key, value in directory.get_ifd(tag).items()}
        if _EXIF in directory:
            details = directory[_EXIF]
            now = {_COLOUR_SPACE: 1, _WIDTH: size[0], _HEIGHT: size[1]}
            if any(details.get(tag, side) != side for tag, side in ((_WIDTH, size[0]), (_HEIGHT, size[1]))):
                for tag in _PLACES:
                    details.pop(tag, None)
            details.update({tag: value for tag, value in now.items() if tag in details})
    if note:
        directory[SOFTWARE] = printable(note).encode()
    return directory


def png_texts(metadata: Metadata, note: str | None) -> PngImagePlugin.PngInfo:
    """The text and XMP to write into a PNG."""
    chunks = PngImagePlugin.PngInfo()
    text = {**metadata.text, **({"Software": printable(note)} if note else {})}
    for key, value in text.items():
        chunks.add_text(key, value)
    if metadata.xmp:
        chunks.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
    return chunks


def tiff_tags(metadata: Metadata, exif: Image.Exif, profile: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    """The tags that describe a picture in a TIFF."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in exif.items():
        tags[tag] = value
    if metadata.dpi:
        tags[282], tags[283], tags[296] = *metadata.dpi, 2  # resolution across and down, in pixels an inch
    # XMP is of TIFF's type 1, bytes; the ICC profile of type 7, undefined.
    for tag, block, kind in ((700, metadata.xmp, 1), (34675, profile, 7)):
        if block:
            tags.tagtype[tag] = kind
            tags[tag] = block
    return tags


def described_tags(directory: Image.Exif) -> Iterator[tuple[int, Any]]:
    """Tags and values of EXIF that are also true of a result: upright, and without what concerns storage."""
    wrong = {_INTEROP, *(_PLACES if _is_turned(directory) else ())}
    for tag, value in directory.items():
        if tag in (_EXIF, _GPS):
            inner = directory.get_ifd(tag)
            yield tag, {key: _plain(v) for key, v in inner.items() if key not in wrong}
        elif tag == ORIENTATION:
            yield tag, 1
        elif tag not in _STORAGE:
            yield tag, _plain(value)


def _is_turned(directory: Image.Exif) -> bool:
    """Whether a picture is to be turned or mirrored before it is upright."""
    return directory.get(ORIENTATION, 1) in range(2, 9)


def _plain(value: Any) -> Any:
    """Text as the bytes it was: Pillow reads it as Latin-1 and would write '?' for all but ASCII."""
    return value.encode("latin-1", "replace") if isinstance(value, str) and not value.isascii() else value


def _decoded(text: bytes) -> str:
    """A comment as text: UTF-8 if it can be, else Latin-1."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _resolution(dpi: Any) -> tuple[float, float] | None:
    """The resolution, across and down, if a picture says a sensible one."""
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 1 < across < 1e6 and 1 < down < 1e6 else None
