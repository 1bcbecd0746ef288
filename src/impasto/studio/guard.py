"""The check of every request before anything else sees it.

A page of another site must not be able to use a studio that runs on the visitor's own machine. Therefore the host that
a request names has to be this server, since an attacker can point a name of their own to 127.0.0.1, and its origin has
to be the studio's page. No body may be larger than the limits.
"""

from __future__ import annotations

import html
import ipaddress
import secrets
import socket
import time
from collections import deque
from urllib.parse import parse_qs, urlsplit

from anyio import sleep, to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio.api.answers import BodyTooLargeError, refusal, too_large
from impasto.studio.request_headers import announced_bytes, basic_password, host_of, is_page
from impasto.studio.settings import ServerSettings
from impasto.studio.texts import language_of, say
from impasto.studio.uploads import Uploads

_LOGIN_PATH = "/login"
# Paths of requests whose body holds files: uploads, and what programs ask for at once.
_FILE_PATHS = frozenset(["/api/files", "/api/apply", "/api/video", "/api/paint", "/api/learn"])

_MAX_LOGIN_BYTES = 4096  # bytes that the form of the login page may have
_MAX_JSON_BYTES = 8_000_000  # bytes of a request without files
_FORM_BYTES = 100_000  # bytes that a form has beside its files
_MAX_WRONG_PASSWORDS = 10  # wrong passwords within _WRONG_PASSWORD_WINDOW after which all are refused
_WRONG_PASSWORD_WINDOW = 60.0  # seconds for which a wrong password counts
_WRONG_PASSWORD_DELAY = 0.5  # seconds that the answer to a wrong password is delayed
_MAX_LOGINS = 1000  # visitors whose login is remembered; the oldest are forgotten first

# Headers of every answer, which keep the page from loading anything from elsewhere and from being framed.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with "no-referrer" our own forms would send no origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}


class Guard:
    """Middleware (ASGI) that checks requests to the whole application.

    Args:
        app: the application that answers the requests that are let through.
        settings: host, password and limits.
        uploads: the uploads, for which there has to be room.
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
        response = response or await self._refuse_large_body(request)
        if response is None:
            await self.app(scope, self._limited(request, receive), answer)
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

    async def _refuse_large_body(self, request: Request) -> Response | None:
        """The refusal of a body that is announced as too large or finds no room; ``None`` lets it pass."""
        limit = self._body_limit(request)
        if announced_bytes(request) > limit + _FORM_BYTES:
            return too_large(limit)
        files = request.method == "POST" and _takes_files(request)
        if files and await to_thread.run_sync(lambda: self.uploads.is_full):
            text = "There is no room for more uploads: try again in an hour."
            return refusal(507, {"text": text, "key": "storage_full", "values": {}})
        return None

    def _body_limit(self, request: Request) -> int:
        """Most bytes that the body of a request may have."""
        return self.settings.max_upload if _takes_files(request) else _MAX_JSON_BYTES

    def _limited(self, request: Request, receive: Receive) -> Receive:
        """A ``receive`` that raises :class:`BodyTooLargeError` once a body is larger than the limit."""
        limit, count = self._body_limit(request), 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > limit + _FORM_BYTES:
                raise BodyTooLargeError(limit)
            return message

        return counted


def _takes_files(request: Request) -> bool:
    """Whether the body of a request holds files."""
    return request.url.path.rstrip("/") in _FILE_PATHS


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
