"""Copying what is beside one stream of a file (sound or pictures, subtitles, attachments, chapters, metadata) into
another container (remuxing).

What is copied, what is encoded anew and what is left out has been decided by :mod:`impasto.media.side_plan`. The studio
says the notices in the visitor's language, by the keys that they carry.
"""

from __future__ import annotations

import contextlib
import heapq
import logging
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import Sentence
from impasto.extras import pyav
from impasto.media.containers import open_container
from impasto.media.side_plan import SidePlan
from impasto.media.stream_copies import CopiedStream, copy_stream

log = logging.getLogger(__name__)

TimedPacket = tuple[Fraction, int, Any]
"""When a packet is to be decoded, in seconds; its number; the packet."""

# Names of a container's metadata that are not copied, since the muxer writes its own.
_CONTAINER_METADATA = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
# Names of a stream's metadata that are copied.
_STREAM_METADATA = {"language", "title", "handler_name", "creation_time"}


class SideStreams:
    """All of a file but the stream that is made anew, cut to a span of time.

    Args:
        path: the file.
        index: of the stream that is made anew, the picture or the sound.
        start: of the span, in seconds on the source's clock; ``None``: the file's own.
        end: of the span, in seconds on the source's clock; ``None``: the file's own.
        shift: seconds that are taken off every time stamp.
        plan: what becomes of the streams.

    Attributes:
        notices: sentences for people on what could not be kept as it was.
    """

    def __init__(
        self,
        path: Path,
        index: int,
        start: Fraction | None,
        end: Fraction | None,
        shift: Fraction,
        plan: SidePlan,
    ) -> None:
        self.path, self.index, self.start, self.end, self.shift = path, index, start, end, shift
        self.plan, self.notices = plan, list(plan.notices)
        self._instead: dict[int, Path] = {}

    def put_instead(self, index: int, path: Path) -> None:
        """Have the sound of another file take the place of a stream.

        Args:
            index: of the stream; what becomes of it is not said any more.
            path: a file with one stream of sound, in which time counts as in this one.
        """
        self._instead[index] = path
        self.plan.encoders[index] = ""
        self.notices = [notice for notice in self.notices if not notice.startswith(f"The audio stream {index} (")]

    def attach(self, target: Any, made: Any) -> Callable[[], Iterator[TimedPacket]]:
        """Add streams, chapters and metadata to a container that is being written, and label the stream made anew.

        Args:
            target: the container, as PyAV opens it for writing.
            made: the stream in it that is made anew.

        Returns:
            A function that yields all packets in order of time. It must be called once the container has all streams.
        """
        container = open_container(self.path, metadata_errors="replace")
        target.metadata.update(self.kept_metadata(container))
        target.set_chapters(self._chapters(container.chapters()))
        copies: dict[int, CopiedStream] = {}
        others: list[tuple[Any, CopiedStream]] = []
        for index, encoder in self.plan.encoders.items():
            if index in self._instead:
                other = open_container(self._instead[index])
                others.append((other, copy_stream(target, other.streams.audio[0], "")))
                copy = others[-1][1]
            else:
                copy = copies[index] = copy_stream(target, container.streams[index], encoder)
            _copy_labels(container.streams[index], copy.target)
        for index in self.plan.attachments:
            target.add_stream_from_template(container.streams[index])
        _copy_labels(container.streams[self.index], made)

        def packets() -> Iterator[TimedPacket]:
            """The packets of this file, and of those that take the place of some of its streams."""
            streams = [self._packets(container, copies)]
            streams += [self._packets(other, {copy.source.index: copy}) for other, copy in others]
            return heapq.merge(*streams, key=lambda timed: timed[0])

        return packets

    def kept_metadata(self, container: Any) -> dict[str, str]:
        """The metadata of a container that the result shall have, by name."""
        return {name: text for name, text in container.metadata.items() if name.lower() not in _CONTAINER_METADATA}

    def note_lost_metadata(self, result: Path, suffix: str) -> None:
        """Add a notice on entries of the metadata that the container of the result did not take.

        Args:
            result: the written file.
            suffix: of its name, for the notice.
        """
        with (
            open_container(self.path, metadata_errors="replace") as container,
            open_container(result, metadata_errors="replace") as written,
        ):
            there = {name.lower() for name in written.metadata}
            wanted = {name for name, text in self.kept_metadata(container).items() if text}
        # MOV names the language of an entry after a dash, beside the entry itself.
        lost = sorted(name for name in wanted if name.lower() not in there and name[:-4].lower() not in there)
        if lost:
            entries = ", ".join(lost)
            self.notices.append(
                Sentence(
                    f"{suffix} does not take these entries of the metadata of {self.path.name}: {entries}.",
                    "entries_left_out",
                    suffix=suffix,
                    name=self.path.name,
                    entries=entries,
                )
            )

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

    def _packets(self, container: Any, copies: dict[int, CopiedStream]) -> Iterator[TimedPacket]:
        """The packets of all copied streams in order of time, cut to the span and shifted; closes the container."""
        av = pyav()
        if not copies:
            container.close()
            return
        has_subtitles = any(copy.source.type == "subtitle" for copy in copies.values())
        if self.start is not None and self.start > 0 and not has_subtitles:  # a subtitle may begin long before the span
            with contextlib.suppress(av.error.FFmpegError):  # a damaged index: what comes before is read, and left out
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
            text = f"{damaged} damaged packets of sound or subtitles were left out."
            self.notices.append(Sentence(text, "damaged_packets", count=damaged))

    def _clip_subtitle(self, packet: Any) -> None:
        """Let a subtitle begin and end within the span."""
        base, ends = packet.time_base, packet.pts + (packet.duration or 0)
        if self.end is not None:
            ends = min(ends, math.floor(self.end / base))
        packet.pts = packet.dts = max(packet.pts, math.ceil(self.shift / base))
        packet.duration = max(0, ends - packet.pts)


def _copy_labels(source: Any, target: Any) -> None:
    """Copy the title, the language and the disposition of a stream."""
    if name := source.metadata.get("name"):  # MP4 has the title of a track there
        target.metadata["title"] = name
    target.metadata.update({k: v for k, v in source.metadata.items() if k in _STREAM_METADATA})
    target.disposition = source.disposition
