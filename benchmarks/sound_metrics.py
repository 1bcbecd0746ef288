"""What a restyled sound is like: how near to the style, how much of the content, and which artefacts.

All take one channel at :data:`RATE`; levels do not count. They are not the algorithm's own functions: bands, frames and
thresholds are defined here, so that a mistake there does not judge itself.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impasto.sound.recording import SoundFile

RATE = 22050  # samples a second
SECONDS = 8  # of a recording that are measured
LENGTH, HOP = 2048, 512  # samples of a frame, and from one to the next
BANDS = 64
_ACTIVE = 6.0  # nepers of mean log power below the 95th percentile within which a frame counts


def samples_of(path: Path, seconds: float = SECONDS) -> np.ndarray:
    """A file as one channel at :data:`RATE`."""
    blocks = list(SoundFile(path).blocks(RATE))
    return np.concatenate(blocks, axis=1).mean(axis=0)[: int(seconds * RATE)]


def spectra(samples: np.ndarray, length: int = LENGTH, hop: int = HOP) -> np.ndarray:
    """Complex spectra, T x B."""
    padded = np.pad(samples, length // 2)
    if len(padded) < length:
        padded = np.pad(padded, (0, length - len(padded)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    return np.fft.rfft(frames * np.hanning(length + 1)[:-1], axis=1) * 2 / length


def mel_matrix(count: int = BANDS, length: int = LENGTH) -> np.ndarray:
    """Triangular bands, each of sum 1: count x B."""
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), count + 2) / 2595) - 1)
    bins, step = np.arange(length // 2 + 1) * RATE / length, RATE / length
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    low, high = np.minimum(low, middle - step), np.maximum(high, middle + step)
    triangles = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)).clip(0)
    return triangles / triangles.sum(axis=1, keepdims=True)


def levelled(samples: np.ndarray) -> np.ndarray:
    """Samples with a root mean square of 0.1 over the louder half, so that silence does not count."""
    blocks = samples[: len(samples) // 1024 * 1024].reshape(-1, 1024)
    power = np.sort((blocks**2).mean(axis=1))
    return samples * 0.1 / np.sqrt(power[len(power) // 2 :].mean() + 1e-20)


def log_bands(samples: np.ndarray) -> np.ndarray:
    """Logarithms of power in bands, T x BANDS."""
    return np.log(np.abs(spectra(levelled(samples))) ** 2 @ mel_matrix().T + 1e-10)


def active(bands: np.ndarray) -> np.ndarray:
    """Which frames are not silent."""
    level = bands.mean(axis=1)
    return level > np.percentile(level, 95) - _ACTIVE


def mfcc(samples: np.ndarray) -> np.ndarray:
    """Coefficients 1 to 19 of active frames."""
    bands = log_bands(samples)
    bands = bands[active(bands)]
    index = np.arange(BANDS)
    cosine = np.cos(np.pi * np.arange(1, 20)[:, None] * (2 * index + 1) / (2 * BANDS)) * np.sqrt(2 / BANDS)
    return bands @ cosine.T


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Frechet distance of two sets of vectors, as Gaussians."""
    difference = first.mean(0) - second.mean(0)
    a, b = np.cov(first.T), np.cov(second.T)
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ b @ root).clip(0)).sum()
    return float(difference @ difference + np.trace(a) + np.trace(b) - 2 * cross)


def timbre(result: np.ndarray, content: np.ndarray, style: np.ndarray) -> float:
    """Frechet distance of MFCC to the style, as a share of the content's."""
    wanted = mfcc(style)
    return frechet(mfcc(result), wanted) / frechet(mfcc(content), wanted)


def timbre_floor(content: np.ndarray, style: np.ndarray) -> float:
    """The same of the style's own halves."""
    half = len(style) // 2
    return frechet(mfcc(style[:half]), mfcc(style[half:])) / frechet(mfcc(content), mfcc(style))


def long_term(samples: np.ndarray) -> np.ndarray:
    """The average spectrum in dB, by band, its mean taken off."""
    spectrum = 10 * np.log10((np.abs(spectra(levelled(samples))) ** 2).mean(0) @ mel_matrix().T + 1e-10)
    return spectrum - spectrum.mean()


def ltas(result: np.ndarray, style: np.ndarray) -> float:
    """Root mean square difference of average spectra in dB, after their levels are aligned."""
    return float(np.sqrt(((long_term(result) - long_term(style)) ** 2).mean()))


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    kernel = np.hanning(width + 2)[1:-1]
    return np.apply_along_axis(lambda row: np.convolve(row, kernel / kernel.sum(), "same"), 0, values)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    count = min(len(first), len(second))
    a, b = first[:count] - first[:count].mean(0), second[:count] - second[:count].mean(0)
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum() + 1e-20))


def contour(samples: np.ndarray) -> np.ndarray:
    """The logarithm of the loudness contour: root mean square over 50 ms, a value each 10 ms, floor 55 dB down."""
    width, step = int(0.05 * RATE), int(0.01 * RATE)
    kernel = np.hanning(width)
    power = np.convolve(samples.astype(float) ** 2, kernel / kernel.sum(), "same")[::step]
    level = np.sqrt(power.clip(0))
    return np.log(np.maximum(level, level.max() * 10 ** (-55 / 20)))


