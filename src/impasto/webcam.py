"""Live painting: the newest picture of a camera, painted and shown, over and over."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto import images
from impasto.errors import InputError, MissingExtraError
from impasto.repaint import Options, Painter, Styles
from impasto.styles import resolve
from impasto.video.libraries import opencv, pyav
from impasto.video.sink import Encoding, Form, Segments
from impasto.video.source import Frame, open_source, scaled
from impasto.video.temporal import Off, Stabilize, stabilizer

log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]

_RETRIES, _RETRY_AFTER = 10, 1.0  # times, seconds
_SILENCE = 5.0  # seconds without a picture after which a camera counts as lost
_SMALLEST = 160  # longer side below which the size does not go to hold the frame rate
_STEP = 32  # pixels in which the size changes, so that it does not change all the time


class Window(Protocol):
    """Where pictures are shown, and where keys are pressed."""

    def show(self, picture: Picture, text: str) -> None:
        """Show H x W x 3, with a line of text."""
        ...

    def pressed(self) -> list[str]:
        """Keys pressed since the last call; ``"quit"`` where the window was closed."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class Camera:
    """The newest picture of a camera, or of a video file or a folder that stands for one.

    Pictures are read in a thread of their own; whoever is slow misses some and never sees old ones.

    Args:
        source: index of a camera, or the path of a video or of a folder of pictures, which are repeated.
        width, height, rate: asked of the camera; it may give others. ``rate`` is that of a folder, too.
        say: told what happens to the camera, in sentences.
    """

    def __init__(
        self,
        source: int | str | Path,
        *,
        width: int = 640,
        height: int = 480,
        rate: float = 30.0,
        say: Callable[[str], None] = log.warning,
    ) -> None:
        self.source, self.width, self.height, self.rate, self.say = source, width, height, rate, say
        self.fresh = threading.Condition()
        self.picture: Picture | None = None
        self.failure: Exception | None = None
        self.number = self.seen = 0
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self.thread.start()

    def latest(self, timeout: float = _RETRIES * (_RETRY_AFTER + 1) + _SILENCE) -> Picture:
        """The newest picture (H x W x 3, uint8), once it is newer than the last one asked for.

        Raises:
            InputError: the camera is lost for good.
        """
        with self.fresh:
            self.fresh.wait_for(lambda: self.number > self.seen or self.failure is not None, timeout)
            if self.failure is not None:
                raise self.failure
            if self.picture is None or self.number == self.seen:
                raise InputError(f"No picture comes from {self._name}; check that no other program uses it.")
            self.seen = self.number
            return self.picture

    def close(self) -> None:
        """Let go of the camera."""
        self.closed.set()
        self.thread.join(timeout=2)

    @property
    def _name(self) -> str:
        return f"camera {self.source}" if isinstance(self.source, int) else str(self.source)

    def _read(self) -> None:
        try:
            for picture in self._device() if isinstance(self.source, int) else self._file(Path(self.source)):
                with self.fresh:
                    self.picture, self.number = picture, self.number + 1
                    self.fresh.notify_all()
                if self.closed.is_set():
                    return
        except Exception as error:
            with self.fresh:
                self.failure = error
                self.fresh.notify_all()

    def _device(self) -> Iterator[Picture]:
        """Pictures of a real camera; one that is lost is tried again."""
        tries = 0
        while not self.closed.is_set():
            capture = self.opened()
            got = False
            while capture.isOpened() and not self.closed.is_set():
                good, bgr = capture.read()
                if not good:
                    break
                got, tries = True, 0
                yield np.ascontiguousarray(bgr[..., ::-1])
            capture.release()
            tries += 1
            if tries > _RETRIES:
                raise InputError(
                    f"There is no {self._name}, or another program uses it; plug it in, or give another --camera."
                )
            if got or tries == 1:
                self.say(f"The {self._name} gives no picture; trying again.")
            self.closed.wait(_RETRY_AFTER)

    def opened(self) -> Any:
        """The camera as OpenCV opens it."""
        cv2 = opencv("A camera")
        cv2.setLogLevel(0)
        capture = cv2.VideoCapture(self.source)
        for name, value in (("FRAME_WIDTH", self.width), ("FRAME_HEIGHT", self.height), ("FPS", self.rate)):
            capture.set(getattr(cv2, f"CAP_PROP_{name}"), value)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture

    def _file(self, path: Path) -> Iterator[Picture]:
        """Pictures of a file or folder at their own pace, from the start again at the end."""
        size = max(self.width, self.height)
        while not self.closed.is_set():
            started, count = time.perf_counter(), 0
            for seconds, picture in self._timed(path, size):
                self.closed.wait(max(0.0, started + seconds - time.perf_counter()))
                count += 1
                yield picture
            if not count:
                raise InputError(f"There is no picture in {path}; give a folder with pictures, or a video.")

    def _timed(self, path: Path, size: int) -> Iterator[tuple[float, Picture]]:
        if path.is_dir():
            files = sorted(f for f in path.iterdir() if f.suffix.lower() in images.READ_SUFFIXES)
            for index, file in enumerate(files):
                rgb = images.resized(images.read(file), size).rgb
                yield index / self.rate, np.rint(rgb * 255).clip(0, 255).astype(np.uint8)
            self.closed.wait(1 / self.rate)
            return
        source = open_source(path, size=size)
        for frame in source.frames():
            yield float(frame.pts * source.time_base - source.origin), frame.rgb


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
        options: how to paint; ``size`` is the longer side, at most the camera's.
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
        self.names = [resolve(style).name for style in self.styles]
        self.strength, self.current, self.shows_rate = self.options.strength, 0, True
        self.painters: dict[tuple[int, float], tuple[Painter, Off]] = {}
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
            painter, steady = self._painter(index)
            results.append(steady.paint(frame, painter))
        grid = side_by_side(results)
        rows = grid.shape[0] // results[0].shape[0]
        columns = grid.shape[1] // results[0].shape[1]
        shown: Picture = cv2.resize(grid, (width * columns, height * rows), interpolation=cv2.INTER_CUBIC)
        return shown if grid.shape[:2] != shown.shape[:2] else grid

    def _painter(self, index: int) -> tuple[Painter, Off]:
        key = index, self.strength
        if key not in self.painters:
            for old in [known for known in self.painters if known[0] == index]:
                del self.painters[old]
            options = replace(self.options, size=0, strength=self.strength)
            self.painters[key] = Painter(self.styles[index], options), stabilizer(self.stabilize)
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
        elif key.isdigit() and 0 < int(key) <= len(self.styles):
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
            images.write(images.from_array(painted), path)
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


