"""The studio's server: the page, the live camera's answers, and what guards them."""

from __future__ import annotations

import asyncio
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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
import uvicorn
from fastapi import FastAPI

from impasto.errors import InputError
from impasto.studio import app as page
from impasto.studio.guard import App, Guard
from impasto.studio.head import Head
from impasto.studio.jobs import FairQueue
from impasto.studio.live import LiveSessions
from impasto.studio.settings import ServerSettings
from impasto.studio.state import Studio

fcntl: Any = import_module("fcntl") if os.name == "posix" else None

log = logging.getLogger(__name__)

T = TypeVar("T")

_FOLDER, _FRESH = "impasto-studio-", 60.0  # its prefix; seconds in which a new one may not be locked yet
_PAGES = 200  # open pages of which the state is kept: Gradio's 10 000 would be 3 GB
_PATIENCE = 2  # seconds that open connections get when the server ends


def serve(settings: ServerSettings, *, browser: bool = False) -> None:
    """See :func:`impasto.studio.launch`."""
    with _temporary_folder() as folder, listen(settings) as listening, suppress(KeyboardInterrupt):
        _end_by_signal()
        server = Server(Studio(settings, folder))
        address = _address(settings, listening)
        log.warning("The studio is at %s (Ctrl-C ends it).", address)
        if browser:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        server.run([listening])


class Server(uvicorn.Server):
    """One studio on the network.

    Args:
        studio: what all visitors share.
    """

    def __init__(self, studio: Studio) -> None:
        settings = studio.settings
        _check_certificate(settings)
        super().__init__(
            uvicorn.Config(
                _where_a_loop_runs(lambda: application(studio)),
                log_level="warning",
                proxy_headers=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=_PATIENCE,
                ssl_certfile=settings.tls_cert,
                ssl_keyfile=settings.tls_key,
            )
        )
        self.studio = studio

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until :attr:`should_exit` or a signal."""
        threading.Thread(target=self.studio.uploads.keep_swept, name="studio-sweep", daemon=True).start()
        try:
            super().run(sockets)
        finally:
            self.studio.uploads.close()
            self.studio.jobs.leave()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal: end what runs before waiting for who watches it."""
        self.studio.jobs.leave()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # pages that are still open are no error
        super().handle_exit(sig, frame)


def application(studio: Studio) -> App:
    """All that is served, behind the guard."""
    settings = studio.settings
    os.environ["GRADIO_TEMP_DIR"] = str(studio.uploads.folder)  # read as components are made, and at every upload
    blocks = page.build(studio)
    blocks.state_session_capacity = _PAGES
    blocks.queue(api_open=False, max_size=settings.max_queue)
    blocks._queue = FairQueue(blocks, studio.jobs, settings)
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    LiveSessions(studio).add_to(outer)
    gr.mount_gradio_app(
        outer,
        blocks,
        path="/",
        max_file_size=settings.max_upload,
        show_error=True,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        **page.mount_arguments(),
    )
    # Only Gradio's own launch() says so, and until it is said paths in requests are not checked.
    blocks.has_launched = True
    return Guard(Head(outer), settings, studio.uploads)


def _where_a_loop_runs(make: Callable[[], T]) -> T:
    """Call a function; elsewhere Gradio makes event loops of its own and never closes them."""

    async def called() -> T:
        return make()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(called())).result()


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder that only this user reads, removed at the end; and so are those of servers that were killed."""
    for other in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        if _abandoned(other):
            shutil.rmtree(other, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER))
    with _locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock a folder until the end of the block or of the process; says whether nobody else has."""
    if fcntl is None:  # Windows: nothing is known of others there
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


def _abandoned(folder: Path) -> bool:
    """Whether the folder is one of ours, and of no server that still runs or just starts."""
    try:
        if time.time() - folder.stat().st_mtime < _FRESH:
            return False
        with _locked(folder) as free:
            return free
    except OSError:  # another user's, or gone
        return False


@contextmanager
def listen(settings: ServerSettings) -> Iterator[socket.socket]:
    """A socket that listens on the address.

    Raises:
        InputError: it cannot.
    """
    with ExitStack() as stack:
        try:
            family, kind, _, _, where = socket.getaddrinfo(
                settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            # With the protocol spelled out, or asyncio does not send small packets at once: 40 ms more an answer.
            listening = stack.enter_context(socket.socket(family, kind, socket.IPPROTO_TCP))
            if os.name == "posix":  # elsewhere that would let two servers share the port
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
    """Say at once if a certificate cannot be used.

    Raises:
        InputError: it cannot.
    """
    if settings.tls_cert is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:  # of which ssl's are
        raise InputError(
            f"The certificate {settings.tls_cert} and the key {settings.tls_key} cannot be used ({error}); "
            "give a pair of PEM files."
        ) from error


def _address(settings: ServerSettings, listening: socket.socket) -> str:
    host = settings.host
    if host in ("0.0.0.0", "::", ""):
        host = socket.gethostname()
    return f"{settings.scheme}://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def _end_by_signal() -> None:
    """Let a polite kill end the server as Ctrl-C does, so that temporary files go."""

    def end(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
