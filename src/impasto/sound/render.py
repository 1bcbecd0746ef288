"""A content restyled block by block, in bounded memory however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from impasto.sound import bands, mosaic
from impasto.sound.analysis import Analysis, chunks
from impasto.sound.contour import Contour
from impasto.sound.options import SoundOptions
from impasto.sound.palette import Palette
from impasto.sound.recording import SoundSource
from impasto.sound.resampling import low_frequency_channels
from impasto.sound.spectrogram import Samples, Spectra, frame_length, padded, samples_of, spectra_of
from impasto.sound.statistics import Transport, smoothed
from impasto.sound.style import SoundStyle

_BLOCK_SECONDS = 10  # seconds of content that are restyled at a time
_FADE_SECONDS = 0.5  # seconds over which one block fades into the next
# Where notes are played by transposed copies, pitch counts more than colour: fewer frames sound at once, peaks of the
# content's spectrum stand out, and colouring does not lift single partials.
_VOICES_OF_NOTES = 5
_SMOOTHED_FOR_NOTES = 2  # bands to either side over which colouring is smoothed
_SURROUNDINGS = 90.0  # Hz to either side of a bin that it is compared with
_MOST_CORRECTION = 12 / (10 / np.log(10))  # nepers of power by which a mosaic's bands are corrected at most: 12 dB
_MOST_CHANGE = 36 / (10 / np.log(10))  # nepers of power by which colouring changes a band at most: 36 dB


class Renderer:
    """Restyles one content.

    Args:
        source: the content.
        analysis: what is known of it.
        styles: with their shares, which sum to 1.
        options: how.
        rate: the working rate.

    Attributes:
        palette: the styles at the working rate.
    """

    def __init__(
        self,
        source: SoundSource,
        analysis: Analysis,
        styles: Sequence[tuple[SoundStyle, float]],
        options: SoundOptions,
        rate: int,
    ) -> None:
        self.source, self.analysis, self.options, self.rate = source, analysis, options, rate
        self.length = frame_length(rate)
        is_mosaic = options.method == "mosaic"
        self.palette = Palette(styles, rate, analysis.tonality, options.pitch, frames=is_mosaic)
        self.transport = Transport(analysis.colouring, self.palette.colouring)
        self.smoothed = _SMOOTHED_FOR_NOTES if self.palette.transposed else 0
        self.made = np.zeros(bands.count_at(rate), np.float32)  # power in each band of the mosaic so far
        self.kept_channels = low_frequency_channels(source.layout)

    def blocks(self) -> Iterator[Samples]:
        """The restyled sound as blocks of C x N samples, as many in all as the content has."""
        contour = Contour(self.rate, self.analysis.peak, self.options.rhythm, self.source.channels)
        size, fade = _BLOCK_SECONDS * self.rate, int(_FADE_SECONDS * self.rate)
        rising = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))
        tail: Samples | None = None  # of the block before, which fades out
        dry = _Delay(self.source.channels)
        for number, content in enumerate(chunks(self.source.blocks(self.rate), size + fade, fade)):
            made = self._restyled(content, self.options.seed + number)
            if tail is not None:
                overlap = tail.shape[1]
                made[:, :overlap] = made[:, :overlap] * rising[:overlap] + tail * rising[::-1][:overlap]
            is_last = content.shape[1] < size + fade
            ready = made.shape[1] if is_last else size
            tail = None if is_last else made[:, size:]
            shaped = contour.push(content[:, :ready], made[:, :ready])
            yield self._mixed(dry.push(content[:, :ready], shaped.shape[1]), shaped)
            if is_last:
                break
        else:
            if tail is not None:  # the content ends where a block does
                shaped = contour.push(content[:, size:], tail)
                yield self._mixed(dry.push(content[:, size:], shaped.shape[1]), shaped)
        shaped = contour.flush()
        yield self._mixed(dry.push(shaped[:, :0], shaped.shape[1]), shaped)

    def _mixed(self, dry: Samples, made: Samples) -> Samples:
        """Content and result by the strength, at equal power; low-frequency channels stay the content's."""
        angle = self.options.strength * np.pi / 2
        out = made if self.options.strength == 1 else np.float32(np.sin(angle)) * made + np.float32(np.cos(angle)) * dry
        for channel in self.kept_channels:
            out[channel] = dry[channel]
        return out

    def _restyled(self, content: Samples, seed: int) -> Samples:
        """One block without its contour: C x N samples."""
        spectra = [spectra_of(padded(channel, self.length), self.length) for channel in content]
        power = bands.power_of(spectra)
        notes = bool(self.palette.transposed)
        gains = self._colour(power)
        if self.options.method == "colour":
            made = [spectrum * gains for spectrum in spectra]
        else:
            target = np.sqrt(power) * gains
            made = self._mosaic(self._with_peaks(target) if notes else target, len(content), seed)
        return np.stack([samples_of(spectrum, self.length, content.shape[1]) for spectrum in made])

    def _colour(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        """The factors, T x bins, that give frames the style's colour and leave their loudness."""
        powers = bands.band_powers(power, self.rate, self.length)
        change = self.transport.change(bands.levels(powers, self.analysis.loud), self.smoothed)
        change = change.clip(-_MOST_CHANGE, _MOST_CHANGE)
        gains = np.exp(bands.to_bins(change, self.rate, self.length) / 2)
        before, after = power.sum(axis=1), (power * gains * gains).sum(axis=1)
        gains *= np.sqrt((before + 1e-20) / (after + 1e-20))[:, None]
        return np.asarray(gains, np.float32)

    def _with_peaks(self, target: NDArray[np.float32]) -> NDArray[np.float32]:
        """Magnitudes whose peaks stand out of their surroundings, with as much in each band as before."""
        reach = max(1, round(_SURROUNDINGS * self.length / self.rate))
        padded_sums = np.cumsum(np.pad(target, [(0, 0), (reach + 1, reach)], mode="edge"), axis=1, dtype=np.float64)
        around = (padded_sums[:, 2 * reach + 1 :] - padded_sums[:, : -2 * reach - 1]) / (2 * reach + 1)
        peaked = target * (target / (around.astype(np.float32) + 1e-12))
        before, after = (bands.band_powers(np.square(item), self.rate, self.length) for item in (target, peaked))
        gains = np.log((before + 1e-16) / (after + 1e-16)).astype(np.float32)
        return np.asarray(peaked * np.exp(bands.to_bins(gains, self.rate, self.length) / 2), np.float32)

    def _mosaic(self, target: NDArray[np.float32], channels: int, seed: int) -> list[Spectra]:
        """The spectra of a block of ``channels`` channels out of frames of the styles.

        Args:
            target: T x bins magnitudes to be rebuilt.
            channels: how many the content has.
            seed: of the random beginning.
        """
        palette = self.palette
        frames = palette.matching(bands.band_powers(np.square(target), self.rate, self.length))
        magnitudes, sums = palette.magnitudes(frames)
        used, activations = mosaic.activate(
            target, magnitudes, seed, _VOICES_OF_NOTES if palette.transposed else mosaic.VOICES
        )
        del magnitudes
        weights = (activations / sums[used]).T.astype(np.complex64)
        made: list[Spectra] = []
        for channel in range(channels):
            made.append(weights @ palette.spectra(frames[used], channel))
        return self._corrected(made)

    def _corrected(self, made: list[Spectra]) -> list[Spectra]:
        """A mosaic whose long-term spectrum is brought to the style's, by what is known of the mosaic up to here."""
        self.made += bands.band_powers(bands.power_of(made), self.rate, self.length).sum(axis=0)
        difference = self.palette.colouring.spectrum - bands.levels(self.made, float(self.made.mean()) + 1e-20)
        change = smoothed(difference[None] - difference.mean(), self.smoothed)
        change = change.clip(-_MOST_CORRECTION, _MOST_CORRECTION).astype(np.float32)
        gains = np.exp(bands.to_bins(change, self.rate, self.length) / 2)
        return [spectrum * gains for spectrum in made]


class _Delay:
    """Holds back the content by as many samples as its restyled form is late.

    Args:
        channels: of the content.
    """

    def __init__(self, channels: int) -> None:
        self._held = np.zeros((channels, 0), np.float32)

    def push(self, content: Samples, count: int) -> Samples:
        """Take the next samples of the content, and give out ``count``."""
        held = np.concatenate([self._held, content], axis=1)
        self._held = held[:, count:]
        return held[:, :count]
