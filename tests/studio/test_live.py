import io
import json
import threading

import pytest
from PIL import Image

from impasto.pictures.reading import read_picture
from impasto.studio import live as live_module


def frame(size=(160, 120), kind="JPEG"):
    data = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGB").save(data, kind)
    return data.getvalue()


def send(client, content=None, visitor="ann", styles='["udnie:1"]', strength="1"):
    query = {"visitor": visitor, "styles": styles, "strength": strength}
    return client.post("/api/live", params=query, content=frame() if content is None else content)


@pytest.fixture(autouse=True)
def places_are_free_at_once(monkeypatch):
    """Or visitors of earlier tests would take them."""
    monkeypatch.setattr(live_module, "_IDLE_SECONDS", 0)


def pixels(answer):
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def test_a_picture_comes_back_painted(client):
    painted = pixels(send(client))
    assert painted.size == (160, 120)
    other = pixels(send(client, styles='["starry-night"]'))
    assert painted.tobytes() != other.tobytes()


def test_strength_0_is_the_picture_itself(client):
    before = Image.open(io.BytesIO(frame())).convert("RGB")
    after = pixels(send(client, strength="0"))
    assert max(abs(a - b) for a, b in zip(before.tobytes(), after.tobytes(), strict=True)) < 40


def test_a_picture_has_the_colours_that_any_file_has():
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(data, "JPEG", exif=exif)
    assert (live_module._decode_frame(data.getvalue()) == read_picture(data.getvalue(), compact=1).rgb).all()


def test_styles_blend(client):
    assert pixels(send(client, styles='["udnie:1", "starry-night:2"]')).size == (160, 120)


def test_the_size_goes_down_when_it_is_slow(client, monkeypatch):
    visitor = live_module._LiveVisitor()
    for _ in range(20):
        visitor.pace.update(2.0)
    assert visitor.pace.size < live_module.LIVE_MAX_SIDE


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"content": b"no picture"}, "JPEG"),
        ({"content": frame(kind="PNG")}, "JPEG"),
        ({"content": frame((8, 8))}, "1920 x 1080"),
        ({"content": frame((2000, 1200))}, "1920 x 1080"),
        ({"styles": "scream"}, "needs styles"),
        ({"styles": "[]"}, "needs styles"),
        ({"styles": json.dumps(["udnie"] * 9)}, "needs styles"),
        ({"styles": "[" * 5000}, "needs styles"),
        ({"styles": '["/etc/passwd"]'}, "choose one"),
        ({"strength": "2"}, "needs styles"),
        ({"strength": "much"}, "needs styles"),
    ],
)
def test_what_cannot_be_painted_is_refused_in_a_sentence(client, asked, words):
    answer = send(client, **asked)
    assert (answer.status_code, words in answer.json()["detail"]) == (400, True)


def test_a_picture_too_large_is_refused(client):
    assert send(client, content=b"x" * 1_100_000).status_code == 413


def test_who_sends_before_the_answer_is_told_so(client, monkeypatch):
    painting, go_on = threading.Event(), threading.Event()

    def slow(*_arguments):
        painting.set()
        assert go_on.wait(10)
        return b"", "1 x 1"

    monkeypatch.setattr(live_module, "_paint_jpeg", slow)
    first = threading.Thread(target=send, args=[client])
    first.start()
    assert painting.wait(5)
    answer = send(client)
    go_on.set()
    first.join()
    assert (answer.status_code, "after its answer" in answer.json()["detail"]) == (409, True)


def test_places_are_few_and_become_free(client, monkeypatch):
    assert send(client, visitor="a").status_code == 200
    monkeypatch.setattr(live_module, "_IDLE_SECONDS", 10)
    for visitor in "bcd":
        assert send(client, visitor=visitor).status_code == 200
    answer = send(client, visitor="e")
    assert (answer.status_code, "4 visitors" in answer.json()["detail"]) == (503, True)
    monkeypatch.setattr(live_module, "_IDLE_SECONDS", 0)
    assert send(client, visitor="e").status_code == 200


# ---- in a browser ---------------------------------------------------------------------------------

FRAMES = "() => Number(document.querySelector('.live .painted').dataset.frames || 0)"


def painted_frames(page, more=3):
    before = page.evaluate(FRAMES)
    page.wait_for_function(f"{FRAMES} >= {before + more}")


def colors(page):
    """The canvas's mean colour."""
    return page.evaluate(
        """() => { const c = document.querySelector('.live .painted'), s = document.createElement('canvas');
        s.width = s.height = 1; const x = s.getContext('2d'); x.drawImage(c, 0, 0, 1, 1);
        return [...x.getImageData(0, 0, 1, 1).data]; }"""
    )


def test_the_camera_is_painted_and_the_style_switched_at_once(visit):
    page = visit("Live")
    page.get_by_text("Start the camera").click()
    painted_frames(page)
    assert "frames/s" in page.locator(".live .rate").text_content()
    first = colors(page)
    page.locator("#live-styles [data-name=charcoal].thumb").click()
    page.wait_for_function("() => document.querySelector('.live .painted').dataset.styles === 'charcoal:1'")
    painted_frames(page)
    second = colors(page)
    assert max(abs(a - b) for a, b in zip(first, second, strict=True)) > 8
    with page.expect_download() as caught:
        page.locator(".live .snapshot").click()
    assert caught.value.suggested_filename.startswith("camera-charcoal-")
    with Image.open(caught.value.path()) as snapshot:
        assert snapshot.format == "PNG"
    page.locator(".live .stop").click()
    page.get_by_text("Start the camera").wait_for()
    count = page.evaluate(FRAMES)
    page.wait_for_timeout(400)
    assert page.evaluate(FRAMES) <= count + 1


def test_a_hidden_tab_is_not_painted(visit):
    page = visit("Live")
    page.get_by_text("Start the camera").click()
    painted_frames(page)
    page.get_by_role("tab", name="Video").click()
    page.wait_for_timeout(500)
    count = page.evaluate(FRAMES)
    page.wait_for_timeout(500)
    assert page.evaluate(FRAMES) == count
    page.get_by_role("tab", name="Live").click()
    painted_frames(page)


def test_a_page_that_is_not_secure_says_what_to_do(visit):
    page = visit()
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { get: () => false })")
    page.reload()
    page.get_by_role("tab", name="Live").click()
    page.get_by_text("--tls-cert").wait_for()


def test_without_a_camera_it_says_so_in_french(visit):
    page = visit(locale="fr-FR")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError')); }"
    )
    page.get_by_role("tab", name="En direct").click()
    page.get_by_text("Démarrer la caméra").click()
    page.get_by_text("Il n’y a pas de caméra ici").wait_for()
