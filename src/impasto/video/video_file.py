"""Video files as sources of frames: demuxing, decoding, seeking."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import InputError, Sentence
from impasto.extras import pyav
from impasto.media.completeness import is_cut_off
from impasto.media.containers import open_container
from impasto.media.spherical import STEREO_LAYOUTS, read_spherical
from impasto.video.deinterlace import LOOK_AROUND, deinterlaced
from impasto.video.frame import DEFAULT_RATE, MAX_RATE, Frame
from impasto.video.frame_converter import FrameConverter
from impasto.video.pixels import has_alpha
from impasto.video.shown_times import ShownTimes
from impasto.video.stream_tags import crop_and_notices

log = logging.getLogger(__name__)

_MAX_ERRORS_IN_A_ROW = 50  # damaged packets in a row after which the rest of a file is given up
_FIRST_STEP_BACK = Fraction(10)  # seconds: how much earlier decoding begins where the nearest key frame is no use
_MAX_SHORTFALL = 1.0  # seconds by which a complete file may be shorter than it declares
_MAX_SHORTFALL_PART = 20  # a complete file may be shorter than it declares by at most one part in this many

# Kinds of streams to words for them.
_OTHER_STREAMS = {"audio": "sound", "subtitle": "subtitles", "chapters": "chapters", "attachment": "attachments"}


class _UndecodableStart(Exception):  # noqa: N818 (not an error but a signal to the caller)
    """No whole frame can be decoded from the key frame where decoding began."""


@dataclass(frozen=True)
class _Place:
    """Where a decoded frame belongs.

    Attributes:
        pts: its time stamp, in units of the time base.
        duration: what the file says, in units of the time base; 0 if nothing.
        decodable: whether everything that the frame refers to has been decoded.
    """

    pts: int
    duration: int
    decodable: bool


@dataclass
class _Reading:
    """How far a file has been read.

    Attributes:
        picture_end: seconds on the source's clock at which the last frame that was read ends.
        other_end: seconds at which the last packet of sound or subtitles ends.
        errors: damaged packets in a row.
    """

    picture_end: float
    other_end: float = 0.0
    errors: int = 0

    def note_other(self, packet: Any) -> None:
        """Note a packet of sound or subtitles."""
        if packet.pts is not None:
            self.other_end = max(self.other_end, float((packet.pts + (packet.duration or 0)) * packet.time_base))


class VideoFile:
    """A file that FFmpeg's libraries read; a :class:`VideoSource`.

    Args:
        path: the file.
        size: longer side of the frames in pixels; 0 keeps it.

    Attributes:
        index: place of the stream that is read, among the streams of the file.
        converter: makes RGB of decoded frames.
        interlaced: whether frames are deinterlaced.
        unordered: whether packets have no presentation times, as in AVI.
        declared: seconds on the source's clock at which the file says that it ends; 0 if it does not say so.
        declares_picture: whether ``declared`` is the end of the picture alone, not of the whole file.
        other_streams: words for what the file holds beside pictures.

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
                text = f"Transparent places of {path.name}, if it has any, are shown on white."
                self.notices.append(Sentence(text, "shown_on_white", name=path.name))
            elif "alpha_mode" in stream.metadata:  # of WebM, whose transparency is a stream of its own
                text = f"The transparency of {path.name} is left out; the colours below it are shown."
                self.notices.append(Sentence(text, "transparency_left_out", name=path.name))
            self.spherical = read_spherical(first)
            keeps_stereo = self.spherical is not None and self.spherical.stereo in STEREO_LAYOUTS
            crop, notices = crop_and_notices(path.name, stream, keeps_stereo=keeps_stereo)
            self.notices += notices
            self.converter = FrameConverter(path.name, first, stream, crop, size, self.notices)
            self.stored, self.colors = self.converter.stored, self.converter.colors
            self.width, self.height = self.converter.width, self.converter.height
            self.interlaced = bool(first.interlaced_frame)
            if self.interlaced:
                text = f"{path.name} is interlaced; its frames are made whole (deinterlaced)."
                self.notices.append(Sentence(text, "interlaced", name=path.name))
            self.unordered: bool = container.format.name == "avi"
            self.time_base: Fraction = stream.time_base
            guessed = stream.guessed_rate or DEFAULT_RATE  # the clock's rate where time stamps are irregular
            self.rate: Fraction = stream.average_rate or (guessed if guessed <= MAX_RATE else DEFAULT_RATE)
            self.declares_picture, self.declared = self._declared_end(container, stream)
            self.origin = max(Fraction(0), Fraction(container.start_time or 0, pyav().time_base))
            seconds = self.declared - float(self.origin)
            self.expected: int = stream.frames or max(0, round(seconds * float(self.rate)))
            kinds = {stream.type for stream in container.streams} | ({"chapters"} if container.chapters() else set())
            self.other_streams = [word for kind, word in _OTHER_STREAMS.items() if kind in kinds]

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
            raise InputError(
                f"There is no video in {self.path}; give a file with moving pictures.",
                key="no_video_in",
                name=str(self.path),
            )
        if "image2" in container.format.name or container.format.name.endswith("_pipe"):
            raise InputError(
                f"{self.path} is a picture, not a video; impasto apply repaints pictures.",
                key="picture_not_video",
                name=str(self.path),
            )
        best = max(videos, key=lambda s: s.codec_context.width * s.codec_context.height)
        for stream in container.streams.video:
            if stream is not best:
                what = "cover picture" if stream.disposition & cover else "video stream"
                context = stream.codec_context  # None where FFmpeg does not know the codec
                size = "unknown" if context is None else f"{context.width} x {context.height}"
                text = f"The {what} {stream.index} ({size}) of {self.path.name} is left out."
                values = {"number": stream.index, "what": size, "name": self.path.name}
                self.notices.append(Sentence(text, "stream_left_out", **values))
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
        raise InputError(
            f"No frame of {self.path} can be decoded; the file is damaged or of an unknown kind.",
            key="no_frame_decodes",
            name=str(self.path),
        )

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
        # Seconds before ``start`` at which decoding begins.
        back = LOOK_AROUND / self.rate if self.interlaced else Fraction(0)
        while not counted and not self.unordered and start is not None and start - back > self.origin:
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
        with self._opened() as container:
            stream = container.streams[self.index]
            stream.thread_type = "AUTO"
            if entry is not None:
                try:
                    container.seek(max(0, int(entry / stream.time_base)), stream=stream)
                except pyav().error.FFmpegError:  # a damaged index
                    raise _UndecodableStart from None
            reading = _Reading(float(self.origin))
            pictures = self._pictures(container, stream, reading, whole=entry is None)
            if self.interlaced:
                pictures = deinterlaced(pictures)
            pending: tuple[Any, _Place] | None = None  # the latest frame, not given out yet
            pending_index = 0
            for picture, place in pictures:
                if start is None or place.pts * self.time_base > start:  # the pending frame is on screen at ``start``
                    if entry is not None and not (pending and pending[1].decodable):
                        raise _UndecodableStart
                    if pending is not None:
                        duration = place.pts - pending[1].pts
                        yield from self._frame(*pending, duration, None if entry is not None else pending_index)
                pending_index += pending is not None
                pending = picture, place
            self.truncated = reading.errors > _MAX_ERRORS_IN_A_ROW or self._ends_early(reading)
            if pending is None:
                return
            duration = self._last_duration(pending[1])
            if start is None or (pending[1].pts + (duration or self._step)) * self.time_base > start:
                if not pending[1].decodable:
                    raise _UndecodableStart
                yield from self._frame(*pending, duration, None if entry is not None else pending_index)

    @property
    def _step(self) -> int:
        """Time stamp units from frame to frame, on average."""
        return max(1, round(1 / (self.rate * self.time_base)))

    def _pictures(self, container: Any, stream: Any, reading: _Reading, *, whole: bool) -> Iterator[tuple[Any, _Place]]:
        """The decoded frames of a file, from where it has been brought to.

        Args:
            container, stream: the open file and its picture.
            reading: is kept up to date with how far the file has been read.
            whole: whether decoding begins at the first frame.
        """
        av = pyav()
        decodable = whole  # whether every reference of the frames at hand has been decoded
        last_pts: int | None = None
        shown_times = ShownTimes()
        # A file may declare only how long all of it lasts. Packets of sound and subtitles then tell how much of that
        # has been read.
        packets = container.demux([s for s in container.streams if s is stream or s.type in ("audio", "subtitle")])
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                if packet.stream is not stream:
                    reading.note_other(packet)
                    continue
                if self.unordered:
                    shown_times.note(packet)
                decoded, reading.errors = packet.decode(), 0
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                log.info("A packet of %s is damaged: %s", self.path, error)
                self.damaged, reading.errors = self.damaged + 1, reading.errors + 1
                if reading.errors > _MAX_ERRORS_IN_A_ROW:
                    return
                continue
            for picture in decoded:
                self.damaged += bool(picture.is_corrupt)
                decodable = decodable or (picture.key_frame and not picture.is_corrupt)
                given = shown_times.of(picture) if self.unordered else picture.pts
                pts = given if given is not None else (0 if last_pts is None else last_pts + self._step)
                if last_pts is not None and pts <= last_pts:
                    pts = last_pts + 1
                duration, last_pts = picture.duration or 0, pts
                reading.picture_end = max(reading.picture_end, float((pts + (duration or self._step)) * self.time_base))
                if picture.interlaced_frame and not self.interlaced:
                    self._say_interlaced_later()
                yield picture, _Place(pts, duration, decodable)

    def _say_interlaced_later(self) -> None:
        """Say once that frames after the first are interlaced."""
        text = f"Some frames of {self.path.name} are interlaced, but not its first; they are painted as they are."
        notice = Sentence(text, "interlaced_later", name=self.path.name)
        if notice not in self.notices:
            self.notices.append(notice)

    def _ends_early(self, reading: _Reading) -> bool:
        """Whether the file ends before the end that it declares, by more than files are usually off."""
        end = reading.picture_end
        missing = self.declared - (end if self.declares_picture else max(end, reading.other_end))
        seconds = self.declared - float(self.origin)
        if missing > max(3 / float(self.rate), min(_MAX_SHORTFALL, seconds / _MAX_SHORTFALL_PART)):
            return True
        # Less than that may be missing, or FFmpeg may have guessed the end from what is there.
        return is_cut_off(self.path)

    def _last_duration(self, place: _Place) -> int:
        """For how long the last frame is shown, in units of the time base; 0 if unknown."""
        if self.declares_picture and not self.truncated:
            left = round(Fraction(self.declared) / self.time_base) - place.pts
            if left > 0:
                return left
        return place.duration  # MP4 may give the duration of another frame here

    def _frame(self, picture: Any, place: _Place, duration: int, index: int | None) -> Iterator[Frame]:
        """A decoded frame, upright and resized; nothing where it cannot be converted, which counts as damage."""
        seconds = float(place.pts * self.time_base - self.origin)
        try:
            rgb = self.converter.rgb(picture, seconds)
        except (pyav().error.FFmpegError, ValueError) as error:
            log.info("A frame of %s cannot be converted: %s", self.path, error)
            self.damaged += 1
            return
        yield Frame(rgb, place.pts, duration, index)
