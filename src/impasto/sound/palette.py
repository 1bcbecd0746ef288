"""The styles of one request at the content's rate: how they are coloured together, and which frames match."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from impasto.sound import statistics
from impasto.sound.corpus import Corpus
from impasto.sound.mosaic import batches
from impasto.sound.resampling import resample
from impasto.sound.spectrogram import Spectra, frame_length
from impasto.sound.style import SoundStyle
from impasto.sound.tonality import PARTLY_TONAL

_MOST_FRAMES = 5000  # frames of all styles that a block is made of at most: those that match best
_NEIGHBOURS = 3  # frames to either side of one that matches, which come along so that runs can go on


class Palette:
    """Weighted styles.

    Args:
        styles: with their shares, which sum to 1.
        rate: the working rate of the content.
        tonality: of the content.
        pitch: whether there are transposed copies: ``"auto"``, ``"on"`` or ``"off"``.
        frames: whether frames are needed, not only how the styles are coloured.

    Attributes:
        colouring: the mean of the styles'.
        transposed: names of the styles that have transposed copies.
    """

    def __init__(
        self, styles: Sequence[tuple[SoundStyle, float]], rate: int, tonality: float, pitch: str, *, frames: bool
    ) -> None:
        self.rate, self.length = rate, frame_length(rate)
        self.colouring = statistics.at_rate(statistics.blend([(s.colouring, share) for s, share in styles]), rate)
        self.transposed: list[str] = []
        self._corpora: list[Corpus] = []
        for style, share in styles if frames else ():
            if not share:
                continue
            both = style.is_tonal and tonality > PARTLY_TONAL
            transposed = pitch == "on" or (pitch == "auto" and both)
            self.transposed += [style.name] * transposed
            stretches = [resample(stretch, style.rate, rate) for stretch in style.stretches]
            stretches = [np.pad(s, [(0, 0), (0, max(0, self.length - s.shape[1]))]) for s in stretches]
            self._corpora.append(Corpus(stretches, rate, share, transposed=transposed))
        self._offsets = np.cumsum([0, *(len(corpus) for corpus in self._corpora)])
        self._shapes = [_shape(corpus.powers) for corpus in self._corpora]

    def matching(self, powers: NDArray[np.float32]) -> NDArray[np.intp]:
        """The frames that match those of a block best, by their numbers over all styles.

        Args:
            powers: T x B powers in bands of the block's frames, coloured.
        """
        count = int(self._offsets[-1])
        if count <= _MOST_FRAMES:
            return np.arange(count)
        wanted = _shape(powers[powers.sum(axis=1) > 0]).T
        if not wanted.size:
            return np.arange(_MOST_FRAMES)
        scores = []
        for shapes in self._shapes:
            best = np.concatenate([(shapes[part] @ wanted).max(axis=1) for part in batches(len(shapes), 1024)])
            around = np.pad(best, _NEIGHBOURS, mode="edge")
            scores.append(np.lib.stride_tricks.sliding_window_view(around, 2 * _NEIGHBOURS + 1).max(axis=1))
        chosen = np.argpartition(np.concatenate(scores), -_MOST_FRAMES)[-_MOST_FRAMES:]
        return np.sort(chosen)

    def magnitudes(self, frames: NDArray[np.intp]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Magnitudes of frames, K x bins, each divided by its sum and multiplied by its style's weight; and the sums.

        Args:
            frames: numbers over all styles, ascending.
        """
        out = np.empty((len(frames), self.length // 2 + 1), np.float32)
        sums = np.empty((len(frames), 1), np.float32)
        for corpus, mine, numbers in self._by_corpus(frames):
            out[mine] = corpus.magnitudes(numbers)
            sums[mine] = out[mine].sum(axis=1, keepdims=True) / np.float32(corpus.weight * len(self._corpora))
        out /= sums
        return out, sums

    def spectra(self, frames: NDArray[np.intp], channel: int) -> Spectra:
        """Spectra of frames of one channel, K x bins, as they were recorded."""
        out = np.empty((len(frames), self.length // 2 + 1), np.complex64)
        for corpus, mine, numbers in self._by_corpus(frames):
            out[mine] = corpus.spectra(numbers, channel)
        return out

    def _by_corpus(self, frames: NDArray[np.intp]) -> list[tuple[Corpus, slice, NDArray[np.intp]]]:
        """The styles with the part of some frames that is theirs, and their own numbers of those."""
        found = []
        for corpus, first, end in zip(self._corpora, self._offsets[:-1], self._offsets[1:], strict=True):
            mine = slice(*np.searchsorted(frames, [first, end]))
            if mine.start < mine.stop:
                found.append((corpus, mine, frames[mine] - first))
        return found


def _shape(powers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Magnitudes in bands, each frame brought to length 1, so that products tell how alike frames are."""
    magnitudes = np.sqrt(powers)
    return np.asarray(magnitudes / (np.linalg.norm(magnitudes, axis=1, keepdims=True) + 1e-12), np.float32)
