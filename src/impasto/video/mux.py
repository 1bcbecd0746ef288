"""Joining painted segments with everything else of the source: sound, subtitles, chapters, metadata."""

from __future__ import annotations

import heapq
import io
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import OutputError
from impasto.extras import pyav
from impasto.files import atomic_path
from impasto.video.sink import Form, bearable, container_of, packets_in_order, packets_of, state

log = logging.getLogger(__name__)

_TECHNICAL = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
_PER_STREAM = {"language", "title", "handler_name", "creation_time"}
_SOUND = {"webm": "libopus", "mp4": "aac", "mov": "aac", "matroska": "flac"}
_WORDS = {"webm": "webvtt", "mp4": "mov_text", "mov": "mov_text", "matroska": "subrip"}
_LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}  # by the number of channels
_SHORTEST, _LONGEST = 2, 65535  # hundredths of a second for a frame of a GIF: what is shorter, browsers make ten
_TEXT = {"mov_text", "subrip", "webvtt", "ass", "ssa", "text"}
Timed = tuple[Fraction, int, Any]


class Extras:
    """What of a source goes beside the picture, cut to a span of time.

    Args:
        path: the source.
        picture: index of the stream that is painted.
        start, end: the span in seconds on the source's clock; what lies outside is left out.
        shift: seconds that are taken off every time stamp.
    """

    def __init__(self, path: Path, picture: int, start: Fraction | None, end: Fraction | None, shift: Fraction) -> None:
        self.path, self.picture, self.start, self.end, self.shift = path, picture, start, end, shift
        self.notices: list[str] = []

    def attach(self, target: Any, kind: str, picture: Any) -> Callable[[], Iterator[Timed]]:
        """Add streams, chapters and metadata to a container that is being written, and label its picture.

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
        _label(container.streams[self.picture], picture)
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
        if _takes(kind, stream):
            return _Stream(stream, target.add_stream_from_template(stream, opaque=True))
        encoder, heard = _SOUND[kind], stream.codec_context
        self.notices.append(f"{what} does not fit into this container and is encoded anew as {encoder}.")
        rates = pyav().Codec(encoder, "w").audio_rates
        rate = heard.sample_rate if rates is None or heard.sample_rate in rates else 48000
        made = target.add_stream(encoder, rate=rate)
        made.codec_context.layout = _layout(encoder, heard.layout)
        return _Sound(stream, made)

    def _words(self, target: Any, kind: str, stream: Any, what: str) -> _Stream | None:
        if _takes(kind, stream):
            return _Stream(stream, target.add_stream_from_template(stream, opaque=True))
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
        cues = any(copy.source.type == "subtitle" for copy in copies.values())
        if self.start is not None and self.start > 0 and not cues:  # a cue may begin long before it is cut
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
            copy = copies.get(packet.stream.index)  # a packet that marks the end has no stream_index of its own
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
                    self._clip(packet)
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

    def _clip(self, cue: Any) -> None:
        """Let a cue begin and end within the span."""
        base, ends = cue.time_base, cue.pts + (cue.duration or 0)
        if self.end is not None:
            ends = min(ends, math.floor(self.end / base))
        cue.pts = cue.dts = max(cue.pts, math.ceil(self.shift / base))
        cue.duration = max(0, ends - cue.pts)


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
    if name := source.metadata.get("name"):  # MP4's title of a track
        target.metadata["title"] = name
    target.metadata.update({k: v for k, v in source.metadata.items() if k in _PER_STREAM})
    target.disposition = source.disposition


def _takes(kind: str, stream: Any) -> bool:
    """Whether a container holds a stream as it is; FFmpeg's list of codecs for MOV names some that MOV refuses."""
    av = pyav()
    try:
        with av.open(io.BytesIO(), "w", format=kind) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (av.error.FFmpegError, ValueError) as error:
        log.info("%s does not take %s: %s", kind, _codec(stream), error)
        return False
    return True


def _layout(encoder: str, wanted: Any) -> str:
    """The channels to encode: as they are, at their usual places, or else stereo."""
    av = pyav()
    for name in (wanted.name, _LAYOUTS.get(wanted.nb_channels)):
        trial = av.CodecContext.create(encoder, "w")
        try:
            trial.layout, trial.sample_rate, trial.format = name, 48000, trial.codec.audio_formats[0]
            trial.open()
        except (av.error.FFmpegError, ValueError, TypeError):
            continue
        return str(name)
    return "stereo"


