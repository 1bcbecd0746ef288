"""The exported page itself: what a visitor does on it, in a browser without any server of ours."""

import io
import struct
import zlib
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from tests.webpage.conftest import as_file, wait_for

from impasto.feedforward.painter import Painter

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SLOW = 120_000  # milliseconds, on a busy machine


def downloaded(page):
    with page.expect_download() as download:
        page.click("#picture-download")
    return download.value


def test_a_photograph_is_painted_and_downloaded_and_nothing_is_asked_of_another_server(visit, site, photo, tmp_path):
    page = visit(site, "index.html?engine=wasm")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_selector("body.ready")
    assert page.locator("[role=tab]").all_inner_texts() == ["Picture", "Live"]
    data = as_file(photo.resize((120, 80)))
    page.set_input_files("#picture-files-input", {"name": "boats.png", "mimeType": "image/png", "buffer": data})
    page.wait_for_selector("#picture-compare[data-text=full]", timeout=SLOW)
    download = downloaded(page)
    assert download.suggested_filename == "boats-starry-night.png"
    download.save_as(tmp_path / "painted.png")
    painted = np.asarray(Image.open(tmp_path / "painted.png").convert("RGB")).astype(int)
    assert np.abs(painted - Painter("starry-night").stylize(np.asarray(Image.open(io.BytesIO(data))))).max() <= 2
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("blob:", "data:"))} <= {
        urlsplit(site.url).netloc
    }


def test_the_camera_is_painted(visit, site):
    page = visit(site, "index.html?engine=wasm", flags=CAMERA)
    page.click("#tab-live")
    page.click("#live .start")
    wait_for(page, "Number(document.querySelector('#live canvas.painted').dataset.frames || 0) >= 3")
    assert " x " in page.inner_text("#live .rate")


def test_of_an_animation_the_first_picture_is_painted_and_that_is_said(visit, site, photo, tmp_path):
    frames = [photo.resize((48, 32)), photo.resize((48, 32)).rotate(180)]
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:], lossless=True)
    page = visit(site, "index.html?engine=wasm")
    page.wait_for_selector("body.ready")
    page.set_input_files("#picture-files-input", tmp_path / "moving.webp")
    page.wait_for_selector("#picture-compare[data-text=full]", timeout=SLOW)
    assert "This is an animation: its first picture is painted." in page.inner_text("#picture-status")
    page.click("#picture-more summary")
    assert "leaves camera, place and time out" in page.inner_text("#picture-more")


def test_a_small_file_that_claims_many_pixels_is_refused_before_they_are_decoded(visit, site, photo, tmp_path):
    data = as_file(photo.resize((8, 8)))
    head = struct.pack(">4sII", b"IHDR", 17000, 17000) + data[24:29]
    (tmp_path / "claims.png").write_bytes(data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:])
    page = visit(site, "index.html?engine=wasm")
    page.wait_for_selector("body.ready")
    for place in ("#picture-files-input", "#picture-styles-add"):
        page.set_input_files(place, tmp_path / "claims.png")
        page.locator(
            ".toast.bad", has_text="claims.png has 17000 x 17000 pixels, more than the limit of 50 m"
        ).wait_for()
        page.locator(".toast button.out").click()


def test_a_style_file_and_a_picture_can_be_added_as_styles(visit, site, photo, tmp_path):
    from impasto.styles.catalogue import load_style

    load_style("udnie").save(tmp_path / "mine.safetensors")
    photo.resize((300, 200)).save(tmp_path / "waves.jpg")
    page = visit(site, "index.html?engine=wasm")
    page.wait_for_selector("body.ready")
    page.set_input_files("#picture-styles-add", tmp_path / "mine.safetensors")
    page.wait_for_selector("#picture-styles [data-name='+udnie'][aria-pressed=true]")
    page.set_input_files("#picture-styles-add", tmp_path / "waves.jpg")
    page.wait_for_selector("#picture-styles [data-name='+waves'][aria-pressed=true]")
    page.locator(".toast", has_text="waves is predicted from the picture, and stays on this page").wait_for()
    assert page.locator("#picture-styles [data-name='+waves'] img").first.get_attribute("src").startswith("blob:")
