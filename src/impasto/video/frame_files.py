"""TODO: say what this module is for."""

from __future__ import annotations

from pathlib import Path

from impasto.errors import InputError
from impasto.flow.files import FramePattern
from impasto.pictures.masks import MaskLike
from impasto.video.source import NumberedPictures, Source


def frame_number(source: Source, index: int) -> int:
    """A frame's number in names of files: the source's own where its pictures have numbers, else counted from 1."""
    return index + (source.start if isinstance(source, NumberedPictures) else 1)


def mask_pattern(mask: MaskLike) -> FramePattern | None:
    """That of a mask with one file a frame; ``None``: it is none."""
    if not isinstance(mask, (str, Path)) or not FramePattern.matches(mask):
        return None
    return FramePattern(str(mask))


def mask_file_of_frame(mask: MaskLike, source: Source, index: int) -> Path | None:
    """One frame's file of a mask given as a pattern; ``None``: it is no pattern.

    It has the number of the frame's picture; where frames have no numbers, the lowest is that of the first frame.
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
