"""The task of painting a video: its options checked against one another, and its source opened."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from impasto.errors import InputError, OutputError
from impasto.feedforward.options import Options, describe
from impasto.files import check_writable, exists
from impasto.flow.files import FramePattern
from impasto.learning.cache import with_learnt_pictures
from impasto.optimisation.style_pictures import StylePicture, read_styles
from impasto.options import options_from_keywords
from impasto.sound.style import SoundStyle
from impasto.styles.blending import Styles, load_blend
from impasto.version import __version__
from impasto.video import results
from impasto.video.frame import MAX_RATE, MIN_RATE, VideoSource
from impasto.video.frame_files import frame_number, mask_pattern
from impasto.video.frame_format import FrameFormat
from impasto.video.keyframes import Keyframes
from impasto.video.numbered_files import NumberedFiles
from impasto.video.numbered_pictures import NumberedPictures
from impasto.video.pass_options import PassOptions
from impasto.video.projection import is_all_around
from impasto.video.restyled_sound import checked_sound_styles, describe_sound_styles
from impasto.video.resume import WorkFolder
from impasto.video.segments import Segments
from impasto.video.sink import WRITE_SUFFIXES, Encoding, Sink, is_of_pictures
from impasto.video.source import open_source
from impasto.video.stabilizers import STABILIZE, Stabilize
from impasto.video.timing import Span

_MAX_RATE_DENOMINATOR = 1001  # of a frame rate as a fraction: 29.97 frames a second are 30000/1001
_MAX_TIME_DENOMINATOR = 1_000_000  # of a time in seconds as a fraction: times are exact to a microsecond


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of :func:`impasto.stylize_video`, which explains them, as they were given."""

    video: str | Path
    style: Styles | None
    output: str | Path | None
    overwrite: bool
    style_at: Mapping[float, Styles] | None
    stabilize: Stabilize
    start: float | None
    end: float | None
    fps: float | None
    codec: str
    quality: int | None
    start_number: int | None
    flow_method: str
    flow: str | None
    certainty: str | None
    paint: PassOptions | None
    sound_style: Any
    options: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class VideoPlan:
    """A request whose options have been checked, before anything is opened.

    Attributes:
        request: the request.
        encoding: how frames are encoded.
        options: how frames are painted.
        span: the part of the video, and the frame rate.
        keyframes: the styles; ``None`` where frames are painted by optimisation.
        pictures: the style pictures; empty where frames are painted by the network.
        sound_styles: styles of sound with their shares; empty where the sound is copied.
        target: the file of the result, or its pattern of pictures.
        codec: the name of the codec; empty for pictures.
    """

    request: Request
    encoding: Encoding
    options: Options
    span: Span
    keyframes: Keyframes | None
    pictures: list[StylePicture]
    sound_styles: list[tuple[SoundStyle, float]]
    target: Path
    codec: str


@dataclass(frozen=True, kw_only=True)
class VideoTask:
    """The painting of a video, planned, with its source open.

    Attributes:
        plan: the plan.
        source: what is painted.
        options: the options of the plan without a size, since the source resizes its frames.
        span: the span of the plan; numbered pictures have no rate in it, since it is their own.
        frame_format: of the frames to write.
        work: where the task is saved for a later run.
        note: one line for the result's metadata, which changes whenever the result would.
        is_made: whether the result is there already, made in the same way.
        all_around: whether frames are painted as spheres.
    """

    plan: VideoPlan
    source: VideoSource
    options: Options
    span: Span
    frame_format: FrameFormat
    work: WorkFolder
    note: str
    is_made: bool
    all_around: bool

    def make_sink(self, done: Mapping[str, Any]) -> Sink:
        """Make the sink of the painted frames.

        Args:
            done: how many ``frames`` and ``segments`` an earlier run has written.
        """
        plan = self.plan
        if plan.codec:
            return Segments(
                self.work.folder,
                self.frame_format,
                plan.codec,
                plan.encoding,
                done["segments"],
                transparent=plan.codec == "ffv1" and self.source.transparent,
            )
        numbered = isinstance(self.source, NumberedPictures)
        first = frame_number(self.source, round((self.span.start or 0) * self.source.rate) if numbered else 0)
        return NumberedFiles(FramePattern(str(plan.target)), plan.encoding, first + done["frames"], self.note)


