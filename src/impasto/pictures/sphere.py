"""A picture all around (equirectangular) as flat views that can be painted, and as the paintings of these put together.

Columns of an equirectangular picture are degrees of longitude, rows degrees of latitude. Its first column is the
neighbour of its last, and its rows are the wider stretched the nearer they are to a pole: painted as it is, it has a
seam, and strokes that meet at the poles like the spokes of a wheel. So it is painted as three views, which overlap:
a **band** around the equator, whose ends repeat each other, and two **caps**, which show the poles as from above and
below (stereographic projection, which keeps shapes). They meet where rows are stretched by the factor 1.4, and where
both views show things equally large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, pi, radians, tan
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.arithmetic import smooth_step
from impasto.errors import InputError
from impasto.pictures.box import Box, Indices, round_up
from impasto.pictures.libvips import sampled_at
from impasto.pictures.picture import to_samples, to_unit_range

Array = NDArray[Any]
Layout = Literal["mono", "top-bottom", "left-right"]
"""Where the pictures for two eyes lie in a frame."""

_JOIN = 45.0  # degrees of latitude at which band and caps meet
_BLEND = 3.0  # degrees to either side of that over which one fades into the other
_WIDEST_CAP = 80.0  # degrees from the pole that the middle of a cap's side shows at most
_END_BLEND = 32  # pixels over which one end of a band fades into the other, at most
_AROUND = 3  # pixels that are continued around a sphere before it is sampled, more than interpolation looks at
_EVEN = 8  # pixels: sides of views are multiples of this, so that a half of each is as exact
_SHAPE_TOLERANCE = 0.01  # share by which a whole sphere may differ from being twice as wide as high


@dataclass(frozen=True)
class Band:
    """The view along the equator: the rows of an equirectangular picture between two latitudes.

    Attributes:
        eye: where the sphere lies in the picture.
        top, bottom: the first row of the band in the sphere, and the one after the last.
        margin: columns at each end that repeat the other end.
    """

    eye: Box
    top: int
    bottom: int
    margin: int

    @property
    def period(self) -> int:
        """Columns after which the band repeats itself."""
        return self.eye.width

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.eye.width + 2 * self.margin, self.bottom - self.top

    def sample(self, picture: Array) -> Array:
        """The view of a picture, H x W or H x W x C."""
        sphere = picture[self.eye.top : self.eye.bottom, self.eye.left : self.eye.right]
        columns = np.arange(-self.margin, self.eye.width + self.margin) % self.eye.width
        return np.ascontiguousarray(sphere[self.top : self.bottom].take(columns, axis=1))


@dataclass(frozen=True)
class Cap:
    """The view towards a pole, a square.

    Attributes:
        eye: where the sphere lies in the picture.
        side: in pixels.
        is_north: whether it is the upper pole.
    """

    eye: Box
    side: int
    is_north: bool

    period = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.side, self.side

    def sample(self, picture: Array) -> Array:
        """The view of a picture, H x W or H x W x C."""
        sphere = picture[self.eye.top : self.eye.bottom, self.eye.left : self.eye.right]
        # Only the rows of the hemisphere are needed.
        half = (self.eye.height + 1) // 2 + 2 * _AROUND
        top = 0 if self.is_north else max(0, self.eye.height - half)
        part = _continued(sphere, top, min(self.eye.height, top + half))
        places = _places_of_cap(self.eye.width, self.eye.height, self.side, self.is_north)
        offset = np.array((_AROUND, _AROUND - top), np.float32)
        return _sampled(part, places + offset, "bilinear")

    def rows(self) -> tuple[int, int]:
        """The rows of the sphere that show the cap: the first, and the one after the last."""
        count = ceil((90 - _JOIN + _BLEND) / 180 * self.eye.height)
        return (0, count) if self.is_north else (self.eye.height - count, self.eye.height)


View = Band | Cap
"""A flat view of a sphere."""


class Sphere:
    """How an equirectangular picture is taken apart and put together.

    Args:
        size: width and height of the picture. A pixel need not show as many degrees across as down.
        margin: pixels that painting needs to see around what is shown.
        layout: where spheres for two eyes lie in the picture.

    Attributes:
        views: of each eye a band and two caps, in this order.
    """

    def __init__(self, size: tuple[int, int], margin: int, layout: Layout = "mono") -> None:
        self.size = size
        self._eyes = _eyes(size, layout)
        self.views: list[View] = []
        for eye in self._eyes:
            around = round_up(max(1, margin), _EVEN)
            a_degree = eye.height / 180
            top = max(0, floor((90 - _JOIN - _BLEND) * a_degree) - around)
            scale = eye.height / pi  # pixels a radian
            reach = min(radians(90 - _JOIN + _BLEND) + around / scale, radians(_WIDEST_CAP))
            side = round_up(ceil(4 * tan(reach / 2) * scale), _EVEN)
            self.views += [Band(eye, top, eye.height - top, around), Cap(eye, side, True), Cap(eye, side, False)]

    def merged(self, paintings: Sequence[Array]) -> Array:
        """The paintings of all views, in their order and of one type, as one picture, H x W x C."""
        first = paintings[0]
        merged = np.zeros((self.size[1], self.size[0], first.shape[2]), first.dtype)
        for number, eye in enumerate(self._eyes):
            band, *caps = self.views[3 * number : 3 * number + 3]
            assert isinstance(band, Band)
            sphere = merged[eye.top : eye.bottom, eye.left : eye.right]
            closed = close_ends(paintings[3 * number], band.period)
            sphere[band.top : band.bottom] = closed[:, band.margin : band.margin + band.period]
            for cap, painting in zip(caps, paintings[3 * number + 1 : 3 * number + 3], strict=True):
                assert isinstance(cap, Cap)
                rows = slice(*cap.rows())
                shown = _sampled(painting, _places_in_cap(eye.width, eye.height, cap.side, cap.is_north), "bicubic")
                sphere[rows] = _faded(sphere[rows], shown, _share_of_cap(eye.height, rows, cap.is_north))
        return merged


def is_whole(size: tuple[int, int]) -> bool:
    """Whether a width and height can be those of a whole sphere: twice as wide as high."""
    width, height = size
    return abs(width - 2 * height) <= max(1, _SHAPE_TOLERANCE * width)


def close_ends(view: Array, period: int) -> Array:
    """A band, H x W or H x W x C, whose ends are the same where they show the same, as if it were a ring.

    Args:
        view: the band, which is changed.
        period: columns after which it repeats itself.
    """
    margin = (view.shape[1] - period) // 2
    fading = min(margin, _END_BLEND)
    left, right = view[:, margin : margin + fading], view[:, margin + period : margin + period + fading]
    share = smooth_step((np.arange(fading, dtype=np.float32) + 0.5) / fading)[None, :]
    left[...] = _faded(right, left, share)
    view[:, :margin] = view[:, period : period + margin]
    view[:, margin + period :] = view[:, margin : 2 * margin]
    return view


def _eyes(size: tuple[int, int], layout: Layout) -> list[Box]:
    """Where the spheres of a picture lie."""
    width, height = size
    if layout == "top-bottom":
        return [Box(0, 0, height // 2, width), Box(height - height // 2, 0, height, width)]
    if layout == "left-right":
        return [Box(0, 0, height, width // 2), Box(0, width - width // 2, height, width)]
    return [Box(0, 0, height, width)]


def _faded(one: Array, other: Array, share: Array) -> Array:
    """Two pictures of one type mixed.

    Args:
        one, other: H x W or H x W x C.
        share: of the other, 1 x W or H x 1, 0 to 1.
    """
    if one.ndim == 3:
        share = share[..., None]
    mixed = one * (1 - share) + other * share
    if one.dtype.kind == "u":
        mixed = np.rint(mixed)
    result: Array = mixed.astype(one.dtype)
    return result


def _share_of_cap(height: int, rows: slice, is_north: bool) -> Array:
    """The share of a cap in rows of a sphere: H x 1."""
    latitude = 90 - (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) * np.float32(180 / height)
    latitude = latitude if is_north else -latitude
    return smooth_step((latitude - (_JOIN - _BLEND)) / (2 * _BLEND))[:, None]


def _continued(sphere: Array, top: int, bottom: int) -> Array:
    """Rows of a sphere with some pixels around: those of the other end, and beyond a pole those behind it."""
    height, width = sphere.shape[:2]
    rows: Indices = np.arange(top - _AROUND, bottom + _AROUND)
    columns: Indices = np.arange(-_AROUND, width + _AROUND) % width
    over = (rows < 0) | (rows >= height)
    rows = np.where(rows < 0, -1 - rows, np.where(rows >= height, 2 * height - 1 - rows, rows))
    continued = sphere.take(rows, axis=0).take(columns, axis=1)
    continued[over] = np.roll(continued[over][:, _AROUND : _AROUND + width], width // 2, axis=1).take(columns, axis=1)
    return continued


def _sampled(picture: Array, places: Array, interpolation: str) -> Array:
    """A picture, H x W or H x W x C, sampled at points; of the same type.

    Raises:
        InputError: pyvips is missing.
    """
    planes = picture if picture.ndim == 3 else picture[..., None]
    kind = planes.dtype
    if kind.kind == "f":
        planes = planes.astype(np.float32, copy=False)
    try:
        sampled = sampled_at(planes, places, interpolation)
    except OSError as error:
        raise InputError(
            f"Pictures all around need pyvips, which does not work here ({error}): install it anew, or give "
            "--projection flat."
        ) from error
    if kind.kind == "f":
        sampled = np.clip(sampled, 0, 1) if interpolation == "bicubic" else sampled
        sampled = sampled.astype(kind, copy=False)
    return sampled if picture.ndim == 3 else sampled[..., 0]


@lru_cache(maxsize=2)
def _places_of_cap(width: int, height: int, side: int, is_north: bool) -> NDArray[np.float32]:
    """Where the pixels of a cap lie in a sphere: side x side x 2, column and row."""
    across = (np.arange(side, dtype=np.float32) + np.float32(0.5 - side / 2)) / np.float32(height / pi)
    right, down = np.meshgrid(across, across if is_north else -across)
    from_pole = 2 * np.arctan(np.hypot(right, down) / 2)
    row = from_pole * np.float32(height / pi) - np.float32(0.5)
    column = (np.arctan2(right, down) + np.float32(pi)) * np.float32(width / (2 * pi)) - np.float32(0.5)
    return np.dstack([column, row if is_north else height - 1 - row])


@lru_cache(maxsize=2)
def _places_in_cap(width: int, height: int, side: int, is_north: bool) -> NDArray[np.float32]:
    """Where the pixels of a sphere lie in a cap that shows them: H x W x 2, column and row."""
    count = ceil((90 - _JOIN + _BLEND) / 180 * height)
    from_pole = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * np.float32(pi / height)
    if not is_north:
        from_pole = from_pole[::-1]
    distance = (2 * np.tan(from_pole / 2) * np.float32(height / pi))[:, None]
    around = (np.arange(width, dtype=np.float32) + np.float32(0.5)) * np.float32(2 * pi / width) - np.float32(pi)
    right, down = distance * np.sin(around), distance * np.cos(around)
    middle = np.float32(side / 2 - 0.5)
    return np.dstack([middle + right, middle + (down if is_north else -down)])


def as_one_type(paintings: Sequence[Array]) -> list[Array]:
    """Paintings in the type that takes the least memory among theirs; floating point is in [0, 1]."""
    kinds = [painting.dtype for painting in paintings]
    whole = next((kind for kind in kinds if kind.kind == "u"), None)
    if whole is None:
        return list(paintings)
    return [
        painting if painting.dtype == whole else to_samples(to_unit_range(painting), whole) for painting in paintings
    ]
