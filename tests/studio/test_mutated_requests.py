"""Whatever a request holds, the studio refuses it in a sentence: thousands of mutants, always the same ones."""

import asyncio
import json
import random
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from impasto.studio import guard as guard_module
from impasto.studio.guard import Guard
from impasto.studio.settings import ServerSettings
from impasto.studio.uploads import Uploads
from mutation.studio_requests import mutated

SEED = 28


def completed(coroutine):
    """What a coroutine returns, run in a thread of its own: the browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def ask(guard: Guard, method: str, path: bytes, query: bytes, headers: dict, body: bytes) -> int:
    """The status of the answer to a request, which goes to the guard as it is."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path.decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "headers": list(headers.items()),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 7860),
    }
    statuses = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        statuses.append(message.get("status"))

    await guard(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize("password", ["", "geheim"])
def test_the_guard_answers_every_mutant(tmp_path, monkeypatch, password):
    monkeypatch.setattr(guard_module, "_WRONG_PASSWORD_DELAY", 0)
    monkeypatch.setattr(guard_module, "_MAX_WRONG_PASSWORDS", 10**9)
    uploads = Uploads(ServerSettings(max_upload=1_000_000, password=password), tmp_path)

    async def behind(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"through"})

    async def all_of_them():
        guard, chance, found = Guard(behind, uploads.settings, uploads), random.Random(SEED), {}
        for _ in range(2500):
            request = mutated(chance)
            try:
                status = await ask(guard, *request)
            except Exception as error:
                status = repr(error)
            if not (isinstance(status, int) and status < 500):
                found.setdefault(status, request)
        return found

    assert completed(all_of_them()) == {}


@pytest.mark.parametrize("host", [b"[", b"[::1", b"a]b", "\u2100".encode(), b"[v1.x]", b"[1.2.3.4]:80"])
@pytest.mark.parametrize("password", ["", "geheim"])
def test_a_host_or_origin_that_is_no_address_is_a_bad_request(tmp_path, password, host):
    uploads = Uploads(ServerSettings(password=password), tmp_path)
    guard = Guard(None, uploads.settings, uploads)
    for name, address in ((b"host", host), (b"origin", b"http://" + host)):
        headers = {b"host": b"127.0.0.1:7860", name: address}
        assert completed(ask(guard, "GET", b"/", b"", headers, b"")) in (400, 401, 403)
    assert completed(ask(guard, "GET", b"/", b"", {b"host": b"["}, b"")) == 400


@pytest.mark.parametrize(
    "given", [b"\xff\xfe", "Basic é".encode(), b"Basic \xff", b"Basic =", b"Basic", b"Basic /w==", b"basic YQ"]
)
def test_basic_authorisation_that_makes_no_sense_is_no_password(tmp_path, given):
    uploads = Uploads(ServerSettings(password="geheim"), tmp_path)
    guard = Guard(None, uploads.settings, uploads)
    headers = {b"host": b"127.0.0.1:7860", b"authorization": given}
    assert completed(ask(guard, "GET", b"/", b"", headers, b"")) == 401


def test_the_whole_server_answers_every_mutant(server):
    """Bytes over a socket, so that nothing puts them right on their way."""
    chance, found = random.Random(SEED), {}
    address = urlsplit(server.url).netloc.encode()
    own = {b"host": address, b"connection": b"close"}
    for _ in range(400):
        method, path, query, headers, body = mutated(chance)
        headers = {
            name: value
            for name, value in headers.items()
            if name not in (b"origin", b"content-length", b"authorization")
        }
        headers = headers | own | {b"content-length": str(len(body)).encode()}
        if body and not body.startswith(b"--"):
            headers[b"content-type"] = b"application/json"
        target = (path + (b"?" + query if query else b"")).translate(None, b" \r\n\t")
        lines = [method.encode() + b" " + target + b" HTTP/1.1"]
        lines += [name + b": " + value.translate(None, b"\r\n") for name, value in headers.items()]
        answer = exchanged(address, b"\r\n".join(lines) + b"\r\n\r\n" + body)
        status = answer.split(b" ", 2)[1:2]
        if status and status[0] >= b"500" and status[0] not in (b"503", b"507"):
            found.setdefault(answer[:300], (lines, body))
    assert found == {}, json.dumps({repr(key): repr(value)[:900] for key, value in found.items()}, indent=1)


def exchanged(address: bytes, request: bytes) -> bytes:
    """The beginning of the answer to a request; empty where the server keeps the connection open without one."""
    host, port = address.decode().split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.settimeout(3)
        try:
            connection.sendall(request)
            return connection.recv(4096)
        except (TimeoutError, ConnectionError):
            return b""