def make_plan(request: Request, caller: Callable[..., Any]) -> VideoPlan:
    """Check all options of a request that can be checked before the video is opened.

    Args:
        request: the request.
        caller: the function that was called, for suggestions where an option is unknown.

    Raises:
        InputError: an option is unknown or out of range, or two options contradict each other.
        StyleError: there is no such style.
        OutputError: the result cannot be written to such a file.
    """
    paint, video = request.paint, request.video
    _check_stabilisation(request)
    encoding = Encoding(request.codec, request.quality)
    options = options_from_keywords(Options, request.options, caller)
    if paint is not None and paint.has_files and request.fps is not None and not FramePattern.matches(video):
        raise InputError("Flow files are of the video's own frames; give no other frame rate (--fps).")
    span = Span(
        _fraction("start", request.start, _MAX_TIME_DENOMINATOR),
        _fraction("end", request.end, _MAX_TIME_DENOMINATOR),
        _fraction("frame rate", request.fps, _MAX_RATE_DENOMINATOR),
    )
    keyframes, pictures = None, []
    if paint is None:
        learnt = partial(with_learnt_pictures, effort=options.style_effort)
        later = {time: learnt(styles) for time, styles in (request.style_at or {}).items()}
        keyframes = Keyframes(None if request.style is None else learnt(request.style), later)
    else:
        pictures = read_styles([] if request.style is None else request.style, max_pixels=options.max_pixels)
        if not pictures or request.style_at:
            raise InputError(
                "Painting by optimisation takes one or more style pictures, and none that change over time."
            )
    if request.output is not None:
        target = Path(request.output)
    else:
        name = "+".join(p.name for p in pictures) if keyframes is None else keyframes.name
        target = target_beside(Path(video), name)
    return VideoPlan(
        request=request,
        encoding=encoding,
        options=options,
        span=span,
        keyframes=keyframes,
        pictures=pictures,
        sound_styles=checked_sound_styles(request.sound_style, request.video, target),
        target=target,
        codec=_checked_codec(request, encoding, target),
    )


def open_task(plan: VideoPlan) -> VideoTask:
    """Open the source of a plan, and name the work folder by everything that the result depends on.

    Raises:
        InputError: the source cannot be opened, its frames are larger than allowed, or it claims an absurd rate.
    """
    request, options, span = plan.request, plan.options, plan.span
    source = open_source(
        request.video,
        size=options.size,
        rate=span.rate,
        first=request.start_number,
        max_pixels=options.max_pixels,
    )
    if (pixels := source.stored[0] * source.stored[1]) > options.max_pixels:
        raise InputError(
            f"{request.video} has {pixels} pixels a frame, more than the {options.max_pixels} of max_pixels."
        )
    if source.expected != 1 and not MIN_RATE <= source.rate <= MAX_RATE:
        raise InputError(
            f"{request.video} claims {float(source.rate):g} frames a second, which no film has: it is damaged, or its "
            "times are wrong; write it anew with the right ones.",
            key="absurd_frame_rate",
            name=str(request.video),
            rate=float(source.rate),
        )
    if isinstance(source, NumberedPictures):
        span = replace(span, rate=None)  # the rate is that of the source itself
    all_around = is_all_around(source, options.projection, by_network=plan.keyframes is not None)
    if all_around and request.flow is not None:
        raise InputError("Flow files are of flat frames, and these show the world all around; give --projection flat.")
    options = replace(options, size=0)
    span = replace(span, counted=_has_numbered_files(options, request))
    frame_format = FrameFormat(
        source.width, source.height, span.time_base(source), span.rate or source.rate, source.colors
    )
    dependencies, is_made = _dependencies(plan, source, options, span), False
    note = results.note(_about(plan, options), dependencies)
    if request.output is None and not request.overwrite:
        target, is_made = results.result_beside(plan.target, note, dependencies)
        plan = replace(plan, target=target)
    work = WorkFolder(plan.target, dependencies)
    return VideoTask(
        plan=plan,
        source=source,
        options=options,
        span=span,
        frame_format=frame_format,
        work=work,
        note=note,
        is_made=is_made,
        all_around=all_around,
    )


def target_beside(video: Path, style: str) -> Path:
    """The result that nobody named: ``clip.mp4`` in ``scream`` becomes ``clip-scream.mp4``.

    Files of a kind that cannot be written become MP4; a pattern of pictures stays one.

    Raises:
        InputError: the video is no path of a file.
    """
    if not video.name:
        raise InputError(f"{video} is a folder, not a video; name a file in it.")
    suffix = video.suffix
    if not FramePattern.matches(video) and suffix.lower() not in WRITE_SUFFIXES:
        suffix = ".mp4"
    return video.with_name(f"{video.stem}-{Path(style).stem}{suffix}")


