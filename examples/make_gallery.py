"""Make the pictures of README and pages anew: what is shown is what the package paints today.

    python examples/make_gallery.py [NAME ...] [--slow]

Without a name all are made but the slow ones (``any``, ``judge``, ``judge-large``, ``learnt`` and ``deep``, three hours
on two cores). What lacks something, such as the clips beside the repository or a browser, is skipped and says so; the
file that is there stays.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before any import of onnxruntime, also by another program

from gallery import (
    any_styles,
    bundled_styles,
    film,
    judge,
    large_pictures,
    learnt_styles,
    motion,
    other_program,
    page,
    sound,
)
from gallery.sheets import UnavailableError

FAST: dict[str, Callable[[], Path]] = {
    "harbour": bundled_styles.harbour,
    "styles": bundled_styles.styles,
    "penguin": bundled_styles.penguin,
    "film": film.film,
    "beside": other_program.other_program,
    "studio": page.page,
    "seams": large_pictures.seams,
    "strokes": large_pictures.strokes,
    "motion": motion.motion,
    "sound-rain": sound.rain,
    "sound-guitar": sound.guitar,
}
"""By name of the file in ``docs/gallery``, without its suffix: what makes it in seconds."""

SLOW: dict[str, Callable[[], Path]] = {
    "any": any_styles.any_styles,
    "judge": judge.judge,
    "judge-large": judge.judge_large,
    "learnt": learnt_styles.learnt,
    "deep": learnt_styles.deep,
}
"""The same: what makes it in many minutes."""


def main() -> None:
    """Read the command line, make the pictures, say what became of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FAST | SLOW))
    parser.add_argument("--slow", action="store_true", help="the slow ones, too")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(FAST | SLOW):
        parser.error(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(FAST | SLOW)}.")
    for name, make in (FAST | SLOW).items():
        if name in chosen.names or (not chosen.names and (name in FAST or chosen.slow)):
            try:
                path = make()
                print(f"{path}: {path.stat().st_size / 1000:.0f} KB")
            except UnavailableError as reason:
                print(f"{name} is skipped: {reason}.")


if __name__ == "__main__":
    main()
