"""Restyling a video: frames are read, painted and written at the same time, and what is done survives."""

from __future__ import annotations

import contextlib
import hashlib
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto import __version__, images, masks
from impasto._names import settings
from impasto.errors import InputError, OutputError
from impasto.flow import FramePattern
from impasto.masks import MaskLike
from impasto.optimise.api import NamedStyle, read_styles
from impasto.repaint import Options, Painter, Styles, describe
from impasto.styles import StyleLike, resolve
from impasto.video import mux
from impasto.video.keyframes import Keyframes, Weighted, identity
from impasto.video.optimised import Passes
from impasto.video.sink import WRITE_SUFFIXES, Encoding, Form, NumberedFiles, Segments, Sink, container_of
from impasto.video.source import Frame, NumberedPictures, Source, VideoFile, open_source
from impasto.video.temporal import LANES, STABILIZE, Begun, FlowFiles, Off, Stabilize, State, lane_of_opencv, stabilizer
from impasto.video.timing import Span, Timed
from impasto.video.work import Work

_AHEAD = 4  # frames that wait on each side of the painter
_SEGMENT_FRAMES, _SEGMENT_SECONDS = 250, 30.0  # whichever comes first: what a crash may cost
Progress = Callable[[int, int], None]


@dataclass
class Report:
    """What became of a video.

    Attributes:
        output: the file, or the pattern of pictures.
        frames: how many were written, those of interrupted runs included.
        resumed: how many of them an interrupted run had left.
        damaged: packets that could not be decoded.
        truncated: whether the source ends before its end.
        notices: what was left out or changed, for people.
        seconds: by stage (read, paint, steady, write, join); stages overlap. ``paint`` is half of what the networks
            took, as two frames are painted side by side; ``whole`` is start to finish.
    """

    output: Path
    frames: int = 0
    resumed: int = 0
    damaged: int = 0
    truncated: bool = False
    notices: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self) | {"output": str(self.output)}


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
    paint: Passes | None = None,
    progress: Progress | None = None,
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
        flow_method: how the stabilisers find motion, as :func:`impasto.flow.estimator` takes it.
        flow, certainty: patterns of files with flow back to the frame before, and how sure that is, to be used
            instead; see :class:`impasto.video.temporal.FlowFiles`.
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
    chosen = settings(Options, options, stylize_video)
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
    work = Work(target, recipe)

    def make_sink(done: Mapping[str, Any]) -> Sink:
        if to_pictures:
            return NumberedFiles(FramePattern(str(target)), encoding, _first_number(source, span) + done["frames"])
        return Segments(work.folder, form, name, encoding, done["segments"])

    started = time.perf_counter()
    report = Report(target)
    with work:
        if keyframes is not None:
            about = describe(resolve(_pairs(keyframes.first)), chosen)
            files = None if flow is None else FlowFiles(flow, certainty, _number(source, 0))
            steady = stabilizer(stabilize, flow_method, files)
            job = _Job(source, span, keyframes, chosen, steady, work, progress)
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
    pictures: list[NamedStyle],
    paint: Passes,
    work: Work,
    progress: Progress | None,
    report: Report,
    make_sink: Callable[[dict[str, Any]], Sink],
) -> tuple[Sink, int]:
    """Paint frame by frame, pass by pass; every finished frame survives an interruption.

    Returns:
        Where the frames went, and how long the last one lasts.
    """
    from impasto.video.optimised import Optimiser

    work.open()
    marks: list[tuple[int, int]] = []
    first = 0
    for item in span.frames(source):
        if not marks:
            first = item.frame.index or 0
        path = work.folder / f"in-{len(marks):06}.png"
        if not path.is_file():
            images.write(images.from_array(item.frame.rgb), path)
        marks.append((item.pts, item.duration))
    work.save({}, {})
    optimiser = Optimiser(work.folder, len(marks), pictures, paint, first=_number(source, first))
    report.resumed = len(list(work.folder.glob("out-*.png"))) // paint.passes
    started = time.perf_counter()
    for done in optimiser.run():
        if progress is not None:
            progress(done, len(marks) * paint.passes)
    report.seconds["paint"] = time.perf_counter() - started
    sink = make_sink({"frames": 0, "segments": 0})
    for index, (pts, duration) in enumerate(marks):
        sink.write(Frame(images.samples(optimiser.painting(index)), pts, duration))
    sink.checkpoint()
    report.frames, report.damaged, report.truncated = len(marks), source.damaged, source.truncated
    report.notices += source.notices
    return sink, marks[-1][1] if marks else 0


