"""The door of the studio: every request passes here before Gradio sees it.

A page elsewhere must not be able to use a studio that runs on the visitor's own machine, so the request's host has to
be this server's (or a name that an attacker points to 127.0.0.1 would do) and its origin the page's own. Of Gradio's
many routes only those that the studio uses are open. A path in a request may only be that of an upload.
"""

from __future__ import annotations

import base64
import binascii
import html
import ipaddress
import json
import secrets
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from anyio import sleep, to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from impasto.errors import ImpastoError, InputError
from impasto.studio.settings import ServerSettings
from impasto.studio.translation import complaint, language_of, say
from impasto.studio.uploads import Uploads

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_API = "/gradio_api/"
_FILE, _UPLOAD, _LOGIN = f"{_API}file=", f"{_API}upload", "/login"
_READ = frozenset(
    ["/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt"]
    + [f"{_API}{name}" for name in ("info", "openapi.json", "queue/data", "queue/status", "upload_progress", "app_id")]
    + [f"{_API}{name}" for name in ("startup-events", "theme.css", "login_check", "user")]
)
_READ_BELOW = ("/static/", "/assets/", "/svelte/", _FILE, f"{_API}heartbeat/", f"{_API}call/")
_WRITE = frozenset([_UPLOAD, f"{_API}queue/join", f"{_API}cancel", f"{_API}reset", "/live"])
_WRITE_BELOW = (f"{_API}call/", f"{_API}run/")

