"""Where painted frames go: encoded into segments that are joined at the end, or into numbered pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OutputError
from impasto.extras import pyav
from impasto.flow.files import FramePattern
from impasto.options import check_options, documented, option
from impasto.pictures import writing
from impasto.pictures.conversion import from_array
from impasto.pictures.writing import output_format, write_picture
from impasto.video import pixels
from impasto.video.source import Frame

CODECS = ("auto", "h264", "h265", "vp9", "ffv1")
VIDEO_QUALITY = 80

# What each container holds, the default first; GIF is made from lossless segments at the end.
_CONTAINERS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".mp4": ("mp4", ("h264", "h265", "vp9")),
    ".m4v": ("mp4", ("h264", "h265")),
    ".mov": ("mov", ("h264", "h265")),
    ".mkv": ("matroska", ("h264", "h265", "vp9", "ffv1")),
    ".webm": ("webm", ("vp9",)),
    ".gif": ("gif", ("ffv1",)),
}
WRITE_SUFFIXES = tuple(_CONTAINERS)
_SEGMENT = "nut"  # keeps every time stamp as it is and takes every codec
_AS_IT_IS = {"avoid_negative_ts": "disabled"}  # decoding starts before the first picture is shown: move nothing
_SQUARE = ("vp9", "ffv1")  # PyAV can state the shape of their pixels neither in WebM nor in Matroska
_ENCODERS = {"h264": "libx264", "h265": "libx265", "vp9": "libvpx-vp9", "ffv1": "ffv1"}


def container_of(path: Path) -> str:
    """FFmpeg's name of the container that a file's suffix stands for.

    Raises:
        OutputError: a suffix that no video is written to.
    """
    try:
        return _CONTAINERS[path.suffix.lower()][0]
    except KeyError:
        known = " ".join(_CONTAINERS)
        raise OutputError(
            f"{path} has no suffix that a video is written to; give one of {known}, or a pattern such as out_%04d.png."
        ) from None


@documented
@dataclass(frozen=True)
class Encoding:
    """How frames are encoded."""

    codec: str = option(
        "auto",
        choices=CODECS,
        refusal="There is no {title} {value}; give one of {choices}.",
        help="Of the picture.",
        doc="How the picture is encoded; auto is the container's usual codec, ffv1 is lossless.",
    )
    quality: int | None = option(
        None,
        low=1,
        high=100,
        help="Of the picture.",
        doc=f"100 is as good as lossless to the eye; ``None``: {VIDEO_QUALITY}, of numbered pictures "
        f"{writing.QUALITY}. Not for GIF and ffv1, which have one.",
    )

    def __post_init__(self) -> None:
        check_options(self)

    def for_file(self, path: Path) -> str:
        """The codec for a file.

        Raises:
            OutputError: its container does not hold the codec that was asked for, or has nothing to choose.
        """
        container_of(path)
        held = _CONTAINERS[path.suffix.lower()][1]
        gif = path.suffix.lower() == ".gif"
        if gif and self.codec != "auto":
            raise OutputError(f"{path} is a GIF, which has no other codec; leave --codec out.")
        codec = held[0] if self.codec == "auto" else self.codec
        if codec not in held:
            raise OutputError(f"A {path.suffix} file does not hold {codec}; give {' or '.join(held)}, or an .mkv.")
        if codec == "ffv1" and self.quality is not None:
            what = "a GIF, which has one quality" if gif else "lossless with ffv1"
            raise OutputError(f"{path} is {what}; leave --quality out.")
        return codec

    def options(self, codec: str) -> dict[str, str]:
        """The encoder's own options."""
        quality = VIDEO_QUALITY if self.quality is None else self.quality
        if codec in ("h264", "h265"):
            quiet = {"x265-params": "log-level=none"} if codec == "h265" else {}
            return {"preset": "veryfast", "crf": f"{50 - 0.4 * quality:.1f}"} | quiet
        if codec == "vp9":
            crf = str(round(63 - 0.45 * quality))
            return {"crf": crf, "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}
        return {}


@dataclass(frozen=True)
class Form:
    """Size, clock and colours of the frames to write."""

    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    colors: pixels.Colors


def bearable(form: Form, codec: str) -> Form:
    """A form as a codec holds it: with square pixels where it has no word for others."""
    aspect = form.colors.aspect
    if codec not in _SQUARE or aspect == 1:
        return form
    width, height = (
        (_grown(form.width, aspect), form.height) if aspect > 1 else (form.width, _grown(form.height, 1 / aspect))
    )
    return replace(form, width=width, height=height, colors=replace(form.colors, aspect=Fraction(1)))


def _grown(side: int, factor: Fraction) -> int:
    step = 1 if side % 2 else 2
    return round(side * factor / step) * step


def state(context: Any, form: Form) -> None:
    """Write down in a codec context the rate, the shape of the pixels and the colours."""
    context.framerate = form.rate.limit_denominator(100_000)
    context.sample_aspect_ratio = form.colors.aspect
    rgb = context.pix_fmt == "bgr0"
    for name, value in form.colors.tags.items():
        if not (rgb and name in ("colorspace", "color_range")):
            setattr(context, name, value)


class Sink(Protocol):
    """Takes painted frames in order."""

    def write(self, frame: Frame) -> None:
        """Take one frame."""
        ...

    def checkpoint(self) -> None:
        """Make what was written so far survive whatever happens next."""
        ...

    def abandon(self) -> None:
        """Drop what was written since the last checkpoint."""
        ...


class Segments:
    """Files of a few seconds each, with nothing but encoded pictures."""

    def __init__(self, folder: Path, form: Form, codec: str, encoding: Encoding, finished: int = 0) -> None:
        self.folder, self.form, self.codec, self.encoding = folder, bearable(form, codec), codec, encoding
        self.finished = finished
        self.container: Any = None
        self.stream: Any = None
        for left_over in folder.glob("*.part"):
            left_over.unlink()

    @property
    def paths(self) -> list[Path]:
        """The finished segments."""
        return [self._path(index) for index in range(self.finished)]

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:05}.{_SEGMENT}"

    @property
    def pixel_format(self) -> str:
        """Lossless RGB, or 4:2:0 where sides are even, since only that plays everywhere."""
        if self.codec == "ffv1":
            return "bgr0"
        odd = self.form.width % 2 or self.form.height % 2
        return "yuv444p" if odd else "yuv420p"

    def write(self, frame: Frame) -> None:
        """See :class:`Sink`."""
        if self.container is None:
            self._open()
        picture = pixels.from_rgb(self._fitted(frame.rgb), self.pixel_format, self.form.colors)
        picture.pts, picture.time_base = frame.pts, self.form.time_base
        picture.duration = frame.duration
        with _disk():
            self.container.mux(self.stream.encode(picture))

    def _fitted(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        size = self.form.width, self.form.height
        if rgb.shape[1::-1] == size:
            return rgb
        from PIL import Image

        return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))

    def _open(self) -> None:
        av = pyav()
        with _disk():
            self.container = av.open(
                str(self._path(self.finished).with_suffix(".part")), "w", format=_SEGMENT, options=_AS_IT_IS
            )
        form = self.form
        try:
            stream = self.container.add_stream(_ENCODERS[self.codec], options=self.encoding.options(self.codec))
        except (av.error.FFmpegError, ValueError) as error:
            raise OutputError(f"This PyAV has no encoder for {self.codec} ({error}); give another --codec.") from error
        stream.width, stream.height, stream.pix_fmt = form.width, form.height, self.pixel_format
        context = stream.codec_context
        context.time_base = form.time_base
        state(context, form)
        context.flags |= av.codec.context.Flags.global_header  # parameters in one place, as MP4 wants them
        context.gop_size = max(1, round(form.rate * 5))
        if self.codec in ("h264", "h265", "ffv1"):
            context.thread_type = "AUTO"
        self.stream = stream

    def checkpoint(self) -> None:
        """See :class:`Sink`."""
        if self.container is None:
            return
        with _disk():
            self.container.mux(self.stream.encode(None))
            self.container.close()
        path = self._path(self.finished)
        path.with_suffix(".part").replace(path)
        self.container, self.finished = None, self.finished + 1

    def abandon(self) -> None:
        """See :class:`Sink`."""
        if self.container is not None:
            with contextlib.suppress(pyav().error.FFmpegError, ValueError):  # what made us abandon it strikes again
                self.container.close()
            self.container = None
            self._path(self.finished).with_suffix(".part").unlink(missing_ok=True)


