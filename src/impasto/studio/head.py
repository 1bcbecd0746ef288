"""A script at the very start of the page.

Gradio's own ``head`` is added by a script of the page, when the language is chosen already.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio.static import text
from impasto.studio.translation import LANGUAGES


class Head:
    """Middleware (ASGI) that adds ``head.js``, with the codes of all languages, to the start of the page.

    Args:
        application: The application that serves the page.
    """

    def __init__(self, application: ASGIApp) -> None:
        self.application = application
        script = text("head.js").replace("(LANGUAGES)", f"({'|'.join(LANGUAGES)})")
        self.script = f"<head><script>{script}</script>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the application, and add the script to the answer if that is the page."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self.application(scope, receive, send)
            return
        headers = [
            (key, value) for key, value in scope["headers"] if key != b"accept-encoding"
        ]  # so that the page comes uncompressed
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
