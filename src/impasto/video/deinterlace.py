"""Interlaced frames made whole: the lines of each second field are interpolated by FFmpeg's filter bwdif."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from impasto.extras import pyav

log = logging.getLogger(__name__)

LOOK_AROUND = 2  # frames before and after a frame that its result depends on


def deinterlaced(pictures: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Decoded frames with those that are marked as interlaced made whole; their number stays.

    Args:
        pictures: frames as PyAV decodes them, in order of time, each with anything that belongs to it.

    Yields:
        The frames, each with what belongs to it.
    """
    graph: Any = None
    kind: tuple[int, int, str] | None = None
    waiting: deque[Any] = deque()  # what belongs to frames that are in the filter
    for number, (frame, companion) in enumerate(pictures):
        if kind != (frame.width, frame.height, frame.format.name):
            if graph is not None:
                yield from _flushed(graph, waiting)
            kind = (frame.width, frame.height, frame.format.name)
            graph = _graph(*kind)
        if graph is None:
            yield frame, companion
            continue
        waiting.append(companion)
        frame.pts, frame.time_base = number, Fraction(1, 1000)
        graph.push(frame)
        yield from _ready(graph, waiting)
    if graph is not None:
        yield from _flushed(graph, waiting)


def _graph(width: int, height: int, pixel_format: str) -> Any:
    """The filter for frames of a size and a pixel format; ``None`` where it takes no such frames, such as tiny ones."""
    av = pyav()
    graph = av.filter.Graph()
    try:
        source = graph.add(
            "buffer", video_size=f"{width}x{height}", pix_fmt=pixel_format, time_base="1/1000", pixel_aspect="1/1"
        )
        filtering, sink = graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
        source.link_to(filtering)
        filtering.link_to(sink)
        graph.configure()
    except (av.error.FFmpegError, ValueError) as error:
        log.info("Frames of %d x %d (%s) are not deinterlaced: %s", width, height, pixel_format, error)
        return None
    return graph


def _ready(graph: Any, waiting: deque[Any]) -> Iterator[tuple[Any, Any]]:
    """The frames that the filter has finished."""
    errors = pyav().error
    while waiting:
        try:
            frame = graph.pull()
        except (errors.BlockingIOError, errors.EOFError):
            return
        yield frame, waiting.popleft()


def _flushed(graph: Any, waiting: deque[Any]) -> Iterator[tuple[Any, Any]]:
    """The frames that are still in the filter."""
    graph.push(None)
    yield from _ready(graph, waiting)
    waiting.clear()
