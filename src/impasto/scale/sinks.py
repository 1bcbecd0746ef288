"""Where results go: a folder with one file a picture, or a tar a shard; here or at a URL."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from impasto.errors import ImpastoError, InputError
from impasto.files import atomic_path, explained, temporary_folder
from impasto.pictures.formats import READ_SUFFIXES
from impasto.scale import places
from impasto.scale.containers import read_tar
from impasto.scale.places import Place, join, local_copy, name_of
from impasto.scale.shards import Shard

_TAR = ".tar"
_OTHER_FILES = (".tar.gz", ".tgz", ".zip", ".parquet", ".safetensors", ".mp4")  # that somebody may hope to get
MOST_WAITING = 256 << 20  # bytes of results that may wait for one before them, of a tar that is written in order


def is_tar(sink: Place) -> bool:
    """Whether results go into tars."""
    return name_of(sink).lower().endswith(_TAR)


def check_sink(sink: Place) -> None:
    """Refuse a name that is one file's: results are many.

    Raises:
        InputError: it is, and there is no such folder.
    """
    if name_of(sink).lower().endswith((*READ_SUFFIXES, *_OTHER_FILES)) and not places.is_folder(sink):
        raise InputError(
            f"{sink} would be one file, but these results need a folder or tars; give another -o, such as painted/ or "
            "painted.tar."
        )


def target_of(sink: Place, result: str) -> Place | None:
    """Where the result of that name goes; ``None``: into a tar."""
    return None if is_tar(sink) else join(sink, result)


def tar_of(sink: Place, result: str) -> Place:
    """The tar of a shard: ``painted-000012-HASH.tar`` for ``painted.tar``."""
    name = f"{name_of(sink)[: -len(_TAR)]}-{result}{_TAR}"
    return sink.with_name(name) if isinstance(sink, Path) else f"{sink.rpartition('/')[0]}/{name}"


class TarOfResults:
    """The tar of one shard, written in the order of its pictures and seen once it is complete.

    Args:
        shard: the shard.
        target: where the tar goes.
        earlier: whether there is one already, in which some pictures failed; all others are taken over from it.

    Attributes:
        waiting: bytes of results that wait for one before them.
    """

    def __init__(self, shard: Shard, target: Place, *, earlier: bool) -> None:
        self.shard, self.target, self.waiting = shard, target, 0
        self._stack = ExitStack()
        self._next, self._results = 0, dict[int, tuple[str, bytes] | None]()
        with explained(Path(name_of(target))):
            if isinstance(target, Path):
                self._file = self._stack.enter_context(atomic_path(target))
            else:
                self._file = self._stack.enter_context(temporary_folder()) / name_of(target)
            self._tar = tarfile.open(self._file, "w")  # noqa: SIM115 (it is open as long as the shard is)
        self._earlier = self._members_of(target) if earlier else iter(())
        self._peeked: tuple[str, bytes] | None = None

    def _members_of(self, tar: Place) -> Iterator[tuple[str, bytes]]:
        """The files of the tar that is there."""
        with local_copy(tar) as copy:
            yield from read_tar(copy, str(tar))

    def put(self, position: int, name: str, data: bytes) -> None:
        """Take the result at a position in the shard.

        Args:
            position: from 0, without gaps in the end.
            name: the picture's result, as in a folder.
            data: its bytes.
        """
        self._take_earlier(name)  # which this one replaces
        self._put(position, (self._inside(name), data))

    def leave_out(self, position: int) -> None:
        """Have no result at a position: the picture failed."""
        self._put(position, None)

    def keep(self, position: int, name: str) -> None:
        """Take a result over from the tar that is there, if it is in it."""
        self._put(position, self._take_earlier(name))

    def _inside(self, name: str) -> str:
        """The name of a result in the tar: that of the tar which the picture came from is no folder in it."""
        return name if self.shard.kind == "files" else name.removeprefix(f"{self.shard.stem}/")

    def _take_earlier(self, name: str) -> tuple[str, bytes] | None:
        """The next file of the tar that is there, if it has this name; its files are in the same order."""
        if self._peeked is None:
            self._peeked = next(self._earlier, None)
        if self._peeked is None or self._peeked[0] != self._inside(name):
            return None
        found, self._peeked = self._peeked, None
        return found

    def _put(self, position: int, result: tuple[str, bytes] | None) -> None:
        """Write what can be written in order."""
        self._results[position] = result
        self.waiting += 0 if result is None else len(result[1])
        while self._next in self._results:
            ready = self._results.pop(self._next)
            self._next += 1
            if ready is None:
                continue
            name, data = ready
            self.waiting -= len(data)
            member = tarfile.TarInfo(name)  # without time and owner, so that the same results are the same bytes
            member.size = len(data)
            with explained(Path(str(self.target))):
                self._tar.addfile(member, io.BytesIO(data))

    def close(self) -> None:
        """Give the tar its place.

        Raises:
            OutputError: it cannot be written.
        """
        with explained(Path(str(self.target))), self._stack:
            self._tar.close()
            if not isinstance(self.target, Path):
                places.publish(self._file, self.target)

    def abandon(self, error: BaseException | None = None) -> None:
        """Remove what was written."""
        error = error or ImpastoError("abandoned")
        with suppress(OSError):  # a full disk
            if self._tar.fileobj is not None:
                self._tar.fileobj.close()

        self._stack.__exit__(type(error), error, None)
