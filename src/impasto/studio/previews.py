"""Small pictures: decoded photographs for previews, and thumbnails of the styles."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import ImpastoError
from impasto.feedforward.painter import Painter
from impasto.feedforward.preview import preview_original
from impasto.pictures.picture import Picture, to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import middle_square, resize_picture, shrink_picture
from impasto.pictures.writing import encode_picture
from impasto.studio.choices import StyleChoice
from impasto.studio.crops import Crop

if TYPE_CHECKING:
    from impasto.studio.uploads import Uploads

PREVIEW_SIDE = 512
"""Longer side in pixels at which a page shows a full-size result at least."""
DISPLAY_SIDE = 1600
"""Longer side in pixels at which a page shows a full-size result at most."""
_PAINTED_THUMBNAIL_SIDE = 320  # pixels: side at which a thumbnail is painted, larger than shown, for finer strokes
_THUMBNAIL_SIDE = 208  # pixels: side at which a thumbnail is shown
_SHOWN_QUALITY = 88  # quality, from 1 to 100, of a picture that the page shows


def data_uri(picture: Picture, side: int = 0) -> str:
    """A picture as a data address, which contains the file: JPEG, or WebP if the picture is transparent.

    Args:
        picture: the picture.
        side: longer side in pixels to which a larger picture is shrunk; 0 keeps the size.
    """
    if side and max(picture.size) > side:
        picture = shrink_picture(picture, side)
    kind = "JPEG" if picture.alpha is None else "WEBP"
    return _address(encode_picture(picture, kind, quality=_SHOWN_QUALITY, strip=True), kind)


def _address(data: bytes, kind: str) -> str:
    """A picture file of a format of Pillow's as a data address."""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"


class Originals:
    """Uploaded photographs at the size at which previews are painted; the least recently used are dropped.

    Args:
        uploads: the uploads to read.
    """

    _MAX_KEPT = 16  # photographs that are kept, of 2 to 7 MB each

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._kept: OrderedDict[tuple[str, Crop | None], Picture] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str | Path, crop: Crop | None = None) -> Picture:
        """An upload at the size of a preview.

        Args:
            path: the file in the studio's folder.
            crop: the part of it that is painted; ``None`` is everything.

        Raises:
            InputError: the file is not a picture, or exceeds the studio's limits.
        """
        key = str(path), crop
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        picture = self._uploads.read(path)
        if crop is not None:
            picture = crop.cut(picture)
        small = preview_original(picture)
        picture = replace(small, rgb=to_samples(small.rgb) if small.dtype.kind == "f" else small.rgb)
        with self._lock:
            self._kept[key] = picture
            while len(self._kept) > self._MAX_KEPT:
                self._kept.popitem(last=False)
        return picture


class Thumbnails:
    """Small painted pictures of every style, made when first asked for: about 30 ms each.

    Attributes:
        photograph: the square photograph that is painted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._painted: dict[str, bytes] = {}
        source = resources.files("impasto.assets") / "harbour.jpg"
        self.photograph = _thumbnail_source(read_picture(source.read_bytes()))

    def get(self, name: str) -> bytes:
        """The thumbnail of a style as a JPEG file; empty if the style cannot be used, for example with this network."""
        with self._lock:
            if name not in self._painted:
                self._painted[name] = _style_thumbnail(self.photograph, name)
            return self._painted[name]


def paint_thumbnails(
    photograph: Picture, styles: Mapping[str, StyleChoice], report: Callable[[dict[str, str] | None], None]
) -> None:
    """Paint a visitor's own photograph small in styles.

    Args:
        photograph: the photograph, at the size of a preview.
        styles: the styles by the names that are reported.
        report: called with the ``name`` of each style and the address of its ``picture`` as it is painted; may raise an
            exception to stop.
    """
    small = _thumbnail_source(photograph)
    for name, style in styles.items():
        report(None)
        if data := _style_thumbnail(small, style):
            report({"name": name, "picture": _address(data, "JPEG")})


def _style_thumbnail(photograph: Picture, style: StyleChoice) -> bytes:
    """A style's thumbnail as a JPEG file; empty if the style cannot be used, for example with this network."""
    try:
        painted = shrink_picture(Painter([style]).paint_only(photograph), _THUMBNAIL_SIDE)
    except ImpastoError:
        return b""
    return encode_picture(painted, "JPEG", quality=78, strip=True)


def _thumbnail_source(photograph: Picture) -> Picture:
    """The square in the middle of a picture, at the size at which thumbnails are painted."""
    square = middle_square(photograph)
    return resize_picture(square, min(_PAINTED_THUMBNAIL_SIDE, square.size[0]))
