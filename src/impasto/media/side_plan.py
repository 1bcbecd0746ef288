"""What becomes of the streams beside the one that is made anew: copied, encoded anew, or left out with a word.

That is decided before anything is made, by writing the first packets of each stream into a container in memory:
FFmpeg's lists of what a container holds name some codecs that its muxers refuse.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import Sentence
from impasto.extras import pyav
from impasto.media.containers import open_container
from impasto.media.stream_copies import codec_name, copy_stream

log = logging.getLogger(__name__)

SOUND_ENCODERS = {"webm": "libopus", "mp4": "aac", "mov": "aac", "matroska": "flac"}
"""FFmpeg's names of containers to encoders of sound that is encoded anew."""
# The same of subtitles that a muxer does not accept.
_SUBTITLE_ENCODERS = {"webm": "webvtt", "mp4": "mov_text", "mov": "mov_text", "matroska": "subrip"}
_TEXT_SUBTITLES = {"mov_text", "subrip", "webvtt", "ass", "ssa", "text"}  # codecs whose subtitles are text
_TRIED_PACKETS = 50  # of a stream that are written for a trial
# Packets and bytes of all streams that are read for a trial: subtitles are rare, pictures may be large.
_READ_PACKETS, _READ_BYTES = 2000, 64 * 2**20


@dataclass
class SidePlan:
    """What becomes of the streams beside the one that is made anew.

    Attributes:
        encoders: indices of the streams that are kept (sound, subtitles, and pictures where those are beside a sound),
            each with the encoder that it is encoded anew by; empty for one that is copied as it is.
        attachments: indices of the attachments that are kept, such as fonts.
        notices: sentences on what is encoded anew and what is left out.
    """

    encoders: dict[int, str] = field(default_factory=dict)
    attachments: list[int] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def plan_side_streams(path: Path, kind: str, *, sound: int | None = None) -> SidePlan:
    """Decide what becomes of the streams of a file beside its picture, or beside a sound.

    Args:
        path: the video file.
        kind: FFmpeg's name of the container of the result.
        sound: index of the sound that is made anew, where pictures are to be copied; ``None``: the pictures are.
    """
    plan = SidePlan()
    with open_container(path, metadata_errors="replace") as container:
        # MP4 keeps the titles of chapters in a data stream, which the muxer writes anew.
        titles = next((s.index for s in container.streams.data if s.name == "bin_data"), None)
        titles = titles if container.chapters() else None
        streams = [(s.index, s.type, codec_name(s)) for s in container.streams if s.index != titles]
    for index, type, codec in streams:
        what = f"The {type} stream {index} ({codec}) of {path.name}"
        if index == sound or (type == "video" and sound is None):
            continue
        values = {"number": index, "what": codec, "name": path.name}
        left_out = Sentence(f"{what} is left out.", "stream_left_out", **values)
        if type == "video":
            if _can_be_written(path, kind, index, ""):
                plan.encoders[index] = ""
            else:
                text = f"{what} does not fit into this container and is left out."
                plan.notices.append(Sentence(text, "stream_left_out", **values))
            continue
        if type == "attachment":
            if kind == "matroska" and _can_be_written(path, kind, index, ""):
                plan.attachments.append(index)
            else:
                plan.notices.append(left_out)
            continue
        encoder = {"audio": SOUND_ENCODERS, "subtitle": _SUBTITLE_ENCODERS}.get(type, {}).get(kind)
        if encoder is None or codec == "unknown":
            plan.notices.append(left_out)
        elif _can_be_written(path, kind, index, ""):
            plan.encoders[index] = ""
        elif type == "subtitle" and codec not in _TEXT_SUBTITLES:
            text = f"{what} is made of pictures, which this container does not take, and is left out."
            plan.notices.append(Sentence(text, "stream_left_out", **values))
        elif _can_be_written(path, kind, index, encoder):
            plan.encoders[index] = encoder
            text = f"{what} does not fit into this container and is encoded anew as {encoder}."
            plan.notices.append(Sentence(text, "stream_encoded_anew", encoder=encoder, **values))
        else:
            plan.notices.append(left_out)
    return plan


def _can_be_written(path: Path, kind: str, index: int, encoder: str) -> bool:
    """Whether the first packets of a stream can be written into a container of their own.

    Args:
        path: the video file.
        kind: FFmpeg's name of the container.
        index: of the stream.
        encoder: FFmpeg's name of the encoder; empty to copy the packets as they are.
    """
    av = pyav()
    try:
        with (
            open_container(path, metadata_errors="replace") as container,
            av.open(io.BytesIO(), "w", format=kind) as trial,
        ):
            stream = container.streams[index]
            if stream.type == "attachment":
                trial.add_stream_from_template(stream)
                trial.start_encoding()
                return True
            copy = copy_stream(trial, stream, encoder)
            trial.start_encoding()
            tried = 0
            for packet in _first_packets(container):
                if packet.stream is not stream or not packet.size:
                    continue
                try:
                    made = copy.convert(packet, Fraction(0))
                except av.error.FFmpegError:  # a damaged packet, which is left out later, too
                    continue
                trial.mux(made)
                tried += 1
                if tried == _TRIED_PACKETS:
                    break
    except (av.error.FFmpegError, ValueError, TypeError, ArithmeticError, NotImplementedError) as error:
        log.info("%s does not take stream %d of %s: %s", kind, index, path, error)
        return False
    return True


def _first_packets(container: Any) -> Iterator[Any]:
    """The first packets of a file, of all its streams, up to where it is too damaged to be read."""
    packets, read = container.demux(), 0
    for _ in range(_READ_PACKETS):
        try:
            packet = next(packets, None)
        except pyav().error.FFmpegError:
            return
        if packet is None or read > _READ_BYTES:
            return
        read += packet.size
        yield packet