class NumberedFiles:
    """Pictures named by a printf pattern, from a number on."""

    def __init__(self, pattern: FramePattern, encoding: Encoding, number: int) -> None:
        output_format(pattern.path(number))
        self.pattern, self.number = pattern, number
        self.quality = writing.QUALITY if encoding.quality is None else encoding.quality

    def write(self, frame: Frame) -> None:
        """See :class:`Sink`."""
        write_picture(from_array(frame.rgb), self.pattern.path(self.number), quality=self.quality)
        self.number += 1

    def checkpoint(self) -> None:
        """Nothing to do: a picture is written whole or not at all."""

    def abandon(self) -> None:
        """Nothing to do: these pictures are written again."""


class _disk:  # noqa: N801 (reads as a word in a with statement)
    """Turn an encoder's or a disk's failure to write into our own error."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise OutputError(
                f"The video could not be written ({error.strerror or error}); free some space, or name another file."
            ) from error
        if isinstance(error, pyav().error.FFmpegError):
            raise OutputError(
                f"The encoder does not take these frames ({error.strerror}); give another --codec or --size."
            ) from error


def packets_of(paths: list[Path]) -> Iterator[Any]:
    """All encoded packets of some segments, as they are."""
    for path in paths:
        with pyav().open(str(path)) as container:
            for packet in container.demux(container.streams[0]):
                if packet.pts is not None:
                    yield packet


def packets_in_order(paths: list[Path], last: Fraction = Fraction(0), *, sums: bool = False) -> Iterator[Any]:
    """All encoded packets of some segments, with decoding times that never go back.

    Each segment starts its own; here packet n is to be decoded when the frame ``delay`` places before it is shown,
    with the shortest delay that every packet bears.

    Args:
        last: for how many seconds the last frame is shown, which segments do not keep; 0: as long as the others.
        sums: whether the container takes the sum of all durations for that of the picture, as MP4 does: what is
            decoded last then fills it up.
    """
    shown = [packet.pts for packet in packets_of(paths)]
    order = sorted(shown)
    place = {pts: position for position, pts in enumerate(order)}
    delay = max((position - place[pts] for position, pts in enumerate(shown)), default=0)
    step = max(1, (order[-1] - order[0]) // (len(order) - 1)) if len(order) > 1 else 1
    for position, packet in enumerate(packets_of(paths)):
        early = position - delay
        packet.dts = order[early] if early >= 0 else order[0] + early * step
        lasting = round(last / packet.time_base)
        if lasting and packet.pts == order[-1]:
            packet.duration = lasting
        if lasting and sums and position == len(order) - 1:
            packet.duration = max(lasting, order[-1] + lasting - delay * step - packet.dts)
        yield packet
