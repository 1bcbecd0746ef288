"""Arithmetic on the pixels of pictures: scaling, and what takes the place of transparent parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.box import Box
from impasto.pictures.picture import Picture, RowSource, to_samples, to_unit_range

Array = np.ndarray
Floats = NDArray[np.float32]

_ROWS = 256  # rows that are converted at a time, so that the temporaries stay small
_BAND_PIXELS = 1 << 21  # pixels of a band that is floating point while a picture is made smaller
_LANCZOS_REACH = 4  # pixels of the result, rounded up, over which Lanczos's filter reaches to either side
_MIN_ALPHA = 1e-4  # least opacity, in [0, 1], by which premultiplied colours are divided; keeps them finite
_LINES = 64  # lines that are interpolated at a time
_BICUBIC_TAPS = 3  # pixels beyond a box, rounded up, that bicubic interpolation looks at


def resize_array(a: Array, size: tuple[int, int], box: tuple[float, float, float, float] | None = None) -> Array:
    """Scale an array with Lanczos's filter.

    Args:
        a: H x W x C; integers, or floating point in [0, 1].
        size: width and height of the result, which is of the same type.
        box: the part to scale: left, top, right and bottom in pixels, which may lie between pixels; None is all of it.
    """
    out = np.empty((size[1], size[0], a.shape[2]), a.dtype)
    for channel in range(a.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(to_unit_range(a[..., channel])))
        out[..., channel] = to_samples(np.asarray(plane.resize(size, Image.Resampling.LANCZOS, box)), a.dtype)
    return out


def fill_transparent(rgb: Array, alpha: Array | None) -> Array:
    """Extend the colours of visible pixels smoothly into the transparent parts.

    What a file holds beneath transparent pixels is arbitrary, often black, and a network would paint
    it, with an edge around what is visible. Pixels at least one eighth opaque keep their colour.

    Args:
        rgb: H x W x 3, float32 in [0, 1].
        alpha: H x W, float32 in [0, 1]; None if all is opaque.
    """
    if alpha is None:
        return rgb
    trust = np.clip(alpha[..., None] * 8, 0, 1)
    if trust.min() >= 1:
        return rgb
    if trust.max() <= 0:
        return np.full_like(rgb, 0.5)
    return _extended(rgb * trust, trust)


def middle_square(picture: Picture) -> Picture:
    """The largest square in the middle of a picture, without alpha and metadata; the pixels are shared, not copied."""
    width, height = picture.size
    side = min(width, height)
    top, left = (height - side) // 2, (width - side) // 2
    return Picture(picture.rgb[top : top + side, left : left + side])


def lay_on_white(picture: Picture) -> Picture:
    """The picture as it looks on white paper: without alpha, of the same type."""
    if picture.alpha is None:
        return picture
    rgb = np.empty_like(picture.rgb)
    for row in range(0, len(rgb), _ROWS):
        part = slice(row, row + _ROWS)
        alpha = to_unit_range(picture.alpha[part])[..., None]
        rgb[part] = to_samples(to_unit_range(picture.rgb[part]) * alpha + (1 - alpha), rgb.dtype)
    return replace(picture, rgb=rgb, alpha=None)


def _extended(colour: Floats, weight: Floats) -> Floats:
    """Fill up ``colour``, H x W x 3 premultiplied with ``weight``, H x W x 1, from ever coarser averages of itself.

    Source: the pull-push algorithm of Gortler et al. 1996, The Lumigraph.
    """
    height, width = weight.shape[:2]
    if height == width == 1:
        return colour / weight
    total = _halved(weight)
    coarse_weight = np.minimum(total, np.float32(1))
    scale: Floats = np.divide(coarse_weight, np.maximum(total, 1e-12), dtype=np.float32)
    coarse = _halved(colour) * scale
    below = _doubled(_doubled(_extended(coarse, coarse_weight), 0), 1)[:height, :width]
    return colour + (1 - weight) * below


def _halved(a: Floats) -> Floats:
    """Sums of 2 x 2 pixels; beyond the edges there is nothing."""
    a = np.pad(a, ((0, a.shape[0] % 2), (0, a.shape[1] % 2), (0, 0)))
    return a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]


def _doubled(a: Floats, axis: int) -> Floats:
    """Twice the size along an axis, interpolated."""
    a = np.moveaxis(a, axis, 0)
    out = np.empty((2 * len(a), *a.shape[1:]), a.dtype)
    out[::2] = 0.75 * a + 0.25 * np.concatenate([a[:1], a[:-1]])
    out[1::2] = 0.75 * a + 0.25 * np.concatenate([a[1:], a[-1:]])
    return np.moveaxis(out, 0, axis)


def resize_picture(picture: Picture, longer_side: int, size: tuple[int, int] | None = None) -> Picture:
    """Scale a picture.

    Args:
        picture: the picture.
        longer_side: pixels of the longer side of the result; 0 leaves the picture as it is.
        size: width and height of the result, where rounding would make them differ from what is needed.

    Raises:
        InputError: the size is negative.
    """
    width, height = picture.size
    longest = max(width, height)
    if longer_side < 0:
        raise InputError(f"A size of {longer_side} pixels is negative: choose 0 (unchanged) or more.")
    if longer_side in (0, longest):
        return picture
    return _scaled(picture, size or (max(1, width * longer_side // longest), max(1, height * longer_side // longest)))


def _scaled(picture: Picture, size: tuple[int, int], box: tuple[float, float, float, float] | None = None) -> Picture:
    """Scale colour and alpha of a picture; ``size`` and ``box`` are those of :func:`resize_array`."""
    if picture.alpha is None:
        return replace(picture, rgb=resize_array(picture.rgb, size, box))
    # Premultiplied, or what is hidden under transparent pixels would bleed into the visible ones.
    opacity = to_unit_range(picture.alpha)[..., None]
    alpha = resize_array(opacity, size, box)
    rgb = resize_array(to_unit_range(picture.rgb) * opacity, size, box)
    rgb = np.clip(rgb / np.maximum(alpha, _MIN_ALPHA), 0, 1)
    return replace(picture, rgb=to_samples(rgb, picture.dtype), alpha=to_samples(alpha[..., 0], picture.dtype))


def shrink_picture(source: RowSource, longer_side: int) -> Picture:
    """Make a smaller version of a picture of any size, which is read once from top to bottom.

    Means of squares of pixels come first, to twice the wanted size or a little more; Lanczos's filter does the rest.

    Args:
        source: the picture.
        longer_side: pixels of the longer side of the result, which is never larger than the source.

    Returns:
        float32 in [0, 1].
    """
    width, height = source.size
    longest = max(width, height)
    factor = longest // (2 * longer_side)
    longer_side = min(longer_side, longest)
    size = max(1, width * longer_side // longest), max(1, height * longer_side // longest)
    if factor < 2:
        return _shrunk_in_bands(source, size)
    band = max(1, _BAND_PIXELS // (width * factor)) * factor  # rows of whole squares
    strips = [_means(source.rows(top, min(top + band, height)), factor) for top in range(0, height, band)]
    means = np.concatenate(strips)
    alpha = means[..., 3] if source.transparent else None
    rgb = means[..., :3] if alpha is None else means[..., :3] / np.maximum(alpha[..., None], _MIN_ALPHA)
    covered = (0, 0, width / factor, height / factor)  # only a part of the last squares is picture
    return _scaled(Picture(np.clip(rgb, 0, 1), alpha), size, covered)


def _shrunk_in_bands(source: RowSource, size: tuple[int, int]) -> Picture:
    """Scale all of a picture in bands of rows, each made from all rows of the source that the filter reaches."""
    (width, height), (across, down) = source.size, size
    if size == source.size:
        return _floating(source.rows(0, height))
    rgb = np.empty((down, across, 3), np.float32)
    alpha = np.empty((down, across), np.float32) if source.transparent else None
    bands, scale = min(down, -(-width * height // _BAND_PIXELS)), height / down
    for band in range(bands):
        top, bottom = band * down // bands, (band + 1) * down // bands
        first, last = max(0, int((top - _LANCZOS_REACH) * scale)), min(height, int((bottom + _LANCZOS_REACH) * scale))
        box = (0, top * scale - first, width, min(bottom * scale, height) - first)
        part = _scaled(_floating(source.rows(first, last)), (across, bottom - top), box)
        rgb[top:bottom] = part.rgb
        if alpha is not None:
            alpha[top:bottom] = part.alpha
    return replace(part, rgb=rgb, alpha=alpha)


def _floating(picture: Picture) -> Picture:
    """The picture as float32 in [0, 1]."""
    return replace(
        picture, rgb=to_unit_range(picture.rgb), alpha=None if picture.alpha is None else to_unit_range(picture.alpha)
    )


def _means(strip: Picture, factor: int) -> Floats:
    """The means of squares of a strip: H x W x 3, or with alpha H x W x 4, premultiplied; the last may be cut off."""
    samples = to_unit_range(strip.rgb)
    if strip.alpha is not None:
        alpha = to_unit_range(strip.alpha)[..., None]
        samples = np.concatenate([samples * alpha, alpha], axis=2)
    for axis in (0, 1):
        along = np.moveaxis(samples, axis, 0)
        sums, counts = along[::factor].copy(), np.ones((-(-len(along) // factor), 1, 1), np.float32)
        for offset in range(1, factor):
            part = along[offset::factor]
            sums[: len(part)] += part
            counts[: len(part)] += 1
        sums /= counts
        samples = np.moveaxis(sums, 0, axis)
    return samples


def enlarge_box(small: Array, size: tuple[int, int], box: Box) -> Floats:
    """Enlarge an array with bicubic interpolation, and compute no more of the result than one box.

    Args:
        small: h x w x C; integers, or floating point in [0, 1].
        size: width and height of the whole, enlarged.
        box: the part of the enlarged whole to compute, in its pixels.

    Returns:
        Rows and columns of the box, and C: float32 in [0, 1].
    """
    across, down = small.shape[1] / size[0], small.shape[0] / size[1]
    left, top = max(0, int(box.left * across) - _BICUBIC_TAPS), max(0, int(box.top * down) - _BICUBIC_TAPS)
    part = to_unit_range(
        small[top : int(box.bottom * down) + _BICUBIC_TAPS + 1, left : int(box.right * across) + _BICUBIC_TAPS + 1]
    )
    where = (box.left * across - left, box.top * down - top, box.right * across - left, box.bottom * down - top)
    # Rounding may put a side beyond the part.
    where = (where[0], where[1], min(where[2], part.shape[1]), min(where[3], part.shape[0]))
    out = np.empty((box.height, box.width, small.shape[2]), np.float32)
    for channel in range(small.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(part[..., channel]))
        out[..., channel] = np.asarray(plane.resize((box.width, box.height), Image.Resampling.BICUBIC, box=where))
    return np.clip(out, 0, 1, out=out)


def interpolate_into(out: Floats, small: Array, rows: NDArray[np.floating], columns: NDArray[np.floating]) -> None:
    """Interpolate an array linearly at rows and columns that may lie between its own.

    Args:
        out: C x H x W, filled.
        small: h x w x C; integers, or floating point in [0, 1].
        rows, columns: H and W places in ``small``, from 0 to its last row and column.
    """
    top, left = int(rows.min()), int(columns.min())
    part = to_unit_range(small[top : int(rows.max()) + 2, left : int(columns.max()) + 2])
    upper, down = _split_places(rows - top, part.shape[0])
    lower = np.minimum(upper + 1, part.shape[0] - 1)
    first, across = _split_places(columns - left, part.shape[1])
    second = np.minimum(first + 1, part.shape[1] - 1)
    for plane, target in zip(part.transpose(2, 0, 1), out, strict=True):
        for start in range(0, len(target), _LINES):  # few at a time, which stay in the processor's cache
            lines = slice(start, start + _LINES)
            above, below = plane[upper[lines]], plane[lower[lines]]
            mixed = above + down[lines, None] * (below - above)
            before = mixed.take(first, axis=1)
            after = mixed.take(second, axis=1)
            after -= before
            after *= across
            np.add(before, after, out=target[lines])


def _split_places(places: NDArray[np.floating], count: int) -> tuple[NDArray[np.intp], Floats]:
    """The place before each of some places between ``count`` pixels, and how far behind it they are, 0 to 1."""
    before = np.clip(places.astype(np.intp), 0, count - 1)
    return before, (places - before).astype(np.float32)
