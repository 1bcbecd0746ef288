"""Copying a stream of sound or subtitles into another container, as it is or encoded anew."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from impasto.extras import pyav

_CHANNEL_LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}  # usual layouts by number of channels
_FALLBACK_SAMPLE_RATE = 48000  # Hz: for encoders that do not take the rate of the source


class CopiedStream:
    """A stream whose packets are copied as they are; ``source`` and ``target`` are streams of PyAV's."""

    def __init__(self, source: Any, target: Any) -> None:
        self.source, self.target = source, target
        self.last: int | None = None  # decoding time stamp of the last packet

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """The packets to write for a packet that was read, with ``shift`` seconds taken off their time stamps."""
        if packet.pts is None and packet.dts is None:  # the demuxer marks the end of a stream by such a packet
            return []
        ticks = round(shift / packet.time_base)
        if packet.dts is None:
            packet.dts = packet.pts
        packet.dts -= ticks
        if packet.pts is not None:
            packet.pts -= ticks
        if self.last is not None and packet.dts <= self.last:  # of a damaged file; muxers refuse such times
            packet.dts = self.last + 1
            packet.pts = packet.dts if packet.pts is None else max(packet.pts, packet.dts)
        self.last = packet.dts
        packet.stream = self.target
        return [packet]


class EncodedSound(CopiedStream):
    """A sound stream that is decoded, resampled and encoded anew."""

    def __init__(self, source: Any, target: Any) -> None:
        super().__init__(source, target)
        context = target.codec_context
        self.resampler = pyav().AudioResampler(
            format=context.format or "fltp", layout=context.layout, rate=context.sample_rate
        )

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """See :class:`CopiedStream`."""
        made: list[Any] = []
        for frame in packet.decode():
            if frame.pts is not None:
                frame.pts -= round(shift / frame.time_base)
            for resampled in self.resampler.resample(frame):
                made += self.target.encode(resampled)
        if not packet.size:
            for resampled in self.resampler.resample(None):
                made += self.target.encode(resampled)
            made += self.target.encode(None)
        return made


class EncodedSubtitles(CopiedStream):
    """A stream of subtitles in text that is encoded anew."""

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """See :class:`CopiedStream`."""
        if packet.pts is None or not packet.size:
            return []
        decoded = self.source.codec_context.decode2(packet)
        if decoded is None or not len(decoded):
            return []
        context = self.target.codec_context
        milliseconds = round((packet.duration or 0) * packet.time_base * 1000)
        text = next((r.ass for r in decoded if getattr(r, "ass", b"")), b"")
        made = context.encode_subtitle(
            pyav().subtitles.subtitle.SubtitleSet.create(text=text, start=0, end=milliseconds)
        )
        made.stream = self.target
        made.time_base = Fraction(1, 1000)
        made.pts = made.dts = round((packet.pts * packet.time_base - shift) * 1000)
        made.duration = milliseconds
        return [made]


def copy_stream(target: Any, stream: Any, encoder: str) -> CopiedStream:
    """Add a stream of sound or subtitles to a container that is being written.

    Args:
        target: the container, as PyAV opens it for writing.
        stream: of the container that is read.
        encoder: FFmpeg's name of the encoder; empty to copy the stream as it is.
    """
    if not encoder:
        return CopiedStream(stream, target.add_stream_from_template(stream, opaque=True))
    decoder = stream.codec_context
    if stream.type == "subtitle":
        made = target.add_stream(encoder)
        if not decoder.is_open:
            decoder.open()
        made.codec_context.subtitle_header = decoder.subtitle_header
        return EncodedSubtitles(stream, made)
    rates = pyav().Codec(encoder, "w").audio_rates
    rate = decoder.sample_rate if rates is None or decoder.sample_rate in rates else _FALLBACK_SAMPLE_RATE
    made = target.add_stream(encoder, rate=rate)
    made.codec_context.layout = channel_layout(encoder, decoder.layout)
    return EncodedSound(stream, made)


def codec_name(stream: Any) -> str:
    """FFmpeg's name of the codec of a stream; ``"unknown"`` where FFmpeg has no decoder."""
    context = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else "unknown"


def channel_layout(encoder: str, wanted: Any) -> str:
    """The channel layout for an encoder: the wanted one, or the usual one of as many channels, or else stereo."""
    av = pyav()
    for name in (wanted.name, _CHANNEL_LAYOUTS.get(wanted.nb_channels)):
        trial = av.CodecContext.create(encoder, "w")
        try:
            trial.layout, trial.sample_rate, trial.format = name, _FALLBACK_SAMPLE_RATE, trial.codec.audio_formats[0]
            trial.open()
        except (av.error.FFmpegError, ValueError, TypeError):
            continue
        return str(name)
    return "stereo"
