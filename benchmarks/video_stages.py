"""Where the time of `impasto video` goes: a clock around each stage, in the threads in which they run."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from impasto.engines.graphs import GraphEngine
from impasto.video import segments
from impasto.video.carrying_stabilizer import CarryingStabilizer
from impasto.video.frame_converter import FrameConverter
from impasto.video.segments import Segments
from impasto.video.stabilizer_base import NoStabilizer, Stabilizer
from impasto.video.timing import Span

STAGES = {
    "decode": (),
    "to RGB": ((FrameConverter, "rgb"),),
    "flow": ((CarryingStabilizer, "_flow_to_reference"),),
    "planes": ((Stabilizer, "run_network"), (NoStabilizer, "run_network"), (CarryingStabilizer, "run_network")),
    "network": ((GraphEngine, "_run"),),
    "stabilise": ((CarryingStabilizer, "begin"), (CarryingStabilizer, "finish")),
    "from RGB": ((segments, "from_rgb"),),
    "encode": ((Segments, "write"), (Segments, "checkpoint")),
}
"""By stage: the functions that it runs. What they call of another stage counts there. Frames come out of decoding."""


class StageClock:
    """Wall and CPU seconds of stages, each without what it calls of other stages.

    Attributes:
        wall: by stage; stages run beside one another.
        cpu: by stage, of the thread that runs it: threads of decoders and encoders are not among them.
    """

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self._lock, self._local = threading.Lock(), threading.local()

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is timed as a part of a stage."""

        @wraps(function)
        def run(*arguments: Any, **keywords: Any) -> Any:
            within = self._local.__dict__.setdefault("within", [])
            within.append([0.0, 0.0])
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments, **keywords)
            finally:
                wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
                inner_wall, inner_cpu = within.pop()
                with self._lock:
                    self.wall[stage] += wall - inner_wall
                    self.cpu[stage] += cpu - inner_cpu
                if within:
                    within[-1][0] += wall
                    within[-1][1] += cpu

        return run

    @contextmanager
    def running(self) -> Iterator[None]:
        """A context in which all stages are timed."""
        frames = Span.frames

        def timed_frames(*arguments: Any) -> Iterator[Any]:
            items = frames(*arguments)
            following = self.timed("decode", lambda: next(items, None))
            while (item := following()) is not None:
                yield item

        with ExitStack() as patches:
            patches.enter_context(patch.object(Span, "frames", timed_frames))
            for stage, functions in STAGES.items():
                for owner, name in functions:
                    patches.enter_context(patch.object(owner, name, self.timed(stage, getattr(owner, name))))
            yield
