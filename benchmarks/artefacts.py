"""Numbers for artefacts of a painted picture; each is small on a good one.

Pictures are H x W x 3 arrays, RGB in [0, 1]; amplitudes are given in levels of 255. What a photograph or a painting
has by itself (a brick wall repeats, too) is why every table shows their own numbers beside the results'.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.floating]

GRIDS = (2, 4, 8)  # periods in pixels of the patterns that a network leaves at 1/2, 1/4 and 1/8 of the size
LAGS = (9, 128)  # shortest and longest distance in pixels at which repetition is looked for


def luminance(picture: Array) -> Array:
    """The luminance of a picture, H x W: Rec. 709 weights on the gamma-encoded values."""
    return picture @ np.array([0.2126, 0.7152, 0.0722])


def smoothed(plane: Array, radius: float) -> Array:
    """Gaussian blur of H x W, mirrored at the border; the radius is the standard deviation in pixels."""
    reach = int(np.ceil(3 * radius))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(plane, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="symmetric")
        plane = sliding_window_view(padded, len(kernel), axis=axis) @ kernel
    return plane


def grid(picture: Array, period: int) -> float:
    """Amplitude in levels of the pattern that repeats exactly every ``period`` pixels (checkerboard, weave).

    It is the energy at the frequencies i/p, j/p that shorter grids lack, less the energy of the spectrum beside them.
    """
    plane = luminance(picture)
    height, width = (side // period * period for side in plane.shape)  # so that the frequencies fall on bins
    plane = plane[:height, :width] - plane[:height, :width].mean()
    window = np.hanning(height + 1)[:height, None] * np.hanning(width + 1)[:width]
    power = np.abs(np.fft.fft2(plane * window)) ** 2 / (window**2).sum() / (height * width)
    excess = 0.0
    beside = np.array([-6, -5, -4, -3, 3, 4, 5, 6])
    for i in range(period):
        for j in range(period):
            if i % 2 == 0 and j % 2 == 0:
                continue
            y, x = i * height // period, j * width // period
            peak = power[np.ix_((y + np.arange(-2, 3)) % height, (x + np.arange(-2, 3)) % width)]
            # Straight edges fill the spectrum's axes: compare along the row and the column, take the stronger.
            along = [
                power[np.ix_((y + np.arange(-2, 3)) % height, (x + beside) % width)].mean(axis=1),
                power[np.ix_((y + beside) % height, (x + np.arange(-2, 3)) % width)].mean(axis=0),
            ]
            excess += max(0.0, float(peak.sum() - 5 * np.maximum(*along).sum()))
    return float(255 * np.sqrt(excess))


def border(picture: Array, band: int = 6) -> float:
    """How differently the border is drawn: 0 as the inside, 1 with twice or half as strong changes.

    The largest |log2| ratio, over the outermost lines, of the mean absolute difference of neighbouring pixels to that
    of the lines 16 to 48 pixels inside, per side.
    """
    found = []
    for turn in range(4):
        side = np.rot90(picture, turn)
        along = np.abs(np.diff(side, axis=1)).mean(axis=(1, 2))
        across = np.abs(np.diff(side, axis=0)).mean(axis=(1, 2))
        for profile in (along, across):
            inside = profile[16:48].mean() + 1 / 255
            found.append(np.abs(np.log2((profile[:band] + 1 / 255) / inside)).mean())
    return float(np.max(found))


def spots(picture: Array, contrast: float = 0.15) -> float:
    """Isolated spots of up to three pixels, a number per 100,000 pixels.

    A spot stands out by ``contrast`` from all of the ring around it, and the ring is calm.
    """
    plane = luminance(picture)
    core = sliding_window_view(np.pad(plane, 1, mode="edge"), (3, 3)).mean(axis=(2, 3))[3:-3, 3:-3]
    windows = sliding_window_view(plane, (7, 7))
    edge = np.ones((7, 7), bool)
    edge[1:-1, 1:-1] = False
    ring = windows[..., edge]
    low, high = ring.min(axis=2), ring.max(axis=2)
    calm = high - low < 0.5 * contrast
    stands_out = calm & ((core > high + 0.6 * contrast) | (core < low - 0.6 * contrast))
    # A spot that covers several pixels counts once: only the first hit of a row or column counts.
    first = stands_out.copy()
    first[1:] &= ~stands_out[:-1]
    first[:, 1:] &= ~stands_out[:, :-1]
    return float(1e5 * first.sum() / stands_out.size)


def roughness(picture: Array, radius: float = 24.0) -> float:
    """Standard deviation in levels of what a wide blur takes away: the response to a flat or smooth picture."""
    planes = [picture[..., c] - smoothed(picture[..., c], radius) for c in range(3)]
    return float(255 * np.sqrt(np.mean(np.square(planes))))


def repetition(picture: Array, tile: int = 256) -> float:
    """Highest peak of the autocorrelation at 9 to 128 pixels from its centre, in [0, 1], mean over tiles.

    The luminance is flattened first (a blur of 12 pixels taken away, contrast evened out), so that motifs count and not
    large areas. A peak is a local maximum: the slope of the centre is none.
    """
    plane = luminance(picture)
    plane = plane - smoothed(plane, 12)
    plane = plane / (np.sqrt(smoothed(plane**2, 24)) + 2 / 255)
    height, width = (min(tile, side) for side in plane.shape)
    starts = [
        np.unique(np.linspace(0, side - own, 1 + round(2 * (side - own) / tile)).astype(int))
        for side, own in zip(plane.shape, (height, width), strict=True)
    ]
    return float(np.mean([_peak(plane[y : y + height, x : x + width]) for y in starts[0] for x in starts[1]]))


def _peak(plane: Array) -> float:
    """The highest peak of one tile's autocorrelation, in [0, 1]; see :func:`repetition`."""
    height, width = plane.shape
    reach = min(LAGS[1], height // 2, width // 2)
    shape = (2 * height, 2 * width)

    def correlated(a: Array) -> Array:
        power = np.abs(np.fft.rfft2(a, shape)) ** 2
        found = np.fft.fftshift(np.fft.irfft2(power, shape))
        return found[height - reach - 1 : height + reach + 2, width - reach - 1 : width + reach + 2]

    overlap = np.maximum(correlated(np.ones_like(plane)), 1)
    found = correlated(plane - plane.mean()) / overlap
    middle = found[reach + 1, reach + 1]
    if middle < 1e-9:
        return 0.0
    found = found / middle
    inner = found[1:-1, 1:-1]
    around = sliding_window_view(found, (3, 3)).max(axis=(2, 3))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    away = np.hypot(x, y)
    peaks = (inner >= around) & (away >= LAGS[0]) & (away <= min(LAGS[1], reach))
    return float(np.clip(inner[peaks], 0, 1).max(initial=0.0))


def difference(a: Array, b: Array, margin: int = 0) -> float:
    """Mean absolute difference of two pictures in levels; ``margin`` pixels along the borders are left out."""
    inside = slice(margin, -margin or None)
    return float(255 * np.abs(a[inside, inside] - b[inside, inside]).mean())
