"""A style of sound: stretches of a recording and how it is coloured, and the file that keeps them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, StyleError, first_line
from impasto.extras import pyav
from impasto.files import atomic_path, printable
from impasto.sound import bands
from impasto.sound.excerpt import most_varied
from impasto.sound.recording import SoundSource
from impasto.sound.resampling import usual_layout
from impasto.sound.spectrogram import Samples, frame_length, padded, spectra_of
from impasto.sound.statistics import Colouring, colouring_of
from impasto.sound.tonality import TONAL, tonality
from impasto.styles.kinds import KEY, SOUND, format_of, read_style_file

HIGHEST_RATE = 48000
"""Samples a second that are worked with at most: more hold what nobody hears."""
_MOST_BYTES = 2_000_000  # bytes that the frames in a style file take at most
_SILENCE = 1e-5  # root mean square below which a recording is silent
_RESERVED = (KEY, "name", "rate", "tonality")


def working_rate(rate: int) -> int:
    """The rate that a sound of a rate is worked with: a whole part of it, up to :data:`HIGHEST_RATE`."""
    return rate // -(-rate // HIGHEST_RATE)


@dataclass(frozen=True, eq=False)
class SoundStyle:
    """A style of sound.

    Attributes:
        name: name for people and for the command line.
        stretches: of the recording, each C x N samples that belong together.
        rate: samples a second.
        colouring: how the recording is coloured.
        tonality: its share of energy that stays at a pitch, in [0, 1].
        metadata: title, artist, licence, source.
        notices: sentences on what of the recording could not be read.
    """

    name: str
    stretches: Sequence[Samples]
    rate: int
    colouring: Colouring
    tonality: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        """How long the stretches are together."""
        return float(sum(stretch.shape[1] for stretch in self.stretches) / self.rate)

    @property
    def is_tonal(self) -> bool:
        """Whether the recording has notes."""
        return self.tonality > TONAL

    def save(self, path: Path) -> None:
        """Write a style file (safetensors): the statistics, and as much of the recording as fits into 2 MB.

        Raises:
            OutputError: it cannot be written.
        """
        from safetensors.numpy import save

        kept, encoded = self._fitting()
        reserved = {
            KEY: format_of(SOUND),
            "name": self.name,
            "rate": str(self.rate),
            "tonality": f"{self.tonality:.4f}",
            "seconds": f"{sum(stretch.shape[1] for stretch in kept) / self.rate:.1f}",
        }
        metadata = {key: printable(str(value)) for key, value in {**self.metadata, **reserved}.items()}
        tensors: dict[str, NDArray[Any]] = {
            "mean": self.colouring.mean,
            "covariance": self.colouring.covariance,
            "spectrum": self.colouring.spectrum,
            "lengths": np.array([stretch.shape[1] for stretch in kept], np.int64),
            "flac": np.frombuffer(encoded, np.uint8),
        }
        with atomic_path(path) as temporary:
            temporary.write_bytes(save(tensors, metadata=metadata))

    def _fitting(self) -> tuple[list[Samples], bytes]:
        """As much of the stretches as fits into a style file, and that as FLAC."""
        kept = list(self.stretches)
        while len(encoded := _to_flac(np.concatenate(kept, axis=1), self.rate)) > _MOST_BYTES:
            share = 0.95 * _MOST_BYTES / len(encoded)
            kept = [stretch[:, : max(frame_length(self.rate), int(stretch.shape[1] * share))] for stretch in kept]
        return kept, encoded


def style_of(source: SoundSource, name: str, metadata: Mapping[str, str] | None = None) -> SoundStyle:
    """The style of a recording.

    Args:
        source: the recording.
        name: what to call the style.
        metadata: what else is known.

    Raises:
        InputError: the recording is silent, or shorter than a frame.
    """
    rate = working_rate(source.rate)
    length = frame_length(rate)
    stretches = [stretch for stretch in most_varied(source, rate) if stretch.shape[1] >= length]
    if not stretches:
        least = 1000 * length // rate
        text = f"{source.name} is shorter than {least} ms, too short to be a style; give a second or more."
        raise InputError(text, key="style_short", name=source.name)
    if max(float(np.sqrt(np.square(stretch).mean())) for stretch in stretches) < _SILENCE:
        raise InputError(
            f"{source.name} is silent, and silence is no style; give a recording that sounds.",
            key="style_silent",
            name=source.name,
        )
    powers, tonal = [], []
    for stretch in stretches:
        power = bands.power_of([spectra_of(padded(channel, length), length) for channel in stretch])
        powers.append(bands.band_powers(power, rate, length))
        tonal.append((tonality(np.sqrt(power), rate, length), float(power.sum())))
    joined = np.concatenate(powers)
    missing = bands.COUNT - joined.shape[1]
    joined = np.pad(joined, [(0, 0), (0, missing)])  # a recording of a low rate has nothing in the upper bands
    colouring = colouring_of(bands.levels(joined, bands.reference(joined)))
    share = sum(value * energy for value, energy in tonal) / sum(energy for _, energy in tonal)
    return SoundStyle(name, stretches, rate, colouring, share, dict(metadata or {}))


def read_sound_style(path: Path) -> SoundStyle:
    """Read a style file of sound.

    Raises:
        StyleError: it cannot be read, is a style of another kind, or is damaged.
    """
    tensors, metadata = read_style_file(path, SOUND)
    try:
        return _checked(path, metadata, tensors)
    except (KeyError, ValueError, TypeError, OverflowError, pyav("Sound", "sound").error.FFmpegError) as error:
        raise StyleError(
            f"{path} is damaged ({first_line(error)}); take it from its source again.",
            key="style_damaged_file",
            name=path.name,
        ) from error


def _checked(path: Path, metadata: dict[str, str], tensors: Mapping[str, NDArray[Any]]) -> SoundStyle:
    """The style that a file's header and tensors stand for.

    Raises:
        ValueError: they are those of no style.
    """
    rate, tonal = int(metadata["rate"]), float(metadata["tonality"])
    mean, covariance, spectrum = (np.asarray(tensors[name], np.float32) for name in ("mean", "covariance", "spectrum"))
    if not 1000 <= rate <= HIGHEST_RATE or not 0 <= tonal <= 1:
        raise ValueError("its rate or its tonality cannot be")
    if {mean.shape, spectrum.shape} != {(bands.COUNT,)} or covariance.shape != (bands.COUNT, bands.COUNT):
        raise ValueError("its statistics are of a wrong size")
    if not (max(np.abs(mean).max(), np.abs(spectrum).max()) < 1e3 and np.abs(covariance).max() < 1e6):
        raise ValueError("its statistics are no numbers that a sound has")
    samples = _from_flac(tensors["flac"].astype(np.uint8).tobytes(), rate)
    lengths = tensors["lengths"].astype(np.int64)
    if (
        lengths.ndim != 1
        or not len(lengths)
        or (lengths < frame_length(rate)).any()
        or lengths.sum() != samples.shape[1]
    ):
        raise ValueError("its stretches are of other lengths than it says")
    stretches = np.split(samples, np.cumsum(lengths)[:-1], axis=1)
    name = metadata.get("name", path.stem)
    rest = {key: value for key, value in metadata.items() if key not in _RESERVED}
    return SoundStyle(name, stretches, rate, Colouring(mean, covariance, spectrum), tonal, rest)


def _to_flac(samples: Samples, rate: int) -> bytes:
    """C x N samples as FLAC of 16 bits."""
    av = pyav("Sound", "sound")
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate)
        stream.codec_context.layout, stream.codec_context.format = usual_layout(len(samples)), "s16"
        whole = np.rint(samples * 32767).clip(-32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(whole.T.reshape(1, -1)), format="s16", layout=usual_layout(len(samples))
        )
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _from_flac(data: bytes, rate: int) -> Samples:
    """C x N samples of a FLAC file.

    Raises:
        ValueError: it has another rate, or too many samples.
    """
    av = pyav("Sound", "sound")
    parts, count = [], 0
    with av.open(io.BytesIO(data), format="flac") as container:
        for frame in container.decode(audio=0):
            if frame.sample_rate != rate:
                raise ValueError("its recording has another rate than it says")
            whole = frame.to_ndarray()
            channels = frame.layout.nb_channels
            parts.append(whole.reshape(-1, channels).T if whole.shape[0] == 1 else whole)
            count += frame.samples
            if count > 10 * 60 * rate:
                raise ValueError("its recording is too long")
    return np.concatenate(parts, axis=1).astype(np.float32) / np.float32(32767)
