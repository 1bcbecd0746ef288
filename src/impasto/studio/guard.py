"""The check of every request before Gradio sees it.

A page of another site must not be able to use a studio that runs on the visitor's own machine. Therefore the host that
a request names has to be this server, since an attacker can point a name of their own to 127.0.0.1, and its origin has
to be the studio's page. Only those of Gradio's routes are open that the studio uses. A path in a request has to be the
path of an upload.
"""

from __future__ import annotations

import html
import ipaddress
import json
import secrets
import socket
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from anyio import sleep, to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.errors import ImpastoError, InputError
from impasto.studio.request_headers import announced_bytes, basic_password, host_of, is_page
from impasto.studio.settings import ServerSettings
from impasto.studio.translation import error_sentence, language_of, say
from impasto.studio.uploads import Uploads

_API = "/gradio_api/"  # start of the paths of Gradio's API
_FILE_PREFIX, _UPLOAD_PATH, _LOGIN_PATH = f"{_API}file=", f"{_API}upload", "/login"
# Paths that may be read (GET and HEAD).
_GET_PATHS = frozenset(
    ["/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt"]
    + [f"{_API}{name}" for name in ("info", "openapi.json", "queue/data", "queue/status", "upload_progress", "app_id")]
    + [f"{_API}{name}" for name in ("startup-events", "theme.css", "login_check", "user")]
)
# Starts of further paths that may be read.
_GET_PREFIXES = ("/static/", "/assets/", "/svelte/", _FILE_PREFIX, f"{_API}heartbeat/", f"{_API}call/")
# Paths to which requests may be sent (POST).
_POST_PATHS = frozenset([_UPLOAD_PATH, f"{_API}queue/join", f"{_API}cancel", f"{_API}reset", "/live"])
_POST_PREFIXES = (f"{_API}call/", f"{_API}run/")  # starts of further such paths

_MAX_LOGIN_BYTES = 4096  # bytes that the form of the login page may have
_MAX_JSON_BYTES = 8_000_000  # bytes of a request; pictures come as uploads and are not counted here
_MAX_WRONG_PASSWORDS = 10  # wrong passwords within _WRONG_PASSWORD_WINDOW after which all are refused
_WRONG_PASSWORD_WINDOW = 60.0  # seconds for which a wrong password counts
_WRONG_PASSWORD_DELAY = 0.5  # seconds that the answer to a wrong password is delayed
_MAX_LOGINS = 1000  # visitors whose login is remembered; the oldest are forgotten first

