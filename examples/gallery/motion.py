"""A walk in the style of two other walks, as strips of stick figures; all clips are made by the walker."""

from __future__ import annotations

from pathlib import Path

import impasto
from gallery.sheets import GALLERY
from impasto.motion.body import see_body
from impasto.motion.drawing import draw_strip, figure_of
from make_walks import walks

MOMENTS, HEIGHT = 9, 170  # figures in a row, and pixels of a row


def motion() -> Path:
    """The plain walk, two styles, and the walk in each."""
    clips = walks()
    rows = [("walk.bvh", clips["walk"])]
    for name in ("old", "sneaking"):
        result = impasto.stylize_motion(clips["walk"], clips[name]).clip
        rows += [(f"{name}.bvh", clips[name]), (f"walk.bvh --style {name}.bvh", result)]
    target = GALLERY / "motion.jpg"
    draw_strip([figure_of(see_body(clip), label) for label, clip in rows], MOMENTS, HEIGHT).save(target, quality=85)
    return target