def envelope(result: np.ndarray, content: np.ndarray) -> float:
    """Correlation of loudness contours."""
    return _correlation(contour(result), contour(content))


def onset_strength(samples: np.ndarray) -> np.ndarray:
    """How much of the bands begins at each frame, smoothed over 5 frames."""
    bands = log_bands(samples)
    bands = np.maximum(bands, bands.max() - 12)
    rise = np.diff(bands, axis=0, prepend=bands[:1]).clip(0).mean(axis=1)
    return _smooth(rise, 5)


def onsets(result: np.ndarray, content: np.ndarray) -> float:
    """Correlation of onset strengths."""
    return _correlation(onset_strength(result), onset_strength(content))


def chroma_of(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energy by pitch class, T x 12, and by frame."""
    power = np.abs(spectra(samples, 4096, HOP)) ** 2
    hertz = np.arange(power.shape[1]) * RATE / 4096
    used = (hertz > 80) & (hertz < 5000)
    pitch = 69 + 12 * np.log2(hertz[used] / 440)
    distance = np.abs((pitch[None] - np.arange(12)[:, None] + 6) % 12 - 6)
    folded = np.sqrt(power[:, used]) @ np.exp(-0.5 * (distance / 0.5) ** 2).T
    return folded, power.sum(axis=1)


def chroma(result: np.ndarray, content: np.ndarray) -> float:
    """Cosine of chroma vectors with their means taken off, weighted by the content's energy."""
    (a, _), (b, energy) = chroma_of(result), chroma_of(content)
    count = min(len(a), len(b))
    a, b, weight = a[:count], b[:count], energy[:count]
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-12)
    return float((cosine * weight).sum() / weight.sum())


def band_envelopes(result: np.ndarray, content: np.ndarray) -> float:
    """Correlation of the contours of bands, each with its mean taken off: how well words survive."""
    return _correlation(log_bands(result), log_bands(content))


def cochlear(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Envelopes of 32 bands, each divided by itself smoothed over 30 ms, and which frames are active."""
    length, hop = 512, 64
    power = np.abs(spectra(levelled(samples), length, hop)) ** 2 @ mel_matrix(32, length).T
    levels = (power + 1e-12) ** 0.15
    slow = _smooth(levels, round(0.03 * RATE / hop))
    loud = np.log(power + 1e-12).mean(axis=1)
    return levels / (slow + 1e-9), loud > np.percentile(loud, 95) - _ACTIVE


def grain_statistics(samples: np.ndarray) -> np.ndarray:
    """Statistics of the fast envelopes after McDermott and Simoncelli; slow modulation belongs to the content."""
    ratio, frames = cochlear(samples)
    ratio = ratio[frames]
    centred = ratio - ratio.mean(0)
    deviation = centred.std(0) + 1e-9
    unit = centred / deviation
    skewness, kurtosis = (unit**3).mean(0), np.log((unit**4).mean(0))
    correlations = (unit.T @ unit / len(unit))[np.triu_indices(32, 1)]
    modulation = np.abs(np.fft.rfft(centred[: 2 ** int(np.log2(len(centred)))], axis=0)) ** 2
    hertz = np.fft.rfftfreq(2 ** int(np.log2(len(centred))), 64 / RATE)
    edges = 8 * 2.0 ** np.arange(5)
    shares = [modulation[(hertz >= low) & (hertz < 2 * low)].sum(0) for low in edges[:4]]
    modulation_shares = np.stack(shares) / (modulation.sum(0) + 1e-12)
    return np.concatenate(
        [deviation / 0.1, skewness, kurtosis, 3 * correlations * 32 / len(correlations), modulation_shares.ravel() * 4]
    )


def grain(result: np.ndarray, content: np.ndarray, style: np.ndarray) -> float:
    """Mean distance of grain statistics to the style, as a share of the content's."""
    wanted = grain_statistics(style)
    return float(np.abs(grain_statistics(result) - wanted).mean() / np.abs(grain_statistics(content) - wanted).mean())


def musical_noise(samples: np.ndarray) -> float:
    """Log kurtosis of magnitudes, each divided by its neighbourhood's: isolated tones that come and go raise it."""
    magnitude = np.abs(spectra(levelled(samples)))
    loud = np.log(magnitude + 1e-9).mean(axis=1)
    magnitude = magnitude[loud > np.percentile(loud, 95) - _ACTIVE / 2]
    kernel = np.ones(9) / 9
    around = np.apply_along_axis(lambda row: np.convolve(row, kernel, "same"), 1, magnitude)
    ratio = magnitude / (around + 1e-9)
    centred = ratio - ratio.mean()
    return float(np.log((centred**4).mean() / (centred**2).mean() ** 2))


def level_in_silence(result: np.ndarray, content: np.ndarray) -> float:
    """Level of the result where the content is more than 50 dB below its peak, in dB below the result's peak."""
    width = int(0.05 * RATE)
    kernel = np.ones(width) / width
    power = [np.convolve(x.astype(float) ** 2, kernel, "same") for x in (content, result)]
    silent = power[0] < power[0].max() * 1e-5
    if not silent.any():
        return float("nan")
    return float(10 * np.log10(power[1][silent].mean() / power[1].max() + 1e-12))
