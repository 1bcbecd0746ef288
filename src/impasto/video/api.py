"""TODO: say what this module is for."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import InputError, OutputError
from impasto.feedforward.options import Options, describe
from impasto.flow.files import FramePattern
from impasto.optimisation.style_pictures import StylePicture, read_styles
from impasto.options import options_from_keywords
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import to_samples
from impasto.pictures.writing import write_picture
from impasto.styles.blending import Styles, load_blend
from impasto.version import __version__
from impasto.video import mux
from impasto.video.frame_files import frame_number, mask_pattern
from impasto.video.keyframes import Keyframes
from impasto.video.optimised import PassOptions
from impasto.video.pipeline import FramePipeline, as_styles
from impasto.video.report import FrameProgress, Report
from impasto.video.resume import WorkFolder
from impasto.video.sink import WRITE_SUFFIXES, Encoding, Form, NumberedFiles, Segments, Sink, container_of
from impasto.video.source import Frame, NumberedPictures, Source, VideoFile, open_source
from impasto.video.stabilise import STABILIZE, FlowFiles, Stabilize, make_stabilizer
from impasto.video.timing import Span


def default_target(video: str | Path, style: Styles | None, style_at: Mapping[float, Styles] | None = None) -> Path:
    """Where a result goes that nobody named: beside the video, as ``NAME-STYLE.SUFFIX``."""
    return _beside(Path(video), Keyframes(style or None, style_at).name)


def stylize_video(
    video: str | Path,
    style: Styles | None = None,
    *,
    output: str | Path | None = None,
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
    progress: FrameProgress | None = None,
    **options: Any,
) -> Report:
    """Repaint a video, with its sound, subtitles, chapters and metadata.

    An interrupted call (Ctrl-C, a crash) goes on where it stopped when it is made again.

    Args:
        video: a video file, an animated GIF, WebP or PNG, or a printf pattern of pictures (``frame_%04d.png``).
        style: as in :func:`impasto.stylize`.
        output: a video file (.mp4 .mov .mkv .webm .gif), or a pattern of pictures. Without it, beside the input as
            ``NAME-STYLE.SUFFIX``.
        style_at: seconds to styles; between two times one fades into the other.
        stabilize: ``"off"``: every frame for itself; ``"light"``: the last painting and the grain move along with the
            picture; ``"flow"``: so they do by finer flow, which takes longer.
        start, end: the part to paint, in seconds from the video's start.
        fps: frames a second; by default every frame keeps its time stamp. Of numbered pictures: their rate (25).
        codec, quality: see :class:`impasto.video.sink.Encoding`.
        start_number: the first number of a pattern of pictures; by default the lowest.
        flow_method: how the stabilisers find motion, as :func:`impasto.flow.estimate.estimator` takes it.
        flow, certainty: patterns of files with flow back to the frame before, and how sure that is, to be used
            instead; see :class:`impasto.video.stabilise.FlowFiles`.
        paint: optimise every frame instead of using the network, for minutes or hours; ``style`` is pictures then.
            ``stabilize``, ``flow`` and most of ``options`` do not count; it has flow of its own.
        progress: called with the number of frames written and of those expected (0 if unknown).
        options: the fields of :class:`impasto.Options`; a mask may be a pattern with one file a frame, which has the
            number of the frame's picture. Of a video file, the lowest number is that of its first frame, and flow
            files count from 1, wherever ``start`` is and whatever ``fps`` leaves out.

    Raises:
        InputError: nothing there, no video in it, or an option is out of range.
        StyleError: no such style.
        OutputError: the result cannot be written.
        MissingExtraError: the extra ``video`` is not installed.
    """
    if stabilize not in STABILIZE:
        raise InputError(f"There is no stabiliser {stabilize}; give one of {', '.join(STABILIZE)}.")
    if paint is None and certainty is not None and flow is None:
        raise InputError("Certainty files say how sure flow files are; give those as well (--flow-pattern).")
    if paint is None and stabilize == "off" and (flow is not None or flow_method != "dis"):
        raise InputError("Without a stabiliser, flow has no use; leave it out, or give another --stabilize.")
    encoding = Encoding(codec, quality)
    chosen = options_from_keywords(Options, options, stylize_video)
    if paint is not None and paint.has_files and fps is not None and not FramePattern.matches(video):
        raise InputError("Flow files are of the video's own frames; give no other frame rate (--fps).")
    span = Span(_fraction("start", start), _fraction("end", end), _fraction("frame rate", fps, 1001))
    keyframes = None if paint is not None else Keyframes(style, style_at)
    pictures = [] if paint is None else read_styles([] if style is None else style, max_pixels=chosen.max_pixels)
    if paint is not None and (not pictures or style_at):
        raise InputError("Painting by optimisation takes one or more style pictures, and none that change over time.")
    if output is not None:
        target = Path(output)
    else:
        target = _beside(Path(video), "+".join(p.name for p in pictures) if keyframes is None else keyframes.name)
    to_pictures = FramePattern.matches(target)
    if to_pictures and codec != "auto":
        raise OutputError(f"{target} are pictures, which have no codec; leave --codec out.")
    name = "" if to_pictures else encoding.for_file(target)
    if target.exists() and Path(video).exists() and target.samefile(video):
        raise InputError(f"{target} is the video itself; give another output.")
    if to_pictures and FramePattern.matches(video) and target.absolute() == Path(video).absolute():
        raise InputError(f"{target} names the input pictures themselves; give another output.")
    source = open_source(video, size=chosen.size, rate=span.rate, first=start_number)
    if (pixels := source.stored[0] * source.stored[1]) > chosen.max_pixels:
        raise InputError(f"{video} has {pixels} pixels a frame, more than the {chosen.max_pixels} of max_pixels.")
    if isinstance(source, NumberedPictures):
        span = replace(span, rate=None)  # it is the source's own
    chosen = replace(chosen, size=0)  # the source has done that
    span = replace(span, counted=_has_files_of_frames(chosen, flow, paint))
    recipe = {
        "video": [str(source.rate), *((str(path.absolute()), *_stamp(path)) for path in _files(source))],
        "styles": keyframes.described() if keyframes else [(p.name, p.weight, _plain(p.rgb)) for p in pictures],
        "options": {f.name: _plain(getattr(chosen, f.name)) for f in fields(chosen)},
        "span": asdict(span),
        "form": [source.width, source.height, stabilize, flow_method, flow, certainty, encoding, target.name],
        "paint": paint,
    }
    form = Form(source.width, source.height, span.time_base(source), span.rate or source.rate, source.colors)
    work = WorkFolder(target, recipe)

    def make_sink(done: Mapping[str, Any]) -> Sink:
        if to_pictures:
            return NumberedFiles(FramePattern(str(target)), encoding, _first_number(source, span) + done["frames"])
        return Segments(work.folder, form, name, encoding, done["segments"])

    started = time.perf_counter()
    report = Report(target)
    with work:
        if keyframes is not None:
            about = describe(load_blend(as_styles(keyframes.first)), chosen)
            files = None if flow is None else FlowFiles(flow, certainty, frame_number(source, 0))
            steady = make_stabilizer(stabilize, flow_method, files)
            job = FramePipeline(source, span, keyframes, chosen, steady, work, progress)
            sink, last = job.run(report, make_sink), job.done["duration"]
        else:
            assert paint is not None
            about = f"impasto {__version__} paint style={'+'.join(p.name for p in pictures)} {paint.recipe.describe()}"
            sink, last = _optimise(source, span, pictures, paint, work, progress, report, make_sink)
        if not report.frames:
            raise InputError(f"{video} has no frame in the span that was asked for; give another start and end.")
    if isinstance(sink, Segments):
        joining = time.perf_counter()
        report.notices += _join(sink.paths, target, source, span, form, about, last)
        report.seconds["join"] = time.perf_counter() - joining
    else:
        report.notices += _lost(source, "Numbered pictures hold")
    work.remove()
    report.seconds["whole"] = time.perf_counter() - started
    return report


def _optimise(
    source: Source,
    span: Span,
    pictures: list[StylePicture],
    paint: PassOptions,
    work: WorkFolder,
    progress: FrameProgress | None,
    report: Report,
    make_sink: Callable[[dict[str, Any]], Sink],
) -> tuple[Sink, int]:
    """Paint frame by frame, pass by pass; every finished frame survives an interruption.

    Returns:
        Where the frames went, and how long the last one lasts.
    """
    from impasto.video.optimised import VideoOptimiser

    work.open()
    marks: list[tuple[int, int]] = []
    first = 0
    for item in span.frames(source):
        if not marks:
            first = item.frame.index or 0
        path = work.folder / f"in-{len(marks):06}.png"
        if not path.is_file():
            write_picture(from_array(item.frame.rgb), path)
        marks.append((item.pts, item.duration))
    work.save({}, {})
    optimiser = VideoOptimiser(work.folder, len(marks), pictures, paint, first=frame_number(source, first))
    report.resumed = len(list(work.folder.glob("out-*.png"))) // paint.passes
    started = time.perf_counter()
    for done in optimiser.run():
        if progress is not None:
            progress(done, len(marks) * paint.passes)
    report.seconds["paint"] = time.perf_counter() - started
    sink = make_sink({"frames": 0, "segments": 0})
    for index, (pts, duration) in enumerate(marks):
        sink.write(Frame(to_samples(optimiser.painting(index)), pts, duration))
    sink.checkpoint()
    report.frames, report.damaged, report.truncated = len(marks), source.damaged, source.truncated
    report.notices += source.notices
    return sink, marks[-1][1] if marks else 0


def _files(source: Source) -> list[Path]:
    """All files that a source reads."""
    if not isinstance(source, NumberedPictures):
        return [source.path]
    return [source.pattern.path(source.start + index) for index in range(source.expected)]


def _first_number(source: Source, span: Span) -> int:
    """The number of the first picture of the result."""
    numbered = isinstance(source, NumberedPictures)
    return frame_number(source, round((span.start or 0) * source.rate) if numbered else 0)


def _join(
    segments: list[Path], target: Path, source: Source, span: Span, form: Form, about: str, last: int
) -> list[str]:
    """Segments, whose last frame lasts so long, and what goes beside them, to the result."""
    if container_of(target) == "gif":
        notices = mux.join_gif(segments, target, form, loop=getattr(source, "loop", None), last=last)
        return notices + _lost(source, "A GIF holds")
    extras = None
    if isinstance(source, VideoFile):
        start = source.origin + (span.start or 0)
        end = None if span.end is None else source.origin + span.end
        extras = mux.Extras(source.path, source.index, None if span.start is None else start, end, start)
    return mux.join(segments, target, form, extras=extras, about=about, last=last)


def _lost(source: Source, what: str) -> list[str]:
    """A notice on what the result cannot hold."""
    if not isinstance(source, VideoFile) or not source.beside:
        return []
    return [f"{what} pictures only: {source.beside} of {source.path.name} is left out."]


def _beside(video: Path, style: str) -> Path:
    """``clip.mp4`` in scream to ``clip-scream.mp4``; kinds that cannot be written become MP4, a pattern a pattern."""
    suffix = video.suffix
    if not FramePattern.matches(video) and suffix.lower() not in WRITE_SUFFIXES:
        suffix = ".mp4"
    return video.with_name(f"{video.stem}-{Path(style).stem}{suffix}")


def _fraction(name: str, value: float | None, finest: int = 1_000_000) -> Fraction | None:
    """A number of the caller's as a fraction with a denominator of at most ``finest``."""
    if value is None:
        return None
    if not math.isfinite(value):
        raise InputError(f"The {name} {value} is no finite number; give another.")
    return Fraction(value).limit_denominator(finest)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _plain(value: Any) -> Any:
    """Something that stands for an option's value in a recipe, arrays and pictures included."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (str, Path)) and Path(value).is_file():
        return [str(value), *_stamp(Path(value))]
    if hasattr(value, "tobytes"):
        return hashlib.sha256(value.tobytes()).hexdigest()
    return value


def _has_files_of_frames(options: Options, flow: str | None, paint: PassOptions | None) -> bool:
    """Whether masks or flow are files that go by the numbers of frames."""
    if paint is not None:
        return paint.has_files
    return flow is not None or any(mask_pattern(mask) for mask in options.every_mask().values())
