"""Joining segments with the side streams of the source: sound, subtitles, chapters, metadata."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from impasto.errors import OutputError, Sentence
from impasto.extras import pyav
from impasto.files import atomic_path, printable
from impasto.media.containers import open_container
from impasto.media.side_streams import SideStreams, TimedPacket
from impasto.media.stream_copies import codec_name
from impasto.video.frame_format import FrameFormat, format_for_codec, tag_stream
from impasto.video.segments import packets_in_order
from impasto.video.sink import container_of

log = logging.getLogger(__name__)


class JoinError(OutputError):
    """FFmpeg refuses to put a result together."""


@contextmanager
def output_file(target: Path) -> Iterator[Path]:
    """A temporary path that becomes the result when the block ends without an error.

    Raises:
        JoinError: in place of an error of FFmpeg's that is none of the disk's.
        OutputError: the file cannot be written.
    """
    try:
        with atomic_path(target) as temporary:
            yield temporary
    except (pyav().error.FFmpegError, ValueError) as error:
        raise JoinError(
            f"{target} could not be put together ({getattr(error, 'strerror', None) or error}); all frames are painted "
            "and kept, so the same command only tries this again."
        ) from error


def join(
    segments: list[Path],
    target: Path,
    frame_format: FrameFormat,
    *,
    side_streams: SideStreams | None,
    about: str,
    last: int = 0,
) -> list[str]:
    """Write segments as one file without encoding them again, with the side streams of the source.

    Args:
        segments: the files in order.
        target: the result.
        frame_format: of the frames.
        side_streams: the side streams; ``None``: there are none.
        about: one line for the comment in the metadata, where the source has no comment.
        last: duration of the last frame in units of the format's time base; 0 if unknown.

    Returns:
        Notices on what could not be kept as it was.

    Raises:
        JoinError: FFmpeg refuses the file, even without the side streams.
        OutputError: there are no segments, or the file cannot be written.
    """
    if side_streams is None:
        return _join(segments, target, frame_format, None, about, last)
    try:
        return _join(segments, target, frame_format, side_streams, about, last)
    except JoinError as error:
        log.info("%s", error)
        _join(segments, target, frame_format, None, about, last)
        name = side_streams.path.name
        text = (
            f"What {name} holds beside its picture (sound, subtitles, metadata) could not be written "
            f"into {target.name} and is left out."
        )
        return [Sentence(text, "beside_left_out", name=name)]


def _join(
    segments: list[Path],
    target: Path,
    frame_format: FrameFormat,
    side_streams: SideStreams | None,
    about: str,
    last: int,
) -> list[str]:
    """See :func:`join`."""
    kind = container_of(target)
    if not segments:
        raise OutputError(f"{target} was not written: there is no frame in the span that was asked for.")
    with output_file(target) as temporary:
        options = {"movflags": "+faststart"} if kind in ("mp4", "mov") else {}
        with (
            open_container(segments[0]) as first,
            open_container(temporary, "w", format=kind, options=options) as output,
        ):
            picture = output.add_stream_from_template(first.streams.video[0])
            picture.time_base = frame_format.time_base
            tag_stream(picture.codec_context, format_for_codec(frame_format, codec_name(picture)))
            if codec_name(picture) == "hevc" and kind in ("mp4", "mov"):
                picture.codec_context.codec_tag = "hvc1"  # Apple's players refuse FFmpeg's usual hev1
            packets = side_streams.attach(output, picture) if side_streams is not None else lambda: iter(())
            if "comment" not in {name.lower() for name in output.metadata}:
                output.metadata["comment"] = printable(about)

            def pictures() -> Iterator[TimedPacket]:
                """The packets of the segments, for merging with those of the side streams by decoding time."""
                ordered = packets_in_order(segments, last * frame_format.time_base, sums=kind in ("mp4", "mov"))
                for number, packet in enumerate(ordered):
                    packet.stream = picture
                    yield Fraction(packet.dts) * packet.time_base, -number, packet

            for _, _, packet in heapq.merge(pictures(), packets(), key=lambda timed: timed[0]):
                output.mux(packet)
        if side_streams is not None:
            side_streams.note_lost_metadata(temporary, target.suffix)
    return side_streams.notices if side_streams is not None else []
