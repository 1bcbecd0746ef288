"""The settings of the server: its address, its password and its limits."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from pathlib import Path

from impasto.errors import InputError


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The settings of the studio's server, each an option of ``impasto studio``.

    Attributes:
        host: address to listen on; by default only this machine reaches it.
        port: port to listen on; 0 takes any that is free.
        password: password that every visitor has to give; empty means none.
        open_to_all: whether visitors from other machines are let in without a password.
        tls_cert: certificate in PEM format; ``None`` serves the page without encryption.
        tls_key: key of the certificate in PEM format; given if and only if ``tls_cert`` is.
        max_upload: largest upload in bytes; files that are dropped together count as one upload.
        max_pixels: most pixels of a picture, and of a painting.
        max_video: most seconds of video that one job paints.
        max_queue: most jobs that may wait.
        max_seconds: most seconds that one job may take.

    Raises:
        InputError: a value is out of range, or visitors from other machines would be let in without a password and
            ``open_to_all`` is not set.
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
            if not 0 < getattr(self, name) < math.inf:  # in this form NaN is refused, too
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
        """Whether only this machine can reach the address."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def scheme(self) -> str:
        """Scheme of the page's address: ``http`` or ``https``."""
        return "https" if self.tls_cert else "http"
