"""Cameras, and videos and folders of pictures that stand for one: always the newest picture."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import InputError
from impasto.extras import opencv
from impasto.flow.estimate import Pixels
from impasto.pictures.formats import READ_SUFFIXES
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import lay_on_white, resize_picture
from impasto.video.source import open_source

log = logging.getLogger(__name__)

_RETRIES = 10  # how often a camera that gives no picture is opened again, before it counts as lost
_RETRY_AFTER = 1.0  # seconds until a camera that gives no picture is opened again
_SILENCE = 5.0  # seconds that a caller waits for a picture beyond the time that all retries take


class Camera:
    """The newest picture of a camera, or of a video file or a folder that stands for one.

    A thread of its own reads all pictures and keeps the newest. A slow caller misses some and never gets an old one.

    Args:
        source: index of a camera, or the path of a video or of a folder of pictures, which are repeated.
        width: in pixels, asked of the camera, which may give another. Files get the longer of both sides.
        height: in pixels, asked of the camera, which may give another.
        rate: pictures a second, asked of the camera, which may give another. Pictures of a folder have this rate.
        say: called with sentences on what happens to the camera.

    Attributes:
        number: how many pictures have been read.
        last_given: the number of the last picture that :meth:`latest` gave out.
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
        self.changed = threading.Condition()  # guards picture, number and failure, which the reading thread sets
        self.picture: Pixels | None = None
        self.failure: Exception | None = None
        self.number = self.last_given = 0
        self.told: set[str] = set()  # notices on a video, which is opened again at each repetition
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self.thread.start()

    def latest(self, timeout: float = _RETRIES * (_RETRY_AFTER + 1) + _SILENCE) -> Pixels:
        """Wait for a picture that is newer than the last one that this method gave.

        Args:
            timeout: in seconds.

        Returns:
            The newest picture, H x W x 3, uint8, sRGB.

        Raises:
            InputError: the camera is lost, or gives no picture in time.
        """
        with self.changed:
            self.changed.wait_for(lambda: self.number > self.last_given or self.failure is not None, timeout)
            if self.failure is not None:
                raise self.failure
            if self.picture is None or self.number == self.last_given:
                raise InputError(f"No picture comes from {self._name}; check that no other program uses it.")
            self.last_given = self.number
            return self.picture

    def close(self) -> None:
        """Stop reading, and release the camera."""
        self.closed.set()
        self.thread.join(timeout=2)

    @property
    def _name(self) -> str:
        """The camera in sentences."""
        return f"camera {self.source}" if isinstance(self.source, int) else str(self.source)

    def _read(self) -> None:
        """The reading thread: keeps the newest picture, or what the camera failed with."""
        try:
            for picture in self._device() if isinstance(self.source, int) else self._file(Path(self.source)):
                with self.changed:
                    self.picture, self.number = picture, self.number + 1
                    self.changed.notify_all()
                if self.closed.is_set():
                    return
        except Exception as error:
            with self.changed:
                self.failure = error
                self.changed.notify_all()

    def _device(self) -> Iterator[Pixels]:
        """Pictures of a real camera, which is opened again where it gives none.

        Raises:
            InputError: the camera gives no picture after all retries.
        """
        tries = 0
        while not self.closed.is_set():
            capture = self.opened()
            any_read = False
            while capture.isOpened() and not self.closed.is_set():
                read, bgr = capture.read()
                if not read:
                    break
                any_read, tries = True, 0
                yield np.ascontiguousarray(bgr[..., ::-1])
            capture.release()
            tries += 1
            if tries > _RETRIES:
                raise InputError(
                    f"There is no {self._name}, or another program uses it; plug it in, or give another --camera."
                )
            if any_read or tries == 1:
                self.say(f"The {self._name} gives no picture; trying again.")
            self.closed.wait(_RETRY_AFTER)

    def opened(self) -> Any:
        """The camera as OpenCV opens it; whether that succeeded, OpenCV says later."""
        cv2 = opencv("A camera")
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        capture = cv2.VideoCapture(self.source)
        for name, value in (("FRAME_WIDTH", self.width), ("FRAME_HEIGHT", self.height), ("FPS", self.rate)):
            capture.set(getattr(cv2, f"CAP_PROP_{name}"), value)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture

    def _file(self, path: Path) -> Iterator[Pixels]:
        """Pictures of a video or a folder at their own pace, repeated for ever.

        Raises:
            InputError: there is no picture in it.
        """
        size = max(self.width, self.height)
        while not self.closed.is_set():
            started, count = time.perf_counter(), 0
            for seconds, picture in self._pictures_of(path, size):
                self.closed.wait(max(0.0, started + seconds - time.perf_counter()))
                count += 1
                yield picture
            if not count:
                raise InputError(f"There is no picture in {path}; give a folder with pictures, or a video.")

    def _pictures_of(self, path: Path, size: int) -> Iterator[tuple[float, Pixels]]:
        """When each picture of a video or a folder is shown, in seconds from its start, and the picture.

        Args:
            path: the video or the folder.
            size: longer side of the pictures in pixels.
        """
        if path.is_dir():
            files = sorted(f for f in path.iterdir() if f.suffix.lower() in READ_SUFFIXES)
            for index, file in enumerate(files):
                picture = lay_on_white(resize_picture(read_picture(file), size))
                yield index / self.rate, to_samples(picture.rgb)
            self.closed.wait(1 / self.rate)
            return
        source = open_source(path, size=size)
        for notice in source.notices:
            if notice not in self.told:
                self.told.add(notice)
                self.say(notice)
        for frame in source.frames():
            yield float(frame.pts * source.time_base - source.origin), frame.on_white()
