"""Joining segments with the side streams of the source: sound, subtitles, chapters, metadata."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from impasto.errors import OutputError, Sentence
from impasto.extras import pyav
from impasto.files import atomic_path, printable
from impasto.media.containers import open_container
from impasto.media.side_streams import SideStreams, TimedPacket
from impasto.media.spherical import Spherical, complete_mp4, write_model
from impasto.media.stream_copies import codec_name
from impasto.video.frame_format import FrameFormat, format_for_codec, tag_stream
from impasto.video.segments import packets_in_order
from impasto.video.sink import container_of

log = logging.getLogger(__name__)


_MP4_KINDS = ("mp4", "mov")


@dataclass(frozen=True)
class _Said:
    """What a result says of itself; see :func:`join`."""

    about: str
    last: int
    spherical: Spherical | None


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
    spherical: Spherical | None = None,
) -> list[str]:
    """Write segments as one file without encoding them again, with the side streams of the source.

    Args:
        segments: the files in order.
        target: the result.
        frame_format: of the frames.
        side_streams: the side streams; ``None``: there are none.
        about: one line for the comment in the metadata, where the source has no comment.
        last: duration of the last frame in units of the format's time base; 0 if unknown.
        spherical: what the result says of showing the world all around.

    Returns:
        Notices on what could not be kept as it was.

    Raises:
        JoinError: FFmpeg refuses the file, even without the side streams.
        OutputError: there are no segments, or the file cannot be written.
    """
    said = _Said(about, last, spherical)
    if side_streams is None:
        return _join(segments, target, frame_format, None, said)
    try:
        return _join(segments, target, frame_format, side_streams, said)
    except JoinError as error:
        log.info("%s", error)
        _join(segments, target, frame_format, None, said)
        name = side_streams.path.name
        text = (
            f"What {name} holds beside its picture (sound, subtitles, metadata) could not be written "
            f"into {target.name} and is left out."
        )
        return [Sentence(text, "beside_left_out", name=name)]


def _model(segment: Path, kind: str, spherical: Spherical | None) -> Path:
    """The file whose stream that of the result is modelled on.

    Args:
        segment: the first segment.
        kind: of the result's container.
        spherical: as for :func:`join`.
    """
    if spherical is None or kind in _MP4_KINDS:
        return segment
    model = segment.with_name("model.mp4")
    write_model(segment, model, spherical)
    return model


def _join(
    segments: list[Path],
    target: Path,
    frame_format: FrameFormat,
    side_streams: SideStreams | None,
    said: _Said,
) -> list[str]:
    """See :func:`join`."""
    kind = container_of(target)
    if not segments:
        raise OutputError(f"{target} was not written: there is no frame in the span that was asked for.")
    with output_file(target) as temporary:
        options = {"movflags": "+faststart"} if kind in _MP4_KINDS else {}
        with (
            open_container(segments[0]) as packets_from,
            open_container(_model(segments[0], kind, said.spherical)) as first,
            open_container(temporary, "w", format=kind, options=options) as output,
        ):
            picture = output.add_stream_from_template(first.streams.video[0])
            # The form of the packets, which may be another one in the model.
            picture.codec_context.extradata = packets_from.streams.video[0].codec_context.extradata
            picture.time_base = frame_format.time_base
            tag_stream(picture.codec_context, format_for_codec(frame_format, codec_name(picture)))
            if codec_name(picture) == "hevc" and kind in _MP4_KINDS:
                picture.codec_context.codec_tag = "hvc1"  # Apple's players refuse FFmpeg's usual hev1
            packets = side_streams.attach(output, picture) if side_streams is not None else lambda: iter(())
            if "comment" not in {name.lower() for name in output.metadata}:
                output.metadata["comment"] = printable(said.about)

            def pictures() -> Iterator[TimedPacket]:
                """The packets of the segments, for merging with those of the side streams by decoding time."""
                ordered = packets_in_order(segments, said.last * frame_format.time_base, sums=kind in _MP4_KINDS)
                for number, packet in enumerate(ordered):
                    packet.stream = picture
                    yield Fraction(packet.dts) * packet.time_base, -number, packet

            for _, _, packet in heapq.merge(pictures(), packets(), key=lambda timed: timed[0]):
                output.mux(packet)
        if said.spherical is not None and kind in _MP4_KINDS:
            complete_mp4(temporary, said.spherical)
        if side_streams is not None:
            side_streams.note_lost_metadata(temporary, target.suffix)
    return side_streams.notices if side_streams is not None else []
