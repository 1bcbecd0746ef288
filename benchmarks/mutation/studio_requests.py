"""Requests to the studio with something odd in their headers, address or body."""

from __future__ import annotations

import base64
import json
import random

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
/ /app.js /login /texts/en.json /api/info /api/styles /api/styles/scream/thumbnail.jpg /api/files /api/files/a/x.jpg
/api/files/a/x.jpg/shown.jpg /api/jobs/picture /api/jobs/paint /api/jobs/video /api/jobs/learn /api/jobs/a/stop
/api/apply /api/video /api/learn /api/live /api/openapi.json
"""
PATHS = [path.encode() for path in ADDRESSES.split()]
QUERIES = [b"", b'visitor=a&styles=["scream"]&strength=1', b"name=photo.jpg"]
BODY = {
    "file": "0123456789abcdef0123456789abcdef/x.jpg",
    "styles": ["scream:2"],
    "options": {"strength": 0.5, "work_size": "auto"},
    "mask": None,
    "crop": {"turns": 1, "angle": 2.5, "left": 0.1, "right": 0.9},
    "preview": True,
}
MULTIPART = (
    b'--xyz\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
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
        keys = ("file", "styles", "options", "crop", "left", "x", "")
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
    return json.dumps({**BODY, "styles": [odd_value(chance) for _ in range(chance.randint(0, 9))]}).encode()


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
