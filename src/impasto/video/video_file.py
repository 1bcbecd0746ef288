"""Video files as sources of frames: demuxing, decoding, seeking."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.extras import pyav
from impasto.video.containers import open_container
from impasto.video.frame import DEFAULT_RATE, Frame, scaled_size
from impasto.video.pixels import ColorSpace, has_alpha, to_rgb

log = logging.getLogger(__name__)

_MAX_ERRORS_IN_A_ROW = 50  # damaged packets in a row after which the rest of a file is given up
_FIRST_STEP_BACK = Fraction(10)  # seconds: how much earlier decoding begins where the nearest key frame is no use
_MAX_SHORTFALL = 1.0  # seconds by which a complete file may be shorter than it declares
_MAX_SHORTFALL_PART = 20  # a complete file may be shorter than it declares by at most one part in this many


class _UndecodableStart(Exception):  # noqa: N818 (not an error but a signal to the caller)
    """No whole frame can be decoded from the key frame where decoding began."""


class VideoFile:
    """A file that FFmpeg's libraries read; a :class:`VideoSource`.

    Args:
        path: the file.
        size: longer side of the frames in pixels; 0 keeps it.

    Attributes:
        index: place of the stream that is read, among the streams of the file.
        turns: quarter turns to the left that bring a decoded frame upright.
        declared: seconds on the source's clock at which the file says that it ends; 0 if it does not say so.
        declares_picture: whether ``declared`` is the end of the picture alone, not of the whole file.
        other_streams: the kinds of other streams, in words; empty if there are none.

    Raises:
        InputError: the file cannot be read, or there is no video in it.
    """

    transparent = False  # its transparent places come out white

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self.path, self.damaged, self.truncated = path, 0, False
        self.notices: list[str] = []
        with self._opened() as container:
            stream = self._largest_stream(container)
            self.index: int = stream.index
            first = self._first_frame(container, stream)
            if has_alpha(first):
                self.notices.append(f"Transparent places of {path.name}, if it has any, are shown on white.")
            elif "alpha_mode" in stream.metadata:  # of WebM, whose transparency is a stream of its own
                self.notices.append(f"The transparency of {path.name} is left out; the colours below it are shown.")
            self.turns = round(first.rotation / 90) % 4
            self.stored = (first.height, first.width) if self.turns % 2 else (first.width, first.height)
            self.width, self.height = scaled_size(*self.stored, size)
            self.colors = ColorSpace.of(first, stream, self.turns)
            self.time_base: Fraction = stream.time_base
            self.rate: Fraction = stream.average_rate or stream.guessed_rate or DEFAULT_RATE
            self.declares_picture, self.declared = self._declared_end(container, stream)
            self.origin = max(Fraction(0), Fraction(container.start_time or 0, pyav().time_base))
            seconds = self.declared - float(self.origin)
            self.expected: int = stream.frames or max(0, round(seconds * float(self.rate)))
            kinds = [s.type for s in container.streams if s.type in ("audio", "subtitle")]
            self.other_streams = " and ".join(
                sorted({"audio": "sound", "subtitle": "subtitles"}[kind] for kind in set(kinds))
            )

    def _opened(self) -> Any:
        """The file as PyAV opens it.

        Raises:
            InputError: the file cannot be read, or is no video.
        """
        av = pyav()
        try:
            return open_container(self.path, metadata_errors="replace")
        except av.error.FFmpegError as error:
            if isinstance(error, OSError) and not self.path.is_file():
                raise InputError(f"{self.path} cannot be read ({error.strerror}); check the path.") from error
            raise InputError(
                f"{self.path} cannot be opened as a video; it may be damaged, cut off before its index, or no video."
            ) from error
        except OSError as error:
            raise InputError(f"{self.path} cannot be read ({error.strerror}); check the path.") from error

    def _largest_stream(self, container: Any) -> Any:
        """The video stream with the most pixels; notices name all other video streams.

        Raises:
            InputError: there is no video stream, or the file is a single picture.
        """
        cover = pyav().stream.Disposition.attached_pic
        videos = [s for s in container.streams.video if not s.disposition & cover and s.codec_context is not None]
        if not videos:
            raise InputError(f"There is no video in {self.path}; give a file with moving pictures.")
        if "image2" in container.format.name or container.format.name.endswith("_pipe"):
            raise InputError(f"{self.path} is a picture, not a video; impasto apply repaints pictures.")
        best = max(videos, key=lambda s: s.codec_context.width * s.codec_context.height)
        for stream in container.streams.video:
            if stream is not best:
                what = "cover picture" if stream.disposition & cover else "video stream"
                size = f"{stream.codec_context.width} x {stream.codec_context.height}"
                self.notices.append(f"The {what} {stream.index} ({size}) of {self.path.name} is left out.")
        return best

    def _first_frame(self, container: Any, stream: Any) -> Any:
        """The first frame that can be decoded.

        Raises:
            InputError: there is none.
        """
        errors = 0
        try:
            for packet in container.demux(stream):
                try:
                    for frame in packet.decode():
                        return frame
                except pyav().error.FFmpegError:
                    errors += 1
                    if errors > _MAX_ERRORS_IN_A_ROW:
                        break
        except pyav().error.FFmpegError:
            pass
        raise InputError(f"No frame of {self.path} can be decoded; the file is damaged or of an unknown kind.")

    @staticmethod
    def _declared_end(container: Any, stream: Any) -> tuple[bool, float]:
        """Whether the file says when its picture ends rather than only when all of it ends, and that time.

        Returns:
            Whether the time is that of the picture, and the time in seconds on the source's clock; 0 if unknown.
        """
        if stream.duration:
            return True, float((stream.start_time or 0) + stream.duration) * float(stream.time_base)
        statistics_tag = stream.metadata.get("DURATION", "")  # Matroska files have it
        if time := re.fullmatch(r"(\d+):(\d+):([\d.]+)", statistics_tag):
            return True, int(time[1]) * 3600 + int(time[2]) * 60 + float(time[3])
        if container.duration:
            return False, ((container.start_time or 0) + container.duration) / pyav().time_base
        return False, 0.0

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`VideoSource`."""
        damaged = self.damaged
        back = Fraction(0)  # seconds before ``start`` at which decoding begins
        while not counted and start is not None and start - back > self.origin:
            try:
                yield from self._decoded(start, start - back)
            except _UndecodableStart:
                # Frames after the key frame that was found refer to frames before it: begin at an earlier key frame.
                self.damaged, back = damaged, max(_FIRST_STEP_BACK, 4 * back)
            else:
                return
        yield from self._decoded(start, None)

    def _decoded(self, start: Fraction | None, entry: Fraction | None) -> Iterator[Frame]:
        """Frames that are on screen from ``start`` on.

        A frame is given out once the next one is decoded, since only that tells for how long it is shown.

        Args:
            start: seconds on the source's clock; ``None``: from the first frame on.
            entry: decoding begins at the key frame before this time, in seconds; ``None``: at the first frame.

        Raises:
            _UndecodableStart: no frame from ``entry`` to ``start`` could be decoded without those before ``entry``.
        """
        av = pyav()
        with self._opened() as container:
            stream = container.streams[self.index]
            stream.thread_type = "AUTO"
            if entry is not None:
                container.seek(max(0, int(entry / stream.time_base)), stream=stream)
            decodable = entry is None  # whether every reference of the frames at hand has been decoded
            step = max(1, round(1 / (self.rate * self.time_base)))  # time stamp units from frame to frame, on average
            last_pts: int | None = None
            pending: tuple[Any, int] | None = None  # the latest frame, not given out yet, and its time stamp
            pending_decodable = False
            pending_index = 0
            picture_end, other_end = float(self.origin), 0.0  # seconds on the source's clock, of what was read
            errors = 0  # damaged packets in a row
            # A file may declare only how long all of it lasts. Packets of sound and subtitles then tell how much of
            # that has been read.
            packets = container.demux([s for s in container.streams if s is stream or s.type in ("audio", "subtitle")])
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        break
                    if packet.stream is not stream:
                        if packet.pts is not None:
                            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                            other_end = max(other_end, end)
                        continue
                    decoded, errors = packet.decode(), 0
                except av.error.EOFError:
                    break
                except av.error.FFmpegError as error:
                    log.info("A packet of %s is damaged: %s", self.path, error)
                    self.damaged, errors = self.damaged + 1, errors + 1
                    if errors > _MAX_ERRORS_IN_A_ROW:
                        break
                    continue
                for picture in decoded:
                    self.damaged += bool(picture.is_corrupt)
                    decodable = decodable or (picture.key_frame and not picture.is_corrupt)
                    pts = picture.pts if picture.pts is not None else (0 if last_pts is None else last_pts + step)
                    if last_pts is not None and pts <= last_pts:
                        pts = last_pts + 1
                    picture_end = max(picture_end, float((pts + (picture.duration or step)) * self.time_base))
                    if start is None or pts * self.time_base > start:  # the pending frame is on screen at ``start``
                        if entry is not None and not pending_decodable:
                            raise _UndecodableStart
                        if pending is not None:
                            yield self._frame(*pending, pts - pending[1], None if entry is not None else pending_index)
                    pending_index += pending is not None
                    pending, pending_decodable, last_pts = (picture, pts), decodable, pts
            self.truncated = errors > _MAX_ERRORS_IN_A_ROW or self._ends_early(picture_end, other_end)
            if pending is None:
                return
            picture, pts = pending
            duration = self._last_duration(picture, pts)
            if start is None or (pts + (duration or step)) * self.time_base > start:
                if not pending_decodable:
                    raise _UndecodableStart
                yield self._frame(picture, pts, duration, None if entry is not None else pending_index)

    def _ends_early(self, picture_end: float, other_end: float) -> bool:
        """Whether the file ends before the end that it declares, by more than files are usually off.

        Args:
            picture_end: seconds on the source's clock at which the last frame that was read ends.
            other_end: seconds at which the last packet of sound or subtitles ends.
        """
        missing = self.declared - (picture_end if self.declares_picture else max(picture_end, other_end))
        seconds = self.declared - float(self.origin)
        return missing > max(3 / float(self.rate), min(_MAX_SHORTFALL, seconds / _MAX_SHORTFALL_PART))

    def _last_duration(self, picture: Any, pts: int) -> int:
        """For how long the last frame is shown, in units of the time base; 0 if unknown."""
        if self.declares_picture and not self.truncated:
            left = round(Fraction(self.declared) / self.time_base) - pts
            if left > 0:
                return left
        return picture.duration or 0  # MP4 may give the duration of another frame here

    def _frame(self, picture: Any, pts: int, duration: int, index: int | None) -> Frame:
        """A decoded frame, upright and resized."""
        rgb = to_rgb(picture, self.width, self.height, self.turns, self.colors)
        return Frame(rgb, pts, duration, index)
