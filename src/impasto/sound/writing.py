"""Files of sound: formats, what each takes, and writing beside what a video brings."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import OutputError, Sentence
from impasto.extras import pyav
from impasto.files import atomic_path, printable
from impasto.media.containers import open_container
from impasto.media.side_plan import SOUND_ENCODERS
from impasto.media.side_streams import SideStreams, TimedPacket
from impasto.media.stream_copies import channel_layout
from impasto.sound.spectrogram import Samples

BITS = ("16", "24", "32f")
"""What a sample of WAV or FLAC takes; 32f are floats, of WAV alone."""
_FRAME = 1 << 14  # samples that are given to the encoder at a time
_BIT_RATE = 192_000  # bits a second of compressed sound, for two channels


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        container: FFmpeg's name of the container.
        encoders: FFmpeg's names of the encoder by :data:`BITS`; with one entry, ``""``, bits have no meaning.
        pictures: whether it holds moving pictures.
    """

    container: str
    encoders: Mapping[str, str]
    pictures: bool = False


def _video(container: str) -> Format:
    return Format(container, {"": SOUND_ENCODERS[container]}, pictures=True)


FORMATS = {
    ".wav": Format("wav", {"16": "pcm_s16le", "24": "pcm_s24le", "32f": "pcm_f32le"}),
    ".flac": Format("flac", {"16": "flac", "24": "flac"}),
    ".mp3": Format("mp3", {"": "libmp3lame"}),
    ".ogg": Format("ogg", {"": "libopus"}),
    ".opus": Format("ogg", {"": "libopus"}),
    ".m4a": Format("ipod", {"": "aac"}),
    ".mp4": _video("mp4"),
    ".m4v": _video("mp4"),
    ".mov": _video("mov"),
    ".mkv": _video("matroska"),
    ".webm": _video("webm"),
}
"""Suffixes to formats that are written."""
_SAMPLE_FORMATS = {"24": "s32", "16": "s16"}  # of FLAC's encoder


def format_of_file(path: Path) -> Format:
    """The format that a file's suffix stands for.

    Raises:
        OutputError: none.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise OutputError(f"{path} has no suffix of a sound that can be written; give one of {', '.join(FORMATS)}.")
    return found


def checked_bits(path: Path, bits: str | None) -> str:
    """Bits that a file is written with.

    Args:
        path: the file.
        bits: what was asked for; ``None``: the usual.

    Raises:
        OutputError: the format does not have them.
    """
    encoders = format_of_file(path).encoders
    if bits is None:
        return next(iter(encoders))
    if bits not in encoders:
        taken = ", ".join(filter(None, encoders)) or "no bits, as it is compressed"
        raise OutputError(f"{path.suffix} takes {taken}; give other --bits, or another suffix.")
    return bits


class Encoder:
    """Encodes blocks of sound into a container that is being written.

    Args:
        target: the container, as PyAV opens it.
        encoder: FFmpeg's name.
        rate: samples a second of the blocks.
        wanted: samples a second of the file, where the encoder takes that.
        layout: FFmpeg's name of the layout of channels.
        begins: seconds on the file's clock at which the sound begins.
        bits: of :data:`BITS`; empty where these have no meaning.

    Attributes:
        stream: of the container.
        notices: sentences on what the encoder does not take as it is.
    """

    def __init__(
        self,
        target: Any,
        encoder: str,
        rate: int,
        wanted: int,
        layout: str,
        begins: float = 0.0,
        bits: str = "",
    ) -> None:
        av = pyav("Sound", "sound")
        self.rate, self.layout = rate, layout
        self.notices: list[str] = []
        rates = av.Codec(encoder, "w").audio_rates
        taken = wanted if not rates or wanted in rates else min((r for r in rates if r >= wanted), default=max(rates))
        if taken != wanted:
            text = f"This format does not take {wanted} samples a second; the result has {taken}."
            self.notices.append(Sentence(text, "rate_changed", wanted=wanted, rate=taken))
        self.stream = target.add_stream(encoder, rate=taken)
        context = self.stream.codec_context
        wide = channel_layout(encoder, av.AudioLayout(layout))
        context.layout = wide
        if encoder == "flac" and bits:
            context.format = _SAMPLE_FORMATS[bits]
        channels = av.AudioLayout(wide).nb_channels
        if channels != av.AudioLayout(layout).nb_channels:
            text = f"This format does not take {layout} sound; the result is mixed to {wide}."
            self.notices.append(Sentence(text, "channels_mixed", layout=layout, wide=wide))
        if not encoder.startswith(("pcm", "flac")):
            context.bit_rate = _BIT_RATE * max(1, channels) // 2
        self._at = round(begins * rate)

    def packets(self, blocks: Iterable[Samples]) -> Iterator[Any]:
        """The packets of blocks of C x N samples."""
        av = pyav()
        for block in blocks:
            for first in range(0, block.shape[1], _FRAME):
                part = np.ascontiguousarray(block[:, first : first + _FRAME].T, np.float32)
                frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), format="flt", layout=self.layout)
                frame.sample_rate, frame.pts, frame.time_base = self.rate, self._at, Fraction(1, self.rate)
                self._at += len(part)
                yield from self.stream.encode(frame)
        yield from self.stream.encode(None)


@dataclass(frozen=True)
class Target:
    """Where a sound goes.

    Attributes:
        path: the file.
        rate: samples a second of the file.
        layout: FFmpeg's name of the layout of channels.
        bits: of :data:`BITS`; empty where these have no meaning.
        metadata: of the file.
        begins: seconds on the file's clock at which the sound begins.
        beside: what goes beside the sound; ``None``: nothing.
    """

    path: Path
    rate: int
    layout: str
    bits: str
    metadata: Mapping[str, str]
    begins: float = 0.0
    beside: SideStreams | None = None


def write_sound(target: Target, blocks: Iterable[Samples], rate: int) -> list[str]:
    """Write a sound whole or not at all.

    Args:
        target: where it goes.
        blocks: of C x N samples.
        rate: of these, samples a second.

    Returns:
        Notices on what could not be kept as it was.

    Raises:
        OutputError: it cannot be written.
    """
    av = pyav("Sound", "sound")
    kind = format_of_file(target.path)
    options = {"movflags": "+faststart"} if kind.container in ("mp4", "mov", "ipod") else {}
    if kind.container == "wav":
        options = {"rf64": "auto"}  # WAV itself ends at 4 GB
    try:
        with (
            atomic_path(target.path) as temporary,
            open_container(temporary, "w", format=kind.container, options=options) as output,
        ):
            encoder = Encoder(
                output, kind.encoders[target.bits], rate, target.rate, target.layout, target.begins, target.bits
            )
            beside = target.beside.attach(output, encoder.stream) if target.beside else lambda: iter(())
            output.metadata.update({name: printable(text) for name, text in target.metadata.items()})

            def sounds() -> Iterator[TimedPacket]:
                """The packets of the sound, for merging with those beside it by decoding time."""
                for number, packet in enumerate(encoder.packets(blocks)):
                    packet.stream = encoder.stream
                    when = packet.dts if packet.dts is not None else packet.pts or 0
                    yield Fraction(when) * packet.time_base, -number, packet

            for _, _, packet in heapq.merge(sounds(), beside(), key=lambda timed: timed[0]):
                output.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"{target.path} cannot be written as {target.path.suffix} ({reason}); give another suffix."
        ) from error
    return encoder.notices
