"""The studio's server: the page and the endpoint of the live camera, behind the guard."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import ssl
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from impasto.errors import InputError
from impasto.studio.app import make_app
from impasto.studio.guard import Guard
from impasto.studio.settings import ServerSettings
from impasto.studio.state import Studio

# The module for locks on files, which Windows does not have.
fcntl: Any = import_module("fcntl") if os.name == "posix" else None

log = logging.getLogger(__name__)

_FOLDER_PREFIX = "impasto-studio-"  # start of the names of temporary folders
_MIN_ABANDONED_AGE = 60.0  # seconds: a younger folder may belong to a server that has not locked it yet
_SHUTDOWN_SECONDS = 2  # seconds that open connections may last after the server was told to end


def serve(settings: ServerSettings, *, browser: bool = False) -> None:
    """Serve the studio until Ctrl-C; for arguments and errors see :func:`impasto.studio.launch`."""
    with _temporary_folder() as folder, listen(settings) as listening, suppress(KeyboardInterrupt):
        _end_by_signal()
        server = Server(Studio(settings, folder))
        address = _page_address(settings, listening)
        log.warning("The studio is at %s (Ctrl-C ends it).", address)
        if browser:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        server.run([listening])


class Server(uvicorn.Server):
    """The server of one studio.

    Args:
        studio: what all visitors share.

    Raises:
        InputError: the certificate cannot be read.
    """

    def __init__(self, studio: Studio) -> None:
        settings = studio.settings
        _check_certificate(settings)
        super().__init__(
            uvicorn.Config(
                application(studio),
                log_level="warning",
                proxy_headers=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
                ssl_certfile=settings.tls_cert,
                ssl_keyfile=settings.tls_key,
            )
        )
        self.studio = studio

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until :attr:`should_exit` is set or a signal comes.

        Args:
            sockets: sockets that listen already.
        """
        threading.Thread(target=self.studio.uploads.sweep_periodically, name="studio-sweep", daemon=True).start()
        try:
            super().run(sockets)
        finally:
            self.studio.uploads.close()
            self.studio.jobs.stop_all()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """End at a signal: stop the jobs first, since open pages would wait for their results."""
        self.studio.jobs.stop_all()
        # Pages that are still open would be reported as errors.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        super().handle_exit(sig, frame)


def application(studio: Studio) -> ASGIApp:
    """The whole application (ASGI), behind the guard."""
    return Guard(make_app(studio), studio.settings, studio.uploads)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder that only this user can read, removed at the end; folders that killed servers left are removed, too."""
    for other in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        if _is_abandoned(other):
            shutil.rmtree(other, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX))
    with _locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock a folder until the end of the block or of the process.

    Yields:
        Whether the lock was free. On Windows always ``False``, since there is no such lock.
    """
    if fcntl is None:  # Windows
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        free = False
    else:
        free = True
    try:
        yield free
    finally:
        os.close(descriptor)


def _is_abandoned(folder: Path) -> bool:
    """Whether a folder belongs to a server of this user that neither runs any more nor just starts."""
    try:
        if time.time() - folder.stat().st_mtime < _MIN_ABANDONED_AGE:
            return False
        with _locked(folder) as free:
            return free
    except OSError:  # the folder is another user's, or gone
        return False


@contextmanager
def listen(settings: ServerSettings) -> Iterator[socket.socket]:
    """A socket that listens on the address in the settings, closed at the end of the block.

    Args:
        settings: the settings, of which host and port apply here.

    Raises:
        InputError: the address cannot be used.
    """
    with ExitStack() as stack:
        try:
            family, kind, _, _, where = socket.getaddrinfo(
                settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            # Only with the protocol given does asyncio send small packets at once; an answer would take 40 ms more.
            listening = stack.enter_context(socket.socket(family, kind, socket.IPPROTO_TCP))
            if os.name == "posix":  # on Windows the option would let two servers share the port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(where)
            listening.listen()
        except OSError as error:
            raise InputError(
                f"The studio cannot listen on {settings.host}, port {settings.port} ({error.strerror or error}): "
                "give another --port or --host."
            ) from error
        yield listening


def _check_certificate(settings: ServerSettings) -> None:
    """Check that the certificate and its key can be used, if there are any.

    Raises:
        InputError: they cannot.
    """
    if settings.tls_cert is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:  # ssl.SSLError is a subclass
        raise InputError(
            f"The certificate {settings.tls_cert} and the key {settings.tls_key} cannot be used ({error}); "
            "give a pair of PEM files."
        ) from error


def _page_address(settings: ServerSettings, listening: socket.socket) -> str:
    """The address of the page, as it is printed."""
    host = settings.host
    if host in ("0.0.0.0", "::", ""):
        host = socket.gethostname()
    return f"{settings.scheme}://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def _end_by_signal() -> None:
    """Let the signal SIGTERM end the server as Ctrl-C does, also where Python calls it, so that temporary files go."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
