"""Files that visitors send, and files made for them: untrusted on the way in, removed after a while."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.errors import InputError, OutputError
from impasto.pictures.formats import FORMATS, identify_format
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture, size_of_file
from impasto.studio.settings import ServerSettings

log = logging.getLogger(__name__)

_KEPT = 3600.0  # seconds after which files of visitors are removed, unless a job needs them
_SWEPT = 60.0  # seconds between looks
_STORED = 10  # times the largest upload may lie here in all
_LARGEST_FRAME = 4096 * 2304  # pixels of a video's pictures: 4K

# Only containers that cannot name other files or addresses to read, as playlists do. FFmpeg looks for the one playlist
# that need not stand at a file's start (DASH) up to the first zero byte, so nothing may look like it there.
_PLAYLIST = b"<mpd"
_CONTAINERS = (
    (re.compile(rb"\x00...(ftyp|moov|mdat|wide|free|skip)", re.DOTALL), ".mp4", "mov"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), ".mkv", "matroska"),
    (re.compile(rb"RIFF....AVI ", re.DOTALL), ".avi", "avi"),
    (re.compile(rb"OggS"), ".ogv", "ogg"),
    (re.compile(rb"GIF8[79]a"), ".gif", "gif"),
)
_PICTURES_IN_FTYP = (b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis")
Kind = Literal["picture", "video"]


@dataclass(frozen=True)
class Clip:
    """A video that may be painted.

    Attributes:
        path: where it lies, its suffix as its content says.
        width, height: in pixels, upright.
        rate: frames a second.
        seconds: how long it is; 0 if it does not say.
        sound: whether it has any.
    """

    path: Path
    width: int
    height: int
    rate: float
    seconds: float
    sound: bool


class Uploads:
    """The folder in which Gradio puts uploads, and from which it serves results.

    Nobody can list it, and names in it are secret: whoever knows a path in it was given it.

    Args:
        settings: limits.
        folder: exists; is removed by whoever made it.
    """

    def __init__(self, settings: ServerSettings, folder: Path) -> None:
        self.settings, self.folder = settings, folder.resolve()
        self._closed = threading.Event()
        self._needed: Counter[Path] = Counter()  # by jobs that run, how many
        self._lock = threading.Lock()

    # ---- in ---------------------------------------------------------------------------------------

    def own(self, path: str | Path) -> Path:
        """A path from a visitor, if it is that of a file in the folder.

        Raises:
            InputError: it is another's, or no file.
        """
        try:
            wanted = Path(path).resolve()
            inside = wanted.is_relative_to(self.folder) and wanted.is_file() and not Path(path).is_symlink()
        except (OSError, ValueError):
            inside = False
        if not inside:
            raise InputError("This file was not uploaded, or is removed by now: upload it again.")
        return wanted

    @contextmanager
    def needed(self, *paths: str | Path) -> Iterator[None]:
        """Keep files from being removed while a job needs them, and as long afterwards as new ones.

        Raises:
            InputError: one of them is no file in the folder.
        """
        own = [self.own(path) for path in paths]
        places = Counter(self.folder / path.relative_to(self.folder).parts[0] for path in own)
        with self._lock:
            self._needed += places
        try:
            yield
        finally:
            for path in own:
                with suppress(OSError):
                    os.utime(path)
            with self._lock:
                self._needed -= places

    @contextmanager
    def without_paths(self) -> Iterator[None]:
        """What the library has against a file in the folder names it, and not the place where it lies."""
        try:
            yield
        except (InputError, OutputError) as error:
            where = rf"{re.escape(str(self.folder) + os.sep)}\w+{re.escape(os.sep)}"
            raise type(error)(re.sub(where, "", str(error))) from error

    def kind(self, path: str | Path) -> Kind:
        """What a file is, by its content.

        Raises:
            InputError: neither a picture nor a video, or too large.
        """
        own = self.own(path)
        size = own.stat().st_size
        if size > self.settings.max_upload:
            raise InputError(
                f"The file has {_megabytes(size)}, the limit is {_megabytes(self.settings.max_upload)}: "
                "give a smaller one."
            )
        container = _container(own)
        if container is not None and container[0] != ".gif":
            return "video"
        pixels = size_of_file(own)
        if pixels is None:
            raise InputError(
                "The file is neither a picture nor a video that can be read here: convert it to PNG or MP4."
            )
        if pixels[0] * pixels[1] > self.settings.max_pixels:
            raise InputError(
                f"The picture has {pixels[0]} x {pixels[1]} pixels, the limit is {self.settings.max_pixels / 1e6:.0f} "
                "million: make it smaller."
            )
        return "picture"

    def picture(self, path: str | Path) -> Path:
        """The path of an uploaded picture, checked but not yet decoded.

        Raises:
            InputError: it is not one, or too large.
        """
        if self.kind(path) != "picture":
            raise InputError("This is a video, not a picture: open it on the Video tab.")
        return self.own(path)

    def read(self, path: str | Path) -> Picture:
        """Decode an uploaded picture.

        Raises:
            InputError: it is none, too large or damaged.
        """
        with self.picture(path).open("rb") as file:
            data = file.read()
        return read_picture(data, max_pixels=self.settings.max_pixels)  # of bytes, so that messages show no path

    def clip(self, path: str | Path) -> Clip:
        """Look into an uploaded video.

        Raises:
            InputError: it is none, damaged, or its pictures are too large.
            MissingExtraError: the extra ``video`` is not installed.
        """
        from impasto.extras import pyav
        from impasto.video.source import open_source

        own = self.own(path)
        self.kind(own)
        container = _container(own)
        if container is None:
            raise InputError("This is no video that can be read here: convert it to MP4.")
        suffix, format = container
        named = own
        if own.suffix.lower() != suffix:  # by which the library goes, and Gradio's player
            named = own.with_suffix(suffix)  # folders are named by content: what has that name already is the same
            with suppress(FileExistsError):
                named.hardlink_to(own)
        try:
            with pyav().open(str(named)) as opened:
                if format not in opened.format.name.split(","):
                    raise InputError("This is no video that can be read here: convert it to MP4.")
                seconds = (opened.duration or 0) / pyav().time_base
                sound = bool(opened.streams.audio)
                for stream in opened.streams.video:
                    _check_frame(stream.codec_context.width, stream.codec_context.height)
            with self.without_paths():
                source = open_source(named)
        except InputError:
            raise
        except Exception as error:
            raise InputError("This video cannot be read: it is damaged, cut off or of an unusual kind.") from error
        _check_frame(source.width, source.height)
        seconds = float(seconds) or source.expected / float(source.rate)
        return Clip(named, source.width, source.height, float(source.rate), seconds, sound)

    def name(self, path: str | Path) -> str:
        """What to call an uploaded file in the page and in the names of results: the visitor's name for it, made plain.

        Its suffix is what the content says.
        """
        own = self.own(path)
        stem = re.sub(r"[^\w .()-]", "_", own.stem).strip(" .")[:80] or "picture"
        if self.kind(own) == "video":
            return stem + (_container(own) or ("", ""))[0]
        with own.open("rb") as file:
            return stem + FORMATS[identify_format("The file", file.read(64))].suffixes[0]

    # ---- out --------------------------------------------------------------------------------------

    def new_path(self, name: str) -> Path:
        """A place for a file of this name that nobody can guess; served to whoever is told."""
        folder = self.folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return folder / (re.sub(r"[^\w .()+-]", "_", name).strip(" .")[-120:] or "result")

    @property
    def full(self) -> bool:
        """Whether so much lies here that nothing more is taken."""
        return _bytes(self.folder) > _STORED * self.settings.max_upload

    def sweep(self, now: float | None = None) -> int:
        """Remove what is older than an hour and needed by no job; says how many."""
        count = 0
        limit = (time.time() if now is None else now) - _KEPT
        for item in self.folder.iterdir():
            if item in self._needed:
                continue
            try:
                newest = max((f.stat().st_mtime for f in item.iterdir()), default=0.0) if item.is_dir() else 0.0
                if max(newest, item.stat().st_mtime) < limit:
                    shutil.rmtree(item) if item.is_dir() else item.unlink()
                    count += 1
            except FileNotFoundError:
                continue
        return count

    def keep_swept(self) -> None:
        """Sweep now and then, until :meth:`close`."""
        while not self._closed.wait(_SWEPT):
            try:
                self.sweep()
            except OSError as error:
                log.warning("Old files of visitors could not be removed: %s", error)

    def close(self) -> None:
        """Sweep no more."""
        self._closed.set()


def _container(path: Path) -> tuple[str, str] | None:
    """Suffix and FFmpeg's name of a video's container, told by the first bytes."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURES_IN_FTYP:
        return None
    if _PLAYLIST in head.split(b"\0")[0].lower():
        return None
    for pattern, suffix, name in _CONTAINERS:
        if pattern.match(head):
            return suffix, name
    return None


def _check_frame(width: int, height: int) -> None:
    if width * height > _LARGEST_FRAME:
        raise InputError(f"The video is {width} x {height}, the limit is 4096 x 2304: make it smaller first.")


def _bytes(folder: Path) -> int:
    sizes: dict[tuple[int, int], int] = {}  # by file: one with two names is there once
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                facts = os.stat(os.path.join(where, name))  # noqa: PTH116, PTH118
            except FileNotFoundError:
                continue
            sizes[facts.st_dev, facts.st_ino] = facts.st_size
    return sum(sizes.values())


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
