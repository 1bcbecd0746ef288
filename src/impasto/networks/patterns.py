"""Losses on patterns that a network paints all over a picture: motifs that repeat, and the finest pattern it can paint.

Pictures are N x 3 x H x W in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

_TINY = 1e-12  # keeps divisors above 0
_COUNTED_PEAKS = 8  # highest peaks of the autocorrelation, over which the loss is a mean
_CHANCE_CORRELATION = 0.08  # height of a peak that chance has
_MIN_SHIFT = 9  # pixels from the centre of the autocorrelation from which on peaks count
_MEAN_BLUR = 12  # pixels: standard deviation of the blur that evens out the mean
_CONTRAST_BLUR = 24  # pixels: standard deviation of the blur that evens out the contrast
_MIN_CONTRAST = 2 / 255  # added to the contrast before it divides, where white is 1


def repetition(images: Tensor) -> Tensor:
    """How much pictures repeat a motif, like wallpaper, by their autocorrelation.

    The mean height, beyond what chance has, of the highest peaks of the autocorrelation of the luminance, from 9 pixels
    to half a side away from its centre. Before, the luminance is flattened (its mean over 12 pixels taken away, its
    contrast evened out over 24), so that motifs count and not large areas.

    Args:
        images: N x 3 x H x W in [0, 1].

    Returns:
        One number a picture, N, in [0, 1]; 0 is no repetition.
    """
    plane = _luminance(images)[:, None]
    plane = plane - _blurred(plane, _MEAN_BLUR)
    # The root's slope at 0 is infinite: 1e-8 keeps gradients finite where the picture is flat.
    plane = plane / ((_blurred(plane**2, _CONTRAST_BLUR) + 1e-8).sqrt() + _MIN_CONTRAST)
    plane = (plane - plane.mean(dim=(2, 3), keepdim=True))[:, 0]
    height, width = plane.shape[-2:]
    reach = min(height, width) // 2
    offsets = torch.arange(-reach, reach + 1, device=images.device)
    y, x = torch.meshgrid(offsets, offsets, indexing="ij")
    correlation = _autocorrelation(plane, reach) / ((height - y.abs()) * (width - x.abs()))  # a mean over the overlap
    correlation = correlation / correlation[:, reach, reach, None, None].clamp_min(_TINY)
    with torch.no_grad():
        away = torch.hypot(x.float(), y.float())
        half = (y > 0) | ((y == 0) & (x > 0))  # autocorrelation is symmetric
        highest = correlation >= F.max_pool2d(correlation[:, None], 3, stride=1, padding=1)[:, 0]
        peaks = highest & half & (away >= _MIN_SHIFT) & (away <= reach - 1)
    found = torch.where(peaks, correlation, correlation.new_zeros(())).flatten(1).topk(_COUNTED_PEAKS, dim=1).values
    return (found - _CHANCE_CORRELATION).clamp_min(0).mean(dim=1)


def _autocorrelation(plane: Tensor, reach: int) -> Tensor:
    """Autocorrelation by the spectrum (Wiener-Khinchin), padded so that it does not wrap around.

    Args:
        plane: N x H x W.
        reach: the largest shift in pixels.

    Returns:
        Sums of products by shifts of -reach to reach pixels: N x (2 reach + 1) x (2 reach + 1).
    """
    height, width = plane.shape[-2:]
    shape = (2 * height, 2 * width)
    spectrum = torch.fft.rfft2(plane, shape)
    power = spectrum.real**2 + spectrum.imag**2
    sums: Tensor = torch.fft.fftshift(torch.fft.irfft2(power, shape), dim=(-2, -1))
    return sums[:, height - reach : height + reach + 1, width - reach : width + reach + 1]


def _blurred(plane: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of N x 1 x H x W; ``sigma`` is the standard deviation in pixels."""
    reach = int(3 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=plane.device) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).to(plane)
    rows = F.conv2d(F.pad(plane, (0, 0, reach, reach), mode="replicate"), kernel.view(1, 1, -1, 1))
    return F.conv2d(F.pad(rows, (reach, reach, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))


_WEAVE_PERIOD = 4  # pixels after which the pattern that :func:`weave` measures repeats
_LINE = range(-2, 3)  # bins of the spectrum, around a frequency, over which the window spreads its line
_BESIDE = (-6, -5, -4, -3, 3, 4, 5, 6)  # bins around a frequency that tell the spectrum without a line


def weave(images: Tensor) -> Tensor:
    """The energy of a pattern of four pixels' period, by the spectrum.

    A network that works at a quarter of the size lays such a pattern over all that it paints, where strokes are the
    thinnest it can paint. Counted are the lines of the luminance's power spectrum at multiples of a quarter cycle a
    pixel, less what is beside them along rows or columns, whichever is more: edges fill the axes of a spectrum. Lines
    of a period of two pixels, which divides four, are left out.

    Args:
        images: N x 3 x H x W in [0, 1].

    Returns:
        One number a picture, N, in squared levels of 255.
    """
    plane = _luminance(images)
    height, width = (side // _WEAVE_PERIOD * _WEAVE_PERIOD for side in plane.shape[-2:])  # lines fall on bins
    plane = plane[:, :height, :width] - plane[:, :height, :width].mean(dim=(1, 2), keepdim=True)
    windows = [torch.hann_window(side + 2, periodic=False, device=plane.device)[1:-1] for side in (height, width)]
    window = torch.outer(*windows)
    spectrum = torch.fft.fft2(plane * window)
    power = (spectrum.real**2 + spectrum.imag**2) / ((window**2).sum() * height * width)

    lines = torch.tensor([(i, j) for i in range(_WEAVE_PERIOD) for j in range(_WEAVE_PERIOD) if i % 2 or j % 2])

    def around(y: Sequence[int], x: Sequence[int]) -> Tensor:
        """The power so many bins away from each line: N x lines x len(y) x len(x)."""
        rows = (lines[:, :1] * height // _WEAVE_PERIOD + torch.tensor(y)) % height
        columns = (lines[:, 1:] * width // _WEAVE_PERIOD + torch.tensor(x)) % width
        found: Tensor = power[:, rows[:, :, None], columns[:, None, :]]
        return found

    along_rows = around(_LINE, _BESIDE).mean(dim=3).sum(dim=2)
    along_columns = around(_BESIDE, _LINE).mean(dim=2).sum(dim=2)
    beside = len(_LINE) * torch.maximum(along_rows, along_columns)
    return 255**2 * (around(_LINE, _LINE).sum(dim=(2, 3)) - beside).clamp_min(0).sum(dim=1)


def _luminance(images: Tensor) -> Tensor:
    """The luminance of N x 3 x H x W, N x H x W: Rec. 709 weights on values that are not made linear."""
    return (images * images.new_tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(dim=1)
