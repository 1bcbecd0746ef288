"""Repainting a video from start to finish: check the options, open the source, paint its frames, join the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Unpack

from impasto.arguments import check_arguments
from impasto.errors import InputError
from impasto.feedforward.options import OptionKeywords
from impasto.locks import locked, remove_left_locks
from impasto.media.side_plan import plan_side_streams
from impasto.media.side_streams import SideStreams
from impasto.options import say_value
from impasto.sound.request import SoundStyles
from impasto.styles.blending import Styles
from impasto.video.animation import Animation
from impasto.video.flow_files import FlowFiles
from impasto.video.frame_files import frame_number
from impasto.video.gif import join_gif
from impasto.video.mux import join
from impasto.video.optimised_pipeline import optimise_video
from impasto.video.parts import Part
from impasto.video.pass_options import PassOptions
from impasto.video.pipeline import FramePipeline
from impasto.video.projection import kept_projection, layout_of
from impasto.video.report import FrameProgress, Report
from impasto.video.restyled_sound import restyle_sound
from impasto.video.segments import Segments
from impasto.video.sink import Sink, container_of
from impasto.video.stabilizers import Stabilize, make_spherical_stabilizer, make_stabilizer
from impasto.video.task import Request, VideoTask, make_plan, open_task
from impasto.video.video_file import VideoFile

PaintFrames = Callable[[VideoTask, FrameProgress | None, Report], tuple[list[Path] | None, int]]
"""Paints the frames of a task and notes in the report what there is to say. It gives the segments of the result, or
``None`` where results are pictures, and the duration of the last frame in units of the result's time base."""


def stylize_video(
    video: str | Path,
    style: Styles | None = None,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    style_at: Mapping[float, Styles] | None = None,
    stabilize: Stabilize = "light",
    start: float | None = None,
    end: float | None = None,
    fps: float | None = None,
    codec: str = "auto",
    quality: int | None = None,
    start_number: int | None = None,
    flow_method: str = "dis",
    flow: str | None = None,
    certainty: str | None = None,
    paint: PassOptions | None = None,
    sound_style: SoundStyles | None = None,
    progress: FrameProgress | None = None,
    **options: Unpack[OptionKeywords],
) -> Report:
    """Repaint a video, with its sound, subtitles, chapters and metadata.

    An interrupted call (Ctrl-C, a crash) goes on where it stopped when it is made again.

    Args:
        video: a video file, an animated GIF, WebP, PNG or AVIF, or a printf pattern of pictures (``frame_%04d.png``).
        style: as in :func:`impasto.stylize`.
        output: a video file (.mp4 .mov .mkv .webm .gif), or a pattern of pictures. Without it, beside the input as
            ``NAME-STYLE.SUFFIX``; what exists is treated as by :func:`impasto.stylize`, where a video that keeps a
            comment of its own does not tell how it was made.
        overwrite: as for :func:`impasto.stylize`.
        style_at: seconds of the result to styles; between two times one fades into the other.
        stabilize: ``"off"``: every frame is painted on its own. ``"light"``: the last painting and the grain move along
            with the picture. ``"flow"``: they move along by finer flow, which takes longer.
        start, end: the part to paint, in seconds from the video's start.
        fps: frames a second; by default every frame keeps its time stamp. For numbered pictures it is their own rate,
            25 by default.
        codec, quality: see :class:`impasto.video.sink.Encoding`.
        start_number: the first number of a pattern of pictures; by default the lowest.
        flow_method: how the stabilisers find motion, as :func:`impasto.flow.estimate.estimator` takes it.
        flow, certainty: patterns of files with flow back to the frame before, and how sure that is, to be used
            instead of computing flow; see :class:`impasto.video.flow_files.FlowFiles`.
        paint: optimise every frame instead of using the network, which takes minutes or hours; ``style`` is pictures
            then. ``stabilize``, ``flow`` and most of ``options`` do not count, since ``paint`` has flow of its own.
        sound_style: restyle the sound as well, as :func:`impasto.stylize_sound` does by default; its ``style``.
        progress: called with the number of frames written and of those expected (0 if unknown).
        options: the fields of :class:`impasto.Options`. A mask may be a pattern with one file a frame, which has the
            number of the frame's picture. For a video file, the mask with the lowest number is that of its first frame,
            and flow files count from 1, wherever ``start`` is and whatever ``fps`` leaves out.

    Returns:
        What was done, and what was left out.

    Raises:
        InputError: there is nothing at the path, no video in it, or an option is out of range.
        StyleError: no such style.
        OutputError: the result cannot be written, or another run is making it.
        MissingExtraError: the extra ``video`` is not installed.
    """
    request = checked_request(
        video=video,
        style=style,
        output=output,
        overwrite=overwrite,
        style_at=style_at,
        stabilize=stabilize,
        start=start,
        end=end,
        fps=fps,
        codec=codec,
        quality=quality,
        start_number=start_number,
        flow_method=flow_method,
        flow=flow,
        certainty=certainty,
        paint=paint,
        sound_style=sound_style,
        options=options,
    )
    return make_video(request, stylize_video, progress, _paint)


