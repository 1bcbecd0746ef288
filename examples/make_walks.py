"""Make clips of a walker (BVH) to try ``impasto motion`` with: free of anybody's rights, made of a few numbers each.

    python examples/make_walks.py [FOLDER]

Writes walk.bvh, old.bvh, sneaking.bvh, proud.bvh and greeting.bvh, on skeletons named as different programs name them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from impasto.motion.bvh import write_bvh
from impasto.motion.clip import Clip
from impasto.motion.walker import Walk, make_walk


def walks() -> dict[str, Clip]:
    """The clips by name."""
    return {
        "walk": make_walk(Walk(), 6.0, naming="cmu"),
        "old": make_walk(
            Walk(stoop=0.55, arm_swing=0.12, knee_lift=0.05, cadence=0.7, stride=0.75, crouch=0.12, width=0.3),
            6.0,
            naming="bandai",
            still_root=True,
        ),
        "sneaking": make_walk(
            Walk(stoop=0.35, arms_ahead=0.9, arm_swing=0.2, knee_lift=0.3, cadence=0.55, stride=1.2, crouch=0.18),
            6.0,
            naming="mixamo",
        ),
        "proud": make_walk(
            Walk(stoop=-0.12, arm_swing=0.75, knee_lift=0.2, cadence=1.0, stride=1.45, width=0.12), 6.0, naming="unreal"
        ),
        "greeting": make_walk(
            Walk(stride=0.0, arms_ahead=1.9, arm_swing=0.35, knee_lift=0.0, cadence=0.8), 6.0, naming="max", up="z"
        ),
    }


def main() -> None:
    """Write the clips."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
    for name, clip in walks().items():
        write_bvh(clip, folder / f"{name}.bvh")
        print(folder / f"{name}.bvh")


if __name__ == "__main__":
    main()
