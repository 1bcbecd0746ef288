"""Where frames come from: a video file, an animated picture, or numbered pictures."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.extras import pyav
from impasto.flow.files import FramePattern
from impasto.pictures.conversion import to_pil
from impasto.pictures.decoding import from_pil, orientation
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent
from impasto.video import pixels

log = logging.getLogger(__name__)

ANIMATIONS = {".gif", ".webp", ".png", ".apng"}
DEFAULT_RATE = Fraction(25)  # of pictures without time stamps, as FFmpeg assumes
_MILLISECOND = Fraction(1, 1000)
_UNTIMED, _TOO_SHORT = 100, 10  # ms: what browsers give to animation frames of no duration, or up to this one
_GIVE_UP = 50  # damaged reads in a row
_FIRST_STEP_BACK = Fraction(10)  # seconds
_INEXACT = 1.0  # seconds, but no more than a twentieth of the whole, by which a file may be shorter than it says


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture with its place in time.

    Attributes:
        rgb: H x W x 3, uint8, upright.
        pts: when it is shown, in units of the source's time base.
        duration: for how long, in the same units; 0 if unknown.
        index: its place among all frames of the source, from 0; ``None``: not counted.
    """

    rgb: NDArray[np.uint8]
    pts: int
    duration: int
    index: int | None = None


class Source(Protocol):
    """A moving picture that can be read from its start, or from where an earlier run ended."""

    path: Path
    stored: tuple[int, int]  # width and height before resizing, upright
    width: int  # after resizing
    height: int
    time_base: Fraction
    rate: Fraction  # frames a second, on average
    expected: int  # how many frames there should be; 0 if unknown
    origin: Fraction  # the time, in seconds, that counts as 0
    colors: pixels.Colors
    notices: list[str]
    damaged: int  # packets or pictures that could not be decoded, so far
    truncated: bool  # whether the file ends before its end; known after the last frame

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """Frames in order of time, from the one on screen at ``start`` (in seconds on the source's own clock) on.

        Args:
            counted: whether they must have an index, for which a video file is decoded from its beginning.
        """
        ...


def open_source(path: str | Path, *, size: int = 0, rate: Fraction | None = None, first: int | None = None) -> Source:
    """Open whatever holds frames.

    Args:
        path: a video file, an animated GIF, WebP or PNG, or a printf pattern of pictures.
        size: longer side of the frames; 0 keeps it.
        rate: frames a second of numbered pictures.
        first: number of the first picture of a pattern; ``None``: the lowest.

    Raises:
        InputError: nothing there, no video in it, a picture that does not move, or a first number for one file.
    """
    if FramePattern.matches(path):
        return NumberedPictures(FramePattern(str(path)), size=size, rate=rate or DEFAULT_RATE, first=first)
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give its pictures as a pattern, such as {path / 'frame_%04d.png'}.")
    if not path.exists():
        raise InputError(f"There is no {path}; check the path.")
    if first is not None:
        raise InputError(f"{path} is one file; a first number is for patterns of pictures. Leave --start-number out.")
    if path.suffix.lower() in ANIMATIONS:
        return Animation(path, size=size)
    return VideoFile(path, size=size)


def scaled(width: int, height: int, size: int) -> tuple[int, int]:
    """Width and height with the longer side brought to ``size``; the other one even where ``size`` is.

    Most players take only even sides, and a pixel is less than anyone sees of the proportions.
    """
    if not size:
        return width, height
    factor = size / max(width, height)
    step = 2 if size % 2 == 0 else 1
    sides = [
        size if side == max(width, height) else max(step, round(side * factor / step) * step)
        for side in (width, height)
    ]
    return sides[0], sides[1]


class _NoWayIn(Exception):  # noqa: N818 (no error, a signal)
    """Decoding cannot begin where it was tried."""