def checked_request(**given: Any) -> Request:
    """The arguments of :func:`stylize_video` but for the progress, each of its type.

    Raises:
        InputError: one is of another type.
    """
    check_arguments(
        needed=["video"],
        paths={name: given[name] for name in ("video", "output", "flow", "certainty")},
        texts={name: given[name] for name in ("stabilize", "codec", "flow_method")},
        numbers={name: given[name] for name in ("start", "end", "fps")},
        whole={name: given[name] for name in ("quality", "start_number")},
        mappings={"style_at": given["style_at"]},
    )
    paint = given["paint"]
    if paint is not None and not isinstance(paint, PassOptions):
        raise InputError(f"The argument paint takes an impasto.video.pass_options.PassOptions, not {say_value(paint)}.")
    return Request(**given)


def make_video(
    request: Request, caller: Callable[..., Any], progress: FrameProgress | None, paint: PaintFrames
) -> Report:
    """Check a request, paint its frames in some way, and put the result together.

    Args:
        request: what is asked for.
        caller: the function that was called, for suggestions where an option is unknown.
        progress: called with the number of frames written and of those expected.
        paint: paints the frames.
    """
    check_arguments(functions={"progress": progress})
    plan = make_plan(request, caller)
    task = open_task(plan)
    if task.is_made:
        remove_left_locks(task.plan.target.absolute().parent)
        return Report(task.plan.target, kept=True, seconds={"whole": 0.0})
    with locked(task.plan.target):
        report = _make(task, progress, paint)
    if task.plan.target != plan.target:
        report.notices.append(f"{plan.target} was made in another way and is kept.")
    return report


def _make(task: VideoTask, progress: FrameProgress | None, paint: PaintFrames) -> Report:
    """Paint the frames of a task and put the result together, while no other run does so.

    Raises:
        InputError: there is no frame to paint.
        OutputError: the result cannot be written.
    """
    started = time.perf_counter()
    report = Report(task.plan.target)
    side_streams = _side_streams(task)
    with task.work:
        segments, last_duration = paint(task, progress, report)
        if not report.frames:
            task.work.remove()
            video = task.plan.request.video
            raise InputError(
                f"{video} has no frame in the span that was asked for; give another start and end.",
                key="no_frame_in_span",
                name=str(video),
            )
    if side_streams is not None and task.plan.sound_styles:
        restyling = time.perf_counter()
        sound = restyle_sound(side_streams, task.plan.sound_styles, container_of(task.plan.target), task.work.folder)
        report.notices += sound
        report.seconds["sound"] = time.perf_counter() - restyling
    if segments is not None:
        joining = time.perf_counter()
        report.notices += _join(task, segments, side_streams, last_duration)
        report.seconds["join"] = time.perf_counter() - joining
    else:
        report.notices += kept_projection(task.source, None, "")[1] + _left_out(task, "Numbered pictures hold")
    task.work.remove()
    report.seconds["whole"] = time.perf_counter() - started
    return report


