"""Clips and styles from whatever names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from impasto.errors import InputError, StyleError
from impasto.files import is_file
from impasto.motion.body import PARTS, Body, see_body
from impasto.motion.bvh import is_clip, read_bvh
from impasto.motion.clip import Clip
from impasto.motion.style import MotionStyle, measure_style
from impasto.motion.style_file import load_motion_style
from impasto.motion.transfer import WeightedStyle
from impasto.options import say_value, suggest
from impasto.styles.blending import parse_style
from impasto.styles.catalogue import bundled_names, catalogue_file, catalogue_names
from impasto.styles.kinds import MOTION
from impasto.styles.style import SUFFIX

ClipLike = str | Path | Clip
"""A clip, or the path of a BVH file."""
MotionStyleLike = str | Path | Clip | MotionStyle
"""A style of movement: a clip, a motion style, the path of either's file, or a name of the user's catalogue."""


def load_clip(source: ClipLike) -> Clip:
    """A clip from its file, or as it is.

    Raises:
        InputError: it cannot be read.
    """
    return source if isinstance(source, Clip) else read_bvh(source)


def load_motion(source: MotionStyleLike, mapping: Mapping[str, str]) -> MotionStyle:
    """The style of a clip, of a style file, or of a name in the catalogue.

    Args:
        source: what names it.
        mapping: part of the body to joint, where names do not tell.

    Raises:
        InputError: the clip cannot be read or has no body.
        StyleError: there is no such style, or its file cannot be used.
    """
    if isinstance(source, MotionStyle):
        return source
    if isinstance(source, Clip):
        return measure_style(see_body(source, mapping), source.name)
    if not isinstance(source, str | Path):
        raise InputError(f"A style of movement is a BVH file, a style file or a clip, not {say_value(source)}.")
    path = Path(source)
    if is_clip(path):
        return measure_style(see_body(read_bvh(path), mapping), path.stem)
    kept = None if is_file(path) else catalogue_file(str(source))
    if kept or path.suffix.lower() == SUFFIX:
        if not kept and not is_file(path):
            raise StyleError(f"There is no style file {path}; check the path.")
        return load_motion_style(kept or path)
    if str(source) in bundled_names():
        raise StyleError(f"{source} is a style of pictures; impasto motion takes a BVH file or a motion style.")
    if is_file(path):
        raise StyleError(f"{path} is no style of movement; give a BVH file, or a style that impasto learn made of one.")
    names = catalogue_names(MOTION)
    hint = suggest(str(source), names) if names else "give a BVH file, such as old.bvh."
    raise StyleError(f"There is no style of movement {source}; {hint}")


def clip_of_style(source: MotionStyleLike) -> Clip | None:
    """The clip that a style is given as, to be drawn; ``None``: it is given otherwise."""
    if isinstance(source, Clip):
        return source
    return read_bvh(source) if isinstance(source, str | Path) and is_clip(source) else None


def parse_motion_style(text: str) -> tuple[str, float, tuple[str, ...]]:
    """``[PART,...=]STYLE[:WEIGHT]`` as style, weight and parts; without parts all of them.

    Raises:
        InputError: there is no such part.
    """
    head, equals, rest = text.partition("=")
    if equals and rest and not is_file(parse_style(text)[0]):
        return (*parse_style(rest), parse_parts(head.split(",")))
    return (*parse_style(text), PARTS)


def parse_parts(parts: Iterable[str]) -> tuple[str, ...]:
    """Parts of the body, from their names.

    Raises:
        InputError: there is no such part.
    """
    names = [name.strip() for name in parts]
    for name in names:
        if name not in PARTS:
            raise InputError(f"There is no part {name or 'without a name'}; {suggest(name, PARTS)}")
    return tuple(name for name in PARTS if name in names)


def as_weighted(styles: Any) -> list[tuple[MotionStyleLike, float, tuple[str, ...]]]:
    """One or several styles as style, weight and parts, nothing loaded yet.

    Raises:
        InputError: a weight is no number of 0 or more, or all are 0.
    """
    items: list[Any]
    if isinstance(styles, Mapping):
        items = list(styles.items())
    elif isinstance(styles, str | Path | Clip | MotionStyle) or _is_pair(styles):
        items = [styles]
    else:
        try:
            items = list(styles)
        except TypeError:  # one thing, or an array without an axis; what it is, loading it says
            items = [styles]
    found: list[tuple[Any, float, tuple[str, ...]]] = []
    for item in items:
        style, weight = item if _is_pair(item) else (item, None)
        parts: tuple[str, ...] = PARTS
        if isinstance(style, str):
            style, given, parts = parse_motion_style(style)
            weight = given if weight is None else weight
        weight = 1.0 if weight is None else weight
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not (isfinite(weight) and weight >= 0):
            raise InputError(f"The weight of a style is a number of 0 or more, not {say_value(weight)}.")
        found.append((style, float(weight), parts))
    if found and not any(weight for _, weight, _ in found):
        raise InputError(
            "Style weights must not all be 0; leave them out, or give --style old.bvh:1.", key="zero_weights"
        )
    return found


def _is_pair(item: object) -> bool:
    """Whether something is a style and its weight, not two styles."""
    return isinstance(item, tuple) and len(item) == 2 and not isinstance(item[1], str | Path | Clip | MotionStyle)


def load_styles(
    styles: Sequence[tuple[MotionStyleLike, float, tuple[str, ...]]], parts: Iterable[str], mapping: Mapping[str, str]
) -> list[WeightedStyle]:
    """Styles with weights, loaded.

    Args:
        styles: as :func:`as_weighted` gives them.
        parts: of the body that take a style at all.
        mapping: part of the body to joint, where names do not tell.
    """
    allowed = set(parts)
    return [
        WeightedStyle(load_motion(style, mapping), weight, tuple(part for part in own if part in allowed))
        for style, weight, own in styles
    ]


def see(source: ClipLike, mapping: Mapping[str, str]) -> Body:
    """A clip from whatever names it, as a body; see :func:`load_clip` and :func:`impasto.motion.body.see_body`."""
    return see_body(load_clip(source), mapping)
