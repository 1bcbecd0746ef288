"""What the headers of a request say; whatever they hold, they are read without an error."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from starlette.requests import Request


def host_of(address: str) -> str | None:
    """The name of the host in an address, in lower case; empty where it has none, ``None`` where it is no address."""
    try:
        parts = urlsplit(address)
        name, _ = (parts.hostname or "").rstrip(".").lower(), parts.port  # a port that is no number raises
    except ValueError:  # brackets without an IPv6 address in them, signs that stand for others, or no port
        return None
    has_more = bool(parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return None if parts.netloc and has_more else name


def basic_password(header: str) -> str | None:
    """The password of HTTP basic authentication, with any user name; ``None`` if the header is not of that kind."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:  # neither base64 nor UTF-8
        return None


def is_page(request: Request) -> bool:
    """Whether a browser asks for a page, and not a program for data."""
    return "text/html" in request.headers.get("accept", "")


def announced_bytes(request: Request) -> float:
    """The length of the body that a request announces; 0 where it announces none."""
    length = request.headers.get("content-length", "")
    return float(length) if length.isascii() and length.isdecimal() else 0.0
