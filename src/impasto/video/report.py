"""What a run on a video reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FrameProgress = Callable[[int, int], None]


@dataclass
class Report:
    """What became of a video.

    Attributes:
        output: the file, or the pattern of pictures.
        frames: how many were written, those of interrupted runs included.
        resumed: how many of them an interrupted run had left.
        damaged: packets that could not be decoded.
        truncated: whether the source ends before its end.
        notices: what was left out or changed, for people.
        seconds: by stage (read, paint, steady, write, join); stages overlap. ``paint`` is half of what the networks
            took, as two frames are painted side by side; ``whole`` is start to finish.
    """

    output: Path
    frames: int = 0
    resumed: int = 0
    damaged: int = 0
    truncated: bool = False
    notices: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self) | {"output": str(self.output)}
