"""What a run on a video reports to its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FrameProgress = Callable[[int, int], None]
"""Called with the number of frames that are done and of those expected, 0 if unknown."""


@dataclass
class Report:
    """What became of a video.

    Attributes:
        output: the file, or the pattern of pictures.
        kept: whether it was there already, made in the same way, so that nothing was painted.
        frames: how many frames were written, those of interrupted runs included.
        resumed: how many of the frames an interrupted run had left.
        damaged: how many packets could not be decoded.
        truncated: whether the source ends before the end that it declares.
        notices: sentences for people on what was left out or changed.
        seconds: by stage: ``read``, ``paint``, ``steady`` (stabilisation), ``write``, ``join``, and ``whole``, from
            start to finish. Stages overlap. ``paint`` is half of the time that the networks took, as two frames are
            painted side by side.
    """

    output: Path
    kept: bool = False
    frames: int = 0
    resumed: int = 0
    damaged: int = 0
    truncated: bool = False
    notices: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return asdict(self) | {"output": str(self.output)}
