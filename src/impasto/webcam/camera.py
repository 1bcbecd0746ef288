"""Where pictures come from: a camera, or a video or a folder that stands for one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.extras import opencv
from impasto.pictures.formats import READ_SUFFIXES
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.video.source import open_source

log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]
"""H x W x 3, sRGB."""

_RETRIES, _RETRY_AFTER = 10, 1.0  # times, seconds
_SILENCE = 5.0  # seconds without a picture after which a camera counts as lost


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
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
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
            files = sorted(f for f in path.iterdir() if f.suffix.lower() in READ_SUFFIXES)
            for index, file in enumerate(files):
                rgb = resize_picture(read_picture(file), size).rgb
                yield index / self.rate, to_samples(rgb)
            self.closed.wait(1 / self.rate)
            return
        source = open_source(path, size=size)
        for frame in source.frames():
            yield float(frame.pts * source.time_base - source.origin), frame.rgb
