"""Fixtures: a running studio, a browser to visit it, and a check that neither contacts another machine."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra studio is not installed")

CHROMIUM = Path("/usr/bin/chromium")
# Hosts of this machine; an empty one is any address of it.
LOCAL = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")


@dataclass
class Watch:
    """Audit hook that lists the addresses beyond this machine that this process contacts or looks up."""

    foreign: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in LOCAL:
            self.foreign.append(str(arguments[1]))
        if event in ("socket.getaddrinfo", "socket.gethostbyname") and arguments[0] not in (*LOCAL, None):
            self.foreign.append(str(arguments[0]))


WATCH = Watch()
sys.addaudithook(WATCH)


@pytest.fixture(autouse=True)
def nothing_leaves():
    """No test of the studio may make this process contact another machine."""
    before = len(WATCH.foreign)
    yield
    assert WATCH.foreign[before:] == []


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A studio on loopback, in this process: ``.url`` and ``.studio``."""
    from impasto.studio.server import Server, listen
    from impasto.studio.settings import ServerSettings
    from impasto.studio.state import Studio

    folder = tmp_path_factory.mktemp("studio")
    settings = ServerSettings(port=0, max_upload=5_000_000, max_pixels=2_000_000, max_video=5.0, max_queue=12)
    made = Server(Studio(settings, folder))
    with listen(settings) as listening:
        made.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=made.run, args=([listening],), daemon=True)
        thread.start()
        while not made.started:
            time.sleep(0.02)
        yield made
        made.should_exit = True
        thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def client(server):
    """An HTTP client of the studio."""
    httpx2 = pytest.importorskip("httpx2")
    with httpx2.Client(base_url=server.url, timeout=60) as made:
        yield made


def run_example(client, route: str, url: str, folder: Path) -> None:
    """Run the example with curl in the API's own documentation of a route, in a folder."""
    described = client.get("/api/openapi.json").json()["paths"][f"/api/{route}"]["post"]["description"]
    script = re.search(r"```bash\n(.*?)```", described, re.DOTALL)[1].replace("http://127.0.0.1:7860", url)
    subprocess.run(
        ["bash", "-euc", script.replace("curl ", "curl --fail-with-body -s ")], check=True, cwd=folder, timeout=120
    )


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """A second of video, 96 x 64, with sound."""
    pytest.importorskip("av")
    pytest.importorskip("cv2")
    from tests.video.conftest import make_clip

    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_clip(path, frames=12, width=96, height=64, rate=12, chapters=False)
    return path


@pytest.fixture(scope="session")
def camera(tmp_path_factory) -> Path:
    """What Chromium's pretended camera sees, over and over: 160 x 120."""
    path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    y, x = np.mgrid[0:120, 0:160]
    with path.open("wb") as file:
        for n in range(12):
            picture = np.stack([(x + 12 * n) % 256, (2 * y) % 256, np.full_like(x, 90)], axis=2).astype(np.uint8)
            data = io.BytesIO()
            Image.fromarray(picture).save(data, "JPEG", quality=90)
            file.write(data.getvalue())
    return path


@pytest.fixture(scope="session")
def chromium(camera, playwright):
    """Debian's Chromium, driven by Playwright; it resolves no names but this machine's."""
    flags = (
        *("--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
        *(f"--use-file-for-fake-video-capture={camera}", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--no-first-run"),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    )
    made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(flags))
    yield made
    made.close()


@pytest.fixture
def visit(chromium, server):
    """Opens the studio: ``visit(tab="Video", width=375, ...)`` gives a Playwright page.

    At the end no page may have asked for anything outside of the studio, or have complained of a broken script.
    """
    contexts, asked, broken = [], [], []

    def opened(tab: str = "", *, width: int = 1280, height: int = 900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        # The browser complains of the policy if the page asks for something from elsewhere.
        page.on(
            "console",
            lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(server.url)
        page.locator("body.ready").wait_for()
        if tab:
            page.get_by_role("tab", name=tab).click()
        return page

    yield opened
    for context in contexts:
        context.close()
    own = urlsplit(server.url).netloc
    away = [
        url for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).netloc != own
    ]
    assert away == []
    assert broken == []


@pytest.fixture
def picture_file(small, tmp_path) -> Path:
    """The photograph, 48 x 32, as a JPEG file."""
    path = tmp_path / "photo.jpg"
    small.save(path, quality=92)
    return path


@pytest.fixture
def put(server):
    """Puts a file where uploads lie, as if it had been uploaded; gives its path."""

    def copied(source: Path, name: str = "") -> Path:
        target = server.studio.uploads.new_path(name or source.name)
        shutil.copyfile(source, target)
        return target

    return copied
