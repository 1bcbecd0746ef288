"""Painting a video by the network: reading, painting and writing at the same time, each in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.pictures.masks import Mask, MaskLike, fit_mask, read_mask
from impasto.styles.style import StyleLike
from impasto.video.frame import Frame, VideoSource
from impasto.video.frame_files import mask_file_of_frame
from impasto.video.keyframes import Keyframes, WeightedStyles, identity
from impasto.video.parts import Part, most_segment_frames, segment_ends
from impasto.video.report import FrameProgress, Report
from impasto.video.resume import WorkFolder
from impasto.video.sink import Sink, losses
from impasto.video.stabilizer_base import (
    PARALLEL_FRAMES,
    FrameInProgress,
    Stabilizer,
    StabilizerState,
    limited_opencv_threads,
)
from impasto.video.timing import Span, TimedFrame

_QUEUE_FRAMES = 4  # frames that may wait between reading and painting, and between painting and writing
_POLL_SECONDS = 0.1  # seconds after which a thread that waits looks whether the others have stopped


@dataclass(eq=False)
class _Painting:
    """A frame whose painting has begun.

    Attributes:
        frame: the frame.
        run_network: runs its network, and returns the seconds that it took.
        network: those seconds, once the network is started; ``None`` before that.
    """

    frame: FrameInProgress
    run_network: Callable[[], float]
    network: Future[float] | None = None


class FramePipeline:
    """Paints a video in three threads that run at the same time: one reads, one paints, one writes.

    Bounded queues connect them: ``incoming`` from reading to painting, ``outgoing`` from painting to writing. ``None``
    marks the end of a queue. Reading and writing use little of the processor, so they cost hardly any time beside the
    networks. The painting thread hands networks to :data:`PARALLEL_FRAMES` threads more.

    The calling thread only waits, so that Ctrl-C never strikes in the middle of a frame: the painting thread finishes
    the frames in progress, and what is painted is written and saved.

    Who writes which attribute, as all threads see all of them: ``done`` and ``written`` belong to the writing thread
    while it runs, ``painter`` and ``stabilizer`` to the painting thread, each entry of ``seconds`` to one thread.

    Args:
        source: what is read.
        span: which of its frames are painted, and when they are shown.
        keyframes: the styles.
        options: how to paint.
        stabilizer: against flicker.
        work: where the state is saved for a later run.
        progress: called in the writing thread.
        part: the part that is painted; ``None``: all frames.
    """

    def __init__(
        self,
        source: VideoSource,
        span: Span,
        keyframes: Keyframes,
        options: Options,
        stabilizer: Stabilizer,
        work: WorkFolder,
        progress: FrameProgress | None,
        part: Part | None = None,
    ) -> None:
        self.part = part
        self.source, self.span, self.keyframes, self.options = source, span, keyframes, options
        self.stabilizer, self.work, self.progress = stabilizer, work, progress
        self.sink: Sink
        self.stopping = threading.Event()  # set where all threads shall end early
        self.painting_runs = threading.Event()  # cleared where the painting thread takes no more frames
        self.painting_runs.set()
        self.failure: BaseException | None = None  # the first that any thread raised
        self.seconds = dict.fromkeys(("read", "paint", "steady", "write"), 0.0)
        self.done: dict[str, Any] = dict.fromkeys(("frames", "segments", "duration", "damaged"), 0)
        # For the last written frame, "after" is its time stamp in the result's time base, and "seen" the time in
        # seconds on the source's clock at which the source shows it.
        self.done |= {"after": None, "seen": None, "transparent": False}
        if part is not None:
            self.done |= {"after": part.after, "seen": part.seen}
        self.written = 0
        self.painter: tuple[Any, Painter] | None = None

    def run(self, report: Report, make_sink: Callable[[dict[str, Any]], Sink]) -> Sink:
        """Paint all frames that no earlier run has painted.

        Args:
            report: gets the figures of the run.
            make_sink: makes the sink, from what earlier runs have done: ``frames`` and ``segments`` by name.

        Returns:
            The sink, with everything written.
        """
        facts, arrays = self.work.open()
        if facts:
            self.done |= {name: facts[name] for name in self.done if name in facts}
            self.stabilizer.restore(arrays)
        resumed = self.written = self.done["frames"]
        earlier_damage = self.done["damaged"]
        self.sink = make_sink(self.done)
        incoming: queue.Queue[TimedFrame | None] = queue.Queue(_QUEUE_FRAMES)
        outgoing: queue.Queue[Any] = queue.Queue(_QUEUE_FRAMES)
        stages = ((self._read, incoming), (self._paint, incoming, outgoing), (self._write, outgoing, earlier_damage))
        threads = [
            threading.Thread(target=self._run_stage, args=stage, name=stage[0].__name__, daemon=True)
            for stage in stages
        ]
        with limited_opencv_threads():
            for thread in threads:
                thread.start()
            try:
                for thread in threads:
                    while thread.is_alive():
                        thread.join(_POLL_SECONDS)
            except BaseException:
                self.stopping.set()
                for thread in threads:
                    thread.join()
                raise
        if self.failure is not None:
            raise self.failure
        report.frames, report.resumed, report.seconds = self.done["frames"], resumed, self.seconds
        report.damaged, report.truncated = earlier_damage + self.source.damaged, self.source.truncated
        report.notices += self.source.notices + losses(self.source, self.sink, transparent=self.done["transparent"])
        return self.sink

    def _run_stage(self, stage: Callable[..., None], *queues: Any) -> None:
        """Run one stage in the thread at hand; what it raises stops the other stages and is raised by :meth:`run`."""
        try:
            stage(*queues)
        except BaseException as error:
            self.failure = self.failure or error
            self.stopping.set()

    def _read(self, incoming: queue.Queue[TimedFrame | None]) -> None:
        """The reading thread: frames of the source into a queue."""
        try:
            last_shown = None if self.done["seen"] is None else Fraction(self.done["seen"])
            frames = self.span.frames(self.source, self.done["after"], last_shown)
            while True:
                started = time.perf_counter()
                item = next(frames, None)
                self.seconds["read"] += time.perf_counter() - started
                if item is None or self._is_behind_part(item) or not self._put(incoming, item):
                    return
        finally:
            # The end must reach the painting thread even where all threads shall end, unless that takes nothing more.
            ended = False
            while not ended and self.painting_runs.is_set():
                with contextlib.suppress(queue.Full):
                    incoming.put(None, timeout=_POLL_SECONDS)
                    ended = True

    def _is_behind_part(self, item: TimedFrame) -> bool:
        """Whether a frame comes after the part that is painted."""
        return self.part is not None and self.part.end is not None and item.pts >= self.part.end

    def _put(self, target: queue.Queue[Any], item: Any) -> bool:
        """Put an item into a bounded queue, unless all threads shall end; says whether it is in the queue."""
        while not self.stopping.is_set():
            try:
                target.put(item, timeout=_POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def _paint(self, incoming: queue.Queue[TimedFrame | None], outgoing: queue.Queue[Any]) -> None:
        """The painting thread: frames from one queue into the other, painted, and the state after each segment.

        Networks of up to :data:`PARALLEL_FRAMES` frames run at the same time. The stabiliser begins and finishes frames
        in this thread, in order: a network may run beside the beginning of the next frame, but a frame is finished only
        after the one before it. The network of a frame needs the statistics of the frame :data:`PARALLEL_FRAMES` before
        it, so it starts once the network of that one has run. One frame more has begun by then, so that no network
        waits for the stabiliser.
        """
        count = saved = self.done["frames"]
        most, first = most_segment_frames(self.source), None if self.part is None else self.part.first
        latest: TimedFrame | None = None  # the last one that was handed to the writing thread
        # Frames in progress, the oldest first. A frame that the new rate shows twice is there twice, with one painting.
        in_progress: deque[tuple[TimedFrame, _Painting]] = deque()

        def paintings() -> list[_Painting]:
            """The paintings in progress, the oldest first."""
            return list({id(painting): painting for _, painting in in_progress}.values())

        def start_networks(networks: Executor) -> None:
            """Start the networks of the oldest frames, as many as run at the same time."""
            for painting in paintings()[:PARALLEL_FRAMES]:
                painting.network = painting.network or networks.submit(painting.run_network)

        def finish_oldest(networks: Executor) -> None:
            """Wait for the network of the oldest frame in progress, finish the frame, and hand it on for writing."""
            nonlocal count, latest
            item, painting = in_progress.popleft()
            assert painting.network is not None
            network_seconds, frame = painting.network.result(), painting.frame
            start_networks(networks)
            if latest is None or latest.frame is not item.frame:
                self.seconds["paint"] += network_seconds / PARALLEL_FRAMES
                started = time.perf_counter()
                self.stabilizer.finish(frame)
                self.seconds["steady"] += time.perf_counter() - started
            if first is not None and item.pts < first:  # painted for the state alone
                return
            outgoing.put(Frame(frame.painted, item.pts, item.duration, alpha=item.frame.alpha))
            count, latest = count + 1, item

        def scene_begins() -> bool:
            """Whether a scene begins with the frame after the latest."""
            if latest is None or not in_progress or in_progress[0][0].frame is latest.frame:
                return False
            return in_progress[0][1].frame.starts_scene

        try:
            with ThreadPoolExecutor(PARALLEL_FRAMES) as networks:
                while (item := incoming.get()) is not None:
                    if self.stopping.is_set():
                        continue  # empty the queue, so that the reading thread can end
                    is_again = in_progress and in_progress[-1][0].frame is item.frame
                    in_progress.append((item, in_progress[-1][1] if is_again else self._begin(item)))
                    start_networks(networks)
                    while len(paintings()) > PARALLEL_FRAMES:
                        finish_oldest(networks)
                    if latest is not None and segment_ends(count - saved, most, before_scene=scene_begins()):
                        outgoing.put(self._state_after(count, latest))
                        saved = count
                while in_progress:
                    finish_oldest(networks)
        finally:
            self.painting_runs.clear()
            if latest is not None and count > saved:
                outgoing.put(self._state_after(count, latest))
            outgoing.put(None)

    def _begin(self, item: TimedFrame) -> _Painting:
        """Begin a frame."""
        seconds = float(item.source_time - self.source.origin - (self.span.start or 0))
        blend, changing = self.keyframes.at(seconds)
        painter = self._painter(blend, item.frame.index or 0)
        started = time.perf_counter()
        frame = self.stabilizer.begin(item.frame.rgb, changing, item.frame.index)
        self.seconds["steady"] += time.perf_counter() - started

        def run_network() -> float:
            """Run the network; returns the seconds that it took."""
            started = time.perf_counter()
            self.stabilizer.run_network(frame, painter)
            return time.perf_counter() - started

        return _Painting(frame, run_network)

    def _state_after(self, count: int, latest: TimedFrame) -> tuple[dict[str, Any], StabilizerState]:
        """What a later run needs to go on after a frame: plain values, and the state of the stabiliser.

        Args:
            count: how many frames are painted.
            latest: the last of them.
        """
        facts = {"frames": count, "after": latest.pts, "duration": latest.duration, "seen": str(latest.source_time)}
        return facts, self.stabilizer.state()

    def _write(self, outgoing: queue.Queue[Any], earlier_damage: int) -> None:
        """The writing thread: painted frames into the sink. At each state, a segment ends and the state is saved."""
        failure: BaseException | None = None
        while (item := outgoing.get()) is not None:
            if failure is not None:
                continue  # empty the queue, so that the painting thread can end
            started = time.perf_counter()
            try:
                if isinstance(item, Frame):
                    self.sink.write(item)
                    self.done["transparent"] |= item.alpha is not None
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
                self.stopping.set()
            self.seconds["write"] += time.perf_counter() - started
        self.sink.abandon()
        if failure is not None:
            raise failure

    def _painter(self, blend: WeightedStyles, index: int) -> Painter:
        """The painter of a frame, kept for the next frame if neither styles nor masks change.

        Args:
            blend: the styles of the frame.
            index: the place of the frame among all frames of the source, by which files of masks are found.
        """
        wanted = self.options.every_mask()
        files = {name: mask_file_of_frame(mask, self.source, index) for name, mask in wanted.items()}
        key = [(identity(style), weight) for style, weight in blend], [str(file) for file in files.values()]
        if self.painter is None or self.painter[0] != key:
            options = self.options.with_masks(
                {name: self._fitted_mask(mask, files[name]) for name, mask in wanted.items()}
            )
            self.painter = key, Painter(as_styles(blend), options, PARALLEL_FRAMES, for_video=True)
        return self.painter[1]

    def _fitted_mask(self, mask: MaskLike, file: Path | None) -> Mask:
        """A mask in the size of the frames.

        Args:
            mask: as :class:`impasto.Options` takes it. It may have the size of the source's pictures instead.
            file: the file of the frame if the mask is a pattern, which may be black all over.
        """
        levels = read_mask(file or mask, self.options.max_pixels, may_be_black=file is not None)
        return fit_mask(levels, (self.source.width, self.source.height), self.source.stored)


def as_styles(blend: WeightedStyles) -> list[StyleLike | tuple[StyleLike, float]]:
    """A blend in the form that :class:`impasto.feedforward.painter.Painter` takes."""
    return list(blend)
