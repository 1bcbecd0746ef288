"""The exported page on a plain web server: threads, the network cut, and how much is transferred."""

import base64

import pytest
from tests.webpage.conftest import PlainServer, as_file, paint, wait_for

MAX_TRANSFER = 6_000_000  # bytes before the first painting
STYLES = ("photograph.safetensors", "scream.safetensors")  # what a painting in one style asks for


@pytest.fixture
def own_site(exported):
    """A server of its own, which a test may stop."""
    server = PlainServer(exported)
    yield server
    server.stop()


def test_the_service_worker_brings_threads_and_the_page_paints_with_the_network_cut(visit, exported, photo):
    server = PlainServer(exported)
    page = visit(server)
    assert page.evaluate("crossOriginIsolated")
    picture = as_file(photo.resize((96, 64)))
    first = paint(page, picture, {"scream": 1})
    transferred = sum(server.sent.values())
    assert transferred <= MAX_TRANSFER
    assert page.evaluate("kept") is True
    server.stop()
    page.reload()
    wait_for(page, "window.engine !== undefined")
    assert page.evaluate("crossOriginIsolated")
    assert paint(page, picture, {"scream": 1})["data"] == first["data"]
    paint(page, picture, {"udnie": 1})  # a style that was never asked for before
    add = "async (text) => (await engine.addStyle(fileOf(text, 'mine.png'))).style.name"
    paint(page, picture, {page.evaluate(add, base64.b64encode(picture).decode()): 1})


def test_nothing_is_asked_for_twice_on_the_way_to_the_first_painting(visit, own_site, photo):
    page = visit(own_site)
    paint(page, as_file(photo.resize((48, 32))), {"scream": 1})
    large = {path: size for path, size in own_site.sent.items() if "onnx" in path}
    sizes = {path: (own_site.folder / path.lstrip("/").partition("?")[0]).stat().st_size for path in large}
    assert large == sizes
    assert not any("jspi" in path or "predictor" in path for path in large)


def test_the_webgpu_build_is_within_the_same_limit(exported):
    data = exported / "data"
    files = {path for path in exported.rglob("*") if path.is_file() and "jspi" in path.name}
    files |= {path for path in exported.rglob("*") if path.suffix in (".html", ".js", ".css", ".svg", ".json")}
    files |= {data / name for name in ("network.onnx.gz", "grain.f16", *(f"styles/{style}" for style in STYLES))}
    files |= {exported / "icon-192.webp", *(data / "thumbnails").iterdir()}
    files -= {
        exported / "texts" / "de.json",
        exported / "bare.html",
        exported / "bare.js",
    }  # one language beside English
    assert sum(path.stat().st_size for path in files) <= MAX_TRANSFER


def test_a_newer_edition_is_taken_when_the_page_is_loaded_again(visit, exported, tmp_path):
    import shutil

    folder = tmp_path / "site"
    shutil.copytree(exported, folder)
    server = PlainServer(folder)
    page = visit(server)
    script = folder / "service-worker.js"
    text = script.read_text(encoding="utf-8").replace('"version": "', '"version": "new')
    script.write_text(text, encoding="utf-8")
    bare = folder / "bare.html"
    bare.write_text(bare.read_text().replace("<title>", "<title>newer: "))
    page.evaluate("navigator.serviceWorker.getRegistration().then((it) => it.update())")
    wait_for(page, "navigator.serviceWorker.getRegistration().then((it) => Boolean(it.waiting))")
    page.reload()
    wait_for(page, "document.title.startsWith('newer') && window.engine !== undefined")
    server.stop()
