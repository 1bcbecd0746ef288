"""A studio in this process, and what visitors may send it."""

from __future__ import annotations

import random
import re
import socket
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

from impasto.errors import InputError
from mutation.studio_requests import mutated

_SECONDS = 120  # until an answer has to be there
_PATIENCE = 3  # seconds that the beginning of an answer to an odd request is waited for


class ServerFault(Exception):  # noqa: N818
    """An answer that says that the server broke."""


class _Running:
    """A server on a port of this machine.

    Attributes:
        address: its host and port.
    """

    def __init__(self) -> None:
        from impasto.studio.server import Server, listen
        from impasto.studio.settings import ServerSettings
        from impasto.studio.state import Studio

        settings = ServerSettings(port=0, max_upload=5_000_000, max_pixels=2_000_000, max_queue=12)
        server = Server(Studio(settings, Path(tempfile.mkdtemp())))
        self._listening = listen(settings)
        listening = self._listening.__enter__()
        self.address = f"127.0.0.1:{listening.getsockname()[1]}"
        threading.Thread(target=server.run, args=([listening],), daemon=True).start()
        while not server.started:
            time.sleep(0.02)

    def _post(self, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        head = f"POST {path} HTTP/1.1\r\nhost: {self.address}\r\nconnection: close\r\ncontent-type: {kind}\r\n"
        return self._exchange(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)

    def _exchange(self, request: bytes, *, whole: bool = True) -> tuple[int, bytes]:
        """Status and body of the answer to a request; status 0 where there is none.

        Args:
            request: the bytes.
            whole: wait for the end of the answer, which some answers never have, and not only for its beginning.
        """
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port)), timeout=_SECONDS if whole else _PATIENCE) as connection:
            answer = b""
            try:
                connection.sendall(request)
                while (part := connection.recv(1 << 16)) and (whole or not answer):
                    answer += part
            except ConnectionError:
                pass
            except TimeoutError:
                if whole:
                    raise
        head, _, body = answer.partition(b"\r\n\r\n")
        found = re.match(rb"HTTP/1.1 (\d+)", head)
        status = int(found[1]) if found else 0
        if status >= 500 and status not in (503, 507):
            raise ServerFault(f"status {status}: {body[:200]!r}")
        return status, body

    def paint(self, name: str, data: bytes) -> None:
        """Upload a picture and have it painted.

        Raises:
            InputError: the studio refuses it.
            ServerFault: it broke.
        """
        form = f'--xyz\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n\r\n'.encode()
        kind = "multipart/form-data; boundary=xyz"
        status, body = self._post("/api/apply", form + data + b"\r\n--xyz--\r\n", kind)
        if status != 200:
            raise InputError(f"status {status}: {body[:200]!r}.")

    def live(self, data: bytes) -> None:
        """Send a picture as the live page does.

        Raises:
            InputError: the studio refuses it.
            ServerFault: it broke.
        """
        status, _ = self._post('/api/live?visitor=a&styles=["scream"]&strength=1', data, "image/jpeg")
        if status != 200:
            raise InputError(f"status {status}.")

    def odd_request(self, chance: random.Random) -> None:
        """Send a request that nobody would send.

        Raises:
            InputError: the studio refuses it.
            ServerFault: it broke.
        """
        method, path, query, headers, body = mutated(chance)
        headers |= {b"host": self.address.encode(), b"connection": b"close", b"content-length": b"%d" % len(body)}
        for name in (b"origin", b"authorization"):
            if chance.random() < 0.7:
                headers.pop(name, None)
        if body and not body.startswith(b"--"):
            headers[b"content-type"] = b"application/json"
        target = (path + (b"?" + query if query else b"")).translate(None, b" \r\n\t")
        lines = [method.encode() + b" " + target + b" HTTP/1.1"]
        lines += [name + b": " + value.translate(None, b"\r\n") for name, value in headers.items()]
        status, _ = self._exchange(b"\r\n".join(lines) + b"\r\n\r\n" + body, whole=False)
        if status >= 400:
            raise InputError(f"status {status}.")


@cache
def running() -> _Running:
    """The studio of this process, started once."""
    return _Running()