# Headers of every answer, which keep the page from loading anything from elsewhere and from being framed.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with "no-referrer" our own forms would send no origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class Guard:
    """Middleware (ASGI) that checks requests to the whole application.

    Args:
        app: The application that answers the requests that are let through.
        settings: Host, password and limits.
        uploads: The uploads, whose paths are the only ones that a request may name.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, uploads: Uploads) -> None:
        self.app, self.settings, self.uploads = app, settings, uploads
        self._cookie = (
            f"impasto_session_{secrets.token_hex(4)}"  # random: cookies of several studios on one host differ
        )
        self._tokens: deque[str] = deque(maxlen=_MAX_LOGINS)
        self._wrong: deque[float] = deque(maxlen=_MAX_WRONG_PASSWORDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        # No trusted proxy stands before this server, so a visitor may have made these headers up.
        scope["headers"] = [(k, v) for k, v in scope["headers"] if not k.startswith((b"x-forwarded-", b"forwarded"))]
        request = Request(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        response = self._refuse_foreign_page(request) or await self._require_login(request, receive)
        if response is None and not _is_open_route(request):
            response = _text_response(404, "There is nothing here.")
        if response is None and request.method == "POST":
            await self._handle_post(request, receive, answer)
        elif response is None:
            await (self._refuse_foreign_file(request) or self.app)(scope, receive, answer)
        else:
            await response(scope, receive, answer)

    def _refuse_foreign_page(self, request: Request) -> Response | None:
        """The refusal of a request that a page of another site makes; ``None`` lets it through."""
        headers = request.headers
        if not request.scope["query_string"].isascii():  # nothing behind this guard could read it
            return _text_response(400, "The address has signs that are not encoded: write, say, é as %C3%A9.")
        host = headers.get("host", "")
        name, origin = host_of(f"//{host}"), headers.get("origin")
        if name is None or (origin is not None and host_of(origin) is None):
            return _text_response(400, "The header Host or Origin is no address: use the one that the studio printed.")
        if not self._is_own_host(name):
            return _text_response(403, "The studio does not answer to this name: use the address that it printed.")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return _text_response(403, "This page is not the studio's.")
        visits = headers.get("sec-fetch-mode") == "navigate" and request.method == "GET"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not visits:
            return _text_response(403, "This page is not the studio's.")
        return None

    def _is_own_host(self, name: str) -> bool:
        """Whether the name in the header ``Host`` can only mean this server.

        A numeric address passes because it cannot be pointed elsewhere. With a password any name passes, since a page
        under a foreign name does not have the visitor's cookie.
        """
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            own = socket.gethostname().lower()
            known = name in ("localhost", self.settings.host.lower(), own, f"{own}.local")
            return known or bool(self.settings.password and name)
        return address.is_loopback or not self.settings.loopback

    async def _require_login(self, request: Request, receive: Receive) -> Response | None:
        """The login page, or the answer to its form; ``None`` for a visitor who is logged in or needs no password."""
        if not self.settings.password:
            return None
        if request.url.path.rstrip("/") == _LOGIN_PATH and request.method == "POST":
            return await self._login(Request(request.scope, receive))
        if request.cookies.get(self._cookie) in self._tokens:
            return None
        given = basic_password(request.headers.get("authorization", ""))
        if given is not None and self._may_try_password and await self._check_password(given):
            return None
        if is_page(request):
            return self._login_page(request, 401)
        return JSONResponse({"detail": "A password is needed: log in, or send it as HTTP basic authentication."}, 401)

    async def _login(self, request: Request) -> Response:
        """Answer the form of the login page: with a cookie if the password is right."""
        data = b""
        async for chunk in request.stream():
            data += chunk
            if len(data) > _MAX_LOGIN_BYTES:
                return _text_response(413, "This is no password.")
        given = parse_qs(data.decode("utf-8", "replace")).get("password", [""])[0]
        if not self._may_try_password:
            return _text_response(429, "Too many wrong passwords: wait a minute.")
        if not await self._check_password(given):
            if is_page(request):
                return self._login_page(request, 401, "login_wrong")
            return JSONResponse({"detail": "That is not the password."}, 401)
        token = secrets.token_urlsafe(32)
        self._tokens.append(token)
        response: Response = RedirectResponse("/", 303) if is_page(request) else JSONResponse({"success": True})
        response.set_cookie(
            self._cookie, token, httponly=True, samesite="lax", secure=self.settings.tls_cert is not None
        )
        return response

    @property
    def _may_try_password(self) -> bool:
        """Whether there were fewer wrong passwords lately than the limit."""
        return len(self._wrong) < _MAX_WRONG_PASSWORDS or time.monotonic() - self._wrong[0] > _WRONG_PASSWORD_WINDOW

    async def _check_password(self, password: str) -> bool:
        """Whether a password is right; a wrong one is counted, and its answer delayed."""
        if secrets.compare_digest(password.encode(), self.settings.password.encode()):
            return True
        self._wrong.append(time.monotonic())
        await sleep(_WRONG_PASSWORD_DELAY)
        return False

    def _login_page(self, request: Request, status: int, message: str = "") -> Response:
        """The login page, with the text of the key ``message`` if there is one."""
        texts = {key: html.escape(say(request, f"login_{key}")) for key in ("title", "password", "enter")}
        note = f'<p role="alert">{html.escape(say(request, message))}</p>' if message else ""
        page = _LOGIN_HTML.format(language=language_of(request), note=note, **texts)
        return HTMLResponse(page, status)

    def _refuse_foreign_file(self, request: Request) -> Response | None:
        """The refusal of a request for a file outside of the uploads; ``None`` lets it through."""
        path = request.url.path
        if not path.startswith(_FILE_PREFIX):
            return None
        try:
            self.uploads.own_file(request.scope["path"][len(_FILE_PREFIX) :])
        except InputError as error:
            return _text_response(403, error_sentence(request, error))
        return None

    async def _handle_post(self, request: Request, receive: Receive, send: Send) -> None:
        """Check a POST request by its kind: an upload, a live picture or JSON."""
        path = request.url.path.rstrip("/")
        if path == _UPLOAD_PATH:
            await self._handle_upload(request, receive, send)
        elif path == "/live":
            await self.app(request.scope, receive, send)
        else:
            await self._handle_json(request, receive, send)

    async def _handle_json(self, request: Request, receive: Receive, send: Send) -> None:
        """Let a JSON request through if it is small and names no file but uploads."""
        data = bytearray()
        async for chunk in Request(request.scope, receive).stream():
            data += chunk
            if len(data) > _MAX_JSON_BYTES:
                too_large = _text_response(413, "The request is too large: upload pictures first.")
                await too_large(request.scope, receive, send)
                return
        try:
            for given in _file_references(json.loads(data or b"null")):
                self._check_file_reference(given)
        except InputError as error:
            sentence = error_sentence(request, error)
            response = JSONResponse({"detail": sentence, "error": sentence}, 400)
            await response(request.scope, receive, send)
            return
        except (ValueError, RecursionError):
            await _text_response(400, "This is no JSON.")(request.scope, receive, send)
            return
        await self.app(request.scope, _replay_body(bytes(data), receive), send)

    def _check_file_reference(self, given: dict[str, Any]) -> None:
        """Raise :class:`InputError` if a part of a request names a file that is not an upload."""
        path, url = given.get("path"), given.get("url")
        if isinstance(url, str) and url.lstrip().lower().startswith("data:"):
            raise InputError("A file cannot be sent inside a request: upload it first.")
        if path is not None:
            self.uploads.own_file(path if isinstance(path, str) else "")

    async def _handle_upload(self, request: Request, receive: Receive, send: Send) -> None:
        """Take uploaded files if all of them together are small enough and each is a picture or a video."""
        limit = self.settings.max_upload
        too_large = _text_response(413, say(request, "upload_large", limit=limit // 1_000_000))
        if announced_bytes(request) > limit + _MAX_JSON_BYTES:
            await too_large(request.scope, receive, send)
            return
        if await to_thread.run_sync(lambda: self.uploads.is_full):
            await _text_response(507, say(request, "storage_full"))(request.scope, receive, send)
            return
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > limit + _MAX_JSON_BYTES:
                raise _TooLargeError
            return message

        answer = _BufferedAnswer()
        scope = dict(request.scope)
        scope["headers"] = [
            (k, v) for k, v in scope["headers"] if k != b"accept-encoding"
        ]  # so that the answer is not compressed
        try:
            await self.app(scope, counted, answer)
            await to_thread.run_sync(self._check_uploads, answer)
        except _TooLargeError:
            await too_large(request.scope, receive, send)
        except ImpastoError as error:
            await _text_response(415, error_sentence(request, error))(request.scope, receive, send)
        else:
            await answer.send_to(send)

    def _check_uploads(self, answer: _BufferedAnswer) -> None:
        """Remove uploaded files and raise :class:`ImpastoError` if one is neither a picture nor a video."""
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
    """An upload is larger than its header announced and than the limit allows."""


class _BufferedAnswer:
    """Collects an application's answer, so that it can be checked before it is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return int(self.messages[0]["status"]) if self.messages else 500

    @property
    def body(self) -> bytes:
        """The whole body of the answer."""
        return b"".join(message.get("body", b"") for message in self.messages)

    async def send_to(self, send: Send) -> None:
        """Send the answer to the visitor."""
        for message in self.messages:
            await send(message)


def _is_open_route(request: Request) -> bool:
    """Whether a request is for a route that the studio uses."""
    path = request.url.path
    bare = path.rstrip("/") or "/"
    if request.method in ("GET", "HEAD"):
        return bare in _GET_PATHS or path.startswith(_GET_PREFIXES)
    return request.method == "POST" and (bare in _POST_PATHS or path.startswith(_POST_PREFIXES))


def _file_references(value: Any) -> Iterator[dict[str, Any]]:
    """All parts of a request that Gradio could take for a file."""
    if isinstance(value, dict):
        if "path" in value or "url" in value:
            yield value
        for item in value.values():
            yield from _file_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _file_references(item)


def _replay_body(data: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives a body that was read already, and then what else comes: that the visitor left."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": data, "more_body": False}

    return again


def _text_response(status: int, text: str) -> Response:
    """An answer in plain text."""
    return PlainTextResponse(text, status)


_LOGIN_HTML = """<!doctype html>
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