_SMALL = 4096  # bytes of a login
_LARGEST_JSON = 8_000_000  # bytes; pictures come as uploads, not in here
_PATIENCE = 10, 60.0  # wrong passwords, in so many seconds
_SLOW = 0.5  # seconds that a wrong password costs
_TOKENS = 1000  # visitors that are remembered

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would take the origin from our own forms, too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class Guard:
    """Middleware around the whole application.

    Args:
        app: what it guards.
        settings: host, password, limits.
        uploads: whose paths may be named.
    """

    def __init__(self, app: App, settings: ServerSettings, uploads: Uploads) -> None:
        self.app, self.settings, self.uploads = app, settings, uploads
        self._cookie = f"impasto_session_{secrets.token_hex(4)}"  # not another studio's on the same host
        self._tokens: deque[str] = deque(maxlen=_TOKENS)
        self._wrong: deque[float] = deque(maxlen=_PATIENCE[0])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        # Nobody stands between the visitor and this server who could vouch for these.
        scope["headers"] = [(k, v) for k, v in scope["headers"] if not k.startswith((b"x-forwarded-", b"forwarded"))]
        request = Request(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        response = self._foreign(request) or await self._unknown_visitor(request, receive)
        if response is None and not _open(request):
            response = _plain(404, "There is nothing here.")
        if response is None and request.method == "POST":
            await self._post(request, receive, answer)
        elif response is None:
            await (self._refused_file(request) or self.app)(scope, receive, answer)
        else:
            await response(scope, receive, answer)

    # ---- who asks ---------------------------------------------------------------------------------

    def _foreign(self, request: Request) -> Response | None:
        """An answer to a request that another site's page makes."""
        headers = request.headers
        host = headers.get("host", "")
        if not self._own_name(host):
            return _plain(403, "The studio does not answer to this name: use the address that it printed.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return _plain(403, "This page is not the studio's.")
        visits = headers.get("sec-fetch-mode") == "navigate" and request.method == "GET"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not visits:
            return _plain(403, "This page is not the studio's.")
        return None

    def _own_name(self, host: str) -> bool:
        """Whether a ``Host`` can only mean this server.

        An address cannot be pointed elsewhere, and where there is a password another name is of no use.
        """
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            own = socket.gethostname().lower()
            known = name in ("localhost", self.settings.host.lower(), own, f"{own}.local")
            return known or bool(self.settings.password and name)
        return address.is_loopback or not self.settings.loopback

    async def _unknown_visitor(self, request: Request, receive: Receive) -> Response | None:
        """The login page, or an answer to it; nothing for who is known."""
        if not self.settings.password:
            return None
        if request.url.path.rstrip("/") == _LOGIN and request.method == "POST":
            return await self._login(Request(request.scope, receive))
        if request.cookies.get(self._cookie) in self._tokens:
            return None
        given = _basic_password(request.headers.get("authorization", ""))
        if given is not None and self._patient and await self._right(given):
            return None
        if _is_page(request):
            return self._login_page(request, 401)
        return JSONResponse({"detail": "A password is needed: log in, or send it as HTTP basic authentication."}, 401)

    async def _login(self, request: Request) -> Response:
        data = b""
        async for chunk in request.stream():
            data += chunk
            if len(data) > _SMALL:
                return _plain(413, "This is no password.")
        given = parse_qs(data.decode("utf-8", "replace")).get("password", [""])[0]
        if not self._patient:
            return _plain(429, "Too many wrong passwords: wait a minute.")
        if not await self._right(given):
            if _is_page(request):
                return self._login_page(request, 401, "login_wrong")
            return JSONResponse({"detail": "That is not the password."}, 401)
        token = secrets.token_urlsafe(32)
        self._tokens.append(token)
        response: Response = RedirectResponse("/", 303) if _is_page(request) else JSONResponse({"success": True})
        response.set_cookie(
            self._cookie, token, httponly=True, samesite="lax", secure=self.settings.tls_cert is not None
        )
        return response

    @property
    def _patient(self) -> bool:
        """Whether there were not too many wrong passwords just now."""
        return len(self._wrong) < _PATIENCE[0] or time.monotonic() - self._wrong[0] > _PATIENCE[1]

    async def _right(self, password: str) -> bool:
        if secrets.compare_digest(password.encode(), self.settings.password.encode()):
            return True
        self._wrong.append(time.monotonic())
        await sleep(_SLOW)
        return False

    def _login_page(self, request: Request, status: int, message: str = "") -> Response:
        texts = {key: html.escape(say(request, f"login_{key}")) for key in ("title", "password", "enter")}
        note = f'<p role="alert">{html.escape(say(request, message))}</p>' if message else ""
        page = _PAGE.format(language=language_of(request), note=note, **texts)
        return HTMLResponse(page, status)

    # ---- what is sent -----------------------------------------------------------------------------

    def _refused_file(self, request: Request) -> Response | None:
        path = request.url.path
        if not path.startswith(_FILE):
            return None
        try:
            self.uploads.own(request.scope["path"][len(_FILE) :])
        except InputError as error:
            return _plain(403, complaint(request, error))
        return None

    async def _post(self, request: Request, receive: Receive, send: Send) -> None:
        path = request.url.path.rstrip("/")
        if path == _UPLOAD:
            await self._upload(request, receive, send)
        elif path == "/live":
            await self.app(request.scope, receive, send)
        else:
            await self._json(request, receive, send)

    async def _json(self, request: Request, receive: Receive, send: Send) -> None:
        """Let a small body through whose paths are all of uploads."""
        data = bytearray()
        async for chunk in Request(request.scope, receive).stream():
            data += chunk
            if len(data) > _LARGEST_JSON:
                await _plain(413, "The request is too large: upload pictures first.")(request.scope, receive, send)
                return
        try:
            for given in _files(json.loads(data or b"null")):
                self._check(given)
        except InputError as error:
            response = JSONResponse({"detail": complaint(request, error), "error": complaint(request, error)}, 400)
            await response(request.scope, receive, send)
            return
        except (ValueError, RecursionError):
            await _plain(400, "This is no JSON.")(request.scope, receive, send)
            return
        await self.app(request.scope, _replay(bytes(data), receive), send)

    def _check(self, given: dict[str, Any]) -> None:
        path, url = given.get("path"), given.get("url")
        if isinstance(url, str) and url.lstrip().lower().startswith("data:"):
            raise InputError("A file cannot be sent inside a request: upload it first.")
        if path is not None:
            self.uploads.own(path if isinstance(path, str) else "")

    async def _upload(self, request: Request, receive: Receive, send: Send) -> None:
        """Take files that are not too large in all, and are pictures or videos."""
        limit = self.settings.max_upload
        too_large = _plain(413, say(request, "upload_large", limit=limit // 1_000_000))
        if int(request.headers.get("content-length") or 0) > limit + _LARGEST_JSON:
            await too_large(request.scope, receive, send)
            return
        if await to_thread.run_sync(lambda: self.uploads.full):
            await _plain(507, say(request, "storage_full"))(request.scope, receive, send)
            return
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > limit + _LARGEST_JSON:
                raise _TooLargeError
            return message

        answer = _Held()
        scope = dict(request.scope)
        scope["headers"] = [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]  # or it could not be read
        try:
            await self.app(scope, counted, answer)
            await to_thread.run_sync(self._check_uploads, answer)
        except _TooLargeError:
            await too_large(request.scope, receive, send)
        except ImpastoError as error:
            await _plain(415, complaint(request, error))(request.scope, receive, send)
        else:
            await answer.give(send)

    def _check_uploads(self, answer: _Held) -> None:
        """Remove what came if it is not wanted."""
        if answer.status != 200:
            return
        paths = [str(path) for path in json.loads(answer.body)]
        try:
            for path in paths:
                self.uploads.kind(path)
        except ImpastoError:
            for path in paths:
                Path(path).unlink(missing_ok=True)
            raise


class _TooLargeError(Exception):
    """More came than was announced."""


class _Held:
    """An answer that is held back until it is known to be right."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        """HTTP's."""
        return int(self.messages[0]["status"]) if self.messages else 500

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(message.get("body", b"") for message in self.messages)

    async def give(self, send: Send) -> None:
        """Send it."""
        for message in self.messages:
            await send(message)


def _open(request: Request) -> bool:
    """Whether a route is one that the studio uses."""
    path = request.url.path
    bare = path.rstrip("/") or "/"
    if request.method in ("GET", "HEAD"):
        return bare in _READ or path.startswith(_READ_BELOW)
    return request.method == "POST" and (bare in _WRITE or path.startswith(_WRITE_BELOW))


def _is_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _basic_password(header: str) -> str | None:
    """What HTTP basic authentication sends after the colon; the name does not matter."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _files(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in a request that Gradio could take for a file."""
    if isinstance(value, dict):
        if "path" in value or "url" in value:
            yield value
        for item in value.values():
            yield from _files(item)
    elif isinstance(value, list):
        for item in value:
            yield from _files(item)


def _replay(data: bytes, receive: Receive) -> Receive:
    """The same body again, and then whatever else comes: that the visitor left."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": data, "more_body": False}

    return again


def _plain(status: int, text: str) -> Response:
    return PlainTextResponse(text, status)


_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ display: grid; place-items: center; min-height: 90vh; margin: 1rem; }}
form {{ display: grid; gap: .75rem; width: min(20rem, 100%); }}
h1 {{ font-size: 1.4rem; margin: 0; }} p {{ margin: 0; }}
input, button {{ font: inherit; padding: .6rem .8rem; border-radius: .5rem; border: 1px solid #8888; }}
button {{ background: #b5431b; color: white; border: 0; font-weight: 600; }}
</style></head><body><form method="post" action="/login"><h1>{title}</h1>{note}
<label for="password">{password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button>{enter}</button></form></body></html>
"""
