"""The loop: the newest picture of a camera, painted and given out, over and over."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from impasto.errors import InputError
from impasto.extras import opencv, pyav
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.pictures.conversion import from_array
from impasto.pictures.masks import fit_mask, read_mask
from impasto.pictures.writing import write_picture
from impasto.styles.blending import Styles, load_blend
from impasto.video.source import scaled
from impasto.video.stabilise import Stabilize, Stabilizer, make_stabilizer
from impasto.webcam.camera import Camera, Picture
from impasto.webcam.outputs import Recording, Window

log = logging.getLogger(__name__)

_SMALLEST = 160  # longer side below which the size does not go to hold the frame rate
_STEP = 32  # pixels in which the size changes, so that it does not change all the time


class Pace:
    """Chooses how large pictures are painted, so that a wanted frame rate holds.

    Args:
        rate: frames a second that are wanted; 0: paint at full size however long it takes.
        largest: longer side of full size.
    """

    def __init__(self, rate: float, largest: int) -> None:
        self.rate, self.largest, self.size = rate, largest, largest
        self.seconds = 0.0

    def took(self, seconds: float) -> None:
        """Learn how long the last frame took, start to finish."""
        self.seconds = seconds if not self.seconds else 0.8 * self.seconds + 0.2 * seconds
        if not self.rate:
            return
        # Time goes with the area. Grow only where there is room to spare, or the size swings to and fro.
        wanted = self.size * math.sqrt(1 / self.rate / max(self.seconds, 1e-4))
        if wanted < self.size * 0.97 or wanted > self.size * 1.15:
            size = min(self.largest, max(min(_SMALLEST, self.largest), int(wanted) // _STEP * _STEP))
            if size != self.size:
                self.seconds *= (size / self.size) ** 2
                self.size = size

    @property
    def shown(self) -> float:
        """Frames a second just now."""
        return 1 / self.seconds if self.seconds else 0.0


@dataclass
class Live:
    """Paints what a camera sees until someone presses q.

    Keys: digits and n, p switch the style; a shows all side by side; + and - change the strength; m mirrors; s keeps
    a snapshot; r starts and ends a recording; f shows the frame rate; q or Esc ends.

    Attributes:
        camera: where pictures come from.
        styles: each as in :func:`impasto.stylize`; keys switch between them.
        options: how to paint; ``size`` is the longer side of what is shown. Masks lie on the picture as it is shown,
            and are of the camera's size.
        stabilize: as in :func:`impasto.stylize_video`.
        window: where to show; ``None``: nowhere.
        virtual: a pyvirtualcam camera's ``send``, made when the first picture's size is known; ``None``: none.
        rate: frames a second to hold by painting smaller; 0: do not.
        side_by_side: whether all styles are shown at once.
        mirror: whether left and right are exchanged, as in a mirror.
        folder: where snapshots and recordings go.
        record: a file that is recorded to from the start; ``None``: none.
        frames: end after so many; 0: do not.
        say: told what was kept, in sentences.
    """

    camera: Camera
    styles: Sequence[Styles]
    options: Options = field(default_factory=Options)
    stabilize: Stabilize = "light"
    window: Window | None = None
    virtual: Callable[[int, int], Callable[[Picture], None]] | None = None
    rate: float = 24.0
    side_by_side: bool = False
    mirror: bool = True
    folder: Path = Path()
    record: Path | None = None
    frames: int = 0
    say: Callable[[str], None] = log.info

    def __post_init__(self) -> None:
        if not self.styles:
            raise InputError("No style is given; name one with --style, for example --style starry-night.")
        self.names = [load_blend(style).name for style in self.styles]
        self.strength, self.current, self.shows_rate = self.options.strength, 0, True
        self.masks = {
            name: read_mask(mask, self.options.max_pixels) for name, mask in self.options.every_mask().items()
        }
        self.painters: dict[tuple[int, float, tuple[int, int] | None], tuple[Painter, Stabilizer]] = {}
        self.recording: Recording | None = None
        self.send: Callable[[Picture], None] | None = None
        self.running = True

    def run(self) -> int:
        """Paint until the end; returns how many frames were shown."""
        count = 0
        pace: Pace | None = None
        try:
            while self.running and not (self.frames and count >= self.frames):
                picture = self.camera.latest()
                started = time.perf_counter()
                full = max(picture.shape[:2])
                pace = pace or Pace(self.rate, min(self.options.size or full, full))
                painted = self._painted(np.ascontiguousarray(picture[:, ::-1]) if self.mirror else picture, pace.size)
                self._give_out(painted, pace)
                pace.took(time.perf_counter() - started)
                count += 1
        finally:
            self._end_recording()
        return count

    def _painted(self, picture: Picture, size: int) -> Picture:
        cv2 = opencv()
        height, width = picture.shape[:2]
        which = range(len(self.styles)) if self.side_by_side else [self.current]
        small = scaled(width, height, min(size, max(width, height)))
        frame = picture if small == (width, height) else cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        results = []
        for index in which:
            painter, steady = self._painter(index, small, (width, height))
            results.append(steady.paint(frame, painter))
        grid = side_by_side(results)
        rows = grid.shape[0] // results[0].shape[0]
        columns = grid.shape[1] // results[0].shape[1]
        width, height = scaled(width, height, self.options.size)
        shown: Picture = cv2.resize(grid, (width * columns, height * rows), interpolation=cv2.INTER_CUBIC)
        return shown if grid.shape[:2] != shown.shape[:2] else grid

    def _painter(self, index: int, size: tuple[int, int], camera: tuple[int, int]) -> tuple[Painter, Stabilizer]:
        key = index, self.strength, size if self.masks else None
        if key not in self.painters:
            for old in [known for known in self.painters if known[0] == index]:
                del self.painters[old]
            own = {name: fit_mask(mask, size, camera) for name, mask in self.masks.items()}
            options = replace(self.options.with_masks(own), size=0, strength=self.strength)
            painter = Painter(self.styles[index], options, for_video=True)
            self.painters[key] = painter, make_stabilizer(self.stabilize)
        return self.painters[key]

    def _give_out(self, painted: Picture, pace: Pace) -> None:
        name = "all styles" if self.side_by_side else self.names[self.current]
        if self.window is not None:
            text = f"{name}  strength {self.strength:.1f}  {pace.shown:.1f} frames/s at {pace.size}"
            self.window.show(painted, text if self.shows_rate else "")
            for key in self.window.pressed():
                self.press(key, painted)
        if self.virtual is not None:
            if self.send is None:
                self.send = self.virtual(painted.shape[1], painted.shape[0])
            self.send(painted)
        if self.record is not None and self.recording is None:
            self._start_recording(self.record)
        if self.recording is not None:
            self.recording.write(painted)

    def press(self, key: str, painted: Picture) -> None:
        """Do what a key stands for; ``painted`` is the picture on show."""
        if key in ("q", "escape", "quit"):
            self.running = False
        elif key.isdecimal() and 0 < int(key) <= len(self.styles):
            self.current, self.side_by_side = int(key) - 1, False
        elif key in ("n", "p"):
            self.current = (self.current + (1 if key == "n" else -1)) % len(self.styles)
        elif key == "a":
            self.side_by_side = not self.side_by_side
        elif key in ("+", "-"):
            self.strength = round(min(1.0, max(0.0, self.strength + (0.1 if key == "+" else -0.1))), 1)
        elif key == "m":
            self.mirror = not self.mirror
            self.painters.clear()
        elif key == "f":
            self.shows_rate = not self.shows_rate
        elif key == "s":
            path = self._free("snapshot", ".png")
            write_picture(from_array(painted), path)
            self.say(f"{path} is kept.")
        elif key == "r":
            self.record = None
            if self.recording is None:
                self._start_recording(self._free("recording", ".mp4"))
            else:
                self._end_recording()

    def _free(self, stem: str, suffix: str) -> Path:
        number = 1
        while (path := self.folder / f"{stem}-{number:03}{suffix}").exists():
            number += 1
        return path

    def _start_recording(self, path: Path) -> None:
        self.recording = Recording(path)
        self.say(f"Recording to {path}.")

    def _end_recording(self) -> None:
        if self.recording is not None:
            path = self.recording.close()
            self.say(f"{path} is kept." if path else "Nothing was recorded.")
            self.recording = None


def side_by_side(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one size in a grid, about as many columns as rows, the last row filled with black."""
    columns = math.ceil(math.sqrt(len(pictures)))
    blank = np.zeros_like(pictures[0])
    padded = [*pictures, *[blank] * (-len(pictures) % columns)]
    rows = [np.hstack(padded[i : i + columns]) for i in range(0, len(padded), columns)]
    return np.asarray(np.vstack(rows))


def check_libraries() -> None:
    """Raise :class:`MissingExtraError` before a camera is opened, not after."""
    opencv("A camera")
    pyav("A recording")
