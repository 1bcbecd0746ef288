"""Files that visitors send, which are checked before use, and files made for them; both are removed after an hour."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.errors import InputError, OutputError, StyleError, TrainingError
from impasto.pictures.formats import FORMATS, identify_format
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture, size_of_file
from impasto.studio.containers import video_container_of
from impasto.studio.settings import ServerSettings

log = logging.getLogger(__name__)

_MAX_AGE = 3600.0  # seconds after which files are removed, unless a job needs them
_SWEEP_INTERVAL = 60.0  # seconds between two searches for old files
_MAX_STORED_UPLOADS = 10  # size of the whole folder, in multiples of the largest upload, above which no upload is taken
_MAX_VIDEO_FRAME_PIXELS = 4096 * 2304  # pixels of one frame of a video (4K)

UploadKind = Literal["picture", "video"]
"""What an upload is, by its content."""


@dataclass(frozen=True)
class UploadedVideo:
    """An uploaded video that was checked.

    Attributes:
        path: the file, with the suffix of its container.
        width: width in pixels after a rotation that the file asks for.
        height: height in pixels after a rotation that the file asks for.
        rate: frames a second.
        seconds: duration in seconds; 0 if it is unknown.
        sound: whether it has a sound track.
    """

    path: Path
    width: int
    height: int
    rate: float
    seconds: float
    sound: bool


class Uploads:
    """The folder of uploads and results.

    Visitors cannot list the folder and names in it are random, so only a visitor who was given a file's identifier
    knows it.

    Args:
        settings: the studio's limits.
        folder: the folder, which exists. Its creator removes it.
    """

    def __init__(self, settings: ServerSettings, folder: Path) -> None:
        self.settings, self.folder = settings, folder.resolve()
        self._closed = threading.Event()
        self._protected: Counter[Path] = Counter()  # number of running jobs that need an item of the folder
        self._lock = threading.Lock()

    @staticmethod
    def identifier(path: Path) -> str:
        """What visitors call a file in the folder: the secret name of its own folder, and its name."""
        return f"{path.parent.name}/{path.name}"

    def find(self, identifier: str) -> Path:
        """The file of an identifier that a visitor sent.

        Raises:
            InputError: there is no such file.
        """
        return self.own_file(self.folder / identifier.lstrip("/"))

    def own_file(self, path: str | Path) -> Path:
        """Check that a path is that of a file in the folder.

        Args:
            path: the path.

        Returns:
            The resolved path, which is that of a file in the folder.

        Raises:
            InputError: it is not the path of a file in the folder.
        """
        try:
            wanted = Path(path).resolve()
            inside = wanted.is_relative_to(self.folder) and wanted.is_file() and not Path(path).is_symlink()
        except (OSError, ValueError):
            inside = False
        if not inside:
            raise InputError("This file was not uploaded, or is removed by now: upload it again.", key="not_uploaded")
        return wanted

    def holds(self, path: Path) -> bool:
        """Whether a file is one of the folder, not of the catalogue."""
        return path.is_relative_to(self.folder)

    @contextmanager
    def protect(self, *paths: str | Path) -> Iterator[None]:
        """Keep files from being removed until the end of the block, and afterwards for as long as new files.

        Args:
            paths: files in the folder.

        Raises:
            InputError: one of them is not a file in the folder.
        """
        own = [self.own_file(path) for path in paths]
        places = Counter(self.folder / path.relative_to(self.folder).parts[0] for path in own)
        with self._lock:
            self._protected += places
        try:
            yield
        finally:
            for path in own:
                with suppress(OSError):
                    os.utime(path)
            with self._lock:
                self._protected -= places

    @contextmanager
    def hide_folder_in_errors(self) -> Iterator[None]:
        """Remove the folder from library errors that the block raises, so that they name a file without its path."""
        try:
            yield
        except (InputError, OutputError, StyleError, TrainingError) as error:
            where = rf"{re.escape(str(self.folder) + os.sep)}\w+{re.escape(os.sep)}"
            values = {name: re.sub(where, "", v) if isinstance(v, str) else v for name, v in error.values.items()}
            raise type(error)(re.sub(where, "", str(error)), key=error.key, **values) from error

    def check_size(self, path: Path) -> None:
        """Raise :class:`InputError` if a file in the folder is larger than the largest upload."""
        size = path.stat().st_size
        if size > self.settings.max_upload:
            raise InputError(
                f"The file has {_size_text(size)}, the limit is {_size_text(self.settings.max_upload)}: "
                "give a smaller one.",
                key="file_too_large",
                size=_size_text(size),
                limit=_size_text(self.settings.max_upload),
            )

    def kind(self, path: str | Path) -> UploadKind:
        """Tell by its content what an upload is.

        Args:
            path: a file in the folder.

        Raises:
            InputError: it is neither a picture nor a video, or too large.
        """
        own = self.own_file(path)
        self.check_size(own)
        container = video_container_of(own)
        if container is not None and container[0] != ".gif":
            return "video"
        pixels = size_of_file(own)
        if pixels is None:
            raise InputError(
                "The file is neither a picture nor a video that can be read here: convert it to PNG or MP4.",
                key="no_picture_or_video",
            )
        if pixels[0] * pixels[1] > self.settings.max_pixels:
            raise InputError(
                f"The picture has {pixels[0]} x {pixels[1]} pixels, the limit is {self.settings.max_pixels / 1e6:.0f} "
                "million: make it smaller.",
                key="too_many_pixels",
                width=pixels[0],
                height=pixels[1],
                limit=self.settings.max_pixels / 1e6,
            )
        return "picture"

    def picture(self, path: str | Path) -> Path:
        """The path of an uploaded picture, which is checked but not decoded.

        Args:
            path: a file in the folder.

        Raises:
            InputError: it is not a picture, or too large.
        """
        if self.kind(path) != "picture":
            raise InputError("This is a video, not a picture: open it on the Video tab.", key="video_not_picture")
        return self.own_file(path)

    def read(self, path: str | Path) -> Picture:
        """Decode an uploaded picture.

        Args:
            path: a file in the folder.

        Raises:
            InputError: it is not a picture, or too large, or damaged.
        """
        with self.picture(path).open("rb") as file:
            data = file.read()
        return read_picture(data, max_pixels=self.settings.max_pixels)  # from bytes, so that messages contain no path

    def video(self, path: str | Path) -> UploadedVideo:
        """Check an uploaded video or animated picture, and read its size, rate and duration.

        Args:
            path: a file in the folder.

        Raises:
            InputError: it does not move, or is damaged, or its frames are too large.
            MissingExtraError: the extra ``video`` is not installed.
        """
        from impasto.extras import pyav
        from impasto.media.containers import open_container
        from impasto.video.source import open_source

        own = self.own_file(path)
        self.kind(own)
        container = video_container_of(own)
        if container is None:
            with self.hide_folder_in_errors():
                moving = open_source(own, max_pixels=_MAX_VIDEO_FRAME_PIXELS)
            rate = float(moving.rate)
            return UploadedVideo(own, moving.width, moving.height, rate, moving.expected / rate, sound=False)
        unknown = InputError("This is no video that can be read here: convert it to MP4.", key="video_unknown")
        suffix, format = container
        named = own
        if own.suffix.lower() != suffix:  # the library and browsers tell the format by the suffix
            named = own.with_suffix(suffix)  # each upload has a folder of its own: a file of that name is the same file
            with suppress(FileExistsError):
                named.hardlink_to(own)
        try:
            with open_container(named) as opened:
                if format not in opened.format.name.split(","):
                    raise unknown
                seconds = (opened.duration or 0) / pyav().time_base
                sound = bool(opened.streams.audio)
                for stream in opened.streams.video:
                    if stream.codec_context is not None:  # None where FFmpeg does not know the codec
                        _check_frame_size(stream.codec_context.width, stream.codec_context.height)
            with self.hide_folder_in_errors():
                source = open_source(named)
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                "This video cannot be read: it is damaged, cut off or of an unusual kind.", key="video_unreadable"
            ) from error
        _check_frame_size(source.width, source.height)
        seconds = float(seconds) or source.expected / float(source.rate)
        return UploadedVideo(named, source.width, source.height, float(source.rate), seconds, sound)

    def name(self, path: str | Path) -> str:
        """The name of an upload for the page and for the names of results.

        Args:
            path: a file in the folder.

        Returns:
            The visitor's name of the file, without unusual characters, with the suffix that fits its content.

        Raises:
            InputError: it is neither a picture nor a video.
        """
        own = self.own_file(path)
        stem = plain_stem(own)
        if self.kind(own) == "video":
            return stem + (video_container_of(own) or ("", ""))[0]
        with own.open("rb") as file:
            return stem + FORMATS[identify_format("The file", file.read(64))].suffixes[0]

    def new_path(self, name: str) -> Path:
        """A new path for a file of this name, in a folder with a random name that nobody can guess."""
        folder = self.folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return folder / (re.sub(r"[^\w .()+-]", "_", name).strip(" .")[-120:] or "result")

    def keep(self, path: Path, name: Callable[[Path], str] | None = None) -> Path:
        """Take a file that was written to a path of :meth:`new_path`, under the name that fits its content.

        Args:
            path: the file.
            name: gives the name, or raises an :class:`InputError`; ``None`` is :meth:`name`.

        Returns:
            Its path.

        Raises:
            InputError: it is not of the kind that is taken, or too large; it is removed.
        """
        try:
            self.check_size(path)
            named = path.with_name((name or self.name)(path))
        except InputError:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise
        return path.rename(named)

    @property
    def is_full(self) -> bool:
        """Whether the folder is so large that no upload is taken."""
        return _stored_bytes(self.folder) > _MAX_STORED_UPLOADS * self.settings.max_upload

    def sweep(self, now: float | None = None) -> int:
        """Remove what is older than an hour and not needed by a job.

        Args:
            now: the time in seconds since 1970; ``None`` is the clock's.

        Returns:
            How many items were removed.
        """
        count = 0
        limit = (time.time() if now is None else now) - _MAX_AGE
        for item in self.folder.iterdir():
            if item in self._protected:
                continue
            try:
                newest = max((f.stat().st_mtime for f in item.iterdir()), default=0.0) if item.is_dir() else 0.0
                if max(newest, item.stat().st_mtime) < limit:
                    shutil.rmtree(item) if item.is_dir() else item.unlink()
                    count += 1
            except FileNotFoundError:
                continue
        return count

    def sweep_periodically(self) -> None:
        """Remove old files every ``_SWEEP_INTERVAL`` seconds, until :meth:`close` is called."""
        while not self._closed.wait(_SWEEP_INTERVAL):
            try:
                self.sweep()
            except OSError as error:
                log.warning("Old files of visitors could not be removed: %s", error)

    def close(self) -> None:
        """End :meth:`sweep_periodically`."""
        self._closed.set()


def plain_stem(path: Path) -> str:
    """The visitor's name of an upload without its suffix and unusual characters."""
    return re.sub(r"[^\w .()-]", "_", path.stem).strip(" .")[:80] or "picture"


def _check_frame_size(width: int, height: int) -> None:
    """Raise :class:`InputError` if frames of that size in pixels are too large."""
    if width * height > _MAX_VIDEO_FRAME_PIXELS:
        raise InputError(
            f"The video is {width} x {height}, the limit is 4096 x 2304: make it smaller first.",
            key="frame_too_large",
            width=width,
            height=height,
        )


def _stored_bytes(folder: Path) -> int:
    """Bytes of all files in a folder and its subfolders; a file with two names counts once."""
    sizes: dict[tuple[int, int], int] = {}  # by device and inode
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                facts = os.stat(os.path.join(where, name))  # noqa: PTH116, PTH118
            except FileNotFoundError:
                continue
            sizes[facts.st_dev, facts.st_ino] = facts.st_size
    return sum(sizes.values())


def _size_text(count: int) -> str:
    """A number of bytes as text in MB or kB."""
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
