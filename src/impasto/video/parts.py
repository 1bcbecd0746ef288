"""A video in parts that can be painted side by side: where they begin, and what painting each needs to know.

A part begins where a scene begins: there the stabiliser starts anew, and a segment of the result as well, so that parts
give the very frames and bytes that one run gives. In a take that is too long to wait for, a part can begin anywhere;
a few frames before it are then painted for their state alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from impasto.flow.estimate import Pixels
from impasto.video.frame import Frame, VideoSource
from impasto.video.scene_cuts import is_scene_cut, thumbnail
from impasto.video.timing import Span

Seams = Literal["cuts", "warm"]
SEAMS: tuple[Seams, ...] = ("cuts", "warm")
WARM_FRAMES = 25  # frames before a seam that are painted for their state: of the statistics before them 0.4 % are left

# A segment of the result ends after so many frames, of which a crash costs no more: the fewer, the larger they are,
# since these take longer. Time does not count, so that a video is cut alike, and encoded to the same bytes, on every
# machine. It also ends where a scene begins, unless it would be very short.
_SEGMENT_FRAMES, MIN_SEGMENT_FRAMES = 250, 24
_SEGMENT_PIXELS = 100_000_000  # pixels of the frames of a segment between these bounds


def most_segment_frames(source: VideoSource) -> int:
    """The most frames of a segment of the result."""
    fitting = _SEGMENT_PIXELS // (source.width * source.height)
    return min(_SEGMENT_FRAMES, max(MIN_SEGMENT_FRAMES, fitting))


def segment_ends(frames: int, most: int, *, before_scene: bool) -> bool:
    """Whether a segment ends after so many frames.

    Args:
        frames: that it has.
        most: as :func:`most_segment_frames` says.
        before_scene: whether a scene begins with the next frame.
    """
    return frames >= most or (before_scene and frames >= MIN_SEGMENT_FRAMES)


@dataclass(frozen=True)
class Part:
    """A part of a video.

    Attributes:
        number: from 0.
        frames: how many frames of the result it has.
        first: time stamp of the first of them, in the result's time base.
        end: that of the first frame behind it; ``None``: it is the last part.
        after: that of the last frame before those that are painted; ``None``: painting begins at the first frame.
        seen: when the source shows that frame, in seconds on its clock, as text; ``None`` as well.
    """

    number: int
    frames: int
    first: int
    end: int | None
    after: int | None
    seen: str | None


def find_parts(source: VideoSource, span: Span, *, everywhere: bool, seams: Seams, wanted: int) -> list[Part]:
    """Cut a video into parts, for which all its frames are decoded once.

    Args:
        source: the video.
        span: which of its frames are painted.
        everywhere: whether every frame is painted on its own, so that a part may begin with any segment.
        seams: ``"cuts"``: only where a scene begins; ``"warm"``: in long takes elsewhere as well.
        wanted: how many parts there should be, if cuts allow.

    Returns:
        The parts in order; none where there is no frame.
    """
    most, frames, cuts = most_segment_frames(source), list[tuple[int, Fraction]](), list[int]()
    segment = 0
    before: Pixels | None = None
    last: Frame | None = None
    for place, item in enumerate(span.frames(source)):
        if item.frame is not last:  # the new rate may show a frame several times
            small = thumbnail(item.frame.rgb)
            scene = before is not None and is_scene_cut(small, before)
            if place and segment_ends(place - segment, most, before_scene=scene and not everywhere):
                segment = place
                if scene or everywhere:
                    cuts.append(place)
            before, last = small, item.frame
        frames.append((item.pts, item.source_time))
    return _parts(frames, _chosen(cuts, len(frames), max(MIN_SEGMENT_FRAMES, len(frames) // max(1, wanted)), seams))


def _chosen(cuts: list[int], count: int, length: int, seams: Seams) -> list[tuple[int, bool]]:
    """Where parts begin: the places of frames, and whether a scene begins there.

    Args:
        cuts: places where a part may begin.
        count: how many frames there are.
        length: frames that a part should have.
        seams: see :func:`find_parts`.
    """
    chosen = [(0, True)] if count else []
    for cut in [*cuts, count]:
        while seams == "warm" and chosen and cut - chosen[-1][0] >= 2 * length:
            chosen.append((chosen[-1][0] + length, False))
        if cut < count and cut - chosen[-1][0] >= length:
            chosen.append((cut, True))
    return chosen


def _parts(frames: list[tuple[int, Fraction]], chosen: list[tuple[int, bool]]) -> list[Part]:
    """Parts that begin at places of frames; each frame is a time stamp and the time at which the source shows it."""
    parts = []
    ends = [place for place, _ in chosen[1:]] + [len(frames)]
    for number, ((place, scene), end) in enumerate(zip(chosen, ends, strict=True)):
        painted = place if scene else max(0, place - WARM_FRAMES)
        after, seen = frames[painted - 1] if painted else (None, None)
        until = frames[end][0] if end < len(frames) else None
        parts.append(Part(number, end - place, frames[place][0], until, after, None if seen is None else str(seen)))
    return parts
