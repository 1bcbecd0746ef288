"""Where the studio listens, whom it lets in, and how much it takes on."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from pathlib import Path

from impasto.errors import InputError


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """What ``impasto studio`` can be told.

    Attributes:
        host: the address to listen on; by default only this machine reaches it.
        port: 0 takes any that is free.
        password: asked of every visitor; empty: of nobody.
        open_to_all: whether an address that others reach may do without a password.
        tls_cert, tls_key: files in PEM format; both or none. Without them pages are not encrypted.
        max_upload: bytes of one upload; all files of one drop count together.
        max_pixels: of a picture, and of a result.
        max_video: seconds of video that one job paints.
        max_queue: jobs that may wait.
        max_seconds: that a job may take.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    password: str = field(default="", repr=False)
    open_to_all: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    max_upload: int = 500_000_000
    max_pixels: int = 60_000_000
    max_video: float = 300.0
    max_queue: int = 40
    max_seconds: float = 3600.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise InputError(f"The port {self.port} is out of range; give a number from 1 to 65535, or 0 for any.")
        for name in ("max_upload", "max_pixels", "max_video", "max_queue", "max_seconds"):
            if not 0 < getattr(self, name) < math.inf:  # so written that NaN fails too
                raise InputError(
                    f"The limit {name.replace('_', ' ')} is {getattr(self, name)}; give a finite number above 0."
                )
        if (self.tls_cert is None) != (self.tls_key is None):
            raise InputError("TLS takes a certificate and its key; give both --tls-cert and --tls-key, or neither.")
        if not self.loopback and not self.password and not self.open_to_all:
            raise InputError(
                f"Others can reach {self.host}: set a password in IMPASTO_STUDIO_PASSWORD, or let everyone in with "
                "--no-auth."
            )

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches the address."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def scheme(self) -> str:
        """Of the page's address."""
        return "https" if self.tls_cert else "http"
