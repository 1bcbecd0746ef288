"""A clip that is painted, its style changing on the way, as a small animation."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

import impasto
from gallery.sheets import beside, write_bytes

START, END = 9.0, 12.2  # seconds of the clip
STYLES = {0.0: "starry-night", 1.1: "starry-night", 1.5: "stained-glass", 2.2: "stained-glass", 2.6: "scream"}
"""Seconds of the animation to styles: what lies between two times fades."""

PAINTED, SHOWN = 640, 384  # pixels of width at which frames are painted, and of the animation
FRAMES_A_SECOND = 10
COLOURS = 112  # of each frame of the animation


def film() -> Path:
    """Three seconds of a cockatoo in three styles; the clip itself is not shipped.

    Raises:
        UnavailableError: the clip is not beside the repository.
    """
    clip = beside("video/cockatoo.mp4")
    with tempfile.TemporaryDirectory() as folder:
        pattern = Path(folder) / "%04d.png"
        impasto.stylize_video(
            clip, style_at=STYLES, output=pattern, start=START, end=END, fps=FRAMES_A_SECOND, size=PAINTED
        )
        frames = [_frame(path) for path in sorted(Path(folder).glob("*.png"))]
    data = io.BytesIO()
    first, *others = frames
    first.save(
        data, "GIF", save_all=True, append_images=others, duration=1000 // FRAMES_A_SECOND, loop=0, optimize=True
    )
    return write_bytes(data.getvalue(), "film.gif")


def _frame(path: Path) -> Image.Image:
    """A frame of the animation from a painted one, without dither, which would not compress."""
    with Image.open(path) as painted:
        small = painted.convert("RGB").resize(
            (SHOWN, SHOWN * painted.height // painted.width), Image.Resampling.LANCZOS
        )
    return small.quantize(COLOURS, dither=Image.Dither.NONE)
