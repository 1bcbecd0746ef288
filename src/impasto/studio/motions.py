"""The work of the Motion tab: an uploaded movement takes the style of another one, and stick figures show both."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import InputError
from impasto.motion.api import stylize_motion
from impasto.motion.body import see_body
from impasto.motion.bvh import SUFFIX, read_bvh
from impasto.motion.clip import Clip
from impasto.motion.drawing import figure_of
from impasto.studio.jobs import ReportFunction
from impasto.studio.uploads import plain_stem

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
        path: The file, under the name that a download gets; ``None`` if there was no style.
        figures: What the page draws, by ``"content"``, ``"style"`` and ``"result"``.
        notices: Sentences on what was not found or not done.
    """

    path: Path | None
    figures: dict[str, dict[str, Any]]
    notices: list[str]


def motion_name(path: Path) -> str:
    """The name of an upload for the names of results.

    Raises:
        InputError: It is no BVH file.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().upper()
    if not head.startswith(b"HIERARCHY"):
        raise InputError("This is no BVH file: export the movement as BVH.", key="motion_unknown")
    return plain_stem(path) + SUFFIX


def restyle_motion(
    studio: Studio,
    upload: Path,
    style: Path | None,
    neutral: Path | None,
    report: ReportFunction,
    *,
    strength: float = 1.0,
) -> RestyledMotion:
    """Give an upload the style of another one; without a style, only see it.

    Args:
        studio: The studio, whose limits apply.
        upload: The movement, a file in the studio's folder.
        style: The movement that is the style, another one.
        neutral: The style's action without the style, another one.
        report: Called between steps; may raise an exception to stop.
        strength: How much of the style, from 0 to 2.

    Raises:
        ImpastoError: A clip cannot be read or has no body, or :func:`impasto.stylize_motion` raises it.
    """
    given = [path for path in (upload, style, neutral) if path is not None]
    with studio.uploads.protect(*given), studio.uploads.hide_folder_in_errors():
        clips = {path: _clip(studio, path) for path in given}
        report(None)
        figures = {"content": _drawn(clips[upload])}
        if style is None:
            return RestyledMotion(None, figures, [])
        figures["style"] = _drawn(clips[style])
        report(None)
        target = studio.uploads.new_path(f"{plain_stem(upload)}-{plain_stem(style)}{SUFFIX}")
        try:
            made = stylize_motion(
                clips[upload],
                clips[style],
                output=target,
                neutral=None if neutral is None else clips[neutral],
                strength=strength,
            )
            report(None)
            figures["result"] = _drawn(made.clip)
        except BaseException:
            shutil.rmtree(target.parent, ignore_errors=True)
            raise
    return RestyledMotion(target, figures, made.notices)


def _clip(studio: Studio, path: Path) -> Clip:
    """An uploaded movement, called by the visitor's name of it."""
    motion_name(path)
    studio.uploads.check_size(path)
    return replace(read_bvh(path), name=path.name)


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
