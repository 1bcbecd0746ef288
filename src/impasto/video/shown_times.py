"""Times at which frames are shown, for containers that only know in which order they are decoded."""

from __future__ import annotations

import heapq
from typing import Any


class ShownTimes:
    """Presentation times of an AVI, whose packets have places in the file and nothing else.

    The places are those of shown frames, but their order is that of decoding: where B-frames are decoded after a frame
    that is shown after them, what FFmpeg takes for presentation times is late and out of order. Here each frame that
    comes out of the decoder, which puts frames in order, gets the earliest place that no frame before it got.
    """

    def __init__(self) -> None:
        self.places: list[int] = []  # a heap of those that no frame has got yet

    def note(self, packet: Any) -> None:
        """Note the place of a packet that is about to be decoded; its frame then carries it as its time stamp."""
        if packet.size and packet.dts is not None:
            packet.pts = packet.dts
            heapq.heappush(self.places, packet.dts)

    def of(self, frame: Any) -> int | None:
        """When a frame is shown that was decoded, in units of the time base of its stream; ``None`` if unknown.

        Frames must come in order. Every frame before a key frame has come out when that does, so that the places before
        its own that are left belong to packets that gave no frame.
        """
        if frame.key_frame and frame.pts is not None:
            while self.places and self.places[0] < frame.pts:
                heapq.heappop(self.places)
        return heapq.heappop(self.places) if self.places else frame.pts
