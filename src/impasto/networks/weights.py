"""Published weights: fetched once, verified by SHA-256, kept in a cache folder.

    path = fetch("vgg19")

Environment: ``IMPASTO_CACHE`` is the folder to keep files in, ``IMPASTO_OFFLINE=1`` forbids every request,
``IMPASTO_MIRROR`` is a base address that takes the place of the published one's directory.

requests transfers the file. pooch compares whole hashes, and of VGG's files only eight digits are published; torch.hub
knows neither a timeout nor a callback.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import DownloadError
from impasto.extras import needing_extra
from impasto.files import explained, temporary_beside
from impasto.folders import cache_folder
from impasto.version import __version__

Progress = Callable[[int, int | None], None]
"""Called with the bytes that have arrived, and with how many there will be, or ``None`` if the server does not say."""

_TIMEOUT = 30.0  # seconds without a byte until a download fails
_CHUNK = 1 << 20  # bytes that are received and written at a time
_TRANSIENT = {408, 429, *range(500, 600)}  # statuses of HTTP that another try may not meet


@dataclass(frozen=True)
class WeightsFile:
    """A file of published weights.

    Attributes:
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
PUBLISHED = {
    "vgg19": WeightsFile(f"{_VGG}vgg19-dcbb9e9d.pth", "vgg19-dcbb9e9d.pth", "dcbb9e9d", _VGG_LICENCE, 575_000_000),
    "vgg16": WeightsFile(f"{_VGG}vgg16-397923af.pth", "vgg16-397923af.pth", "397923af", _VGG_LICENCE, 553_000_000),
}


def offline() -> bool:
    """Whether IMPASTO_OFFLINE forbids requests."""
    return os.environ.get("IMPASTO_OFFLINE", "").strip().lower() in {"1", "true", "yes"}


def fetch(weights: str | WeightsFile, *, progress: Progress | None = None) -> Path:
    """Return the path of verified weights, and download them if they are not in the cache.

    A file appears in the cache whole and verified, or not at all; two processes that fetch the same one at once each
    download it, and either may put its own in place.

    Args:
        weights: a name in :data:`PUBLISHED`, or an entry of your own.
        progress: called as bytes arrive; not called for a cached file.

    Raises:
        DownloadError: the file cannot be fetched or is not the one that was published.
        OutputError: it cannot be written.
        MissingExtraError: requests is not installed.
    """
    if isinstance(weights, str):
        if weights not in PUBLISHED:
            raise DownloadError(f"there are no weights named {weights!r}; known are {', '.join(sorted(PUBLISHED))}")
        weights = PUBLISHED[weights]
    target = cache_folder() / weights.file
    with explained(target):
        there = target.is_file()
        if there and _sha256(target).startswith(weights.sha256.lower()):
            return target
    url = _address(weights)
    if offline():
        state = "does not have the right SHA-256" if there else "is not there"
        raise DownloadError(
            f"{target} {state} and IMPASTO_OFFLINE forbids downloading it; unset IMPASTO_OFFLINE, or "
            f"{_by_hand(url, target, weights)}"
        )
    part = temporary_beside(target)
    try:
        with explained(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            file = part.open("xb")
        with file, closing(_received(url, target, weights)) as chunks:
            for chunk, total in chunks:
                with explained(target):
                    file.write(chunk)
                    file.flush()
                if progress:
                    progress(file.tell(), total)
        with explained(target):
            digest = _sha256(part)
            if not digest.startswith(weights.sha256.lower()):
                raise DownloadError(
                    f"what {url} sent is not {weights.file}: SHA-256 {weights.sha256} expected, "
                    f"got {digest[: len(weights.sha256)]}; it was deleted, so try again, and if that does not help "
                    "look for a proxy or sign-in page that answers in place of the server"
                )
            part.replace(target)
    finally:
        with suppress(OSError):  # what went wrong before is what matters
            part.unlink(missing_ok=True)
    return target


def _received(url: str, target: Path, weights: WeightsFile) -> Generator[tuple[bytes, int | None], None, None]:
    """Download from an address, chunk by chunk.

    Yields:
        Bytes, and the length of the whole file, or ``None`` if the server does not say.

    Raises:
        DownloadError: that fails; says why and what to do.
        MissingExtraError: requests is not installed.
    """
    with needing_extra("train", "Downloading weights"):
        import requests
    by_hand = _by_hand(url, target, weights)
    # A packed answer could not be counted against the length that the server says.
    headers = {"User-Agent": f"impasto/{__version__}", "Accept-Encoding": "identity"}
    done, total = 0, None
    try:
        with requests.get(url, headers=headers, timeout=_TIMEOUT, stream=True) as response:
            answer = f"the server answered {response.status_code} {response.reason}"
            if response.status_code in _TRANSIENT:
                raise DownloadError(f"{url} could not be downloaded ({answer}); try again later, or {by_hand}")
            if not response.ok:
                raise DownloadError(
                    f"{url} could not be downloaded: {answer}; check IMPASTO_MIRROR if it is set, or {by_hand}"
                )
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            try:
                for chunk in response.iter_content(_CHUNK):
                    yield chunk, total
            finally:
                done = response.raw.tell()
    except requests.RequestException as error:
        if isinstance(error, ValueError):
            raise DownloadError(f"{url!r} is not a usable address ({error}); check IMPASTO_MIRROR") from error
        cause = _first_cause(error)
        broken = isinstance(cause, (ConnectionResetError, ConnectionAbortedError, TimeoutError))
        if isinstance(cause, OSError) and not broken:  # refused, an unknown name, a certificate
            raise DownloadError(f"{url} cannot be reached ({cause}); connect to the network, or {by_hand}") from error
        if total and 0 < done < total:
            cause = f"the connection ended after {done} of {total} bytes"
        raise DownloadError(f"{url} could not be downloaded ({cause}); try again later, or {by_hand}") from error


def _first_cause(error: BaseException) -> Any:
    """The error that others were raised from: requests and urllib3 wrap that of the socket several times."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error


def _address(weights: WeightsFile) -> str:
    """Where to fetch a file: as published, or from the mirror.

    Raises:
        DownloadError: the mirror is no address.
    """
    mirror = os.environ.get("IMPASTO_MIRROR")
    if not mirror:
        return weights.url
    if not mirror.lower().startswith(("http://", "https://")):
        raise DownloadError(f"IMPASTO_MIRROR is {mirror!r} and must begin with http:// or https://")
    return mirror.rstrip("/") + "/" + weights.url.rpartition("/")[2]


def _by_hand(url: str, target: Path, weights: WeightsFile) -> str:
    """The end of a sentence: how to do without a download."""
    size = f" (about {weights.size / 1e6:.0f} MB)" if weights.size else ""
    return f"put {url}{size} at {target} by hand, or use --features builtin, which works offline"


def _sha256(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
