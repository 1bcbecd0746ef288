"""The numbers of frames in names of other files: masks and flow files with one file a frame."""

from __future__ import annotations

from pathlib import Path

from impasto.errors import InputError
from impasto.flow.files import FramePattern
from impasto.pictures.masks import MaskLike
from impasto.video.frame import VideoSource
from impasto.video.numbered_pictures import NumberedPictures


def frame_number(source: VideoSource, index: int) -> int:
    """The number of a frame in names of files.

    Args:
        source: numbered pictures give their own numbers; frames of other sources count from 1.
        index: the frame's place among all frames of the source, from 0.
    """
    return index + (source.start if isinstance(source, NumberedPictures) else 1)


def mask_pattern(mask: MaskLike) -> FramePattern | None:
    """The pattern of a mask with one file a frame; ``None`` if the mask is something else."""
    if not isinstance(mask, (str, Path)) or not FramePattern.matches(mask):
        return None
    return FramePattern(str(mask))


def mask_file_of_frame(mask: MaskLike, source: VideoSource, index: int) -> Path | None:
    """The file of one frame of a mask that is a pattern; ``None`` if the mask is something else.

    The file has the number of the frame's picture. Where frames have no numbers, the file with the lowest number is
    that of the first frame.

    Args:
        mask: as :class:`impasto.Options` takes it.
        source: what is painted.
        index: the frame's place among all frames of the source, from 0.

    Raises:
        InputError: the pattern has no file for the frame.
    """
    pattern = mask_pattern(mask)
    if pattern is None:
        return None
    path = pattern.path(
        frame_number(source, index) if isinstance(source, NumberedPictures) else pattern.first() + index
    )
    if not path.is_file():
        raise InputError(
            f"There is no mask {path} for frame {frame_number(source, index)}; give one a frame, or one file for all."
        )
    return path