def _paint(task: VideoTask, progress: FrameProgress | None, report: Report) -> tuple[list[Path] | None, int]:
    """Paint the frames of a task, by the network or by optimisation; see :data:`PaintFrames`."""
    plan, request = task.plan, task.plan.request
    if plan.keyframes is not None:
        sink, last_duration = paint_frames(task, progress, report)
        return sink.paths if isinstance(sink, Segments) else None, last_duration
    paint = request.paint
    assert paint is not None
    sink, last_duration = optimise_video(
        task.source, task.span, plan.pictures, paint, task.work, progress, report, task.make_sink
    )
    return sink.paths if isinstance(sink, Segments) else None, last_duration


def paint_frames(
    task: VideoTask, progress: FrameProgress | None, report: Report, part: Part | None = None
) -> tuple[Sink, int]:
    """Paint the frames of a task, or of a part of it, by the network.

    Args:
        task: the video, planned.
        progress: called after each frame.
        report: notes what becomes of the frames.
        part: the part; ``None``: all of the video.

    Returns:
        The sink with the painted frames, and the duration of the last frame in units of the result's time base.
    """
    plan, request = task.plan, task.plan.request
    assert plan.keyframes is not None
    files = None if request.flow is None else FlowFiles(request.flow, request.certainty, frame_number(task.source, 0))
    if task.all_around:
        stabilizer = make_spherical_stabilizer(
            request.stabilize, task.options, layout_of(task.source), request.flow_method
        )
    else:
        stabilizer = make_stabilizer(request.stabilize, request.flow_method, files)
    pipeline = FramePipeline(
        task.source, task.span, plan.keyframes, task.options, stabilizer, task.work, progress, part
    )
    sink = pipeline.run(report, task.make_sink)
    report.notices += files.notices if files else []
    return sink, pipeline.done["duration"]


def _side_streams(task: VideoTask) -> SideStreams | None:
    """What goes beside the picture of the result; ``None`` if its source or the result itself has nothing beside."""
    source, span, plan = task.source, task.span, task.plan
    if not isinstance(source, VideoFile) or not plan.codec or container_of(plan.target) == "gif":
        return None
    start = source.origin + (span.start or 0)
    end = None if span.end is None else source.origin + span.end
    side_plan = plan_side_streams(source.path, container_of(plan.target))
    return SideStreams(source.path, source.index, None if span.start is None else start, end, start, side_plan)


def _join(task: VideoTask, segments: list[Path], side_streams: SideStreams | None, last_duration: int) -> list[str]:
    """Join segments, and what goes beside them, to the result.

    Returns:
        Notices on what could not be kept as it was.
    """
    source, target = task.source, task.plan.target
    spherical, lost = kept_projection(source, container_of(target), task.plan.codec)
    if container_of(target) == "gif":
        plays = source.plays if isinstance(source, Animation) else 0
        notices = join_gif(segments, target, task.frame_format, note=task.note, plays=plays, last=last_duration)
        return notices + lost + _left_out(task, "A GIF holds")
    return lost + join(
        segments,
        target,
        task.frame_format,
        side_streams=side_streams,
        about=task.note,
        last=last_duration,
        spherical=spherical,
    )


def _left_out(task: VideoTask, what: str) -> list[str]:
    """A notice on the streams that a result without sound leaves out.

    Args:
        what: the beginning of the sentence: the kind of the result, and "holds".
    """
    source = task.source
    if not isinstance(source, VideoFile) or not source.other_streams:
        return []
    return [f"{what} pictures only; left out of {source.path.name}: {', '.join(source.other_streams)}."]