@contextmanager
def _joining(target: Path) -> Iterator[Path]:
    """A temporary path for the result; what FFmpeg has against it becomes one sentence."""
    try:
        with atomic_path(target) as temporary:
            yield temporary
    except (pyav().error.FFmpegError, ValueError) as error:
        raise OutputError(
            f"{target} could not be put together ({getattr(error, 'strerror', None) or error}); all frames are painted "
            "and kept, so the same command only tries this again."
        ) from error


def join(
    segments: list[Path], target: Path, form: Form, *, extras: Extras | None, about: str, last: int = 0
) -> list[str]:
    """Write segments as one file without encoding them again, with the extras of the source beside them.

    Args:
        about: one line for the comment, where the source has none.
        last: duration of the last frame, in units of the form's time base; 0 if unknown.

    Returns:
        Notices on what could not be kept as it was.
    """
    av, kind = pyav(), container_of(target)
    if not segments:
        raise OutputError(f"{target} was not written: there is no frame in the span that was asked for.")
    with _joining(target) as temporary:
        options = {"movflags": "+faststart"} if kind in ("mp4", "mov") else {}
        with av.open(str(segments[0])) as first, av.open(str(temporary), "w", format=kind, options=options) as output:
            picture = output.add_stream_from_template(first.streams.video[0])
            picture.time_base = form.time_base
            state(picture.codec_context, bearable(form, _codec(picture)))
            if _codec(picture) == "hevc" and kind in ("mp4", "mov"):
                picture.codec_context.codec_tag = "hvc1"  # Apple's players refuse FFmpeg's usual hev1
            packets = extras.attach(output, kind, picture) if extras is not None else lambda: iter(())
            if "comment" not in {name.lower() for name in output.metadata}:
                output.metadata["comment"] = about

            def pictures() -> Iterator[Timed]:
                ordered = packets_in_order(segments, last * form.time_base, sums=kind in ("mp4", "mov"))
                for number, packet in enumerate(ordered):
                    packet.stream = picture
                    yield Fraction(packet.dts) * packet.time_base, -number, packet

            for _, _, packet in heapq.merge(pictures(), packets(), key=lambda timed: timed[0]):
                output.mux(packet)
    return extras.notices if extras is not None else []


def join_gif(segments: list[Path], target: Path, form: Form, *, loop: int | None, last: int = 0) -> list[str]:
    """Write lossless segments as a GIF, every frame with the 256 colours that suit it best.

    Args:
        loop: how often it is repeated; 0 is for ever, as is ``None``.
        last: as of :func:`join`.

    Returns:
        As :func:`join`.
    """
    av = pyav()
    if not segments:
        raise OutputError(f"{target} was not written: there is no frame in the span that was asked for.")
    form = bearable(form, "ffv1")
    centisecond = Fraction(1, 100)
    shown = [packet.pts * packet.time_base for packet in packets_of(segments)]
    kept = _spaced([round(when / centisecond) for when in shown])
    options = {"loop": str(loop or 0)}
    if last:
        ends = round((shown[-1] + last * form.time_base) / centisecond)
        options["final_delay"] = str(min(max(ends - max(kept.values()), _SHORTEST), _LONGEST))
    with (
        _joining(target) as temporary,
        av.open(str(temporary), "w", format="gif", options=options) as output,
    ):
        stream = output.add_stream("gif", rate=100)
        stream.width, stream.height, stream.pix_fmt = form.width, form.height, "pal8"
        stream.codec_context.time_base = centisecond
        graph = av.filter.Graph()
        source = graph.add_buffer(width=form.width, height=form.height, format="bgr0", time_base=centisecond)
        split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=single")
        use, sink = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4"), graph.add("buffersink")
        source.link_to(split)
        split.link_to(palette, 0, 0)
        split.link_to(use, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()

        def drain() -> None:
            while True:
                try:
                    frame = graph.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    return
                output.mux(stream.encode(frame))

        number = -1
        for path in segments:
            with av.open(str(path)) as container:
                for frame in container.decode(video=0):
                    number += 1
                    if number in kept:
                        frame.pts, frame.time_base = kept[number], centisecond
                        graph.push(frame)
                        drain()
        graph.push(None)
        drain()
        output.mux(stream.encode(None))
    left_out = len(shown) - len(kept)
    return [f"A GIF shows at most 50 frames a second: {left_out} frames are left out."] if left_out else []


def _spaced(times: list[int]) -> dict[int, int]:
    """Those of several times, by their numbers, that are not too soon after the one before them."""
    kept: dict[int, int] = {}
    due = times[0]
    for number, time in enumerate(times):
        if time >= due:
            kept[number] = time
            due = time + _SHORTEST
    return kept
