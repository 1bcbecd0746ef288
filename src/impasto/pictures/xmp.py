"""XMP: what it says about parts of the file that a result lacks is taken out, and sizes become those of the result.

A phone's photograph can carry a film (motion photo), a gain map (Ultra HDR), a depth map or sound behind its pixels.
None of them is kept, and none would fit a painting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Names in XMP that speak of parts behind the pixels: namespace, pattern of the local names, what the part is.
_PARTS = (
    (rb"http://ns\.google\.com/photos/1\.0/camera/", rb"(?:MicroVideo|MotionPhoto)\w*", "the film of a motion photo"),
    (rb"http://ns\.adobe\.com/hdr-gain-map/1\.0/", rb"\w+", "the gain map (HDR)"),
    (rb"http://ns\.apple\.com/HDRGainMap/1\.0/", rb"\w+", "the gain map (HDR)"),
    (rb"http://ns\.google\.com/photos/1\.0/depthmap/", rb"\w+", "the depth map"),
    (rb"http://ns\.google\.com/photos/dd/1\.0/device/", rb"\w+", "the depth map"),
    (rb"http://ns\.google\.com/photos/1\.0/image/", rb"\w+", "a second picture"),
    (rb"http://ns\.google\.com/photos/1\.0/audio/", rb"\w+", "the sound"),
    (rb"http://ns\.adobe\.com/xmp/note/", rb"HasExtendedXMP", "the second part of the XMP"),
    # The list of all parts; it names nothing that the lines above do not.
    (rb"http://ns\.google\.com/photos/1\.0/container/", rb"\w+", ""),
)
_PANORAMA = rb"http://ns\.google\.com/photos/1\.0/panorama/"
_PLACES = (  # namespace, names in it, and what they are called
    (_PANORAMA, rb"\w+", "the place in a panorama"),
    (rb"http://www\.metadataworkinggroup\.com/schemas/regions/", rb"\w+", "marked regions"),
    (rb"http://ns\.microsoft\.com/photo/1\.2/", rb"RegionInfo", "marked regions"),
)
_PANORAMA_SIZES = rb"(?:FullPano|CroppedArea)\w*Pixels"
_SIZES = (  # namespace, local name, and whether it is the width (0) or the height (1)
    (rb"http://ns\.adobe\.com/exif/1\.0/", rb"PixelXDimension", 0),
    (rb"http://ns\.adobe\.com/exif/1\.0/", rb"PixelYDimension", 1),
    (rb"http://ns\.adobe\.com/tiff/1\.0/", rb"ImageWidth", 0),
    (rb"http://ns\.adobe\.com/tiff/1\.0/", rb"ImageLength", 1),
)


def without_missing_parts(xmp: bytes) -> tuple[bytes, list[str]]:
    """A packet of XMP without what it says about parts that only its file had.

    Returns:
        The packet, and what the parts are called.
    """
    return _without_all(xmp, _PARTS)


def _without_all(xmp: bytes, parts: Iterable[tuple[bytes, bytes, str]]) -> tuple[bytes, list[str]]:
    """A packet without the names of some parts, and what those are called that it had."""
    missing: dict[str, None] = {}
    for namespace, names, part in parts:
        for prefix in _prefixes(xmp, namespace):
            shorter = _without(xmp, prefix, names)
            if part and len(shorter) < len(xmp):
                missing[part] = None
            xmp = shorter
    return xmp, list(missing)


def without_places(xmp: bytes) -> tuple[bytes, list[str]]:
    """A packet of XMP without places in the picture, which are wrong once that is turned.

    Returns:
        The packet, and what the places are called.
    """
    return _without_all(xmp, _PLACES)


def with_size(xmp: bytes, size: tuple[int, int]) -> bytes:
    """A packet of XMP whose sizes in pixels are those of a result, and whose panorama is scaled along.

    Args:
        xmp: the packet of the source.
        size: width and height of the result.
    """
    for namespace, name, axis in _SIZES:
        for prefix in _prefixes(xmp, namespace):
            xmp = _number(prefix, name).sub(rb"\g<1>%d" % size[axis], xmp)
    for prefix in _prefixes(xmp, _PANORAMA):
        found = _number(prefix, rb"CroppedAreaImageWidthPixels").search(xmp)
        found = found or _number(prefix, rb"FullPanoWidthPixels").search(xmp)
        if found and 0 < (width := int(found[2])) != size[0]:
            xmp = _number(prefix, _PANORAMA_SIZES).sub(
                lambda number: number[1] + b"%d" % round(int(number[2]) * size[0] / width), xmp
            )
    return xmp


def panorama(xmp: bytes) -> dict[str, str] | None:
    """What a packet of XMP says of the panorama that its picture is: names without namespace, and values.

    Returns:
        ``None`` if it is none.
    """
    found: dict[str, str] = {}
    for prefix in _prefixes(xmp, _PANORAMA):
        pattern = re.escape(prefix) + rb""":(\w+)(?:\s*=\s*["']|\s*>\s*)([\w.-]{1,40})"""
        found |= {name.decode(): value.decode() for name, value in re.findall(pattern, xmp)}
    return found if "ProjectionType" in found else None


def _prefixes(xmp: bytes, namespace: bytes) -> set[bytes]:
    """The prefixes that stand for a namespace."""
    return set(re.findall(rb"""xmlns:([\w.-]+)\s*=\s*["']""" + namespace + rb"""["']""", xmp))


def _without(xmp: bytes, prefix: bytes, names: bytes) -> bytes:
    """A packet without the attributes, and the elements with all that they hold, of certain names."""
    name = re.escape(prefix) + rb":" + names
    pattern = rb"\s" + name + rb"""\s*=\s*(?:"[^"<]*"|'[^'<]*')|<(""" + name + rb")(?:\s[^<>]*)?>"
    kept, at = [], 0
    unclosed: set[bytes] = set()  # each end is looked for once, so that the time grows with the length alone
    for found in re.finditer(pattern, xmp):
        if found.start() < at or found[1] in unclosed:
            continue
        end = found.end()
        if found[1] is not None and not found[0].endswith(b"/>"):
            close = xmp.find(b"</" + found[1] + b">", end)
            if close < 0:
                unclosed.add(found[1])
                continue
            end = close + len(found[1]) + 3
        kept.append(xmp[at : found.start()])
        at = end
    return b"".join([*kept, xmp[at:]])


def _number(prefix: bytes, name: bytes) -> re.Pattern[bytes]:
    """What matches a whole number as an attribute or element: what stands before it, and the number."""
    return re.compile(rb"(" + re.escape(prefix) + rb":(?:" + name + rb""")(?:\s*=\s*["']|\s*>\s*))(\d{1,9})\b""")
