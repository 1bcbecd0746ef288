"""Copying sound, subtitles, attachments, chapters and metadata of a video file into another container (remuxing).

Here is decided what is copied, what is encoded anew because the container cannot hold its codec, and what is left out.
The studio translates the notices by :mod:`impasto.studio.error_patterns`.
"""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.extras import pyav
from impasto.video.containers import open_container

log = logging.getLogger(__name__)

TimedPacket = tuple[Fraction, int, Any]
"""When a packet is to be decoded, in seconds; its number; the packet."""

# Names of a container's metadata that are not copied, since the muxer writes its own.
_CONTAINER_METADATA = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
# Names of a stream's metadata that are copied.
_STREAM_METADATA = {"language", "title", "handler_name", "creation_time"}
# FFmpeg's names of containers to encoders for streams that their muxers do not accept.
_SOUND_ENCODERS = {"webm": "libopus", "mp4": "aac", "mov": "aac", "matroska": "flac"}
_SUBTITLE_ENCODERS = {"webm": "webvtt", "mp4": "mov_text", "mov": "mov_text", "matroska": "subrip"}
_TEXT_SUBTITLES = {"mov_text", "subrip", "webvtt", "ass", "ssa", "text"}  # codecs whose subtitles are text
_CHANNEL_LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}  # usual layouts by number of channels
_FALLBACK_SAMPLE_RATE = 48000  # Hz: for encoders that do not take the rate of the source


class SideStreams:
    """All of a video file but the stream that is painted, cut to a span of time.

    Args:
        path: the video file.
        picture: index of the stream that is painted.
        start: of the span, in seconds on the source's clock; ``None``: the file's own.
        end: of the span, in seconds on the source's clock; ``None``: the file's own.
        shift: seconds that are taken off every time stamp.

    Attributes:
        notices: sentences for people on what could not be kept as it was.
    """

    def __init__(self, path: Path, picture: int, start: Fraction | None, end: Fraction | None, shift: Fraction) -> None:
        self.path, self.picture, self.start, self.end, self.shift = path, picture, start, end, shift
        self.notices: list[str] = []

    def attach(self, target: Any, kind: str, picture: Any) -> Callable[[], Iterator[TimedPacket]]:
        """Add streams, chapters and metadata to a container that is being written, and label its video stream.

        Args:
            target: the container, as PyAV opens it for writing.
            kind: FFmpeg's name of the container.
            picture: the video stream in the container.

        Returns:
            A function that yields all packets in order of time. It must be called once the container has all streams.
        """
        container = open_container(self.path, metadata_errors="replace")
        target.metadata.update({k: v for k, v in container.metadata.items() if k.lower() not in _CONTAINER_METADATA})
        target.set_chapters(self._chapters(container.chapters()))
        copies: dict[int, _CopiedStream] = {}
        for stream in container.streams:
            what = f"The {stream.type} stream {stream.index} ({codec_name(stream)}) of {self.path.name}"
            if stream.type == "audio":
                copies[stream.index] = self._add_sound(target, kind, stream, what)
            elif stream.type == "subtitle":
                if made := self._add_subtitles(target, kind, stream, what):
                    copies[stream.index] = made
            elif stream.type == "attachment" and kind == "matroska":
                target.add_stream_from_template(stream)
            elif stream.type != "video" and not (stream.type == "data" and container.chapters()):
                # MP4 keeps the titles of chapters in a data stream, which the muxer writes anew.
                self.notices.append(f"{what} is left out.")
        for copy in copies.values():
            _copy_labels(copy.source, copy.target)
        _copy_labels(container.streams[self.picture], picture)
        return lambda: self._packets(container, copies)

    def _chapters(self, chapters: list[Any]) -> list[Any]:
        """Those chapters that lie in the span, cut to it and shifted."""
        kept = []
        for chapter in chapters:
            base = chapter["time_base"]
            low, high = (Fraction(chapter[side]) * base for side in ("start", "end"))
            if (self.end is not None and low >= self.end) or (self.start is not None and high <= self.start):
                continue
            low = max(low, self.start) if self.start is not None else low
            high = min(high, self.end) if self.end is not None else high
            kept.append(chapter | {"start": round((low - self.shift) / base), "end": round((high - self.shift) / base)})
        return kept

    def _add_sound(self, target: Any, kind: str, stream: Any, what: str) -> _CopiedStream:
        """Add a sound stream to the container: copied where its muxer accepts the codec, else encoded anew."""
        if _muxer_accepts(kind, stream):
            return _CopiedStream(stream, target.add_stream_from_template(stream, opaque=True))
        encoder, decoder = _SOUND_ENCODERS[kind], stream.codec_context
        self.notices.append(f"{what} does not fit into this container and is encoded anew as {encoder}.")
        rates = pyav().Codec(encoder, "w").audio_rates
        rate = decoder.sample_rate if rates is None or decoder.sample_rate in rates else _FALLBACK_SAMPLE_RATE
        made = target.add_stream(encoder, rate=rate)
        made.codec_context.layout = _channel_layout(encoder, decoder.layout)
        return _EncodedSound(stream, made)

    def _add_subtitles(self, target: Any, kind: str, stream: Any, what: str) -> _CopiedStream | None:
        """Add a subtitle stream to the container: copied where its muxer accepts the codec, else encoded anew.

        Returns:
            ``None`` for subtitles that are pictures, which cannot be encoded anew.
        """
        if _muxer_accepts(kind, stream):
            return _CopiedStream(stream, target.add_stream_from_template(stream, opaque=True))
        if codec_name(stream) not in _TEXT_SUBTITLES:
            self.notices.append(f"{what} is made of pictures, which this container does not take, and is left out.")
            return None
        encoder = _SUBTITLE_ENCODERS[kind]
        self.notices.append(f"{what} does not fit into this container and is encoded anew as {encoder}.")
        made = target.add_stream(encoder)
        reader = stream.codec_context
        if not reader.is_open:
            reader.open()
        made.codec_context.subtitle_header = reader.subtitle_header
        return _EncodedSubtitles(stream, made)

    def _packets(self, container: Any, copies: dict[int, _CopiedStream]) -> Iterator[TimedPacket]:
        """The packets of all copied streams in order of time, cut to the span and shifted; closes the container."""
        av = pyav()
        if not copies:
            container.close()
            return
        has_subtitles = any(copy.source.type == "subtitle" for copy in copies.values())
        if self.start is not None and self.start > 0 and not has_subtitles:  # a subtitle may begin long before the span
            container.seek(int(self.start * av.time_base))
        demuxed = container.demux([copy.source for copy in copies.values()])
        count = damaged = 0
        while True:
            try:
                packet = next(demuxed, None)
            except av.error.FFmpegError as error:  # a truncated file: what came before is kept
                log.info("Reading %s ended early: %s", self.path, error)
                break
            if packet is None:
                break
            copy = copies.get(packet.stream.index)  # the packet that marks the end has no stream_index
            if copy is None:
                continue
            if packet.pts is not None and packet.size:
                base = packet.time_base
                ends = packet.pts + (packet.duration or 1)
                if self.start is not None and ends * base <= self.start:
                    continue
                if self.end is not None and packet.pts * base >= self.end:
                    continue
                if copy.source.type == "subtitle":
                    self._clip_subtitle(packet)
            try:
                made = copy.convert(packet, self.shift)
            except av.error.FFmpegError:
                damaged += 1
                continue
            for moved in made:
                when = Fraction(moved.dts if moved.dts is not None else moved.pts or 0) * moved.time_base
                count += 1
                yield when, count, moved
        container.close()
        if damaged:
            self.notices.append(f"{damaged} damaged packets of sound or subtitles were left out.")

    def _clip_subtitle(self, packet: Any) -> None:
        """Let a subtitle begin and end within the span."""
        base, ends = packet.time_base, packet.pts + (packet.duration or 0)
        if self.end is not None:
            ends = min(ends, math.floor(self.end / base))
        packet.pts = packet.dts = max(packet.pts, math.ceil(self.shift / base))
        packet.duration = max(0, ends - packet.pts)


