"""A script at the very start of the page.

Gradio's own ``head`` is added by a script of the page, when the language is chosen already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from impasto.studio.static import text
from impasto.studio.translation import LANGUAGES

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Head:
    """Puts ``head.js``, with the codes of all languages, into the page on its way out.

    Args:
        application: what serves the page, with Starlette's interface (ASGI).
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        script = text("head.js").replace("(LANGUAGES)", f"({'|'.join(LANGUAGES)})")
        self.script = f"<head><script>{script}</script>".encode()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on, and change the answer if it is the page."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self.application(scope, receive, send)
            return
        headers = [(key, value) for key, value in scope["headers"] if key != b"accept-encoding"]  # to have it plain
        started: Message = {}
        body = b""

        async def changed(message: Message) -> None:
            nonlocal started, body
            if message["type"] == "http.response.start":
                started = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            body = body.replace(b"<head>", self.script, 1)
            kept = [(key, value) for key, value in started["headers"] if key.lower() != b"content-length"]
            await send({**started, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
            await send({"type": "http.response.body", "body": body})

        await self.application({**scope, "headers": headers}, receive, changed)