class VideoFile:
    """A file that FFmpeg's libraries read."""

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self.path, self.damaged, self.truncated = path, 0, False
        self.notices: list[str] = []
        with self._opened() as container:
            stream = self._chosen(container)
            self.index: int = stream.index
            first = self._first_frame(container, stream)
            if pixels.has_alpha(first):
                self.notices.append(f"Transparent places of {path.name}, if it has any, are shown on white.")
            elif "alpha_mode" in stream.metadata:  # of WebM, whose transparency is a stream of its own
                self.notices.append(f"The transparency of {path.name} is left out; the colours below it are shown.")
            self.turns = round(first.rotation / 90) % 4
            self.stored = (first.height, first.width) if self.turns % 2 else (first.width, first.height)
            self.width, self.height = scaled(*self.stored, size)
            self.colors = pixels.Colors.of(first, stream, self.turns)
            self.time_base: Fraction = stream.time_base
            self.rate: Fraction = stream.average_rate or stream.guessed_rate or DEFAULT_RATE
            self.declares_picture, self.declared = self._declared_end(container, stream)
            self.origin = max(Fraction(0), Fraction(container.start_time or 0, pyav().time_base))
            seconds = self.declared - float(self.origin)
            self.expected: int = stream.frames or max(0, round(seconds * float(self.rate)))
            kinds = [s.type for s in container.streams if s.type in ("audio", "subtitle")]
            self.beside = " and ".join(sorted({"audio": "sound", "subtitle": "subtitles"}[kind] for kind in set(kinds)))

    def _opened(self) -> Any:
        av = pyav()
        try:
            return av.open(str(self.path), metadata_errors="replace")
        except av.error.FFmpegError as error:
            if isinstance(error, OSError) and not self.path.is_file():
                raise InputError(f"{self.path} cannot be read ({error.strerror}); check the path.") from error
            raise InputError(
                f"{self.path} cannot be opened as a video; it may be damaged, cut off before its index, or no video."
            ) from error
        except OSError as error:
            raise InputError(f"{self.path} cannot be read ({error.strerror}); check the path.") from error

    def _chosen(self, container: Any) -> Any:
        """The video stream with the most pixels; the others are named in a notice."""
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
        errors = 0
        try:
            for packet in container.demux(stream):
                try:
                    for frame in packet.decode():
                        return frame
                except pyav().error.FFmpegError:
                    errors += 1
                    if errors > _GIVE_UP:
                        break
        except pyav().error.FFmpegError:
            pass
        raise InputError(f"No frame of {self.path} can be decoded; the file is damaged or of an unknown kind.")

    @staticmethod
    def _declared_end(container: Any, stream: Any) -> tuple[bool, float]:
        """Whether the file says when its picture ends, not only when all of it does; and that time in seconds."""
        if stream.duration:
            return True, float((stream.start_time or 0) + stream.duration) * float(stream.time_base)
        in_statistics = stream.metadata.get("DURATION", "")  # of Matroska files
        if tagged := re.fullmatch(r"(\d+):(\d+):([\d.]+)", in_statistics):
            return True, int(tagged[1]) * 3600 + int(tagged[2]) * 60 + float(tagged[3])
        if container.duration:
            return False, ((container.start_time or 0) + container.duration) / pyav().time_base
        return False, 0.0

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`Source`."""
        damaged = self.damaged
        back = Fraction(0)
        while not counted and start is not None and start - back > self.origin:
            try:
                yield from self._decoded(start, start - back)
            except _NoWayIn:
                # What the pictures there are made of lies before the key frame that was found: begin at an earlier one.
                self.damaged, back = damaged, max(_FIRST_STEP_BACK, 4 * back)
            else:
                return
        yield from self._decoded(start, None)

    def _decoded(self, start: Fraction | None, entry: Fraction | None) -> Iterator[Frame]:
        """Frames on screen from ``start`` on, decoded from the key frame before ``entry``; ``None``: from the first.

        Raises:
            _NoWayIn: no picture from ``entry`` to ``start`` could be decoded whole on its own.
        """
        av = pyav()
        with self._opened() as container:
            stream = container.streams[self.index]
            stream.thread_type = "AUTO"
            if entry is not None:
                container.seek(max(0, int(entry / stream.time_base)), stream=stream)
            sound = entry is None  # whether the pictures can be relied on
            step = max(1, round(1 / (self.rate * self.time_base)))
            last: int | None = None
            held: tuple[Any, int] | None = None  # the latest picture and its time
            relied = False  # whether it can be relied on
            count = 0  # of the pictures before it
            ended, others, bad = float(self.origin), 0.0, 0
            # Sound and subtitles tell how far a file reaches that says only how long it is as a whole.
            packets = container.demux([s for s in container.streams if s is stream or s.type in ("audio", "subtitle")])
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        break
                    if packet.stream is not stream:
                        if packet.pts is not None:
                            others = max(others, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                        continue
                    decoded, bad = packet.decode(), 0
                except av.error.EOFError:
                    break
                except av.error.FFmpegError as error:
                    log.info("A packet of %s is damaged: %s", self.path, error)
                    self.damaged, bad = self.damaged + 1, bad + 1
                    if bad > _GIVE_UP:
                        break
                    continue
                for picture in decoded:
                    self.damaged += bool(picture.is_corrupt)
                    sound = sound or (picture.key_frame and not picture.is_corrupt)
                    pts = picture.pts if picture.pts is not None else (0 if last is None else last + step)
                    if last is not None and pts <= last:
                        pts = last + 1
                    ended = max(ended, float((pts + (picture.duration or step)) * self.time_base))
                    if start is None or pts * self.time_base > start:  # so the one before is on screen then, or later
                        if entry is not None and not relied:
                            raise _NoWayIn
                        if held is not None:
                            yield self._frame(*held, pts - held[1], None if entry is not None else count)
                    count += held is not None
                    held, relied, last = (picture, pts), sound, pts
            missing = self.declared - (ended if self.declares_picture else max(ended, others))
            tolerated = max(3 / float(self.rate), min(_INEXACT, (self.declared - float(self.origin)) / 20))
            self.truncated = missing > tolerated or bad > _GIVE_UP
            if held is None:
                return
            picture, pts = held
            left = 0  # of the time that the file declares, for the last picture
            if self.declares_picture and not self.truncated:
                left = round(Fraction(self.declared) / self.time_base) - pts
            duration = left if left > 0 else picture.duration or 0  # which may be another picture's, in MP4
            if start is None or (pts + (duration or step)) * self.time_base > start:
                if not relied:
                    raise _NoWayIn
                yield self._frame(picture, pts, duration, None if entry is not None else count)

    def _frame(self, picture: Any, pts: int, duration: int, index: int | None) -> Frame:
        rgb = pixels.to_rgb(picture, self.width, self.height, self.turns, self.colors)
        return Frame(rgb, pts, duration, index)


class Animation:
    """An animated GIF, WebP or PNG, its transparent places on white.

    Pillow goes from frame to frame; each frame is decoded as any other picture.
    """

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self.path, self.damaged, self.truncated = path, 0, False
        self.size = size
        with self._opened() as image:
            if getattr(image, "n_frames", 1) < 2:
                raise InputError(f"{path} is a picture, not a video; impasto apply repaints pictures.")
            self.expected: int = image.n_frames
            turned = orientation(image) >= 5  # by a quarter
            self.stored = (image.height, image.width) if turned else (image.width, image.height)
            self.width, self.height = scaled(*self.stored, size)
            self.loop: int | None = image.info.get("loop")
        self.notices: list[str] = []
        self.time_base, self.origin = _MILLISECOND, Fraction(0)
        self.colors = pixels.Colors.for_pictures(self.height)
        durations = [self._duration(image) for image in self._images()]
        self.rate = Fraction(1000 * len(durations), sum(durations)) if durations else DEFAULT_RATE

    def _opened(self) -> Any:
        from PIL import Image, UnidentifiedImageError

        try:
            return Image.open(self.path)
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise InputError(f"{self.path} cannot be read as a picture ({error}); it may be damaged.") from error

    @staticmethod
    def _duration(image: Any) -> int:
        duration = round(float(image.info.get("duration") or 0))
        return duration if duration > _TOO_SHORT else _UNTIMED

    def _images(self) -> Iterator[Any]:
        """The frames one by one, up to the first that cannot be read."""
        with self._opened() as image:
            for index in range(self.expected):
                try:
                    image.seek(index)
                    image.load()
                except (OSError, EOFError, SyntaxError, ValueError) as error:
                    log.info("Frame %d of %s is damaged: %s", index, self.path, error)
                    self.truncated = True
                    return
                yield image

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`Source`."""
        from PIL import Image

        pts = 0
        for index, image in enumerate(self._images()):
            duration = self._duration(image)
            if start is None or (pts + duration) * self.time_base > start:
                rgb = pixels.on_white(to_pil(from_pil(image, compact=1)).convert("RGBA"))
                if rgb.size != (self.width, self.height):
                    rgb = rgb.resize((self.width, self.height), Image.Resampling.LANCZOS)
                yield Frame(np.array(rgb), pts, duration, index)
            pts += duration


