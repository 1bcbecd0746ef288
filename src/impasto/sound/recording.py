"""Sources of sound: files of sound, the sound of videos, and arrays."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.extras import pyav
from impasto.media.completeness import is_cut_off
from impasto.media.containers import open_container
from impasto.sound.resampling import Stream, usual_layout
from impasto.sound.spectrogram import Samples

log = logging.getLogger(__name__)

MIN_RATE, MAX_RATE = 2000, 768_000
"""Samples a second that a source may have: below there are no words, above there is no recorder."""
_MAX_CHANNELS = 16
_MAX_ERRORS_IN_A_ROW = 50  # damaged packets in a row after which the rest of a file is given up
_GAP_SECONDS = 0.1  # seconds from which on a jump of the time stamps is a gap, which is filled with silence
_BLOCK = 1 << 16  # samples of an array that are given out at a time


class SoundSource(Protocol):
    """What gives sound.

    Attributes:
        name: for messages.
        rate: samples a second.
        channels: how many there are.
        layout: FFmpeg's name of their layout.
        expected: samples that there probably are at ``rate``; 0: unknown.
        notices: sentences on what could not be read as it was.
    """

    name: str
    rate: int
    channels: int
    layout: str
    expected: int
    notices: list[str]

    def blocks(self, rate: int) -> Iterator[Samples]:
        """The sound from its beginning on as blocks of C x N samples, at a rate."""
        ...


@dataclass
class HeldSound:
    """Sound in memory; a :class:`SoundSource`.

    Attributes:
        samples: C x N.
        rate: samples a second.
        name: for messages.
    """

    samples: Samples
    rate: int
    name: str = "the sound"
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.channels, self.expected = self.samples.shape
        self.layout = usual_layout(self.channels)

    def blocks(self, rate: int) -> Iterator[Samples]:
        """See :class:`SoundSource`."""
        stream = Stream(self.rate, rate, self.channels)
        for first in range(0, self.expected, _BLOCK):
            yield stream.push(self.samples[:, first : first + _BLOCK])
        yield stream.flush()


def as_held_sound(samples: Any, rate: Any, name: str = "the sound") -> HeldSound:
    """An array as callers have it: N samples, or N x C; numbers in [-1, 1], or whole numbers of 16 or 32 bits.

    Raises:
        InputError: it is no such array.
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "fi" or not array.size:
        raise InputError(
            "A sound in memory is an array of N samples, or N x channels, of numbers in [-1, 1]; give one."
        )
    if array.ndim == 2 and array.shape[1] > _MAX_CHANNELS:
        raise InputError(
            f"The array has {array.shape[1]} channels; it takes N x channels, of which 1 to {_MAX_CHANNELS}."
        )
    if array.dtype.kind == "i":
        array = array / -float(np.iinfo(array.dtype).min)
    return HeldSound(_finite(np.atleast_2d(array.T.astype(np.float32))), _checked_rate(rate, name), name)


def _checked_rate(rate: Any, name: str) -> int:
    """A rate, which must be one of sound.

    Raises:
        InputError: it is not.
    """
    if not isinstance(rate, int | np.integer) or not MIN_RATE <= rate <= MAX_RATE:
        raise InputError(
            f"{name} has {rate} samples a second; give a sound with {MIN_RATE} to {MAX_RATE}, a whole number."
        )
    return int(rate)


def _finite(samples: NDArray[np.float32]) -> Samples:
    """Samples without what is no number or beyond all sounds, as damaged files of floats have it."""
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0).clip(-16, 16)


