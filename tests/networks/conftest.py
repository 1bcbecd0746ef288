"""A server on the loopback interface that sends weights, for tests of downloads."""

import hashlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

BODY = bytes(range(251)) * 1200  # about 300 KB, without a period that divides a block
SHA256 = hashlib.sha256(BODY).hexdigest()


@dataclass
class Reply:
    """How the server answers one request."""

    status: int = 200
    body: bytes = BODY
    send: int | None = None  # close the connection after so many bytes of the body
    length: bool = True
    reset: bool = False  # hang up rudely instead of answering


@dataclass
class Server:
    url: str
    replies: list[Reply] = field(default_factory=list)  # once they are used up: the default one
    requests: list[tuple[str, str]] = field(default_factory=list)  # path and user agent


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            it.requests.append((self.path, self.headers["User-Agent"]))
            reply = it.replies.pop(0) if it.replies else Reply()
            if reply.reset:  # lingering for zero seconds makes close send RST
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            self.send_response(reply.status)
            if reply.length:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.send])

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        it = Server(f"http://127.0.0.1:{http.server_address[1]}/models/")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield it
        http.shutdown()
        thread.join()