class Recording:
    """A video of what was shown, each picture at its own time."""

    def __init__(self, path: Path) -> None:
        from impasto.video.work import Work

        self.path, self.codec = path, Encoding().for_file(path)
        self.work = Work(path, {"recording": time.time_ns()})
        self.segments: Segments | None = None
        self.form: Form | None = None
        self.started, self.last = 0.0, -1

    def write(self, picture: Picture) -> None:
        """Add a picture; one of another size than the first is left out."""
        if self.form is None:
            from impasto.video.pixels import Colors

            height, width = picture.shape[:2]
            self.form = Form(width, height, Fraction(1, 1000), Fraction(30), Colors.for_pictures(height))
            self.work.open()
            self.segments = Segments(self.work.folder, self.form, self.codec, Encoding())
            self.started = time.perf_counter()
        if self.segments is None or picture.shape[:2] != (self.form.height, self.form.width):
            return
        pts = max(self.last + 1, round((time.perf_counter() - self.started) * 1000))
        self.last = pts
        self.segments.write(Frame(picture, pts, 0))

    def close(self) -> Path | None:
        """Finish the file; gives its path if there is anything in it."""
        from impasto.video.mux import join

        if self.segments is None or self.form is None:
            return None
        self.segments.checkpoint()
        join(self.segments.paths, self.path, self.form, extras=None, about="impasto webcam")
        self.work.remove()
        return self.path


def side_by_side(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one size in a grid, about as many columns as rows, the last row filled with black."""
    columns = math.ceil(math.sqrt(len(pictures)))
    blank = np.zeros_like(pictures[0])
    padded = [*pictures, *[blank] * (-len(pictures) % columns)]
    rows = [np.hstack(padded[i : i + columns]) for i in range(0, len(padded), columns)]
    return np.asarray(np.vstack(rows))


def virtual_camera(rate: float, backend: str | None = None) -> Callable[[int, int], Callable[[Picture], None]]:
    """A camera that other programs see, made once the size of the pictures is known.

    Raises:
        MissingExtraError: pyvirtualcam is not installed.
        InputError: this machine has no virtual camera (when the first picture is sent).
    """
    try:
        import pyvirtualcam
    except ImportError as error:
        raise MissingExtraError("--virtual-camera", "webcam") from error

    def opened(width: int, height: int) -> Callable[[Picture], None]:
        try:
            device = pyvirtualcam.Camera(width=width, height=height, fps=rate or 30, backend=backend)
        except RuntimeError as error:
            raise InputError(
                f"There is no virtual camera here ({error}); see pyvirtualcam's page on how to add one."
            ) from error
        log.info("The virtual camera is %s.", device.device)

        def send(picture: Picture) -> None:
            if picture.shape[:2] != (height, width):
                picture = opencv().resize(picture, (width, height))
            device.send(np.ascontiguousarray(picture))

        return send

    return opened


class PygameWindow:
    """A window of pygame's, whose wheel brings all it needs."""

    def __init__(self, title: str = "Impasto") -> None:
        import os

        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        try:
            import pygame
        except ImportError as error:
            raise MissingExtraError("A window", "webcam") from error
        self.pygame = pygame
        try:
            pygame.display.init()
            pygame.font.init()
        except pygame.error as error:
            raise InputError(f"No window can be opened here ({error}); leave it out with --no-window.") from error
        self.font = pygame.font.Font(None, 22)
        self.surface: Any = None
        self.title = title

    def show(self, picture: Picture, text: str) -> None:
        """See :class:`Window`."""
        pygame = self.pygame
        size = picture.shape[1], picture.shape[0]
        if self.surface is None or self.surface.get_size() != size:
            self.surface = pygame.display.set_mode(size)
            pygame.display.set_caption(self.title)
        self.surface.blit(pygame.image.frombuffer(np.ascontiguousarray(picture).tobytes(), size, "RGB"), (0, 0))
        if text:
            for color, at in (("black", (9, 9)), ("white", (8, 8))):
                self.surface.blit(self.font.render(text, True, color), at)
        pygame.display.flip()

    def pressed(self) -> list[str]:
        """See :class:`Window`."""
        pygame = self.pygame
        pressed = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                pressed.append("quit")
            elif event.type == pygame.KEYDOWN:
                pressed.append(
                    event.unicode if event.unicode.isprintable() and event.unicode else pygame.key.name(event.key)
                )
        return pressed

    def close(self) -> None:
        """See :class:`Window`."""
        self.pygame.display.quit()


def check_libraries() -> None:
    """Raise :class:`MissingExtraError` before a camera is opened, not after."""
    opencv("A camera")
    pyav("A recording")