class SoundFile:
    """A file of sound, or the sound of a video; a :class:`SoundSource`.

    Args:
        path: the file.
        start, end: the part to read, in seconds from the beginning of the sound; ``None``: from its start, to its end.
        stereo: mix what has more than two channels down to two.

    Attributes:
        index: of the sound among the streams of the file.
        begins: seconds on the file's clock at which the sound begins.
        picture: index of the video stream; ``None``: there are no moving pictures.
        other_sounds: how many more sounds the file has.
        has_cover: whether it has a still picture beside the sound.
        metadata: of the file.
        damaged: packets that could not be decoded.
        truncated: whether the file ends before the end that it declares; known once it has been read.

    Raises:
        InputError: it cannot be read, or has no sound.
    """

    def __init__(
        self, path: Path, start: float | None = None, end: float | None = None, *, stereo: bool = False
    ) -> None:
        self.path, self.name, self.start, self.end = path, path.name, start or 0.0, end
        self.notices: list[str] = []
        self.damaged, self.truncated = 0, False
        with self._opened() as container:
            sounds = [s for s in container.streams.audio if s.codec_context is not None]
            if not sounds:
                raise InputError(
                    f"There is no sound in {path}; give a file that has some.", key="no_sound_in", name=str(path)
                )
            best = container.streams.best("audio")
            stream = best if best in sounds else sounds[0]
            self.index: int = stream.index
            first = self._first_frame(container, stream)
            self.rate = _checked_rate(first.sample_rate, str(path))
            self.channels = first.layout.nb_channels
            if not 1 <= self.channels <= _MAX_CHANNELS:
                raise InputError(f"{path} has {self.channels} channels; give a sound with at most {_MAX_CHANNELS}.")
            self.layout = first.layout.name
            if stereo and self.channels > 2:
                self.channels, self.layout = 2, "stereo"
            base = stream.time_base
            self.begins = float(first.pts * base) if first.pts is not None else 0.0
            cover = pyav().stream.Disposition.attached_pic
            videos = [s for s in container.streams.video if s.codec_context is not None]
            self.picture = next((s.index for s in videos if not s.disposition & cover), None)
            self.has_cover = any(s.disposition & cover for s in videos)
            self.other_sounds = len(container.streams.audio) - 1
            self.metadata = dict(container.metadata)
            self.declared = self._declared_seconds(container, stream)
        whole = max(0.0, self.declared if end is None else min(end, self.declared or end))
        self.expected = round(max(0.0, whole - self.start) * self.rate)

    def _opened(self) -> Any:
        """The file as PyAV opens it.

        Raises:
            InputError: it cannot be read, or is no sound.
        """
        av = pyav("Sound", "sound")
        try:
            if not self.path.is_file():
                found = "is a folder" if self.path.is_dir() else "is not there"
                raise InputError(f"{self.path} {found}; give a file with sound.")
            return open_container(self.path, metadata_errors="replace")
        except (av.error.FFmpegError, ValueError) as error:
            if isinstance(error, PermissionError):
                raise InputError(f"{self.path} cannot be read ({error.strerror}); check its permissions.") from error
            raise InputError(
                f"{self.path} cannot be opened as a sound; it may be damaged, cut off before its index, or no sound.",
                key="sound_unreadable",
                name=str(self.path),
            ) from error
        except OSError as error:
            raise InputError(f"{self.path} cannot be read ({error.strerror}); check the path.") from error

    def _first_frame(self, container: Any, stream: Any) -> Any:
        """The first frame that can be decoded.

        Raises:
            InputError: there is none.
        """
        frame = next(self._frames(container, stream), None)
        self.damaged = 0
        if frame is None:
            raise InputError(
                f"No sound in {self.path} can be decoded; the file is empty, damaged or of an unknown kind.",
                key="sound_unreadable",
                name=str(self.path),
            )
        return frame

    @staticmethod
    def _declared_seconds(container: Any, stream: Any) -> float:
        """Seconds that the file says that its sound lasts; 0: it does not say so."""
        if stream.duration and stream.duration > 0:
            return float(stream.duration * stream.time_base)
        return max(0.0, float((container.duration or 0) / pyav().time_base))

    def _frames(self, container: Any, stream: Any) -> Iterator[Any]:
        """The decoded frames of the sound, those of damaged packets left out."""
        errors, packets = 0, container.demux(stream)
        while errors <= _MAX_ERRORS_IN_A_ROW:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                decoded = packet.decode()
            except pyav().error.EOFError:
                return
            except (pyav().error.FFmpegError, ValueError) as error:
                log.info("A packet of %s is damaged: %s", self.path, error)
                self.damaged, errors = self.damaged + 1, errors + 1
                continue
            errors = 0
            yield from (frame for frame in decoded if frame.samples)

    def blocks(self, rate: int) -> Iterator[Samples]:
        """See :class:`SoundSource`; gaps of the time stamps are silence, so that a video's sound stays in time."""
        self.damaged, self.truncated = 0, False
        first = round(self.start * rate)
        last = None if self.end is None else round(self.end * rate)
        position = 0
        for block in self._decoded(rate):
            begin, end = max(0, first - position), block.shape[1]
            if last is not None:
                end = min(end, last - position)
            if begin < end:
                yield block[:, begin:end]
            position += block.shape[1]
            if last is not None and position >= last:
                return
        read = position / rate
        self.truncated = is_cut_off(self.path) or (self.declared > 0 and read < self.declared * 0.95 - 1)

    def _decoded(self, rate: int) -> Iterator[Samples]:
        """The whole sound as blocks of C x N samples."""
        with self._opened() as container:
            stream = container.streams[self.index]
            out = Stream(self.rate, rate, self.channels)
            read = 0  # samples at the file's rate
            for frame in self._frames(container, stream):
                if frame.pts is not None and frame.time_base:
                    due = float(frame.pts * frame.time_base) - self.begins
                    gap = due - read / self.rate
                    if gap > _GAP_SECONDS and due <= self.declared:
                        silence = np.zeros((self.channels, _BLOCK), np.float32)
                        missing = round(gap * self.rate)
                        for begun in range(0, missing, _BLOCK):
                            yield out.push(silence[:, : min(_BLOCK, missing - begun)])
                        read += missing
                samples = self._samples(frame)
                read += samples.shape[1]
                yield out.push(samples)
            yield out.flush()

    def _samples(self, frame: Any) -> Samples:
        """The samples of a frame as C x N numbers; a frame of another rate or layout, in damaged files, is adapted."""
        av = pyav()
        layout = self.layout if frame.layout.name != self.layout else None
        rate = self.rate if frame.sample_rate != self.rate else None
        frame.pts = None
        try:
            resampler = av.AudioResampler(format="flt", layout=layout or frame.layout, rate=rate or frame.sample_rate)
            parts = [made.to_ndarray()[0] for made in (*resampler.resample(frame), *resampler.resample(None))]
        except (av.error.FFmpegError, ValueError):
            self.damaged += 1
            return np.zeros((self.channels, frame.samples), np.float32)
        found = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        found = found.reshape(-1, self.channels).T  # not planar: PyAV knows at most seven planes
        return _finite(found.astype(np.float32, copy=False))
