"""The public functions: a movement in the style of another one, on the beats of music, and a motion style to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from impasto.arguments import check_arguments
from impasto.errors import InputError, OutputError, Sentence
from impasto.files import check_writable
from impasto.motion.beats import Pulse
from impasto.motion.body import PARTS, see_body
from impasto.motion.bvh import SUFFIX, format_bvh, is_clip, write_bvh
from impasto.motion.clip import Clip
from impasto.motion.drawing import figure_of, label_of
from impasto.motion.joints import check_mapping
from impasto.motion.options import MotionOptions
from impasto.motion.preview import Progress, check_preview, write_preview
from impasto.motion.retime import Retimed, retime
from impasto.motion.sources import (
    ClipLike,
    MotionStyleLike,
    as_weighted,
    clip_of_style,
    load_clip,
    load_motion,
    load_styles,
    parse_parts,
)
from impasto.motion.style import MotionStyle
from impasto.motion.style_file import save_motion_style
from impasto.motion.track import pulse_of_file
from impasto.motion.transfer import transfer
from impasto.options import options_from_keywords, say_value
from impasto.pictures.results import unnamed_result
from impasto.styles.style import SUFFIX as STYLE_SUFFIX

_MOST_FRAMES = 1000.0  # a second
_MUSIC_ENDS = 2.0  # seconds by which a movement's beats go on behind the track's, from which on that is said


@dataclass(eq=False)
class MotionResult:
    """What :func:`stylize_motion` made.

    Attributes:
        clip: the movement, with the content's skeleton.
        output: its file; ``None``: none was written.
        kept: whether the file was there already, made in the same way.
        methods: by the name of each style, how it was carried over: ``"gait"``, ``"neutral"`` or ``"statistics"``.
        notices: sentences on what was not found, not done, or not taken as the files have it.
        hits_before: with music, the share of the movement's beats that fell on the track's.
        hits_after: and of the result's.
    """

    clip: Clip
    output: Path | None = None
    kept: bool = False
    methods: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    hits_before: float | None = None
    hits_after: float | None = None


def stylize_motion(
    content: ClipLike,
    style: MotionStyleLike | Iterable[Any] | Mapping[Any, float] | None = None,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    neutral: MotionStyleLike | None = None,
    parts: str | Iterable[str] = PARTS,
    mapping: Mapping[str, str] | None = None,
    music: str | Path | None = None,
    fps: float | None = None,
    preview: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> MotionResult:
    """Give a movement the style of another one, set it to music, or both.

    Args:
        content: a BVH file, or a clip. Its skeleton, length and frame rate stay.
        style: a BVH file, a motion style or its file, or a name of the user's catalogue; several are blended: a list,
            pairs with weights, or a mapping to weights. Texts may be ``"[PART,...=]STYLE[:WEIGHT]"``.
        output: the BVH file to write. Without it, a content that is a file gets its result beside it as
            ``NAME-STYLE.bvh``, and one that is a clip none.
        overwrite: replace what has the usual name; without it, another file with that name is kept and the result gets
            a number.
        neutral: the style's action by the same actor, without the style: what the two differ by is carried over.
        parts: those that take the style: ``"arms"``, ``"legs"``, ``"spine"``, ``"head"``.
        mapping: part of the body, such as ``"left-thigh"``, to a joint's name, where names do not tell.
        music: a file with sound, on whose beats the movement's own are to fall; it is played at most a quarter faster
            or slower.
        fps: frames a second of the result; by default the content's.
        preview: a video (.mp4 .mov .mkv) or a strip (.png .jpg) of stick figures to draw: content, styles, result.
        progress: called with the frames of the preview that are drawn, and their number.
        options: the fields of :class:`impasto.motion.options.MotionOptions`: ``strength``, ``method``, ``path``,
            ``feet``.

    Returns:
        The movement, and what is to be said of it.

    Raises:
        InputError: a clip cannot be read or has no body, or an option is out of range.
        StyleError: there is no such style.
        OutputError: the result cannot be written.
        MissingExtraError: music or a video is asked for, and the extra ``video`` is not installed.
    """
    check_arguments(
        paths={"output": output, "music": music, "preview": preview},
        flags={"overwrite": overwrite},
        numbers={"fps": fps},
        functions={"progress": progress},
        mappings={"mapping": mapping},
    )
    chosen = options_from_keywords(MotionOptions, options, stylize_motion)
    named = _checked_mapping(mapping)
    if fps is not None and not 0 < fps <= _MOST_FRAMES:
        raise InputError(f"{fps:g} frames a second are out of range; give a number above 0 and up to {_MOST_FRAMES:g}.")
    weighted = [] if style is None else as_weighted(style)
    if not weighted and music is None:
        raise InputError("Neither a style nor music is given; give a style, such as old.bvh, or a track.")
    for path, check in ((preview, check_preview), (output, _check_output)):
        if path is not None:
            check(Path(path))
    styles = load_styles(weighted, _parts(parts), named)
    clip = _clip(content)
    shown = [clip, *filter(None, (clip_of_style(one) for one, _, _ in weighted))]
    check_mapping(named, [clip, *shown[1:]])
    pulse = None if music is None else pulse_of_file(music)
    before = clip if fps is None or fps == clip.rate else _at_rate(clip, float(fps))
    without = None if neutral is None else load_motion(neutral, named)
    read = [clip.notices, *(one.style.notices for one in styles), () if without is None else without.notices]
    result = MotionResult(before, notices=list(dict.fromkeys(text for notices in read for text in notices)))
    if styles:
        moved = transfer(see_body(before, named), styles, chosen, without)
        result.clip, result.methods = moved.clip, moved.methods
        result.notices += moved.notices
    if pulse is not None:
        timed = retime(result.clip, pulse.beats, named)
        result.clip, result.hits_before, result.hits_after = timed.clip, timed.hits_before, timed.hits_after
        result.notices += _said_of_music(clip.name, Path(str(music)).name, pulse, timed)
    _write(result, content, output, [one.style.name for one in styles], overwrite)
    if preview is not None:
        names = [clip.name, *(label_of(one.name) for one in shown[1:]), "result"]
        figures = [
            figure_of(see_body(one, named), label_of(label))
            for one, label in zip([*shown, result.clip], names, strict=True)
        ]
        write_preview(figures, Path(preview), track=None if music is None else Path(music), progress=progress)
    return result


def learn_motion(
    clip: ClipLike,
    output: str | Path | None = None,
    *,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
    mapping: Mapping[str, str] | None = None,
) -> MotionStyle:
    """Learn the style of a movement: a few hundred numbers on how its limbs are held and how they move.

    Args:
        clip: a BVH file, or a clip.
        output: the style file to write (.safetensors), of under 10 KB; ``None``: none is written.
        name: what to call the style; by default as the file.
        metadata: what else its file is to say, such as ``title`` and ``licence``.
        mapping: as for :func:`stylize_motion`.

    Returns:
        The style, which :func:`stylize_motion` takes.

    Raises:
        InputError: the clip cannot be read or has no body.
        OutputError: the file cannot be written.
    """
    check_arguments(paths={"output": output}, texts={"name": name}, mappings={"mapping": mapping, "metadata": metadata})
    if output is not None and Path(output).suffix.lower() != STYLE_SUFFIX:
        raise OutputError(f"{output} would hold a motion style; give it the suffix {STYLE_SUFFIX}.")
    source = _clip(clip)
    named = _checked_mapping(mapping)
    check_mapping(named, [source])
    style = load_motion(source, named)
    said = {"source": Path(source.name).name, **(metadata or {})}
    style = replace(style, name=name or label_of(source.name), metadata=said)
    if output is not None:
        save_motion_style(style, output)
    return style


def _said_of_music(name: str, music: str, pulse: Pulse, timed: Retimed) -> list[str]:
    """Sentences on what music could not do to a movement."""
    said: list[str] = []
    if not pulse.is_clear:
        said.append(
            Sentence(f"{music} has no steady beat, so that its beats are guessed.", "beats_guessed", name=music)
        )
    if not len(timed.beats):
        said.append(Sentence(f"{name} has no beats of its own, so its time stays as it is.", "no_own_beats", name=name))
    elif timed.beats[-1] > pulse.beats[-1] + _MUSIC_ENDS:
        last = float(pulse.beats[-1])
        text = f"The last beat of {music} is at {last:.1f} s; behind it the movement keeps its time."
        said.append(Sentence(text, "music_ends", name=music, seconds=last))
    return said


def _clip(source: Any) -> Clip:
    """A clip from what was given.

    Raises:
        InputError: it is neither a clip nor a path, or cannot be read.
    """
    if not isinstance(source, str | Path | Clip):
        raise InputError(f"A movement is a BVH file or a clip, not {say_value(source)}.")
    return load_clip(source)


def _parts(parts: Any) -> tuple[str, ...]:
    """Parts of the body from what was given.

    Raises:
        InputError: they are none.
    """
    try:
        names = parts.split(",") if isinstance(parts, str) else list(parts)
    except TypeError:
        names = []
    found = parse_parts(names) if all(isinstance(name, str) for name in names) else ()
    if not found:
        raise InputError(f"The argument parts takes some of {', '.join(PARTS)}, not {say_value(parts)}.")
    return found


def _checked_mapping(mapping: Mapping[str, str] | None) -> dict[str, str]:
    """A mapping of texts.

    Raises:
        InputError: it is of something else.
    """
    for item in (mapping or {}).items():
        for text in item:
            if not isinstance(text, str):
                raise InputError(f"The argument mapping takes names of parts and joints, not {say_value(text)}.")
    return dict(mapping or {})


def _check_output(path: Path) -> None:
    """Refuse a name that a clip is not written to.

    Raises:
        OutputError: it has another suffix.
    """
    if not is_clip(path):
        raise OutputError(f"{path} would hold a BVH file; give it the suffix {SUFFIX}.")
    check_writable(path)


def _at_rate(clip: Clip, fps: float) -> Clip:
    """A clip with another number of frames a second, of the same length."""
    count = max(round(clip.seconds * fps), 1)
    return clip.resampled(np.arange(count) / fps, 1 / fps)


def _write(result: MotionResult, content: Any, output: str | Path | None, names: list[str], overwrite: bool) -> None:
    """Write the result to its file, if it has one; see :func:`stylize_motion`."""
    if output is None and isinstance(content, Clip):
        return
    if output is not None:
        result.output = Path(output)
        write_bvh(result.clip, result.output)
        return
    source = Path(content)
    target = source.with_name(f"{source.stem}-{'+'.join(map(label_of, names)) or 'music'}{SUFFIX}")
    if not overwrite:
        text = format_bvh(result.clip)
        target, result.kept = unnamed_result(target, lambda path: _holds(path, text))
    result.output = target
    if not result.kept:
        write_bvh(result.clip, target)


def _holds(path: Path, text: str) -> bool:
    """Whether a file holds a text."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
