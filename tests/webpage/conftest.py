"""Fixtures: an exported page on a plain web server, and browsers that paint there."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
SOFTWARE_GPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")


@dataclass
class PlainServer:
    """A web server as ``python -m http.server`` is, which counts what it sends."""

    folder: Path
    sent: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counting = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def copyfile(self, source: Any, outputfile: Any) -> None:
                data = source.read()
                counting.sent[self.path] = counting.sent.get(self.path, 0) + len(data)
                outputfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(self.folder))
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Path:
    """The page as ``impasto export page`` writes it, and beside it ``bare.html``: the engine by itself."""
    from impasto.webpage.api import export_page
    from impasto.webpage.page import write_service_worker

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_STYLES", str(tmp_path_factory.mktemp("catalogue")))
        folder = export_page(tmp_path_factory.mktemp("site") / "site")
    for name in ("bare.html", "bare.js"):
        shutil.copy(Path(__file__).parent / name, folder)
    write_service_worker(folder)
    return folder


@pytest.fixture(scope="session")
def site(exported):
    """The exported page on a plain web server."""
    server = PlainServer(exported)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def visit(playwright) -> Callable[..., Any]:
    """Opens a page of a server: ``visit(server, "bare.html?engine=wasm", flags=...)``."""
    browsers: dict[tuple[str, ...], Any] = {}
    contexts = []

    def opened(
        server: PlainServer, path: str = "bare.html?engine=wasm", *, flags: tuple[str, ...] = (), **options: Any
    ):
        if flags not in browsers:
            browsers[flags] = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        context = browsers[flags].new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(path if path.startswith("about:") else server.url + path)
        if path.startswith("bare.html"):
            wait_for(page, "window.engine !== undefined")
        return page

    yield opened
    for context in contexts:
        context.close()
    for browser in browsers.values():
        browser.close()


@pytest.fixture(scope="session")
def wasm(visit, site):
    """The engine in WebAssembly."""
    return visit(site)


def wait_for(page: Any, condition: str) -> None:
    """Wait until an expression holds in a page, whose policy lets Playwright's own function for that not run."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        with suppress(Exception):  # the page may be loaded again meanwhile
            if page.evaluate(condition):
                return
        time.sleep(0.05)
    pytest.fail(f"{condition} has not come true")


def as_file(image: Image.Image | np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """The file of a picture."""
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, kind, **options)
    return out.getvalue()


def paint(
    page: Any, picture: bytes, styles: dict[str, float], *, name: str = "photo.png", **request: Any
) -> dict[str, Any]:
    """What the engine of a page paints: ``image``, and what it says of it."""
    request["styles"] = [{"name": style, "weight": weight} for style, weight in styles.items()]
    request |= {"data": base64.b64encode(picture).decode(), "name": name}
    if request.get("mask") is not None:
        request["mask"] = base64.b64encode(request["mask"]).decode()
    made: dict[str, Any] = page.evaluate("(request) => paint(request)", request)
    made["image"] = Image.open(io.BytesIO(base64.b64decode(made["data"])))
    return made


def difference(image: Image.Image, other: np.ndarray) -> int:
    """The largest difference of two pictures, of 255."""
    mode = "RGBA" if other.ndim == 3 and other.shape[2] == 4 else "RGB"
    own = np.asarray(image.convert(mode)).astype(int)
    assert own.shape == other.shape
    return int(np.abs(own - other).max())
