"""Where painted frames go: containers and codecs, and what every sink of frames offers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from impasto.errors import OutputError
from impasto.flow.files import FramePattern
from impasto.options import check_options, documented, option
from impasto.pictures import writing
from impasto.video.frame import Frame, VideoSource

# What --codec offers; "auto" is the usual codec of the container.
CODECS = ("auto", "h264", "h265", "vp9", "ffv1")
VIDEO_QUALITY = 80  # 1 to 100: quality of a video where none is given

# Suffixes of files, FFmpeg's names of their containers, and the codecs that these hold, the usual one first. A GIF is
# made at the end, from segments that are lossless.
_CONTAINERS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".mp4": ("mp4", ("h264", "h265", "vp9")),
    ".m4v": ("mp4", ("h264", "h265")),
    ".mov": ("mov", ("h264", "h265")),
    ".mkv": ("matroska", ("h264", "h265", "vp9", "ffv1")),
    ".webm": ("webm", ("vp9",)),
    ".gif": ("gif", ("ffv1",)),
}
WRITE_SUFFIXES = tuple(_CONTAINERS)


def is_of_pictures(target: Path) -> bool:
    """Whether a result is a pattern of numbered pictures. A name with the suffix of a video is that of a video."""
    return FramePattern.fits(target) and target.suffix.lower() not in WRITE_SUFFIXES


def container_of(path: Path) -> str:
    """FFmpeg's name of the container that a file's suffix stands for.

    Raises:
        OutputError: no video is written to files with that suffix.
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
        help="How the picture is encoded: auto suits the file's kind, ffv1 loses nothing.",
        doc="How the picture is encoded; auto is the container's usual codec, ffv1 is lossless.",
    )
    quality: int | None = option(
        None,
        low=1,
        high=100,
        help="Quality of the picture; lower is a smaller file.",
        doc=f"100 is as good as lossless to the eye; ``None``: {VIDEO_QUALITY}, of numbered pictures "
        f"{writing.QUALITY}. Not for GIF and ffv1, which have one.",
    )

    def __post_init__(self) -> None:
        check_options(self)

    def for_file(self, path: Path) -> str:
        """The codec for a file.

        Raises:
            OutputError: the file's container does not hold the codec, or a quality is given where there is only one.
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
        """The encoder's own options for a codec: a constant rate factor (CRF), which falls as quality rises, and speed.

        Quality 100 is CRF 13 of 51 for H.264, 10 for H.265, and CRF 18 of 63 for VP9.
        """
        quality = VIDEO_QUALITY if self.quality is None else self.quality
        if codec == "h264":
            # x264's macroblock tree reads memory that it has not written, so that no two runs give the same bytes.
            # Without it a CRF means better pictures and larger files, which the higher CRF makes up for.
            # For paintings as good superfast takes two thirds of the processor's time of veryfast, whose CRF would be
            # 1.5 lower, and files are 5 to 8 % larger.
            return {"preset": "superfast", "crf": f"{53 - 0.4 * quality:.1f}", "x264-params": "mbtree=0"}
        if codec == "h265":
            return {"preset": "veryfast", "crf": f"{50 - 0.4 * quality:.1f}", "x265-params": "log-level=none"}
        if codec == "vp9":
            crf = str(round(63 - 0.45 * quality))
            return {"crf": crf, "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}
        return {}


class Sink(Protocol):
    """Takes painted frames in order of time.

    Attributes:
        keeps_alpha: whether the result holds transparency; without it, transparent places are laid on white.
    """

    keeps_alpha: bool

    def write(self, frame: Frame) -> None:
        """Take one frame, painted; its time stamp is in units of the result's time base."""
        ...

    def checkpoint(self) -> None:
        """Make what was written so far survive a crash, so that a later run can go on from here."""
        ...

    def abandon(self) -> None:
        """Remove what was written since the last checkpoint."""
        ...


def losses(source: VideoSource, sink: Sink, *, transparent: bool) -> list[str]:
    """A notice on the transparency that a result does not hold.

    Args:
        source: what was painted.
        sink: where it went.
        transparent: whether any painted frame was transparent anywhere.
    """
    if not transparent or sink.keeps_alpha:
        return []
    return [f"Transparent places of {source.path.name} are laid on white; pictures such as out_%04d.png keep them."]
