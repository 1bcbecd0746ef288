"""Joining painted segments with everything else of the source: sound, subtitles, chapters, metadata."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import OutputError
from impasto.files import atomic_path
from impasto.video.libraries import pyav
from impasto.video.sink import Form, container_of, packets_in_order

log = logging.getLogger(__name__)

_TECHNICAL = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "creation_time_"}
_PER_STREAM = {"language", "title", "handler_name", "creation_time"}
_SOUND = {"webm": "libopus", "mp4": "aac", "mov": "aac", "matroska": "flac"}
_WORDS = {"webm": "webvtt", "mp4": "mov_text", "mov": "mov_text", "matroska": "subrip"}
_TEXT = {"mov_text", "subrip", "webvtt", "ass", "ssa", "text"}
Timed = tuple[Fraction, int, Any]


class Extras:
    """What of a source goes beside the picture, cut to a span of time.

    Args:
        path: the source.
        start, end: the span in seconds on the source's clock; what lies outside is left out.
        shift: seconds that are taken off every time stamp.
    """

    def __init__(self, path: Path, start: Fraction | None, end: Fraction | None, shift: Fraction) -> None:
        self.path, self.start, self.end, self.shift = path, start, end, shift
        self.notices: list[str] = []

    def attach(self, target: Any, kind: str) -> Callable[[], Iterator[Timed]]:
        """Add streams, chapters and metadata to a container that is being written.

        Returns:
            A function whose iterator yields packets in order of time, to be called once all streams are there.
        """
        av = pyav()
        container = av.open(str(self.path), metadata_errors="replace")
        target.metadata.update({k: v for k, v in container.metadata.items() if k.lower() not in _TECHNICAL})
        target.set_chapters(self._chapters(container.chapters()))
        copies: dict[int, _Stream] = {}
        for stream in container.streams:
            what = f"The {stream.type} stream {stream.index} ({_codec(stream)}) of {self.path.name}"
            if stream.type == "audio":
                copies[stream.index] = self._sound(target, kind, stream, what)
            elif stream.type == "subtitle":
                if made := self._words(target, kind, stream, what):
                    copies[stream.index] = made
            elif stream.type == "attachment" and kind == "matroska":
                target.add_stream_from_template(stream)
            elif stream.type != "video" and not (stream.type == "data" and container.chapters()):
                # Chapters in MP4 come with a stream of their titles, which is made anew.
                self.notices.append(f"{what} is left out.")
        for copy in copies.values():
            _label(copy.source, copy.target)
        return lambda: self._packets(container, copies)

    def _chapters(self, chapters: list[Any]) -> list[Any]:
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

    def _sound(self, target: Any, kind: str, stream: Any, what: str) -> _Stream:
        if _codec(stream) in target.supported_codecs:
            try:
                return _Stream(stream, target.add_stream_from_template(stream, opaque=True))
            except (pyav().error.FFmpegError, ValueError) as error:
                log.info("%s cannot be copied: %s", what, error)
        encoder = _SOUND[kind]
        self.notices.append(f"{what} does not fit into this container and is encoded anew as {encoder}.")
        rate = 48000 if encoder == "libopus" else stream.codec_context.sample_rate
        made = target.add_stream(encoder, rate=rate)
        made.codec_context.layout = stream.codec_context.layout
        return _Sound(stream, made)

    def _words(self, target: Any, kind: str, stream: Any, what: str) -> _Stream | None:
        if _codec(stream) in target.supported_codecs:
            try:
                return _Stream(stream, target.add_stream_from_template(stream))
            except (pyav().error.FFmpegError, ValueError) as error:
                log.info("%s cannot be copied: %s", what, error)
        if _codec(stream) not in _TEXT:
            self.notices.append(f"{what} is made of pictures, which this container does not take, and is left out.")
            return None
        encoder = _WORDS[kind]
        self.notices.append(f"{what} does not fit into this container and is encoded anew as {encoder}.")
        made = target.add_stream(encoder)
        reader = stream.codec_context
        if not reader.is_open:
            reader.open()
        made.codec_context.subtitle_header = reader.subtitle_header
        return _Words(stream, made)

    def _packets(self, container: Any, copies: dict[int, _Stream]) -> Iterator[Timed]:
        av = pyav()
        if not copies:
            container.close()
            return
        if self.start is not None and self.start > 0:
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
            copy = copies.get(packet.stream_index)
            if copy is None:
                continue
            if packet.pts is not None and packet.size:
                base = packet.time_base
                ends = packet.pts + (packet.duration or 1)
                if self.start is not None and ends * base <= self.start:
                    continue
                if self.end is not None and packet.pts * base >= self.end:
                    continue
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


class _Stream:
    """A stream whose packets are copied as they are."""

    def __init__(self, source: Any, target: Any) -> None:
        self.source, self.target = source, target

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """The packets to write for one that was read."""
        if packet.pts is None and packet.dts is None:  # the demuxer's mark of the end
            return []
        ticks = round(shift / packet.time_base)
        if packet.dts is None:
            packet.dts = packet.pts
        packet.dts -= ticks
        if packet.pts is not None:
            packet.pts -= ticks
        packet.stream = self.target
        return [packet]


class _Sound(_Stream):
    """Sound that is encoded anew."""

    def __init__(self, source: Any, target: Any) -> None:
        super().__init__(source, target)
        context = target.codec_context
        self.resampler = pyav().AudioResampler(
            format=context.format or "fltp", layout=context.layout, rate=context.sample_rate
        )
        self.shift = Fraction(0)

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """See :class:`_Stream`."""
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


class _Words(_Stream):
    """Subtitles in words, encoded anew."""

    def convert(self, packet: Any, shift: Fraction) -> list[Any]:
        """See :class:`_Stream`."""
        if packet.pts is None or not packet.size:
            return []
        words = self.source.codec_context.decode2(packet)
        if words is None or not len(words):
            return []
        context = self.target.codec_context
        milliseconds = round((packet.duration or 0) * packet.time_base * 1000)
        text = next((r.ass for r in words if getattr(r, "ass", b"")), b"")
        made = context.encode_subtitle(
            pyav().subtitles.subtitle.SubtitleSet.create(text=text, start=0, end=milliseconds)
        )
        made.stream = self.target
        made.time_base = Fraction(1, 1000)
        made.pts = made.dts = round((packet.pts * packet.time_base - shift) * 1000)
        made.duration = milliseconds
        return [made]


def _codec(stream: Any) -> str:
    context = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else "unknown"


def _label(source: Any, target: Any) -> None:
    target.metadata.update({k: v for k, v in source.metadata.items() if k in _PER_STREAM})
    target.disposition = source.disposition


def join(segments: list[Path], target: Path, form: Form, *, extras: Extras | None, about: str) -> list[str]:
    """Write segments as one file without encoding them again, with the extras of the source beside them.

    Args:
        about: one line for the comment, where the source has none.

    Returns:
        Notices on what could not be kept as it was.
    """
    av, kind = pyav(), container_of(target)
    if not segments:
        raise OutputError(f"{target} was not written: there is no frame in the span that was asked for.")
    with atomic_path(target) as temporary:
        options = {"movflags": "+faststart"} if kind in ("mp4", "mov") else {}
        with av.open(str(segments[0])) as first, av.open(str(temporary), "w", format=kind, options=options) as output:
            picture = output.add_stream_from_template(first.streams.video[0])
            picture.time_base = form.time_base
            packets = extras.attach(output, kind) if extras is not None else lambda: iter(())
            output.metadata.setdefault("comment", about)

            def pictures() -> Iterator[Timed]:
                for number, packet in enumerate(packets_in_order(segments)):
                    packet.stream = picture
                    yield Fraction(packet.dts) * packet.time_base, -number, packet

            for _, _, packet in heapq.merge(pictures(), packets(), key=lambda timed: timed[0]):
                output.mux(packet)
    return extras.notices if extras is not None else []


def join_gif(segments: list[Path], target: Path, form: Form, *, loop: int | None) -> None:
    """Write lossless segments as a GIF, every frame with the 256 colours that suit it best.

    Args:
        loop: how often it is repeated; 0 is for ever, as is ``None``.
    """
    av = pyav()
    if not segments:
        raise OutputError(f"{target} was not written: there is no frame in the span that was asked for.")
    centisecond = Fraction(1, 100)
    with (
        atomic_path(target) as temporary,
        av.open(str(temporary), "w", format="gif", options={"loop": str(loop or 0)}) as output,
    ):
        stream = output.add_stream("gif", rate=100)
        stream.width, stream.height, stream.pix_fmt = form.width, form.height, "pal8"
        stream.codec_context.time_base = centisecond
        graph = av.filter.Graph()
        source = graph.add_buffer(width=form.width, height=form.height, format="bgr0", time_base=form.time_base)
        split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=single")
        use, sink = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4"), graph.add("buffersink")
        source.link_to(split)
        split.link_to(palette, 0, 0)
        split.link_to(use, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        last = -1

        def drain() -> None:
            nonlocal last
            while True:
                try:
                    frame = graph.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    return
                shown = max(round(frame.pts * frame.time_base / centisecond), last + 1)
                last = frame.pts = shown
                frame.time_base = centisecond
                output.mux(stream.encode(frame))

        for path in segments:
            with av.open(str(path)) as container:
                for frame in container.decode(video=0):
                    frame.pts = round(frame.pts * frame.time_base / form.time_base)
                    frame.time_base = form.time_base
                    graph.push(frame)
                    drain()
        graph.push(None)
        drain()
        output.mux(stream.encode(None))
