"""Uncompressed frames on streams, as FFmpeg pipes them: painted one by one, as many as come in, steadily.

Two forms: YUV4MPEG2 (``y4m``), which says its size and rate itself, and bare RGB of a size that is given (``rgb24``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from impasto.errors import InputError, TruncatedError
from impasto.extras import pyav
from impasto.feedforward.painter import Painter
from impasto.flow.estimate import Pixels
from impasto.video.frame import scaled_size
from impasto.video.stabilizer_base import Stabilizer

_MAGIC = b"YUV4MPEG2"
_FRAME = b"FRAME"
_LONGEST_LINE = 1024  # bytes of a header
_LARGEST_SIDE = 16384  # pixels
_FORMATS = {"420jpeg": "yuv420p", "420mpeg2": "yuv420p", "420paldv": "yuv420p", "420": "yuv420p", "444": "yuv444p"}
_MIN_HD_HEIGHT = 720  # pixels: from this height on samples are taken for Rec. 709, below it for Rec. 601
_WITH_SIZE = re.compile(r"rgb24:(\d{1,5})x(\d{1,5})")


@dataclass(frozen=True)
class RawForm:
    """The form of raw frames.

    Attributes:
        width, height: of frames in pixels; 0 where the stream says them.
    """

    width: int = 0
    height: int = 0

    @property
    def is_rgb(self) -> bool:
        """Whether frames are bare RGB."""
        return bool(self.width)


def parse_form(text: str) -> RawForm:
    """``y4m`` or ``rgb24:WIDTHxHEIGHT``.

    Raises:
        InputError: it is neither.
    """
    if text == "y4m":
        return RawForm()
    found = _WITH_SIZE.fullmatch(text)
    if found and all(1 <= int(side) <= _LARGEST_SIDE for side in found.groups()):
        return RawForm(int(found[1]), int(found[2]))
    raise InputError(f"Raw frames are y4m, or rgb24 with their size, as rgb24:640x480, not {text[:40]}.")


def paint_raw(
    reading: BinaryIO,
    writing: BinaryIO,
    form: RawForm,
    painter: Painter,
    stabilizer: Stabilizer,
    size: int = 0,
    progress: Callable[[int], None] = lambda _count: None,
) -> int:
    """Paint raw frames from one stream to another, in the same form; each is written as soon as it is painted.

    Args:
        reading: where frames come from.
        writing: where the painted ones go.
        form: of both.
        painter: paints them; its options leave the size alone.
        stabilizer: against flicker.
        size: longer side of painted frames in pixels; 0 keeps it.
        progress: called after each frame with the number of all so far.

    Returns:
        How many frames were painted.

    Raises:
        InputError: what comes in is in another form.
        TruncatedError: it ends within a frame; those before it are painted and written.
    """
    count = 0
    stream: _Rgb | _Y4m = _Rgb(reading, form) if form.is_rgb else _Y4m(reading)
    width, height = scaled_size(stream.width, stream.height, size)
    writing.write(stream.header(width, height))
    for frame in stream.frames(width, height):
        writing.write(stream.encoded(stabilizer.paint(frame, painter)))
        writing.flush()
        count += 1
        progress(count)
    if stream.truncated:
        raise TruncatedError(f"The frames end within one; the {count} before it are painted and written.")
    return count


class _Rgb:
    """Bare RGB frames.

    Attributes:
        width, height: of frames in pixels.
        truncated: whether the stream ended within a frame.
    """

    def __init__(self, reading: BinaryIO, form: RawForm) -> None:
        self._reading = reading
        self.width, self.height = form.width, form.height
        self.truncated = False

    def header(self, width: int, height: int) -> bytes:
        """What is written before the first frame."""
        return b""

    def frames(self, width: int, height: int) -> Iterator[Pixels]:
        """All frames, in another size."""
        av = pyav()
        while raw := self._taken(self.width * self.height * 3):
            array = np.frombuffer(raw, np.uint8).reshape(self.height, self.width, 3)
            if (width, height) != (self.width, self.height):
                frame = av.VideoFrame.from_ndarray(array, format="rgb24")
                array = frame.reformat(width=width, height=height, interpolation="AREA").to_ndarray()
            yield array

    def encoded(self, painted: Pixels) -> bytes:
        """A painted frame."""
        return painted.tobytes()

    def _taken(self, count: int) -> bytes:
        """The bytes of the next frame; empty at the end."""
        raw = self._reading.read(count)
        self.truncated = 0 < len(raw) < count
        return b"" if self.truncated else raw


class _Y4m(_Rgb):
    """YUV4MPEG2: a header with size, rate and kind of samples, and a line before each frame."""

    def __init__(self, reading: BinaryIO) -> None:
        self._reading = reading
        self.truncated = False
        line = reading.readline(_LONGEST_LINE)
        words = line.decode("latin-1").split()
        if not line.startswith(_MAGIC) or not line.endswith(b"\n"):
            raise InputError("What comes in is no YUV4MPEG2; pipe it with ffmpeg -f yuv4mpegpipe, or give rgb24:WxH.")
        self._tags = {word[0]: word[1:] for word in words[1:] if word[0] != "X"}
        self._extra = [word for word in words[1:] if word[0] == "X"]
        sides = [int(self._tags[tag]) if self._tags.get(tag, "").isdigit() else 0 for tag in "WH"]
        kind = self._tags.get("C", "420jpeg")
        if not all(1 <= side <= _LARGEST_SIDE for side in sides) or kind not in _FORMATS:
            raise InputError(
                f"Frames of {sides[0]} x {sides[1]} with samples {kind[:20]} are not painted; pipe them with "
                "ffmpeg -pix_fmt yuv420p."
            )
        self.width, self.height = sides
        self.format = _FORMATS[kind]
        full = any("FULL" in word.upper() for word in self._extra)
        self._range = {"src_color_range": 2 if full else 1, "dst_color_range": 2}
        self._back = {"src_color_range": 2, "dst_color_range": 2 if full else 1}
        if self.format == "yuv420p" and (self.width % 2 or self.height % 2):
            raise InputError(f"Frames of {self.width} x {self.height} have an odd side; pipe them as yuv444p.")

    def header(self, width: int, height: int) -> bytes:
        """See :class:`_Rgb`."""
        if self.format == "yuv420p" and (width % 2 or height % 2):
            raise InputError(f"Frames would have {width} x {height} pixels, an odd side; give another --size.")
        tags = {**self._tags, "W": str(width), "H": str(height)}
        words = [_MAGIC.decode(), *(f"{tag}{value}" for tag, value in tags.items()), *self._extra]
        return " ".join(words).encode("latin-1") + b"\n"

    def frames(self, width: int, height: int) -> Iterator[Pixels]:
        """See :class:`_Rgb`."""
        av = pyav()
        rows = self.height * 3 // 2 if self.format == "yuv420p" else 3 * self.height
        while line := self._reading.readline(_LONGEST_LINE):
            if not line.startswith(_FRAME) or not line.endswith(b"\n"):
                raise InputError("What comes in is no YUV4MPEG2 from here on: a frame has no beginning.")
            raw = self._taken(rows * self.width)
            if not raw:
                self.truncated = True
                return
            array = np.frombuffer(raw, np.uint8)
            shape = (rows, self.width) if self.format == "yuv420p" else (3, self.height, self.width)
            frame = av.VideoFrame.from_ndarray(array.reshape(shape), format=self.format)
            yield frame.reformat(
                width=width,
                height=height,
                format="rgb24",
                interpolation="AREA",
                src_colorspace=self._matrix,
                **self._range,
            ).to_ndarray()

    def encoded(self, painted: Pixels) -> bytes:
        """See :class:`_Rgb`."""
        frame = pyav().VideoFrame.from_ndarray(np.ascontiguousarray(painted), format="rgb24")
        made: Pixels = frame.reformat(format=self.format, dst_colorspace=self._matrix, **self._back).to_ndarray()
        return _FRAME + b"\n" + made.tobytes()

    @property
    def _matrix(self) -> str:
        """The name of the matrix between RGB and the samples."""
        return "ITU709" if self.height >= _MIN_HD_HEIGHT else "ITU601"
