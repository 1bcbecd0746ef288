"""Published weights: fetched once, verified by SHA-256, kept in a cache folder.

    path = fetch("vgg19")

Environment: ``IMPASTO_CACHE`` is the folder to keep files in, ``IMPASTO_OFFLINE=1`` forbids every
request, ``IMPASTO_MIRROR`` is a base address that takes the place of the published one's directory.

Next to a file ``x`` the cache may hold ``x.part`` (a download to be resumed), ``x.verified`` (see
`_is_verified`) and ``x.lock`` (see `_locked`).
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import importlib.metadata
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import DownloadError, OutputError
from impasto.folders import cache_folder

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

Progress = Callable[[int, int | None], None]

_TIMEOUT = 30.0  # seconds without a byte, not for the whole file
_CHUNK = 1 << 20
_WAITS = (1.0, 3.0, 9.0)  # seconds before each retry; as many retries as entries
_LOCK_POLL = 0.2


@dataclass(frozen=True)
class Weights:
    """A file of published weights.

    Args:
        url: where it is published.
        file: its name in the cache.
        sha256: its SHA-256 in hexadecimal, or as many leading digits of it as are published.
        licence: under which terms it may be used.
        size: about how many bytes it has, for messages only.
    """

    url: str
    file: str
    sha256: str
    licence: str
    size: int | None = None


# The names end in the first 8 hex digits of the SHA-256. So short a hash finds every accident but not an
# attacker; against the latter the address is HTTPS, and the reader must not unpickle arbitrary objects.
_VGG_LICENCE = "BSD-3-Clause (torchvision); the terms of ImageNet, the training data, may apply as well"
_VGG = "https://download.pytorch.org/models/"
WEIGHTS = {
    "vgg19": Weights(f"{_VGG}vgg19-dcbb9e9d.pth", "vgg19-dcbb9e9d.pth", "dcbb9e9d", _VGG_LICENCE, 575_000_000),
    "vgg16": Weights(f"{_VGG}vgg16-397923af.pth", "vgg16-397923af.pth", "397923af", _VGG_LICENCE, 553_000_000),
}


class _TransientError(Exception):
    """The attempt failed in a way that another attempt may not."""


def offline() -> bool:
    """Whether IMPASTO_OFFLINE forbids requests."""
    return os.environ.get("IMPASTO_OFFLINE", "").strip().lower() in {"1", "true", "yes"}


def fetch(weights: str | Weights, *, progress: Progress | None = None, folder: Path | None = None) -> Path:
    """Return the path of verified weights, downloading them if they are not in the cache.

    Ctrl-C and failures leave what has arrived in a ``.part`` file, from which the next call goes on.

    Args:
        weights: a name in `WEIGHTS`, or an entry of your own.
        progress: called with the bytes that have arrived and their total (None if the server does not say);
            not called for a cached file. The count falls back only if the server cannot resume.
        folder: where to keep the file instead of :func:`impasto.folders.cache_folder`.
    """
    if isinstance(weights, str):
        if weights not in WEIGHTS:
            raise DownloadError(f"there are no weights named {weights!r}; known are {', '.join(sorted(WEIGHTS))}")
        weights = WEIGHTS[weights]
    target = (cache_folder() if folder is None else folder) / weights.file
    # Before anything is written, so that a complete cache may be read-only.
    if _is_verified(target, weights):
        return target
    url = _address(weights)
    if offline():
        state = "does not have the right SHA-256" if target.exists() else "is not there"
        raise DownloadError(
            f"{target} {state} and IMPASTO_OFFLINE forbids downloading it; unset IMPASTO_OFFLINE, or "
            f"{_by_hand(url, target, weights)}"
        )
    with _disk(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_name(target.name + ".lock")):
        if not _is_verified(target, weights):  # whoever held the lock before may have fetched it
            _download(url, target, weights, progress or (lambda done, total: None))
    return target


def _download(url: str, target: Path, weights: Weights, progress: Progress) -> None:
    """Transfer with retries, verify, move into place. The caller holds the lock."""
    part = target.with_name(target.name + ".part")
    failures, furthest = 0, _size(part)
    while True:
        try:
            _transfer(url, part, target, weights, progress)
            break
        except _TransientError as error:
            # Only attempts that bring nothing new use up retries: a poor line may cut 500 MB many times.
            # (Going beyond the furthest point, lest a server that cannot resume keeps us here for ever.)
            if _size(part) > furthest:
                failures, furthest = 0, _size(part)
            if failures == len(_WAITS):
                raise DownloadError(
                    f"{url} could not be downloaded ({error}); try again later, what has arrived is kept, or "
                    f"{_by_hand(url, target, weights)}"
                ) from error
            time.sleep(_WAITS[failures])
            failures += 1
    with _disk(part):
        digest = _sha256(part)
        if not digest.startswith(weights.sha256.lower()):
            part.unlink()
            raise DownloadError(
                f"what {url} sent is not {weights.file}: SHA-256 {weights.sha256} expected, "
                f"got {digest[: len(weights.sha256)]}; it was deleted, so try again, and if that does not help "
                "look for a proxy or sign-in page that answers in place of the server"
            )
        part.replace(target)
    _stamp(target, digest)


def _transfer(url: str, part: Path, target: Path, weights: Weights, progress: Progress) -> None:
    """One attempt: append what is missing to ``part``. Returns once it is complete, though not verified."""
    have = _size(part)
    headers = {"User-Agent": _user_agent()} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing lies beyond what we have: it is complete, or not this file
            with _disk(part):
                if not _sha256(part).startswith(weights.sha256.lower()):
                    part.unlink()
                    raise _TransientError("the partial file did not fit") from None
            progress(have, have)
            return
        if error.code >= 500 or error.code in (408, 429):
            raise _TransientError(f"the server answered {error.code} {error.reason}") from error
        raise DownloadError(
            f"{url} could not be downloaded: the server answered {error.code} {error.reason}; check "
            f"IMPASTO_MIRROR if it is set, or {_by_hand(url, target, weights)}"
        ) from error
    except (ValueError, http.client.InvalidURL) as error:
        raise DownloadError(f"{url!r} is not a usable address ({error}); check IMPASTO_MIRROR") from error
    except urllib.error.URLError as error:
        cause = error.reason
        if isinstance(cause, (ConnectionError, TimeoutError)) and not isinstance(cause, ConnectionRefusedError):
            raise _TransientError(str(cause)) from error
        raise DownloadError(
            f"{url} cannot be reached ({cause}); connect to the network, or {_by_hand(url, target, weights)}"
        ) from error
    except (http.client.HTTPException, OSError) as error:
        raise _TransientError(str(error) or type(error).__name__) from error

    with response:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        if response.status == 206:
            found = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != have:
                with _disk(part):
                    part.unlink(missing_ok=True)
                raise _TransientError("the server sent another range than the one asked for")
            total = None if found[2] == "*" else int(found[2])
        else:
            have = 0  # the server ignored the range and sends the file from its beginning
        # Disk errors are caught apart from network errors (the latter are retried), and the caller's
        # callback is under neither: both kinds are OSError, and so may be what the callback raises.
        with _disk(part):
            file = part.open("ab" if have else "wb")
        try:
            while chunk := _receive(response):
                with _disk(part):
                    file.write(chunk)
                    file.flush()
                have += len(chunk)
                progress(have, total)
        finally:
            with _disk(part):
                file.close()
    if total is not None and have < total:  # http.client reports a short body as if it were a whole one
        raise _TransientError(f"the connection ended after {have} of {total} bytes")


def _receive(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except (http.client.HTTPException, OSError) as error:
        raise _TransientError(str(error) or type(error).__name__) from error


def _address(weights: Weights) -> str:
    mirror = os.environ.get("IMPASTO_MIRROR")
    if not mirror:
        return weights.url
    if not mirror.lower().startswith(("http://", "https://")):
        raise DownloadError(f"IMPASTO_MIRROR is {mirror!r} and must begin with http:// or https://")
    return mirror.rstrip("/") + "/" + weights.url.rpartition("/")[2]


def _by_hand(url: str, target: Path, weights: Weights) -> str:
    size = f" (about {weights.size / 1e6:.0f} MB)" if weights.size else ""
    return f"put {url}{size} at {target} by hand, or use --features builtin, which works offline"


def _user_agent() -> str:
    try:
        return f"impasto/{importlib.metadata.version('impasto')}"
    except importlib.metadata.PackageNotFoundError:  # run from a source tree
        return "impasto"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_verified(target: Path, weights: Weights) -> bool:
    """Whether the file is there with the right hash.

    Hashing 500 MB takes a second or more, so a stamp remembers the hash for as long as size and time of
    change stay the same. A file placed by hand has no stamp and is hashed once; a wrong one counts as absent
    and is replaced only when the right one has arrived.
    """
    with _disk(target):
        if not target.is_file():
            return False
        with suppress(OSError, ValueError):
            digest, state = _stamp_path(target).read_text("ascii").split()
            if state == _state(target) and digest.startswith(weights.sha256.lower()):
                return True
        digest = _sha256(target)
    if not digest.startswith(weights.sha256.lower()):
        return False
    _stamp(target, digest)
    return True


def _stamp(target: Path, digest: str) -> None:
    with suppress(OSError):  # in a read-only cache the file is hashed each time: slower, not wrong
        _stamp_path(target).write_text(f"{digest} {_state(target)}\n", "ascii")


def _stamp_path(target: Path) -> Path:
    return target.with_name(target.name + ".verified")


def _state(target: Path) -> str:
    stat = target.stat()
    return f"{stat.st_size}:{stat.st_mtime_ns}"


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn errors of the file system into an OutputError of one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(
                f"the disk is full, so {path} cannot be written; free some space and try again"
            ) from error
        raise OutputError(
            f"{path} cannot be used ({error.strerror or error}); set IMPASTO_CACHE to a folder that can be written to"
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, so that two processes or threads never write to the same ``.part`` file.

    It is the operating system's lock, which ends with its process, and not the existence of the file, which
    would outlive a crash. The empty file stays: deleting it while another waits on it would make two locks.
    """
    with _disk(path):
        file = path.open("ab")
    with file:
        while True:
            try:
                if sys.platform == "win32":
                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):  # held by another
                time.sleep(_LOCK_POLL)
            except OSError:  # a file system without locks: the hash still guards the result
                break
        yield