class NumberedPictures:
    """Pictures named by a printf pattern, one after the other until a number is missing."""

    def __init__(self, pattern: FramePattern, *, size: int, rate: Fraction, first: int | None = None) -> None:
        self.pattern, self.size, self.rate = pattern, size, rate
        self.start = pattern.first(first)
        self.expected = pattern.count(self.start)
        self.path, self.damaged, self.truncated = pattern.path(self.start), 0, False
        self.time_base, self.origin = 1 / rate, Fraction(0)
        self.notices: list[str] = []
        after = self.start + self.expected
        if left := sum(number > after for number in pattern.numbers()):
            self.notices.append(f"{pattern.path(after)} is missing; {left} pictures after it are left out.")
        self.stored = read_picture(self.path).size
        self.width, self.height = scaled(*self.stored, size)
        self.colors = pixels.Colors.for_pictures(self.height)

    def _read(self, number: int) -> NDArray[np.uint8]:
        path = self.pattern.path(number)
        picture = read_picture(path)
        if picture.size != self.stored:
            raise InputError(f"{path} is of another size than the first picture; frames must all be of one size.")
        rgb = picture.rgb if picture.alpha is None else fill_transparent(picture.rgb, picture.alpha)
        frame = to_samples(rgb)
        if (wanted := scaled(*picture.size, self.size)) != picture.size:
            from PIL import Image

            frame = np.array(Image.fromarray(frame).resize(wanted, Image.Resampling.LANCZOS))
        return np.asarray(frame)

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`Source`."""
        for index in range(self.expected):
            if start is None or (index + 1) * self.time_base > start:
                yield Frame(self._read(self.start + index), index, 1, index)
