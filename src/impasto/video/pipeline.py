"""TODO: say what this module is for."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.pictures.masks import Mask, MaskLike, fit_mask, read_mask
from impasto.styles.style import StyleLike
from impasto.video.frame_files import mask_file_of_frame
from impasto.video.keyframes import Keyframes, Weighted, identity
from impasto.video.report import FrameProgress, Report
from impasto.video.resume import WorkFolder
from impasto.video.sink import Sink
from impasto.video.source import Frame, Source
from impasto.video.stabilise import (
    PARALLEL_FRAMES,
    FrameInProgress,
    Stabilizer,
    StabilizerState,
    limited_opencv_threads,
)
from impasto.video.timing import Span, Timed

_AHEAD = 4  # frames that wait on each side of the painter
_SEGMENT_FRAMES, _SEGMENT_SECONDS = 250, 30.0  # whichever comes first: what a crash may cost


class FramePipeline:
    """Reading, painting and writing, each in a thread of its own.

    The calling thread only waits, so that Ctrl-C never strikes in the middle of a frame: the painter finishes the one
    at hand, and what is painted is written and remembered.
    """

    def __init__(
        self,
        source: Source,
        span: Span,
        keyframes: Keyframes,
        options: Options,
        steady: Stabilizer,
        work: WorkFolder,
        progress: FrameProgress | None,
    ) -> None:
        self.source, self.span, self.keyframes, self.options = source, span, keyframes, options
        self.steady, self.work, self.progress = steady, work, progress
        self.sink: Sink
        self.halt, self.painting = threading.Event(), threading.Event()
        self.painting.set()
        self.failure: BaseException | None = None
        self.seconds = dict.fromkeys(("read", "paint", "steady", "write"), 0.0)
        self.done: dict[str, Any] = dict.fromkeys(("frames", "segments", "duration", "damaged"), 0)
        self.done |= {"after": None, "seen": None}
        self.written = 0
        self.painter: tuple[Any, Painter] | None = None

    def run(self, report: Report, make_sink: Callable[[dict[str, Any]], Sink]) -> Sink:
        """Paint all frames that no earlier run has painted."""
        facts, arrays = self.work.open()
        if facts:
            self.done |= {name: facts[name] for name in self.done if name in facts}
            self.steady.restore(arrays)
        resumed = self.written = self.done["frames"]
        earlier_damage = self.done["damaged"]
        self.sink = make_sink(self.done)
        incoming: queue.Queue[Timed | None] = queue.Queue(_AHEAD)
        outgoing: queue.Queue[Any] = queue.Queue(_AHEAD)
        stages = ((self._read, incoming), (self._paint, incoming, outgoing), (self._write, outgoing, earlier_damage))
        threads = [
            threading.Thread(target=self._guarded, args=stage, name=stage[0].__name__, daemon=True) for stage in stages
        ]
        with limited_opencv_threads():
            for thread in threads:
                thread.start()
            try:
                for thread in threads:
                    while thread.is_alive():
                        thread.join(0.1)
            except BaseException:
                self.halt.set()
                for thread in threads:
                    thread.join()
                raise
        if self.failure is not None:
            raise self.failure
        report.frames, report.resumed, report.seconds = self.done["frames"], resumed, self.seconds
        report.damaged, report.truncated = earlier_damage + self.source.damaged, self.source.truncated
        report.notices += self.source.notices
        return self.sink

    def _guarded(self, stage: Callable[..., None], *queues: Any) -> None:
        """Run one stage; what it raises stops the others and is raised in the calling thread."""
        try:
            stage(*queues)
        except BaseException as error:
            self.failure = self.failure or error
            self.halt.set()

    def _read(self, incoming: queue.Queue[Timed | None]) -> None:
        try:
            seen = None if self.done["seen"] is None else Fraction(self.done["seen"])
            frames = self.span.frames(self.source, self.done["after"], seen)
            while True:
                started = time.perf_counter()
                item = next(frames, None)
                self.seconds["read"] += time.perf_counter() - started
                if item is None or not self._hand_on(incoming, item):
                    return
        finally:
            told = False
            while not told and self.painting.is_set():  # a painter that failed takes nothing any more
                with contextlib.suppress(queue.Full):
                    incoming.put(None, timeout=0.1)
                    told = True

    def _hand_on(self, target: queue.Queue[Any], item: Any) -> bool:
        """Put into a bounded queue, unless everything stops; says whether it is in."""
        while not self.halt.is_set():
            try:
                target.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _paint(self, incoming: queue.Queue[Timed | None], outgoing: queue.Queue[Any]) -> None:
        count, saved, since = self.done["frames"], self.done["frames"], time.perf_counter()
        latest: Timed | None = None
        flying: deque[tuple[Timed, FrameInProgress, Future[float]]] = deque()

        def land() -> None:
            nonlocal count, latest
            item, begun, seconds = flying.popleft()
            took = seconds.result()
            if latest is None or latest.frame is not item.frame:
                self.seconds["paint"] += took / PARALLEL_FRAMES
                started = time.perf_counter()
                self.steady.finish(begun)
                self.seconds["steady"] += time.perf_counter() - started
            outgoing.put(Frame(begun.painted, item.pts, item.duration))
            count, latest = count + 1, item

        try:
            with ThreadPoolExecutor(PARALLEL_FRAMES) as lanes:
                while (item := incoming.get()) is not None:
                    if self.halt.is_set():
                        continue  # empty the queue, so that the reader can end
                    if flying and flying[-1][0].frame is item.frame:
                        flying.append((item, *flying[-1][1:]))
                    else:
                        flying.append((item, *self._begun(item, lanes)))
                    while len({id(begun) for _, begun, _ in flying}) == PARALLEL_FRAMES:
                        land()
                    due = count - saved >= _SEGMENT_FRAMES or time.perf_counter() - since > _SEGMENT_SECONDS
                    if latest is not None and count > saved and due:
                        outgoing.put(self._standing(count, latest))
                        saved, since = count, time.perf_counter()
                while flying:
                    land()
        finally:
            self.painting.clear()
            if latest is not None and count > saved:
                outgoing.put(self._standing(count, latest))
            outgoing.put(None)

    def _begun(self, item: Timed, lanes: Executor) -> tuple[FrameInProgress, Future[float]]:
        """A frame whose network runs, or will, and the seconds that it takes."""
        seconds = float(item.source_time - self.source.origin - (self.span.start or 0))
        blend, changing = self.keyframes.at(seconds)
        painter = self._painter(blend, item.frame.index or 0)
        started = time.perf_counter()
        begun = self.steady.begin(item.frame.rgb, changing, item.frame.index)
        self.seconds["steady"] += time.perf_counter() - started

        def run() -> float:
            started = time.perf_counter()
            self.steady.network(begun, painter)
            return time.perf_counter() - started

        return begun, lanes.submit(run)

    def _standing(self, count: int, latest: Timed) -> tuple[dict[str, Any], StabilizerState]:
        """Where the painter stands after a frame."""
        facts = {"frames": count, "after": latest.pts, "duration": latest.duration, "seen": str(latest.source_time)}
        return facts, self.steady.state()

    def _write(self, outgoing: queue.Queue[Any], earlier_damage: int) -> None:
        failure: BaseException | None = None
        while (item := outgoing.get()) is not None:
            if failure is not None:
                continue  # empty the queue, so that the painter can end
            started = time.perf_counter()
            try:
                if isinstance(item, Frame):
                    self.sink.write(item)
                    self.written += 1
                    if self.progress is not None:
                        self.progress(self.written, self.span.expected(self.source))
                else:
                    facts, state = item
                    self.sink.checkpoint()
                    segments = getattr(self.sink, "finished", 0)
                    damaged = earlier_damage + self.source.damaged
                    self.done |= facts | {"segments": segments, "damaged": damaged}
                    self.work.save(self.done, state)
            except BaseException as error:
                failure = error
                self.halt.set()
            self.seconds["write"] += time.perf_counter() - started
        self.sink.abandon()
        if failure is not None:
            raise failure

    def _painter(self, blend: Weighted, index: int) -> Painter:
        """The painter of a frame, kept for the next one if nothing changes."""
        wanted = self.options.every_mask()
        files = {name: mask_file_of_frame(mask, self.source, index) for name, mask in wanted.items()}
        key = [(identity(style), weight) for style, weight in blend], [str(file) for file in files.values()]
        if self.painter is None or self.painter[0] != key:
            options = self.options.with_masks({name: self._levels(mask, files[name]) for name, mask in wanted.items()})
            self.painter = key, Painter(as_styles(blend), options, PARALLEL_FRAMES, for_video=True)
        return self.painter[1]

    def _levels(self, mask: MaskLike, file: Path | None) -> Mask:
        """A mask in the size of the frames; it may have that of the source's instead."""
        levels = read_mask(file or mask, self.options.max_pixels, may_be_black=file is not None)
        return fit_mask(levels, (self.source.width, self.source.height), self.source.stored)


def as_styles(blend: Weighted) -> list[StyleLike | tuple[StyleLike, float]]:
    return list(blend)
