"""Outputs of live painting: a window, a virtual camera, a recording."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impasto import extras
from impasto.errors import InputError, OutputError
from impasto.flow.estimate import Pixels
from impasto.locks import locked
from impasto.video.frame import Frame
from impasto.video.frame_format import FrameFormat
from impasto.video.mux import join
from impasto.video.pixels import ColorSpace
from impasto.video.resume import WorkFolder
from impasto.video.segments import Segments
from impasto.video.sink import Encoding

log = logging.getLogger(__name__)


_FONT_SIZE = 22  # pixels: height of the line of text in a window
_TEXT_PLACE = 8  # pixels from the left and the upper edge of a window to its line of text
_TIME_BASE = Fraction(1, 1000)  # seconds: unit of the time stamps of a recording
_PROVISIONAL_RATE = Fraction(30)  # frames a second: what an encoder is told, since the true rate is known at the end
_DEFAULT_RATE = 30  # frames a second of a virtual camera where none is wanted


class Window(Protocol):
    """A window that shows pictures and takes keys."""

    def show(self, picture: Pixels, text: str) -> None:
        """Show a picture, H x W x 3, with a line of text over it."""
        ...

    def pressed(self) -> list[str]:
        """The keys pressed since the last call; ``"quit"`` where the window was closed."""
        ...

    def close(self) -> None:
        """Close the window."""
        ...


class PygameWindow:
    """A window of pygame's, whose package brings all libraries that a window needs.

    Raises:
        MissingExtraError: pygame is not installed.
        InputError: this machine has no display.
    """

    def __init__(self) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        self.pygame = pygame = extras.pygame()
        try:
            pygame.display.init()
            pygame.font.init()
        except pygame.error as error:
            raise InputError(f"No window can be opened here ({error}); leave it out with --no-window.") from error
        self.font = pygame.font.Font(None, _FONT_SIZE)
        self.surface: Any = None

    def show(self, picture: Pixels, text: str) -> None:
        """See :class:`Window`."""
        pygame = self.pygame
        size = picture.shape[1], picture.shape[0]
        if self.surface is None or self.surface.get_size() != size:
            self.surface = pygame.display.set_mode(size)
            pygame.display.set_caption("Impasto")
        self.surface.blit(pygame.image.frombuffer(np.ascontiguousarray(picture).tobytes(), size, "RGB"), (0, 0))
        if text:
            # White text with a black shadow can be read on any picture.
            for color, place in (("black", _TEXT_PLACE + 1), ("white", _TEXT_PLACE)):
                self.surface.blit(self.font.render(text, True, color), (place, place))
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


def virtual_camera(rate: float, backend: str | None = None) -> Callable[[int, int], Callable[[Pixels], None]]:
    """A camera that other programs see.

    Args:
        rate: frames a second that the camera declares; 0: 30.
        backend: pyvirtualcam's name of the driver; ``None``: the usual one.

    Returns:
        A function that opens the camera for a width and a height in pixels, and gives a function that sends a picture.

    Raises:
        MissingExtraError: pyvirtualcam is not installed.
        InputError: this machine has no virtual camera; raised when the camera is opened.
    """
    pyvirtualcam = extras.pyvirtualcam()

    def open_camera(width: int, height: int) -> Callable[[Pixels], None]:
        """Open the camera for a width and a height in pixels; returns a function that sends a picture."""
        try:
            device = pyvirtualcam.Camera(width=width, height=height, fps=rate or _DEFAULT_RATE, backend=backend)
        except RuntimeError as error:
            raise InputError(
                f"There is no virtual camera here ({error}); see pyvirtualcam's page on how to add one."
            ) from error
        log.info("The virtual camera is %s.", device.device)

        def send(picture: Pixels) -> None:
            """Send a picture, H x W x 3, fitted into the size of the camera."""
            device.send(np.ascontiguousarray(fit_into(picture, width, height)))

        return send

    return open_camera


def fit_into(picture: Pixels, width: int, height: int) -> Pixels:
    """A picture resized into ``width`` x ``height`` pixels with its proportions kept; the rest is black."""
    own_height, own_width = picture.shape[:2]
    if (own_width, own_height) == (width, height):
        return picture
    factor = min(width / own_width, height / own_height)
    across, down = max(1, round(own_width * factor)), max(1, round(own_height * factor))
    left, top = (width - across) // 2, (height - down) // 2
    whole = np.zeros((height, width, 3), np.uint8)
    whole[top : top + down, left : left + across] = extras.opencv().resize(picture, (across, down))
    return whole


def codec_for(path: Path) -> str:
    """The codec of a recording in a file.

    Raises:
        OutputError: recordings are not written to such a file.
    """
    if path.suffix.lower() == ".gif":
        raise OutputError(f"{path} is a GIF, which no recording is written to; give an .mp4, .mkv or .webm file.")
    return Encoding().for_file(path)


class Recording:
    """A video of what was shown, each picture at the time when it was shown.

    Args:
        path: the file.

    Raises:
        OutputError: recordings are not written to such a file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.codec = path, codec_for(path)
        self.work = WorkFolder(path, {"recording": time.time_ns()})
        self.segments: Segments | None = None
        self.format: FrameFormat | None = None
        self.started, self.last, self.count = 0.0, -1, 0
        self.lock = contextlib.ExitStack()

    def write(self, picture: Pixels) -> None:
        """Add a picture, H x W x 3; one of another size than the first is fitted into the size of the first."""
        if self.format is None:
            height, width = picture.shape[:2]
            self.format = FrameFormat(width, height, _TIME_BASE, _PROVISIONAL_RATE, ColorSpace.for_pictures(height))
            self.lock.enter_context(locked(self.path))
            self.work.open()
            self.segments = Segments(self.work.folder, self.format, self.codec, Encoding())
            self.started = time.perf_counter()
        assert self.segments is not None
        pts = max(self.last + 1, round((time.perf_counter() - self.started) * 1000))
        self.last = pts
        self.segments.write(Frame(fit_into(picture, self.format.width, self.format.height), pts, 0))
        self.count += 1

    def close(self) -> Path | None:
        """Finish the file.

        Returns:
            Its path; ``None`` if nothing was recorded.

        Raises:
            OutputError: the file cannot be written; what was recorded is kept beside it.
        """
        with self.lock:
            return self._join()

    def _join(self) -> Path | None:
        """Join what was recorded; see :meth:`close`."""
        if self.segments is None or self.format is None:
            return None
        self.segments.checkpoint()
        shown = replace(self.format, rate=Fraction(1000 * self.count, self.last + 1))  # the true rate
        try:
            join(self.segments.paths, self.path, shown, side_streams=None, about="impasto webcam")
        except OutputError as error:
            raise OutputError(
                f"{self.path} cannot be written ({error.__cause__ or error}); what was recorded is kept in "
                f"{self.work.folder}, in files that FFmpeg reads."
            ) from error
        self.work.remove()
        return self.path
