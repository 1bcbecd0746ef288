"""How long the page takes from a slider's move to the painted preview, in a real browser on the same machine.

    python benchmarks/studio_preview.py [--photo examples/harbour.jpg] [--moves 15]

Needs the extras studio and dev, and Debian's chromium. The time ends when the browser has decoded the picture.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from impasto.studio.server import Server
from impasto.studio.settings import ServerSettings
from impasto.studio.state import Studio

# Script of the page: records in ``window.seen`` when each painted picture was decoded, in ms.
_WATCH_SCRIPT = """() => {
  window.seen = [];
  const image = document.querySelector("#picture-compare .after");
  new MutationObserver(() => image.decode().then(() => window.seen.push(performance.now())))
    .observe(image, { attributes: true, attributeFilter: ["src"] });
}"""
# Script of the page: moves the slider for strength to a value and returns the time, in ms.
_MOVE_SCRIPT = """(value) => {
  const range = document.querySelector("#picture-strength input[type=range]");
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(range, value);
  range.dispatchEvent(new Event("input", { bubbles: true }));
  range.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
  return performance.now();
}"""


def measure(url: str, photo: Path, moves: int) -> list[float]:
    """Measure how long the preview takes after each move of the slider.

    Args:
        url: Address of the studio.
        photo: File of the photograph that is painted.
        moves: Number of moves.

    Returns:
        The times in milliseconds, one a move.
    """
    found = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.set_input_files("#picture-files input[type=file]", str(photo))
        status = page.locator("#picture-status", has_text="pixels")
        status.wait_for(timeout=60_000)
        page.wait_for_timeout(4000)  # ms, until the thumbnails are painted on the photograph
        page.evaluate(_WATCH_SCRIPT)
        for move in range(moves):
            known = page.evaluate("window.seen.length")
            moved = page.evaluate(_MOVE_SCRIPT, f"{0.4 + 0.5 * (move % 2) + 0.01 * move:.2f}")
            page.wait_for_function(f"window.seen.length > {known}", timeout=20_000)
            found.append(page.evaluate("window.seen")[known] - moved)
            status.wait_for(
                timeout=60_000
            )  # until the full result is there, whose painting would slow the next preview
            page.wait_for_timeout(600)
        browser.close()
    return found


def main() -> None:
    """Start a studio, measure the previews, print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, default=Path(__file__).parents[1] / "examples/harbour.jpg")
    parser.add_argument("--moves", type=int, default=15)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(Studio(ServerSettings(port=0), Path(folder)))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        times = measure(f"http://127.0.0.1:{listening.getsockname()[1]}", chosen.photo, chosen.moves)
        server.should_exit = True
        thread.join(10)
    print("ms:", " ".join(f"{value:.0f}" for value in times))
    print(f"median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms (aim: 500)")


if __name__ == "__main__":
    main()
