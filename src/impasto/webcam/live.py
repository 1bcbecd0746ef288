"""Painting what a camera sees, picture after picture, and obeying keys."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

import numpy as np

from impasto.errors import InputError
from impasto.extras import needing_extra, opencv
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.flow.estimate import Pixels
from impasto.pictures.conversion import from_array
from impasto.pictures.masks import fit_mask, read_mask
from impasto.pictures.writing import write_picture
from impasto.styles.blending import Styles, load_blend
from impasto.video.frame import scaled_size
from impasto.video.stabilizer_base import Stabilizer
from impasto.video.stabilizers import Stabilize, make_spherical_stabilizer, make_stabilizer
from impasto.webcam.camera import Camera
from impasto.webcam.outputs import Recording, Window

log = logging.getLogger(__name__)

_MIN_SIZE = 160  # pixels: longer side below which pictures are not shrunk to hold the frame rate
_SIZE_STEP = 32  # pixels: the size changes in such steps, so that it does not change with every picture
_NEW_TIME_SHARE = 0.2  # share of the last picture's time in the moving average of times
_SHRINK_BELOW = 0.97  # share of the size: pictures are shrunk if a size below it is needed to hold the frame rate
_GROW_ABOVE = 1.15  # share of the size: pictures grow if a size above it would hold the frame rate; 1 would oscillate


class Pace:
    """Chooses how large pictures are painted, so that a wanted frame rate holds.

    Args:
        rate: frames a second that are wanted; 0: paint at full size however long it takes.
        full_size: longer side of a picture at full size, in pixels.

    Attributes:
        size: longer side, in pixels, in which the next picture is to be painted.
        seconds: how long a picture takes at this size, averaged; 0 before the first.
    """

    def __init__(self, rate: float, full_size: int) -> None:
        self.rate, self.full_size, self.size = rate, full_size, full_size
        self.seconds = 0.0

    def update(self, seconds: float) -> None:
        """Note how long the last picture took in seconds, from start to finish, and choose the size of the next."""
        self.seconds = seconds if not self.seconds else (1 - _NEW_TIME_SHARE) * self.seconds + _NEW_TIME_SHARE * seconds
        if not self.rate:
            return
        # The time that a picture takes is proportional to its area.
        wanted = self.size * math.sqrt(1 / self.rate / max(self.seconds, 1e-4))
        if wanted < self.size * _SHRINK_BELOW or wanted > self.size * _GROW_ABOVE:
            least = min(_MIN_SIZE, self.full_size)
            size = min(self.full_size, max(least, int(wanted) // _SIZE_STEP * _SIZE_STEP))
            if size != self.size:
                self.seconds *= (size / self.size) ** 2
                self.size = size

    @property
    def frames_per_second(self) -> float:
        """Frames a second at the moment; 0 before the first frame."""
        return 1 / self.seconds if self.seconds else 0.0


@dataclass
class LivePainter:
    """Paints what a camera sees until someone presses q.

    Keys: digits, n and p switch the style; a shows all styles side by side; + and - change the strength; m mirrors the
    picture; s keeps a snapshot; r starts and ends a recording; f shows the frame rate; q or Esc ends.

    Attributes:
        camera: where pictures come from.
        styles: each as in :func:`impasto.stylize`; keys switch between them.
        options: how to paint; ``size`` is the longer side of what is shown, in pixels. Masks lie on the picture as it
            is shown, and are of the camera's size.
        stabilize: as in :func:`impasto.stylize_video`.
        window: where to show; ``None``: nowhere.
        virtual: a pyvirtualcam camera's ``send``, made when the first picture's size is known; ``None``: none.
        rate: frames a second to hold by painting smaller; 0: do not.
        side_by_side: whether all styles are shown at once.
        mirror: whether left and right are exchanged, as in a mirror.
        folder: where snapshots and recordings go.
        record: a file that is recorded to from the start; ``None``: none.
        frames: the number of frames after which to end; 0: do not.
        say: called with sentences on what was kept.

    Raises:
        InputError: no style is given, or a mask cannot be read.
        StyleError: there is no such style.
    """

    camera: Camera
    styles: Sequence[Styles]
    options: Options = field(default_factory=Options)
    stabilize: Stabilize = "light"
    window: Window | None = None
    virtual: Callable[[int, int], Callable[[Pixels], None]] | None = None
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
        self.send: Callable[[Pixels], None] | None = None
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
                self._output(painted, pace)
                pace.update(time.perf_counter() - started)
                count += 1
        finally:
            self._end_recording()
        return count

    def _painted(self, picture: Pixels, size: int) -> Pixels:
        """A picture of the camera, painted in the style at hand, or in all styles side by side.

        Args:
            picture: H x W x 3.
            size: longer side, in pixels, in which it is painted.

        Returns:
            The painting in the size that is shown.
        """
        cv2 = opencv()
        height, width = picture.shape[:2]
        which = range(len(self.styles)) if self.side_by_side else [self.current]
        small = scaled_size(width, height, min(size, max(width, height)))
        frame = picture if small == (width, height) else cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        results = []
        for index in which:
            painter, stabilizer = self._painter(index, small, (width, height))
            results.append(stabilizer.paint(frame, painter))
        grid = side_by_side(results)
        rows = grid.shape[0] // results[0].shape[0]
        columns = grid.shape[1] // results[0].shape[1]
        width, height = scaled_size(width, height, self.options.size)
        shown: Pixels = cv2.resize(grid, (width * columns, height * rows), interpolation=cv2.INTER_CUBIC)
        return shown if grid.shape[:2] != shown.shape[:2] else grid

    def _painter(self, index: int, size: tuple[int, int], camera: tuple[int, int]) -> tuple[Painter, Stabilizer]:
        """The painter and the stabiliser of a style, kept until its strength or the size of its masks changes.

        Args:
            index: of the style.
            size: width and height in which it is painted.
            camera: width and height of the camera's picture, which masks have.
        """
        key = index, self.strength, size if self.masks else None
        if key not in self.painters:
            for old in [known for known in self.painters if known[0] == index]:
                del self.painters[old]
            own = {name: fit_mask(mask, size, camera) for name, mask in self.masks.items()}
            options = replace(self.options.with_masks(own), size=0, strength=self.strength)
            painter = Painter(self.styles[index], options, for_video=True)
            all_around = options.projection == "equirectangular"
            self.painters[key] = (
                painter,
                make_spherical_stabilizer(self.stabilize, options) if all_around else make_stabilizer(self.stabilize),
            )
        return self.painters[key]

    def _output(self, painted: Pixels, pace: Pace) -> None:
        """Show a painting, send it, record it, and obey the keys that were pressed."""
        name = "all styles" if self.side_by_side else self.names[self.current]
        if self.window is not None:
            text = f"{name}  strength {self.strength:.1f}  {pace.frames_per_second:.1f} frames/s at {pace.size}"
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

    def press(self, key: str, painted: Pixels) -> None:
        """Do what a key stands for; ``painted`` is the painting on show, H x W x 3."""
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
            path = self._free_path("snapshot", ".png")
            write_picture(from_array(painted), path)
            self.say(f"{path} is kept.")
        elif key == "r":
            self.record = None
            if self.recording is None:
                self._start_recording(self._free_path("recording", ".mp4"))
            else:
                self._end_recording()

    def _free_path(self, stem: str, suffix: str) -> Path:
        """The first path ``STEM-NUMBER.SUFFIX`` in the folder that does not exist."""
        number = 1
        while (path := self.folder / f"{stem}-{number:03}{suffix}").exists():
            number += 1
        return path

    def _start_recording(self, path: Path) -> None:
        """Start a recording, and say so."""
        self.recording = Recording(path)
        self.say(f"Recording to {path}.")

    def _end_recording(self) -> None:
        """End the recording, if there is one, and say what was kept."""
        if self.recording is not None:
            path = self.recording.close()
            self.say(f"{path} is kept." if path else "Nothing was recorded.")
            self.recording = None


def side_by_side(pictures: Sequence[Pixels]) -> Pixels:
    """Pictures of one size in a grid, with about as many columns as rows; the last row is filled up with black."""
    columns = math.ceil(math.sqrt(len(pictures)))
    blank = np.zeros_like(pictures[0])
    padded = [*pictures, *[blank] * (-len(pictures) % columns)]
    rows = [np.hstack(padded[i : i + columns]) for i in range(0, len(padded), columns)]
    return np.asarray(np.vstack(rows))


def check_libraries() -> None:
    """Check that what a camera and a recording need is installed, before a camera is opened.

    Raises:
        MissingExtraError: OpenCV or PyAV is not installed.
    """
    for what, module in (("A camera", "cv2"), ("A recording", "av")):
        with needing_extra("webcam", what):  # which brings what a window needs, too
            import_module(module)
