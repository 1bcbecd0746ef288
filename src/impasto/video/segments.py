"""A sink that encodes frames into segments, which are joined at the end, and the packets of these segments."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import OutputError
from impasto.extras import pyav
from impasto.files import explained
from impasto.flow.estimate import Pixels
from impasto.media.containers import open_container
from impasto.video.frame import Frame
from impasto.video.frame_format import FrameFormat, format_for_codec, tag_stream
from impasto.video.pixels import from_rgb
from impasto.video.sink import Encoding

_SEGMENT_CONTAINER = "nut"  # FFmpeg's name of the container: NUT keeps every time stamp and takes every codec
_KEEP_TIME_STAMPS = {"avoid_negative_ts": "disabled"}  # muxer option: decoding may start before time 0
_KEY_FRAME_SECONDS = 5  # seconds from key frame to key frame, at most
_ENCODERS = {"h264": "libx264", "h265": "libx265", "vp9": "libvpx-vp9", "ffv1": "ffv1"}  # codecs to FFmpeg's encoders


class Segments:
    """A sink that encodes frames into segments: files of a few seconds each, with one video stream.

    Args:
        folder: where the segments go. Unfinished segments that an earlier run left there are removed.
        frame_format: of the frames.
        codec: ``"h264"``, ``"h265"``, ``"vp9"`` or ``"ffv1"``.
        encoding: its quality counts.
        finished: how many segments an earlier run has finished.
        transparent: whether frames may be transparent, which only ffv1 holds.

    Raises:
        OutputError: frames cannot be encoded or written.
    """

    def __init__(
        self,
        folder: Path,
        frame_format: FrameFormat,
        codec: str,
        encoding: Encoding,
        finished: int = 0,
        *,
        transparent: bool = False,
    ) -> None:
        self.folder, self.codec, self.encoding = folder, codec, encoding
        self.format = format_for_codec(frame_format, codec)
        self.keeps_alpha = transparent and codec == "ffv1"
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
        """The file of a finished segment."""
        return self.folder / f"{index:05}.{_SEGMENT_CONTAINER}"

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of the pixel format: lossless RGB, or 4:2:0, which plays everywhere, where sides are even."""
        if self.codec == "ffv1":
            return "bgra" if self.keeps_alpha else "bgr0"
        odd = self.format.width % 2 or self.format.height % 2
        return "yuv444p" if odd else "yuv420p"

    def write(self, frame: Frame) -> None:
        """See :class:`Sink`."""
        if self.container is None:
            self._open()
        if self.keeps_alpha:
            alpha = np.full(frame.rgb.shape[:2], 255, np.uint8) if frame.alpha is None else frame.alpha
            samples = np.dstack([frame.rgb, alpha])
        else:
            samples = frame.on_white()
        picture = from_rgb(self._resized(samples), self.pixel_format, self.format.colors)
        picture.pts, picture.time_base = frame.pts, self.format.time_base
        picture.duration = frame.duration
        with _translated_write_errors(self.folder):
            self.container.mux(self.stream.encode(picture))

    def _resized(self, samples: Pixels) -> Pixels:
        """A frame, H x W x 3 or 4, in the size that the codec can hold."""
        size = self.format.width, self.format.height
        if samples.shape[1::-1] == size:
            return samples
        from PIL import Image

        return np.asarray(Image.fromarray(samples).resize(size, Image.Resampling.LANCZOS))

    def _open(self) -> None:
        """Begin the next segment."""
        av = pyav()
        with _translated_write_errors(self.folder):
            self.container = open_container(
                self._path(self.finished).with_suffix(".part"),
                "w",
                format=_SEGMENT_CONTAINER,
                options=_KEEP_TIME_STAMPS,
            )
        try:
            stream = self.container.add_stream(_ENCODERS[self.codec], options=self.encoding.options(self.codec))
        except (av.error.FFmpegError, ValueError) as error:
            raise OutputError(f"This PyAV has no encoder for {self.codec} ({error}); give another --codec.") from error
        stream.width, stream.height, stream.pix_fmt = self.format.width, self.format.height, self.pixel_format
        context = stream.codec_context
        context.time_base = self.format.time_base
        tag_stream(context, self.format)
        context.flags |= av.codec.context.Flags.global_header  # MP4 wants the codec's parameters in one place
        context.gop_size = max(1, round(self.format.rate * _KEY_FRAME_SECONDS))
        if self.codec in ("h264", "h265", "ffv1"):
            context.thread_type = "AUTO"
        self.stream = stream

    def checkpoint(self) -> None:
        """See :class:`Sink`."""
        if self.container is None:
            return
        with _translated_write_errors(self.folder):
            self.container.mux(self.stream.encode(None))
            self.container.close()
        path = self._path(self.finished)
        path.with_suffix(".part").replace(path)
        self.container, self.finished = None, self.finished + 1

    def abandon(self) -> None:
        """See :class:`Sink`."""
        if self.container is not None:
            # Closing raises the failure that ended the segment once more.
            with contextlib.suppress(pyav().error.FFmpegError, ValueError):
                self.container.close()
            self.container = None
            self._path(self.finished).with_suffix(".part").unlink(missing_ok=True)


@contextlib.contextmanager
def _translated_write_errors(folder: Path) -> Iterator[None]:
    """Turn a failure to encode, or to write into a folder, into one sentence.

    Raises:
        OutputError: in place of an error of FFmpeg's or of the disk's.
    """
    try:
        with explained(folder):
            yield
    except pyav().error.FFmpegError as error:
        raise OutputError(
            f"The encoder does not take these frames ({error.strerror}); give another --codec or --size."
        ) from error


def packets_of(paths: list[Path]) -> Iterator[Any]:
    """All encoded packets of some segments, in order, with the decoding time stamps of the segments."""
    for path in paths:
        with open_container(path) as container:
            for packet in container.demux(container.streams[0]):
                if packet.pts is not None:
                    yield packet


def packets_in_order(paths: list[Path], last: Fraction = Fraction(0), *, sums: bool = False) -> Iterator[Any]:
    """All encoded packets of some segments, with decoding time stamps that never go back.

    Each segment starts its own decoding times. Here packet n is to be decoded when the frame ``delay`` places before it
    is shown; the delay is the shortest with which every packet is decoded before it is shown.

    Args:
        paths: the segments in order.
        last: for how many seconds the last frame is shown, which segments do not keep; 0: unknown.
        sums: whether the container takes the sum of the durations of all packets for the duration of the stream, as MP4
            does. The packet that is decoded last then lasts as long as is missing.
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
