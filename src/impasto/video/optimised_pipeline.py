"""Painting a video by optimisation: all frames are read into a folder, painted there, and written at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from impasto.optimisation.style_pictures import StylePicture
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import write_picture
from impasto.video.frame import Frame, VideoSource
from impasto.video.frame_files import frame_number
from impasto.video.frame_optimiser import VideoOptimiser
from impasto.video.pass_options import PassOptions
from impasto.video.report import FrameProgress, Report
from impasto.video.resume import WorkFolder
from impasto.video.sink import Sink, losses
from impasto.video.timing import Span


def optimise_video(
    source: VideoSource,
    span: Span,
    pictures: list[StylePicture],
    paint: PassOptions,
    work: WorkFolder,
    progress: FrameProgress | None,
    report: Report,
    make_sink: Callable[[dict[str, Any]], Sink],
) -> tuple[Sink, int]:
    """Paint frame by frame, pass by pass; every finished frame survives an interruption.

    Args:
        source: what is read.
        span: which of its frames are painted, and when they are shown.
        pictures: the style pictures.
        paint: how frames are painted and held together.
        work: where frames and paintings are kept until the end.
        progress: called with the number of finished paintings and of all; every pass paints every frame.
        report: gets the figures of the run.
        make_sink: makes the sink from the numbers of ``frames`` and ``segments`` that are written already; here 0.

    Returns:
        The sink, with everything written, and the duration of the last frame in units of the result's time base.
    """
    work.open()
    times: list[tuple[int, int]] = []  # time stamp and duration of each frame, in units of the result's time base
    transparent = False
    first = 0
    for item in span.frames(source):
        if not times:
            first = item.frame.index or 0
        path, opacity = (work.folder / f"{what}-{len(times):06}.png" for what in ("in", "alpha"))
        if item.frame.alpha is not None:
            transparent = True
            write_picture(from_array(item.frame.alpha, compact=1), opacity)
        if not path.is_file():
            write_picture(from_array(item.frame.rgb), path)
        times.append((item.pts, item.duration))
    optimiser = VideoOptimiser(work.folder, len(times), pictures, paint, first=frame_number(source, first))
    work.save({}, {})  # from here on there is something to go on with; what is refused before leaves nothing
    report.resumed = len(list(work.folder.glob("out-*.png"))) // paint.passes
    started = time.perf_counter()
    for done in optimiser.run():
        if progress is not None:
            progress(done, len(times) * paint.passes)
    report.seconds["paint"] = time.perf_counter() - started
    sink = make_sink({"frames": 0, "segments": 0})
    for index, (pts, duration) in enumerate(times):
        opacity = work.folder / f"alpha-{index:06}.png"
        alpha = read_picture(opacity, compact=1).rgb[..., 0] if opacity.is_file() else None
        sink.write(Frame(to_samples(optimiser.painting(index)), pts, duration, alpha=alpha))
    sink.checkpoint()
    report.frames, report.damaged, report.truncated = len(times), source.damaged, source.truncated
    report.notices += source.notices + optimiser.notices + losses(source, sink, transparent=transparent)
    return sink, times[-1][1] if times else 0
