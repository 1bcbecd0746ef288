"""Which frames are painted, and when they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from impasto.errors import InputError
from impasto.video.frame import MAX_RATE, MIN_RATE, Frame, VideoSource


@dataclass(frozen=True)
class Span:
    """A part of a video, and the frame rate wanted of it.

    Attributes:
        start: in seconds from the video's start; ``None``: from its first frame on.
        end: in seconds from the video's start; ``None``: to its last frame.
        rate: frames a second; ``None``: the video's own time stamps.
        counted: whether frames must know their place in the whole video.

    Raises:
        InputError: the start is negative, the end is not after it, or the rate is out of range.
    """

    start: Fraction | None = None
    end: Fraction | None = None
    rate: Fraction | None = None
    counted: bool = False

    def __post_init__(self) -> None:
        if self.start is not None and self.start < 0:
            raise InputError(f"The start {float(self.start)} is negative; give seconds from the video's start.")
        if self.end is not None and self.end <= (self.start or 0):
            raise InputError(f"The end {float(self.end)} is not after the start; give a later one.")
        if self.rate is not None and not MIN_RATE <= self.rate <= MAX_RATE:
            rate = f"{float(self.rate):g}"
            raise InputError(f"The frame rate {rate} is out of range; give more than 0, up to {MAX_RATE}.")

    def time_base(self, source: VideoSource) -> Fraction:
        """The unit of the result's time stamps, in seconds."""
        return 1 / self.rate if self.rate else source.time_base

    def expected(self, source: VideoSource) -> int:
        """How many frames there should be; 0 if unknown."""
        if self.start is None and self.end is None and self.rate is None:
            return source.expected
        whole = Fraction(source.expected) / source.rate
        end = whole if self.end is None or (whole and self.end > whole) else self.end
        return max(0, round((end - (self.start or 0)) * (self.rate or source.rate)))

    def frames(
        self, source: VideoSource, after: int | None = None, last_shown: Fraction | None = None
    ) -> Iterator[TimedFrame]:
        """Frames to show, their times counted from the span's start.

        Args:
            source: what is read.
            after: time stamp of the last frame that an earlier run wrote, in the result's time base; ``None``: there
                was no earlier run.
            last_shown: when the source shows the last frame that an earlier run wrote, in seconds on its clock.
        """
        start = source.origin + (self.start or 0)
        end = None if self.end is None else source.origin + self.end
        first = max(start, last_shown) if last_shown is not None else (start if self.start is not None else None)
        timed = self._at_rate(source, start, end, first) if self.rate else self._at_own_times(source, start, end, first)
        for item in timed:
            if after is None or item.pts > after:
                yield item

    def _at_own_times(
        self, source: VideoSource, start: Fraction, end: Fraction | None, first: Fraction | None
    ) -> Iterator[TimedFrame]:
        """Frames at their own time stamps.

        A frame that is on screen at the start or at the end is shown for the part of its time that lies in the span.
        """
        shift = round(start / source.time_base)
        first = first if first is None else max(first, shift * source.time_base)
        for frame in source.frames(first, counted=self.counted):
            when = frame.pts * source.time_base
            if end is not None and when >= end:
                return
            begins, ends = max(frame.pts, shift) - shift, frame.pts + frame.duration - shift
            if end is not None:
                ends = min(ends, ceil((end - start) / source.time_base))
            yield TimedFrame(frame, begins, max(0, ends - begins), when)

    def _at_rate(
        self, source: VideoSource, start: Fraction, end: Fraction | None, first: Fraction | None
    ) -> Iterator[TimedFrame]:
        """Frames at the wanted rate: each tick of 1 / rate seconds shows the frame that is on screen at its start."""
        assert self.rate is not None
        held: Frame | None = None
        tick = 0 if first is None else max(0, int((first - start) * self.rate))
        step = 1 / source.rate
        for frame in source.frames(first, counted=self.counted):
            when = frame.pts * source.time_base
            if held is not None:
                while start + tick / self.rate < when:
                    if end is not None and start + tick / self.rate >= end:
                        return
                    yield TimedFrame(held, tick, 1, held.pts * source.time_base)
                    tick += 1
            held = frame
        if held is None:
            return
        length = held.duration * source.time_base or step
        stop = held.pts * source.time_base + length
        while start + tick / self.rate < (stop if end is None else min(stop, end)):
            yield TimedFrame(held, tick, 1, held.pts * source.time_base)
            tick += 1


@dataclass(frozen=True, eq=False)
class TimedFrame:
    """A frame of the source and when the result shows it.

    Attributes:
        frame: as the source gave it; the same object twice where the new rate shows it twice.
        pts: when the result shows the frame, in units of its time base, from the start of the span.
        duration: for how long the result shows the frame, in units of its time base; 0 if unknown.
        source_time: when the source shows the frame, in seconds on the source's clock.
    """

    frame: Frame
    pts: int
    duration: int
    source_time: Fraction