class _Job:
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
        steady: Off,
        work: Work,
        progress: Progress | None,
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
        with lane_of_opencv():
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
        flying: deque[tuple[Timed, Begun, Future[float]]] = deque()

        def land() -> None:
            nonlocal count, latest
            item, begun, seconds = flying.popleft()
            took = seconds.result()
            if latest is None or latest.frame is not item.frame:
                self.seconds["paint"] += took / LANES
                started = time.perf_counter()
                self.steady.finish(begun)
                self.seconds["steady"] += time.perf_counter() - started
            outgoing.put(Frame(begun.painted, item.pts, item.duration))
            count, latest = count + 1, item

        try:
            with ThreadPoolExecutor(LANES) as lanes:
                while (item := incoming.get()) is not None:
                    if self.halt.is_set():
                        continue  # empty the queue, so that the reader can end
                    if flying and flying[-1][0].frame is item.frame:
                        flying.append((item, *flying[-1][1:]))
                    else:
                        flying.append((item, *self._begun(item, lanes)))
                    while len({id(begun) for _, begun, _ in flying}) == LANES:
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

    def _begun(self, item: Timed, lanes: Executor) -> tuple[Begun, Future[float]]:
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

    def _standing(self, count: int, latest: Timed) -> tuple[dict[str, Any], State]:
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
        files = {name: _file_of_frame(mask, self.source, index) for name, mask in wanted.items()}
        key = [(identity(style), weight) for style, weight in blend], [str(file) for file in files.values()]
        if self.painter is None or self.painter[0] != key:
            options = self.options.with_masks({name: self._levels(mask, files[name]) for name, mask in wanted.items()})
            self.painter = key, Painter(_pairs(blend), options, LANES, moving=True)
        return self.painter[1]

    def _levels(self, mask: MaskLike, file: Path | None) -> masks.Mask:
        """A mask in the size of the frames; it may have that of the source's instead."""
        levels = masks.read(file or mask, self.options.max_pixels, may_be_black=file is not None)
        return masks.fitted(levels, (self.source.width, self.source.height), self.source.stored)


def _files(source: Source) -> list[Path]:
    """All files that a source reads."""
    if not isinstance(source, NumberedPictures):
        return [source.path]
    return [source.pattern.path(source.start + index) for index in range(source.expected)]


def _number(source: Source, index: int) -> int:
    """A frame's number in names of files: the source's own where its pictures have numbers, else counted from 1."""
    return index + (source.start if isinstance(source, NumberedPictures) else 1)


def _first_number(source: Source, span: Span) -> int:
    """The number of the first picture of the result."""
    numbered = isinstance(source, NumberedPictures)
    return _number(source, round((span.start or 0) * source.rate) if numbered else 0)


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


def _pairs(blend: Weighted) -> list[StyleLike | tuple[StyleLike, float]]:
    return list(blend)


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


def _has_files_of_frames(options: Options, flow: str | None, paint: Passes | None) -> bool:
    """Whether masks or flow are files that go by the numbers of frames."""
    if paint is not None:
        return paint.has_files
    return flow is not None or any(_pattern(mask) for mask in options.every_mask().values())


def _pattern(mask: MaskLike) -> FramePattern | None:
    """That of a mask with one file a frame; ``None``: it is none."""
    if not isinstance(mask, (str, Path)) or not FramePattern.matches(mask):
        return None
    return FramePattern(str(mask))


def _file_of_frame(mask: MaskLike, source: Source, index: int) -> Path | None:
    """One frame's file of a mask given as a pattern; ``None``: it is no pattern.

    It has the number of the frame's picture; where frames have no numbers, the lowest is that of the first frame.
    """
    pattern = _pattern(mask)
    if pattern is None:
        return None
    path = pattern.path(_number(source, index) if isinstance(source, NumberedPictures) else pattern.first() + index)
    if not path.is_file():
        raise InputError(
            f"There is no mask {path} for frame {_number(source, index)}; give one a frame, or one file for all."
        )
    return path
