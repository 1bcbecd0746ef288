"""The studio's page as a browser shows it."""

from __future__ import annotations

import io
import socket
import tempfile
import threading
import time
from pathlib import Path

from PIL import Image

from gallery.sheets import HARBOUR, UnavailableError, write_bytes

CHROMIUM = Path("/usr/bin/chromium")
WIDTH, HEIGHT = 1280, 860  # pixels of the browser's window
STYLE = "starry-night"


def page() -> Path:
    """The tab for pictures, with the harbour half painted.

    Raises:
        UnavailableError: the extras studio and dev, or Chromium, are not here.
    """
    if not CHROMIUM.exists():
        raise UnavailableError(f"{CHROMIUM} is not here (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright

        from impasto.studio.server import Server
        from impasto.studio.settings import ServerSettings
        from impasto.studio.state import Studio
    except ImportError as error:
        raise UnavailableError(f"{error.name} is not installed (extras studio and dev)") from error
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(Studio(ServerSettings(port=0), Path(folder)))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            tab.set_default_timeout(120_000)
            tab.goto(f"http://127.0.0.1:{listening.getsockname()[1]}")
            tab.set_input_files("#picture-files input[type=file]", HARBOUR)
            tab.locator("#picture-status", has_text="pixels").wait_for()
            tab.wait_for_timeout(20_000)  # ms, until the thumbnails are painted on the photograph
            shot = tab.screenshot()
            browser.close()
        server.should_exit = True
        thread.join(10)
    data = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").save(data, "JPEG", quality=88)
    return write_bytes(data.getvalue(), "studio.jpg")