class _CopiedStream:
    """A stream whose packets are copied as they are; ``source`` and ``target`` are streams of PyAV's."""

    def __init__(self, source: Any, target: Any) -> None:
        self.source, self.target = source, target

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
        packet.stream = self.target
        return [packet]


class _EncodedSound(_CopiedStream):
    """A sound stream that is decoded, resampled and encoded anew."""

    def __init__(self, source: Any, target: Any) -> None:
        super().__init__(source, target)
        context = target.codec_context
        self.resampler = pyav().AudioResampler(
            format=context.format or "fltp", layout=context.layout, rate=context.sample_rate
        )

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """See :class:`_CopiedStream`."""
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


class _EncodedSubtitles(_CopiedStream):
    """A stream of subtitles in text that is encoded anew."""

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """See :class:`_CopiedStream`."""
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


def codec_name(stream: Any) -> str:
    """FFmpeg's name of the codec of a stream; ``"unknown"`` where FFmpeg has no decoder."""
    context = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else "unknown"


def _copy_labels(source: Any, target: Any) -> None:
    """Copy the title, the language and the disposition of a stream."""
    if name := source.metadata.get("name"):  # MP4 has the title of a track there
        target.metadata["title"] = name
    target.metadata.update({k: v for k, v in source.metadata.items() if k in _STREAM_METADATA})
    target.disposition = source.disposition


def _muxer_accepts(kind: str, stream: Any) -> bool:
    """Whether the muxer of a container accepts a stream as it is.

    That is tried, since FFmpeg's list of codecs for MOV names some that its muxer refuses.
    """
    av = pyav()
    try:
        with av.open(io.BytesIO(), "w", format=kind) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (av.error.FFmpegError, ValueError) as error:
        log.info("%s does not take %s: %s", kind, codec_name(stream), error)
        return False
    return True


def _channel_layout(encoder: str, wanted: Any) -> str:
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
