"""Published weights: ``fetch("vgg19")`` downloads once, verifies by SHA-256 and keeps the file in a cache.

Environment: ``IMPASTO_CACHE`` is the folder to keep files in, ``IMPASTO_OFFLINE=1`` forbids requests, and
``IMPASTO_MIRROR`` is a base address that takes the place of the directory part of the published one.
Beside a file ``x`` there may be ``x.part`` (a download to go on with), ``x.verified`` and ``x.lock``.
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

from .errors import DownloadError, OutputError

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
    """Where weights are published, and how to know them: SHA-256 (or its leading digits), size in bytes."""

    url: str
    file: str
    sha256: str
    licence: str
    size: int | None = None  # for messages only


def _vgg(file: str, sha256: str, size: int) -> Weights:
    # The publisher vouches for the 8 digits in the name, enough against accidents only. The other digits are
    # those that several unrelated projects record for these files.
    licence = "BSD-3-Clause (torchvision); the terms of ImageNet, the training data, may apply as well"
    return Weights(f"https://download.pytorch.org/models/{file}", file, sha256, licence, size)


WEIGHTS = {
    "vgg19": _vgg(
        "vgg19-dcbb9e9d.pth", "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44", 574_673_361
    ),
    "vgg16": _vgg(
        "vgg16-397923af.pth", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0", 553_433_881
    ),
}


class _TransferError(Exception):
    """An attempt failed; ``retry`` says whether another one may succeed."""

    def __init__(self, reason: object, *, retry: bool = True) -> None:
        super().__init__(str(reason) or type(reason).__name__)
        self.retry = retry


def cache_dir() -> Path:
    """The folder that downloads are kept in; it may not exist yet."""
    if own := os.environ.get("IMPASTO_CACHE"):
        return Path(own).expanduser()
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():  # the XDG specification has relative paths ignored
        return xdg / "impasto"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "impasto" / "cache"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "impasto"


def offline() -> bool:
    """Whether IMPASTO_OFFLINE forbids requests."""
    return os.environ.get("IMPASTO_OFFLINE", "").strip().lower() in {"1", "true", "yes"}


def fetch(name_or_weights: str | Weights, *, progress: Progress | None = None, folder: Path | None = None) -> Path:
    """Return the path of verified weights, downloading them if they are not in the cache.

    Ctrl-C and failures leave what has arrived in a ``.part`` file, from which the next call goes on.

    Args:
        name_or_weights: a name in `WEIGHTS`, or an entry of your own.
        progress: called with the bytes that have arrived and their total (None if the server does not say),
            not for a cached file. The count falls back only when the file has to be started over.
        folder: where to keep the file, instead of `cache_dir`.
    """
    if isinstance(name_or_weights, Weights):
        weights = name_or_weights
    elif name_or_weights in WEIGHTS:
        weights = WEIGHTS[name_or_weights]
    else:
        raise DownloadError(f"no weights are named {name_or_weights!r}; known are {', '.join(sorted(WEIGHTS))}")
    target = (cache_dir() if folder is None else folder) / weights.file
    if _is_verified(target, weights):  # before anything is written: a complete cache may be read-only
        return target
    url = weights.url
    if mirror := os.environ.get("IMPASTO_MIRROR"):
        url = mirror.rstrip("/") + "/" + url.rpartition("/")[2]
    size = f" (about {weights.size / 1e6:.0f} MB)" if weights.size else ""
    by_hand = f"put {url}{size} at {target} by hand, or use --features builtin, which works offline"
    if offline():
        state = "does not have the right SHA-256" if target.exists() else "is missing"
        raise DownloadError(f"{target} {state} and IMPASTO_OFFLINE forbids downloads; unset it, {by_hand}")
    if not url.lower().startswith(("http://", "https://")):  # urllib would take file: and ftp: too
        raise DownloadError(f"{url!r} does not begin with https:// or http://; check IMPASTO_MIRROR")
    with _disk(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(_beside(target, ".lock")):
        if not _is_verified(target, weights):  # whoever held the lock before may have fetched it
            try:
                _download(url, target, weights, progress or (lambda done, total: None))
            except _TransferError as error:
                hint = "check the network" + (" and IMPASTO_MIRROR" if mirror else "")
                raise DownloadError(f"{url} could not be downloaded ({error}); {hint}, {by_hand}") from error
    return target


def _download(url: str, target: Path, weights: Weights, progress: Progress) -> None:
    """Transfer with retries, verify, move into place."""
    part = _beside(target, ".part")
    failures, furthest = 0, _size(part)
    while True:
        try:
            _transfer(url, part, weights, progress)
            break
        except _TransferError as error:
            # Only attempts that bring nothing new use up retries: a poor line may cut 500 MB many times.
            if _size(part) > furthest:
                failures, furthest = 0, _size(part)
            if failures == len(_WAITS) or not error.retry:
                raise
            time.sleep(_WAITS[failures])
            failures += 1
    with _disk(part):
        digest = _sha256(part)
        if not digest.startswith(weights.sha256):
            part.unlink()
            raise DownloadError(
                f"what {url} sent is not {weights.file} (SHA-256 expected {weights.sha256[:16]}, got "
                f"{digest[:16]}) and was deleted; try again, or look for a proxy or sign-in page that answers "
                "in place of the server"
            )
        part.replace(target)
    _stamp(target, digest)


def _transfer(url: str, part: Path, weights: Weights, progress: Progress) -> None:
    """One attempt to append to ``part`` what is missing; returns when it is complete, though not verified."""
    have = _size(part)
    try:
        headers = {"User-Agent": _user_agent()} | ({"Range": f"bytes={have}-"} if have else {})
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # there is nothing after what we have: it is complete, or not this file
            with _disk(part):
                if not _sha256(part).startswith(weights.sha256):
                    part.unlink()
                    raise _TransferError("the partial file did not fit") from error
            return progress(have, have)
        transient = error.code >= 500 or error.code in (408, 429)
        raise _TransferError(f"the server answered {error.code} {error.reason}", retry=transient) from error
    except urllib.error.URLError as error:
        # No network, no such host, nobody listening or a bad certificate: seconds of waiting change nothing.
        cause = error.reason
        transient = isinstance(cause, (ConnectionResetError, ConnectionAbortedError, TimeoutError))
        raise _TransferError(cause, retry=transient) from error
    except (ValueError, http.client.InvalidURL) as error:
        raise _TransferError(error, retry=False) from error
    except (http.client.HTTPException, OSError) as error:
        raise _TransferError(error) from error
    with response:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        if response.status == 206:
            found = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != have:
                part.unlink(missing_ok=True)
                raise _TransferError("the server sent another range than the one asked for")
            total = None if found[2] == "*" else int(found[2])
        else:
            have = 0  # the server ignored the range and sends the file from its beginning
        with _disk(part):
            file = part.open("ab" if have else "wb")
        # Network errors are retried, disk errors are not, and what the callback raises is the caller's
        # business; all three may be OSError, so each is caught apart.
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
    if total is not None and have < total:  # http.client passes off a body cut short as a whole one
        raise _TransferError(f"the connection ended after {have} of {total} bytes")


def _receive(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except (http.client.HTTPException, OSError) as error:
        raise _TransferError(error) from error


def _user_agent() -> str:
    try:
        return f"impasto/{importlib.metadata.version('impasto')}"
    except importlib.metadata.PackageNotFoundError:  # run from a source tree
        return "impasto"


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


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
            digest, state = _beside(target, ".verified").read_text("ascii").split()
            if state == _state(target) and digest.startswith(weights.sha256):
                return True
        digest = _sha256(target)
    if digest.startswith(weights.sha256):
        _stamp(target, digest)
        return True
    return False


def _stamp(target: Path, digest: str) -> None:
    with suppress(OSError):  # in a read-only cache the file is hashed each time: slower, not wrong
        _beside(target, ".verified").write_text(f"{digest} {_state(target)}\n", "ascii")


def _state(target: Path) -> str:
    stat = target.stat()
    return f"{stat.st_size}:{stat.st_mtime_ns}"


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn errors of the file system into an OutputError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = "the disk is full; free some space and try again, what has arrived is kept"
        else:
            advice = f"{error.strerror or error}; set IMPASTO_CACHE to a folder that can be written to"
        raise OutputError(f"{path} cannot be used: {advice}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, so that two processes or threads never write to the same ``.part`` file.

    It is the operating system's lock, which ends with its process; a file whose existence is the lock would
    outlive a crash. The empty file stays: deleted while another waits on it, it would make two locks.
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