def _about(plan: VideoPlan, options: Options) -> str:
    """How the frames are painted, in words."""
    if plan.keyframes is not None:
        return describe(load_blend(list(plan.keyframes.first)), options)
    assert plan.request.paint is not None
    names, recipe = "+".join(p.name for p in plan.pictures), plan.request.paint.recipe
    return f"impasto {__version__} paint style={names} {recipe.describe()}"


def _check_stabilisation(request: Request) -> None:
    """Refuse an unknown stabiliser, and options of flow that would have no effect.

    Raises:
        InputError: there is such an option.
    """
    if request.stabilize not in STABILIZE:
        raise InputError(f"There is no stabiliser {request.stabilize}; give one of {', '.join(STABILIZE)}.")
    if request.paint is not None:
        return
    if request.certainty is not None and request.flow is None:
        raise InputError("Certainty files say how sure flow files are; give those as well (--flow-pattern).")
    if request.stabilize == "off" and (request.flow is not None or request.flow_method != "dis"):
        raise InputError("Without a stabiliser, flow has no use; leave it out, or give another --stabilize.")


def _checked_codec(request: Request, encoding: Encoding, target: Path) -> str:
    """The codec for a target, which must not be the video itself; empty for a pattern of pictures.

    Raises:
        InputError: the result would overwrite the video.
        OutputError: the target cannot hold the codec.
    """
    video = request.video
    to_pictures = is_of_pictures(target)
    if to_pictures and request.codec != "auto":
        raise OutputError(f"{target} are pictures, which have no codec; leave --codec out.")
    codec = "" if to_pictures else encoding.for_file(target)
    if not to_pictures:
        check_writable(target)
    if exists(target) and exists(video) and target.samefile(video):
        raise InputError(f"{target} is the video itself; give another output.")
    if to_pictures and FramePattern.matches(video) and target.absolute() == Path(video).absolute():
        raise InputError(f"{target} names the input pictures themselves; give another output.")
    return codec


def _fraction(name: str, value: float | None, max_denominator: int) -> Fraction | None:
    """A number as the nearest fraction with a denominator of at most ``max_denominator``.

    Args:
        name: what the number is, for messages.

    Raises:
        InputError: the number is not finite.
    """
    if value is None:
        return None
    if not math.isfinite(value):
        raise InputError(f"The {name} {value} is no finite number; give another.")
    return Fraction(value).limit_denominator(max_denominator)


def _has_numbered_files(options: Options, request: Request) -> bool:
    """Whether masks or flow are files that go by the numbers of frames."""
    if request.paint is not None:
        return request.paint.has_files
    return request.flow is not None or any(mask_pattern(mask) for mask in options.every_mask().values())


def _dependencies(plan: VideoPlan, source: VideoSource, options: Options, span: Span) -> dict[str, Any]:
    """Everything that the result depends on, in plain values: a task with other dependencies starts anew."""
    request, keyframes = plan.request, plan.keyframes
    return {
        "video": [str(source.rate), *((str(path.absolute()), *_stamp(path)) for path in _files_of(source))],
        "styles": keyframes.described() if keyframes else [(p.name, p.weight, _plain(p.rgb)) for p in plan.pictures],
        "options": {f.name: _plain(getattr(options, f.name)) for f in fields(options)},
        "span": asdict(span),
        "form": [
            source.width,
            source.height,
            request.stabilize,
            request.flow_method,
            request.flow,
            request.certainty,
            plan.encoding,
            plan.target.suffix,
        ],
        "paint": request.paint,
        **({"sound": describe_sound_styles(plan.sound_styles)} if plan.sound_styles else {}),
    }


def _files_of(source: VideoSource) -> list[Path]:
    """All files that a source reads."""
    if not isinstance(source, NumberedPictures):
        return [source.path]
    return [source.pattern.path(source.start + index) for index in range(source.expected)]


def _stamp(path: Path) -> tuple[int, int]:
    """The size of a file in bytes, and when it was last changed, in nanoseconds."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _plain(value: Any) -> Any:
    """A plain value that changes whenever the value of an option does: hashes of arrays, stamps of files."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (str, Path)) and Path(value).is_file():
        return [str(value), *_stamp(Path(value))]
    if hasattr(value, "tobytes"):
        return hashlib.sha256(value.tobytes()).hexdigest()
    return value
