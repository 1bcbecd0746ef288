"""``impasto studio``: everything in a browser."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from typing import Any

import click

from impasto.cli import options
from impasto.cli.help import Command
from impasto.errors import InputError
from impasto.memory import parse_size
from impasto.studio.settings import ServerSettings

PASSWORD_VARIABLE = "IMPASTO_STUDIO_PASSWORD"  # environment variable with the visitors' password
_DEFAULTS = {item.name: item.default for item in fields(ServerSettings)}
_UPLOAD = f"{ServerSettings.max_upload // 1_000_000}M"  # default of --max-upload, as it is written


@click.command(
    "studio",
    cls=Command,
    short_help="Do all of this in a browser.",
    sections={
        "The page": ("host", "port", "no_browser"),
        "Who may visit": ("no_auth", "tls_cert", "tls_key"),
        "Limits": ("max_upload", "max_pixels", "max_video", "max_queue", "max_seconds"),
    },
)
@click.option(
    "--host",
    default=_DEFAULTS["host"],
    show_default=True,
    help="Address of this machine to be reached at; 0.0.0.0: all, so that others reach it, too.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_DEFAULTS["port"],
    show_default=True,
    help="Number at the end of the address; 0: any free one.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the page in a browser.")
@click.option("--no-auth", is_flag=True, help="Ask nobody for a password, also with another --host.")
@click.option("--tls-cert", type=options.PATH, metavar="FILE", help="Certificate (PEM), for https.")
@click.option("--tls-key", type=options.PATH, metavar="FILE", help="Key of the certificate (PEM).")
@click.option(
    "--max-upload", default=_UPLOAD, show_default=True, metavar="SIZE", help="Largest upload, such as 50M or 2G."
)
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    default=_DEFAULTS["max_pixels"],
    show_default=True,
    help="Largest picture, in pixels.",
)
@click.option(
    "--max-video", type=float, default=_DEFAULTS["max_video"], show_default=True, help="Longest video, in seconds."
)
@click.option(
    "--max-queue",
    type=click.IntRange(1),
    default=_DEFAULTS["max_queue"],
    show_default=True,
    help="Jobs that may wait; others are turned away.",
)
@click.option(
    "--max-seconds",
    type=float,
    default=_DEFAULTS["max_seconds"],
    show_default=True,
    help="Seconds that one job may take.",
)
def command(no_browser: bool, no_auth: bool, max_upload: str, **settings: Any) -> None:
    """Repaint pictures and videos in a browser, paint live, and learn styles; all on this machine.

    Only this machine reaches the page unless --host says otherwise; then visitors are asked for the password in the
    environment variable IMPASTO_STUDIO_PASSWORD, or one that you type now.

    \b
    impasto studio
    IMPASTO_STUDIO_PASSWORD=... impasto studio --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
    """
    from impasto.studio import launch

    chosen = _with_password(no_auth, {**settings, "max_upload": parse_size(max_upload)})
    launch(chosen, browser=not no_browser)


def _with_password(no_auth: bool, values: dict[str, Any]) -> ServerSettings:
    """The settings, and the password: asked for where others reach the page and none is in the environment."""
    password = "" if no_auth else os.environ.get(PASSWORD_VARIABLE, "")
    open_settings = ServerSettings(**values, open_to_all=True)
    if not password and not no_auth and not open_settings.loopback:
        if not sys.stdin.isatty():
            raise InputError(
                f"Others can reach {open_settings.host}: set a password in {PASSWORD_VARIABLE}, or let "
                "everyone in with --no-auth."
            )
        password = click.prompt("Password for visitors", hide_input=True, confirmation_prompt=True)
    return ServerSettings(**values, password=password, open_to_all=no_auth)
