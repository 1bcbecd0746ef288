"""Where live pictures go: a window, a virtual camera, a recording."""

from __future__ import annotations

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
from impasto.video.sink import Encoding, Form, Segments
from impasto.video.source import Frame
from impasto.webcam.camera import Picture

log = logging.getLogger(__name__)


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


class PygameWindow:
    """A window of pygame's, whose wheel brings all it needs."""

    def __init__(self, title: str = "Impasto") -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        self.pygame = pygame = extras.pygame()
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


def virtual_camera(rate: float, backend: str | None = None) -> Callable[[int, int], Callable[[Picture], None]]:
    """A camera that other programs see, made once the size of the pictures is known.

    Raises:
        MissingExtraError: pyvirtualcam is not installed.
        InputError: this machine has no virtual camera (when the first picture is sent).
    """
    pyvirtualcam = extras.pyvirtualcam()

    def opened(width: int, height: int) -> Callable[[Picture], None]:
        try:
            device = pyvirtualcam.Camera(width=width, height=height, fps=rate or 30, backend=backend)
        except RuntimeError as error:
            raise InputError(
                f"There is no virtual camera here ({error}); see pyvirtualcam's page on how to add one."
            ) from error
        log.info("The virtual camera is %s.", device.device)

        def send(picture: Picture) -> None:
            device.send(np.ascontiguousarray(within(picture, width, height)))

        return send

    return opened


def within(picture: Picture, width: int, height: int) -> Picture:
    """A picture in another size, its proportions kept: what it does not fill is black."""
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
    """The codec of a recording.

    Raises:
        OutputError: no recording is written to such a file.
    """
    if path.suffix.lower() == ".gif":
        raise OutputError(f"{path} is a GIF, which no recording is written to; give an .mp4, .mkv or .webm file.")
    return Encoding().for_file(path)


class Recording:
    """A video of what was shown, each picture at its own time.

    Raises:
        OutputError: no recording is written to such a file.
    """

    def __init__(self, path: Path) -> None:
        from impasto.video.resume import WorkFolder

        self.path, self.codec = path, codec_for(path)
        self.work = WorkFolder(path, {"recording": time.time_ns()})
        self.segments: Segments | None = None
        self.form: Form | None = None
        self.started, self.last, self.count = 0.0, -1, 0

    def write(self, picture: Picture) -> None:
        """Add a picture; one of another size than the first is fitted into that."""
        if self.form is None:
            from impasto.video.pixels import Colors

            height, width = picture.shape[:2]
            self.form = Form(width, height, Fraction(1, 1000), Fraction(30), Colors.for_pictures(height))
            self.work.open()
            self.segments = Segments(self.work.folder, self.form, self.codec, Encoding())
            self.started = time.perf_counter()
        assert self.segments is not None
        pts = max(self.last + 1, round((time.perf_counter() - self.started) * 1000))
        self.last = pts
        self.segments.write(Frame(within(picture, self.form.width, self.form.height), pts, 0))
        self.count += 1

    def close(self) -> Path | None:
        """Finish the file; gives its path if there is anything in it.

        Raises:
            OutputError: the file cannot be written; what was recorded is kept beside it.
        """
        from impasto.video.mux import join

        if self.segments is None or self.form is None:
            return None
        self.segments.checkpoint()
        shown = replace(self.form, rate=Fraction(1000 * self.count, self.last + 1))  # it was not known before
        try:
            join(self.segments.paths, self.path, shown, extras=None, about="impasto webcam")
        except OutputError as error:
            raise OutputError(
                f"{self.path} cannot be written ({error.__cause__ or error}); what was recorded is kept in "
                f"{self.work.folder}, in files that FFmpeg reads."
            ) from error
        self.work.remove()
        return self.path
