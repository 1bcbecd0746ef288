"""Whatever a request holds, the studio refuses it in a sentence: thousands of mutants, always the same ones."""

import asyncio
import base64
import json
import random
import socket
from urllib.parse import urlsplit

import pytest

from impasto.studio import guard as guard_module
from impasto.studio.guard import Guard
from impasto.studio.settings import ServerSettings
from impasto.studio.uploads import Uploads

SEED = 28
# Put into requests: signs with a meaning in addresses, headers or JSON, and what is no ASCII, empty or too long.
SIGNS = """
[ ] [::1 ::1] [v1.x] [1.2.3.4] @ : :99999999 // / \\ ? # % %00 %ff .. = , ; %2e%2e%2f é \u2100 \uff0f
-1 1e9 NaN null " ' { } http:// Basic
"""
PIECES = [sign.encode() for sign in SIGNS.split()]
PIECES += [b"\xff", b"xn--\xff", b"a" * 300, b"0" * 5000, b"\t", b" ", b"\x7f"]
HEADERS = {
    b"host": b"127.0.0.1:7860",
    b"origin": b"http://127.0.0.1:7860",
    b"authorization": b"Basic " + base64.b64encode(b"anyone:geheim"),
    b"cookie": b"impasto_session=abc; language=fr",
    b"accept-language": b"fr-CA,fr;q=0.9,en;q=0.8",
    b"accept": b"text/html,application/json;q=0.9",
    b"content-type": b"multipart/form-data; boundary=xyz",
    b"content-length": b"12",
    b"range": b"bytes=0-10",
    b"sec-fetch-site": b"same-origin",
    b"if-none-match": b'"abc"',
    b"x-forwarded-host": b"127.0.0.1",
}
ADDRESSES = """
/ /config /live /login /static/x.js /svelte/a /gradio_api/upload /gradio_api/queue/join /gradio_api/call/apply
/gradio_api/file=/tmp/x.jpg /gradio_api/queue/data /gradio_api/heartbeat/a /gradio_api/run/apply /gradio_api/cancel
"""
PATHS = [path.encode() for path in ADDRESSES.split()]
QUERIES = [b"", b'visitor=a&styles=["scream"]&strength=1', b"session_hash=abc", b"upload_id=1"]
BODY = {
    "data": [{"path": "/tmp/x.jpg", "meta": {"_type": "gradio.FileData"}}, ["scream:2"], 0.5, None, "auto"],
    "fn_index": 1,
    "session_hash": "abc",
    "event_data": None,
    "trigger_id": 3,
}
MULTIPART = (
    b'--xyz\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    b"\xff\xd8\xff\r\n--xyz--\r\n"
)


def mutant(chance: random.Random, text: bytes) -> bytes:
    """Bytes with one to three changes: cut, doubled, replaced, or something put into them."""
    for _ in range(chance.randint(1, 3)):
        at, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        kind = chance.randrange(5)
        inserted = [
            b"",
            text[at:end] * 2,
            chance.choice(PIECES),
            bytes([chance.randrange(1, 256)]),
            chance.choice(PIECES),
        ]
        text = text[:at] + inserted[kind] + (text[at:] if kind == 4 else text[end:])
    return text


def odd_value(chance: random.Random, depth: int = 0) -> object:
    """A JSON value that nobody would send."""
    simple = [
        None,
        True,
        -1,
        10**30,
        1e308,
        "",
        "x" * 400,
        "\x00",
        "\ud800",
        "../../etc/passwd",
        "data:,x",
        "http://a[",
        [],
        {},
    ]
    if depth < 3 and chance.random() < 0.3:
        return [odd_value(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    if depth < 3 and chance.random() < 0.3:
        keys = ("path", "url", "meta", "data", "fn_index", "x", "")
        return {chance.choice(keys): odd_value(chance, depth + 1) for _ in range(chance.randint(0, 4))}
    return chance.choice(simple)


def mutated_body(chance: random.Random) -> bytes:
    """A body of JSON or of a form, with something wrong in its values or in its bytes."""
    kind = chance.randrange(4)
    if kind == 0:
        return mutant(chance, MULTIPART)
    if kind == 1:
        return mutant(chance, json.dumps(BODY).encode())
    if kind == 2:
        return json.dumps({**BODY, chance.choice(list(BODY)): odd_value(chance)}).encode()
    return json.dumps({**BODY, "data": [odd_value(chance) for _ in range(chance.randint(0, 9))]}).encode()


def mutated(chance: random.Random, **fixed: bytes) -> tuple[str, bytes, bytes, dict[bytes, bytes], bytes]:
    """Method, path, query, headers and body of a request with something odd in one or more of them."""
    method = chance.choice(["GET", "POST", "POST", "HEAD", "PUT", "OPTIONS"])
    headers = {name: value for name, value in HEADERS.items() if name == b"host" or chance.random() < 0.5} | fixed
    path, query, body = chance.choice(PATHS), chance.choice(QUERIES), b""
    for what in chance.sample(["headers", "path", "query", "body"], chance.randint(1, 2)):
        if what == "headers":
            name = chance.choice(list(headers))
            headers[name] = mutant(chance, headers[name])
        elif what == "path":
            path = b"/" + mutant(chance, path).lstrip(b"/")
        elif what == "query":
            query = mutant(chance, query)
        else:
            body = mutated_body(chance)
    return method, path, query, headers, body


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
        answer = b"[]" if scope["path"].startswith("/gradio_api/upload") else b"through"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})

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

    assert asyncio.run(all_of_them()) == {}


@pytest.mark.parametrize("host", [b"[", b"[::1", b"a]b", "\u2100".encode(), b"[v1.x]", b"[1.2.3.4]:80"])
@pytest.mark.parametrize("password", ["", "geheim"])
def test_a_host_or_origin_that_is_no_address_is_a_bad_request(tmp_path, password, host):
    uploads = Uploads(ServerSettings(password=password), tmp_path)
    guard = Guard(None, uploads.settings, uploads)
    for name, address in ((b"host", host), (b"origin", b"http://" + host)):
        headers = {b"host": b"127.0.0.1:7860", name: address}
        assert asyncio.run(ask(guard, "GET", b"/", b"", headers, b"")) in (400, 401, 403)
    assert asyncio.run(ask(guard, "GET", b"/", b"", {b"host": b"["}, b"")) == 400


@pytest.mark.parametrize(
    "given", [b"\xff\xfe", "Basic é".encode(), b"Basic \xff", b"Basic =", b"Basic", b"Basic /w==", b"basic YQ"]
)
def test_basic_authorisation_that_makes_no_sense_is_no_password(tmp_path, given):
    uploads = Uploads(ServerSettings(password="geheim"), tmp_path)
    guard = Guard(None, uploads.settings, uploads)
    headers = {b"host": b"127.0.0.1:7860", b"authorization": given}
    assert asyncio.run(ask(guard, "GET", b"/", b"", headers, b"")) == 401


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
