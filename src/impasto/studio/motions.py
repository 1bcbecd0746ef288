"""The work of the Motion tab: an uploaded movement takes the style of another one, and stick figures show both."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import InputError
from impasto.motion.api import stylize_motion
from impasto.motion.body import see_body
from impasto.motion.bvh import SUFFIX, read_bvh
from impasto.motion.clip import Clip
from impasto.motion.drawing import figure_of
from impasto.studio.choices import sound_or_motion_style_name
from impasto.studio.jobs import ReportFunction
from impasto.studio.sounds import sound_facts
from impasto.studio.uploads import plain_stem
from impasto.styles.kinds import MOTION
from impasto.styles.style import SUFFIX as STYLE_SUFFIX

if TYPE_CHECKING:
    from impasto.studio.state import Studio

_SHOWN_RATE = 30.0  # frames a second that the page draws at most
_SHOWN_SECONDS = 60.0  # of a clip that the page draws at most
_DECIMALS = 3  # of positions in lengths of a leg
_HEAD = 4096  # bytes in which a BVH file begins


@dataclass(frozen=True)
class RestyledMotion:
    """A movement in the style of another one.

    Attributes:
        path: the file, under the name that a download gets; ``None`` if there was neither style nor music.
        figures: what the page draws, by ``"content"``, ``"style"`` and ``"result"``.
        notices: sentences on what was not found or not done.
        hits_before: with music, the share of the movement's beats that fell on the track's.
        hits_after: and of the result's.
    """

    path: Path | None
    figures: dict[str, dict[str, Any]]
    notices: list[str] = field(default_factory=list)
    hits_before: float | None = None
    hits_after: float | None = None


def motion_name(path: Path) -> str:
    """The name of an upload for the names of results.

    Raises:
        InputError: it is no BVH file.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().upper()
    if not head.startswith(b"HIERARCHY"):
        raise InputError("This is no BVH file: export the movement as BVH.", key="motion_unknown")
    return plain_stem(path) + SUFFIX


def motion_style_name(path: Path) -> str:
    """The name of an upload that is to be a style of motion: a style file or a BVH file.

    Raises:
        InputError: it is neither.
    """
    return sound_or_motion_style_name(path, MOTION, motion_name)


def restyle_motion(
    studio: Studio,
    upload: Path,
    styles: Sequence[tuple[Path, float]],
    report: ReportFunction,
    *,
    neutral: Path | None = None,
    music: Path | None = None,
    **options: Any,
) -> RestyledMotion:
    """Give an upload the style of others, or set it to music; with neither, only see it.

    Args:
        studio: the studio, whose limits apply.
        upload: the movement, a file in the studio's folder.
        styles: movements in that folder, and style files there or in the catalogue, with their weights.
        report: called between steps; may raise an exception to stop.
        neutral: the style's action without the style, another one.
        music: a sound on whose beats the movement's are to fall, another one.
        options: further arguments of :func:`impasto.stylize_motion`.

    Raises:
        ImpastoError: a clip cannot be read or has no body, or :func:`impasto.stylize_motion` raises it.
    """
    given = [*(path for path, _ in styles), *filter(None, [neutral])]
    sent = [path for path in (upload, *given, *filter(None, [music])) if studio.uploads.holds(path)]
    with studio.uploads.protect(*sent), studio.uploads.hide_folder_in_errors():
        content = _clip(studio, upload)
        if music is not None:
            sound_facts(studio, music)
        known = {path: _style(studio, path) for path in given}
        report(None)
        figures = {"content": _drawn(content)}
        if not styles and music is None:
            return RestyledMotion(None, figures, list(content.notices))
        shown = next((known[path] for path, _ in styles if isinstance(known[path], Clip)), None)
        if isinstance(shown, Clip):
            figures["style"] = _drawn(shown)
        report(None)
        names = "+".join(plain_stem(path) for path, _ in styles) or "music"
        target = studio.uploads.new_path(f"{plain_stem(upload)}-{names}{SUFFIX}")
        try:
            made = stylize_motion(
                content,
                [(known[path], weight) for path, weight in styles] or None,
                output=target,
                neutral=None if neutral is None else known[neutral],
                music=music,
                **options,
            )
            report(None)
            figures["result"] = _drawn(made.clip)
        except BaseException:
            shutil.rmtree(target.parent, ignore_errors=True)
            raise
    return RestyledMotion(target, figures, made.notices, made.hits_before, made.hits_after)


def _clip(studio: Studio, path: Path) -> Clip:
    """An uploaded movement, called by the visitor's name of it."""
    motion_name(path)
    studio.uploads.check_size(path)
    return read_bvh(path, path.name)


def _style(studio: Studio, path: Path) -> Clip | Path:
    """A style of motion: a clip that was sent, or the path of a style file."""
    if not studio.uploads.holds(path) or motion_style_name(path) == plain_stem(path) + STYLE_SUFFIX:
        return path
    return _clip(studio, path)


def _drawn(clip: Clip) -> dict[str, Any]:
    """What the page needs to draw a clip.

    Returns:
        ``points`` (frames x joints x 3 in lengths of a leg, x to the right, y up, z towards the viewer, the floor at
        0), ``center`` (frames x 2: where on the floor the viewer looks, x and z), ``bones`` (pairs of joints, and the
        side of the body), ``head`` (a joint, or nothing), ``rate`` (frames a second), ``seconds`` of the whole clip.
    """
    figure = figure_of(see_body(clip), clip.name)
    step = max(1.0, figure.rate / _SHOWN_RATE)
    count = max(1, round(min(figure.frames / step, _SHOWN_RATE * _SHOWN_SECONDS)))
    frames = np.minimum((np.arange(count) * step).astype(int), figure.frames - 1)
    joints = sorted({joint for one, other, _ in figure.bones for joint in (one, other)})
    if figure.head is not None and figure.head not in joints:
        joints.append(figure.head)
    place = {joint: index for index, joint in enumerate(joints)}
    return {
        "points": figure.points[np.ix_(frames, joints)].round(_DECIMALS).tolist(),
        "center": figure.center[frames].round(_DECIMALS).tolist(),
        "bones": [[place[one], place[other], side] for one, other, side in figure.bones],
        "head": None if figure.head is None else place[figure.head],
        "rate": figure.rate / step,
        "seconds": clip.seconds,
    }
