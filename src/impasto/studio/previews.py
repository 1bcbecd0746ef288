"""Small pictures that have to be there at once: previews and the thumbnails of styles."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING

from impasto.errors import ImpastoError
from impasto.feedforward.painter import Painter
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture, shrink_picture
from impasto.pictures.writing import encode_picture
from impasto.styles.catalogue import bundled_names, catalogue_names
from impasto.styles.style import PHOTOGRAPH

if TYPE_CHECKING:
    from impasto.studio.uploads import Uploads

PREVIEW = 512
"""Longer side of a preview in pixels."""
DISPLAY = 1600
"""Longer side of what a page shows of a full-size result, in pixels."""
_PAINTED, _THUMBNAIL = 320, 208  # strokes look finer when they are laid larger and shrunk


def data_uri(picture: Picture, side: int = 0, quality: int = 88) -> str:
    """A picture inside of its own address: JPEG, or WebP where it is transparent.

    Args:
        side: the longer side at most, in pixels; 0 keeps the size.
        quality: 1 to 100.
    """
    if side and max(picture.size) > side:
        picture = shrink_picture(picture, side)
    kind = "JPEG" if picture.alpha is None else "WEBP"
    data = encode_picture(picture, kind, quality=quality, strip=True)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"


class Originals:
    """The photographs that are worked on, decoded once at the size of a preview; the oldest go when there are many."""

    _MOST = 24  # of 3 MB each

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str) -> Picture:
        """An upload at the size of a preview.

        Raises:
            InputError: it is no picture, or beyond the studio's limits.
        """
        with self._lock:
            if path in self._kept:
                self._kept.move_to_end(path)
                return self._kept[path]
        picture = self._uploads.read(path)
        if max(picture.size) > PREVIEW:
            picture = shrink_picture(picture, PREVIEW)
        with self._lock:
            self._kept[path] = picture
            while len(self._kept) > self._MOST:
                self._kept.popitem(last=False)
        return picture


class Thumbnails:
    """Real results of every style, small. They are painted when first asked for: about 30 ms each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._painted: dict[str, str] = {}
        source = resources.files("impasto.assets") / "harbour.jpg"
        self.photograph = _squared(read_picture(source.read_bytes()))
        self.first = {item["name"]: item["picture"] for item in self._all()}
        """Those that there were at the start, by name: a page gets them once for all of its choosers."""

    def items(self) -> list[dict[str, str]]:
        """What there is to choose from: names, and the pictures of those that are not among the first."""
        return [{**item, "picture": ""} if item["name"] in self.first else item for item in self._all()]

    def _all(self) -> list[dict[str, str]]:
        with self._lock:
            names = names_of_styles()
            for name in names:
                if name not in self._painted:
                    self._painted[name] = _thumbnail(self.photograph, name)
            return [{"name": name, "picture": self._painted[name]} for name in names if self._painted[name]]


def of(photograph: Picture, check: Callable[[None], None]) -> list[dict[str, str]]:
    """What there is to choose from, on a visitor's own photograph.

    Args:
        check: called between two styles; may raise to end it.
    """
    small = _squared(photograph)
    painted = []
    for name in names_of_styles():
        check(None)
        if picture := _thumbnail(small, name):
            painted.append({"name": name, "picture": picture})
    return painted


def names_of_styles() -> list[str]:
    """The styles to choose from: the catalogue's, then the bundled ones."""
    return [*catalogue_names(), *(name for name in bundled_names() if name != PHOTOGRAPH)]


def _thumbnail(photograph: Picture, name: str) -> str:
    """Empty for a style that cannot be used, for example one of another network."""
    try:
        return data_uri(Painter(name).paint(photograph).picture, _THUMBNAIL, 78)
    except ImpastoError:
        return ""


def _squared(photograph: Picture) -> Picture:
    """The middle of a picture, as thumbnails show it."""
    height, width = photograph.rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    rgb = photograph.rgb[top : top + side, left : left + side]
    return resize_picture(Picture(rgb), min(_PAINTED, side))
