"""The movement of one clip in the style of others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from impasto.arithmetic import smooth_step
from impasto.errors import InputError, Sentence
from impasto.motion import quaternions
from impasto.motion.body import PART_OF, PARTS, Body
from impasto.motion.clip import Clip
from impasto.motion.feet import feet_of, goes_nowhere, path_from_stance
from impasto.motion.foot_lock import lock_feet
from impasto.motion.gait import Gait, find_gait
from impasto.motion.maps import by_gait, by_neutral, by_statistics
from impasto.motion.options import MotionOptions
from impasto.motion.pose import Pose, set_directions
from impasto.motion.quaternions import Array
from impasto.motion.series import smooth, velocity
from impasto.motion.style import MotionStyle, measure_style

_COHERENT = 0.6  # share of the feet's movement that a gait explains where its phase is used
_ALIKE = 2.0  # how often one may step while the other steps once, and how much faster it may go
_CURVED = (0.35, 1.0)  # radians a second of turning: from here on the content keeps all that is its own
_DEEPEST_BEND = 2.6  # radians that a knee or an elbow bends at most


@dataclass(frozen=True, eq=False)
class WeightedStyle:
    """A style, how much of it, and for which parts of the body.

    Attributes:
        style: the style.
        weight: against that of the others.
        parts: some of :data:`impasto.motion.body.PARTS`.
    """

    style: MotionStyle
    weight: float = 1.0
    parts: Collection[str] = PARTS


@dataclass(frozen=True, eq=False)
class Transferred:
    """What became of a clip.

    Attributes:
        clip: the result.
        methods: by the name of each style, how it was carried over.
        notices: sentences on what was not done as one may expect.
    """

    clip: Clip
    methods: dict[str, str]
    notices: list[str] = field(default_factory=list)


def transfer(
    body: Body, styles: Sequence[WeightedStyle], options: MotionOptions, neutral: MotionStyle | None = None
) -> Transferred:
    """Lead a body's movement to styles.

    Args:
        body: the content.
        styles: one or several, which are blended.
        options: how.
        neutral: the same action and actor as the style's, without the style.

    Raises:
        InputError: the method needs what a clip does not have.
    """
    content = measure_style(body, body.clip.name)
    gait = find_gait(body)
    methods = {one.style.name: _method(content, one.style, neutral, options.method) for one in styles}
    notices = _notices(body, [one.style for one in styles], methods)
    if options.strength == 0:
        return Transferred(body.clip, methods, notices)
    targets = {}
    for name, values in body.directions.items():
        led = [
            (one.weight, _led(values, name, content, one.style, neutral, gait, methods[one.style.name], body))
            for one in styles
            if PART_OF[name] in one.parts and name in one.style.directions
        ]
        total = sum(weight for weight, _ in led)
        if total > 0:
            target = quaternions.normalised(np.asarray(sum(weight / total * values for weight, values in led)))
            turn = quaternions.power(quaternions.between(values, target), options.strength)
            targets[name] = quaternions.rotate(turn, values)
    _limit_bends(targets, body)
    pose = Pose.of(body)
    set_directions(pose, targets)
    stepping = any(PART_OF[name] == "legs" for name in targets)
    if body.has_feet and (stepping or "pelvis" in targets):
        follow = options.path == "stance" or (options.path == "auto" and stepping and not goes_nowhere(body))
        path = path_from_stance(body, pose.world()[0])
        if not pose.move(path if follow else path * np.array([0.0, 1.0, 0.0])):
            text = f"{body.clip.name} has no channels that move its hips, so it stays where it is."
            notices.append(Sentence(text, "hips_fixed", name=body.clip.name))
        if options.feet == "lock":
            lock_feet(pose, feet_of(body, body.positions).floor)
    return Transferred(pose.as_clip(), methods, notices)


def _method(content: MotionStyle, style: MotionStyle, neutral: MotionStyle | None, wanted: str) -> str:
    """How a style is carried over.

    Raises:
        InputError: the method that is wanted needs what a clip does not have.
    """
    if wanted == "neutral" and neutral is None:
        raise InputError("The method neutral needs a neutral clip; give one with --neutral, or another --method.")
    if wanted == "gait":
        for one in (content, style):
            if not one.frequency:
                raise InputError(f"{one.name} has no steady steps, so there is no gait in it; give another --method.")
        return wanted
    if wanted != "auto":
        return wanted
    if neutral is not None:
        return "neutral"
    walks = min(content.coherence, style.coherence) >= _COHERENT
    rates = _ratio(content.frequency, style.frequency)
    speeds = _ratio(content.speed + 0.5, style.speed + 0.5)
    return "gait" if walks and max(rates, speeds) <= _ALIKE else "statistics"


def _ratio(one: float, other: float) -> float:
    """How many times the larger of two numbers is the smaller."""
    less, more = sorted((one, other))
    return more / less if less > 0 else np.inf


def _notices(body: Body, styles: Sequence[MotionStyle], methods: dict[str, str]) -> list[str]:
    """Sentences on what is missing, and on what would carry more."""
    notices: list[str] = []
    if body.missing:
        parts = ", ".join(body.missing)
        text = f"Not found in {body.clip.name}: {parts}; --map names joints."
        notices.append(Sentence(text, "parts_not_found", name=body.clip.name, parts=parts))
    for style in styles:
        absent = [name for name in body.directions if name not in style.directions]
        if absent:
            text = f"Not found in {style.name}, so as in {body.clip.name}: {', '.join(absent)}."
            values = {"style": style.name, "name": body.clip.name, "parts": ", ".join(absent)}
            notices.append(Sentence(text, "limbs_not_found", **values))
        if methods[style.name] == "statistics":
            text = (
                f"{body.clip.name} and {style.name} move differently, so only part of the style is carried over; "
                "a neutral clip (--neutral, the style's action without the style) would carry more."
            )
            notices.append(Sentence(text, "moves_differently", name=body.clip.name, style=style.name))
    return notices


def _led(
    values: Array,
    name: str,
    content: MotionStyle,
    style: MotionStyle,
    neutral: MotionStyle | None,
    gait: Gait | None,
    method: str,
    body: Body,
) -> Array:
    """Where a limb points when a style is carried over, F x 3."""
    own, new = content.directions[name], style.directions[name]
    if method == "neutral" and neutral is not None and name in neutral.directions:
        steady = min(neutral.coherence, style.coherence) >= _COHERENT
        return by_neutral(values, own, new, neutral.directions[name], steady=steady)
    walk = [one.coherence >= _COHERENT for one in (content, style)]
    still = by_statistics(values, own, new, alike=walk[0] == walk[1])
    if method != "gait" or gait is None or own.harmonics is None or new.harmonics is None:
        return still
    turning = smooth(np.abs(velocity(body.heading, body.clip.rate)), 0.5 * body.clip.rate)
    kept = 0.5 + 0.5 * smooth_step(turning, *_CURVED)
    walking = by_gait(values, own, new, gait, kept[:, None])
    share = gait.walking
    return quaternions.rotate(quaternions.power(quaternions.between(still, walking), share), still)


def _limit_bends(targets: dict[str, Array], body: Body) -> None:
    """Keep knees from bending forward, or further than a knee does; elbows from bending further than an elbow does."""
    for side in ("left", "right"):
        upper, lower = f"{side}-thigh", f"{side}-shin"
        if upper in targets and lower in targets:
            least = min(0.0, float(_bend(body.directions[upper], body.directions[lower]).min()))
            bend = _bend(targets[upper], targets[lower])
            by = np.clip(bend, least, _DEEPEST_BEND) - bend
            targets[lower] = quaternions.rotate(quaternions.about_axis(0, by), targets[lower])
        upper, lower = f"{side}-upper-arm", f"{side}-lower-arm"
        if upper in targets and lower in targets:
            turn = quaternions.between(targets[upper], targets[lower])
            angle = 2 * np.arccos(np.clip(turn[:, 0], -1, 1))
            share = np.minimum(1.0, _DEEPEST_BEND / np.maximum(angle, 1e-9))
            targets[lower] = quaternions.rotate(quaternions.power(turn, share), targets[upper])


def _bend(thigh: Array, shin: Array) -> Array:
    """By how many radians a knee is bent about the line of the hips; below 0 it is bent forward."""
    across = thigh[:, 1] * shin[:, 2] - thigh[:, 2] * shin[:, 1]
    along = thigh[:, 1] * shin[:, 1] + thigh[:, 2] * shin[:, 2]
    return np.asarray(np.arctan2(across, along))
