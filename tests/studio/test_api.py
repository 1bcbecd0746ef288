import json
import re
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.studio.asking import apply, run, send, sent
from tests.studio.conftest import run_example

from impasto.errors import InputError

DOCS = Path(__file__).parents[2] / "docs/studio-server.md"

# ---- the API --------------------------------------------------------------------------------------


@pytest.fixture
def working_folder(tmp_path, small, clip):
    small.save(tmp_path / "photo.jpg")
    shutil.copy(clip, tmp_path / "clip.mp4")
    return tmp_path


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_examples_of_the_api_with_curl(server, client, working_folder):
    for route in ("apply", "video"):
        run_example(client, route, server.url, working_folder)
    with Image.open(working_folder / "painted.jpg") as painted:
        assert (painted.format, painted.size) == ("JPEG", (48, 32))
        assert "style=scream+udnie" in painted.getexif()[305]
        assert "strength=0.8" in painted.getexif()[305]
    assert (working_folder / "painted.mp4").read_bytes()[4:8] == b"ftyp"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize("name", re.findall(r"<!-- test: (\w+) -->\n```bash", DOCS.read_text()))
def test_the_documents_examples_with_curl(server, working_folder, name):
    script = re.search(rf"<!-- test: {name} -->\n```bash\n(.*?)```", DOCS.read_text(), re.DOTALL)[1]
    if name == "arts":
        pytest.importorskip("av", reason="the extra sound is not installed")
        write_sounds_and_movements(working_folder)
    made = script.replace("http://127.0.0.1:7860", server.url).replace("curl ", "curl --fail-with-body -s ")
    subprocess.run(["bash", "-euc", made], check=True, cwd=working_folder, timeout=120)
    for result in re.findall(r" -o ([\w.-]+)$", script, re.MULTILINE):
        assert (working_folder / result).stat().st_size > 500, result
    if name != "arts":
        with Image.open(working_folder / "painted.jpg") as painted:
            assert painted.size == (48, 32)


def write_sounds_and_movements(folder):
    """The files that the examples of sound and motion name."""
    from tests.motion.test_beats import clicks
    from tests.motion.test_track import write

    from impasto.motion.bvh import write_bvh
    from impasto.motion.walker import Walk, make_walk

    random = np.random.default_rng(0)
    for name, samples in (
        ("song", clicks(np.arange(0.2, 1.3, 0.4), 1.5)),
        ("bell", clicks(np.arange(0.1, 1.5, 1), 2.0)),
    ):
        write(folder / f"{name}.wav", samples, 22050)
    write(folder / "rain.wav", 0.1 * random.standard_normal(22050), 22050)
    write(folder / "track.wav", clicks(np.arange(0.2, 7.5, 60 / 130), 8.0), 22050)
    for name, walk in (("walk", Walk()), ("old", Walk(stoop=0.5))):
        write_bvh(make_walk(walk, 2.0), folder / f"{name}.bvh")


def test_programs_are_told_what_is_not_kept(client, small, tmp_path):
    small.save(tmp_path / "pages.tif", save_all=True, append_images=[small])
    answer = apply(client, tmp_path / "pages.tif")
    assert json.loads(answer.headers["x-notes"]) == ["it has 2 pages: the first is taken, the others are left out"]
    small.save(tmp_path / "one.png")
    assert "x-notes" not in apply(client, tmp_path / "one.png").headers


def test_the_api_is_documented(client):
    described = client.get("/api/openapi.json").json()
    paths = described["paths"]
    assert {
        "/api/apply",
        "/api/video",
        "/api/paint",
        "/api/learn",
        "/api/sound",
        "/api/motion",
        "/api/live",
        "/api/files",
        "/api/jobs/picture",
    } <= set(paths)
    for path, methods in paths.items():
        for method, about in methods.items():
            assert about["summary"], (path, method)
            assert about["description"], (path, method)
    assert "curl" in paths["/api/apply"]["post"]["description"]


def test_its_page_of_documents_asks_nobody_else(visit):
    page = visit()
    page.get_by_role("link", name="For programs").click()
    page.get_by_role("heading", name="/api/apply").wait_for()
    page.get_by_text("curl -F picture=@photo.jpg").first.wait_for()


def test_apply_takes_every_option_and_a_mask(client, picture_file, monkeypatch, tmp_path):
    from impasto.studio import pictures

    def recorded(_studio, _picture, picture_request, *, strip):
        levels = picture_request.mask
        raise InputError(f"{picture_request.options} {levels.shape} {levels[0, 0]} {levels[0, -1]} {strip}")

    monkeypatch.setattr(pictures, "paint_picture", recorded)
    mask = Image.new("L", (48, 32))
    mask.paste(255, (24, 0, 48, 32))
    mask.save(tmp_path / "mask.png")
    fields = {"strength": "0.5", "colors": "content", "style_scale": "2", "grain": "0.25", "size": "64"}
    with picture_file.open("rb") as picture, (tmp_path / "mask.png").open("rb") as masking:
        answer = client.post(
            "/api/apply",
            files={"picture": picture, "mask": masking},
            data={"styles": ["scream"], "work_size": "640", "metadata": "false"} | fields,
        )
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "{'strength': 0.5, 'colors': 'content', 'style_scale': 2.0, 'grain': 0.25, 'size': 64, 'work_size': 640} "
        "(32, 48) 0 255 True",
    )


def test_a_result_is_what_programs_and_the_page_get_alike(client, picture_file):
    answer = apply(client, picture_file)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert "photo-scream.jpg" in answer.headers["content-disposition"]
    kind, result = run(client, "picture", file=sent(client, picture_file)["id"], styles=["scream:1"])
    assert (kind, result["width"], result["height"]) == ("result", 48, 32)
    assert client.get(f"/{result['file']['url']}").content == answer.content


# ---- untrusted ------------------------------------------------------------------------------------


def test_no_file_of_the_machine_can_be_had(client, picture_file):
    for path in ("/etc/passwd", str(picture_file), "../../../../etc/passwd", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/x"):
        assert client.get(f"/api/files/{path}").status_code == 404
        status, answer = run(client, "picture", file=path, styles=["scream"])
        assert (status, answer["key"]) == (400, "not_uploaded")
    for path in ("/../app.py", "/%2e%2e/app.py", "/texts/../../app.py", "//etc/passwd"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/api", "/api/files", "/api/nothing", "/nothing"])
def test_what_the_studio_does_not_offer_is_not_there(client, path):
    assert client.get(path).status_code in (404, 405)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_closed(client, method):
    assert client.request(method, "/").status_code == 405


def test_a_style_cannot_be_a_path(client, picture_file):
    file = sent(client, picture_file)["id"]
    for style in (str(picture_file), file, "../scream"):
        for answer in (
            run(client, "picture", file=file, styles=[style])[1],
            apply(client, picture_file, styles=[style]).json(),
        ):
            assert "choose one" in answer["detail"]
    assert run(client, "picture", file=file, styles=[{"path": "x"}])[0] == 400


def test_a_request_that_makes_no_sense_is_refused_in_a_sentence(client, picture_file):
    file = sent(client, picture_file)["id"]
    for asked in (
        {},
        {"file": file, "styles": "scream"},
        {"file": file, "styles": ["scream"], "options": {"max_pixels": 10**9}},
        {"file": file, "styles": ["scream"], "options": {"strength": 7}},
        {"file": file, "styles": ["scream"], "mask": "/etc/passwd"},
        {"file": file, "styles": ["scream"], "crop": {"left": 0.9, "right": 0.1}},
        {"file": 3, "styles": ["scream"]},
    ):
        outcome, answer = run(client, "picture", **asked)
        assert outcome in (400, "error"), asked
        assert (answer.get("detail") or answer["text"]).endswith("."), asked
    for body in (b"{", b"\xff\xfe", b"[" * 100_000):
        answer = client.post("/api/jobs/picture", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400


def test_files_that_are_no_pictures_do_not_stay(server, client, tmp_path):
    page = tmp_path / "evil.html"
    page.write_text("<script>alert(1)</script>")
    answer = send(client, page)
    assert (answer.status_code, "neither a picture" in answer.json()["detail"]) == (415, True)
    assert apply(client, page).status_code == 415
    assert not list(server.studio.uploads.folder.rglob("evil*"))


def test_a_picture_is_sent_under_the_name_that_fits_it(client, picture_file, tmp_path):
    path = tmp_path / "<b>&.html"
    path.write_bytes(picture_file.read_bytes())
    told = sent(client, path)
    assert (told["name"], told["kind"], told["width"], told["height"]) == ("_b__.jpg", "picture", 48, 32)
    answer = client.get(f"/{told['url']}")
    assert (answer.headers["content-type"], answer.content) == ("image/jpeg", picture_file.read_bytes())
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_too_large_upload_is_refused_in_the_visitors_language(visit, tmp_path):
    (tmp_path / "large.png").write_bytes(bytes(14_000_000))
    page = visit(locale="fr-FR")
    page.set_input_files("#picture-files input[type=file]", str(tmp_path / "large.png"))
    page.locator(".toast", has_text="dépasse 5 Mo").wait_for()


def test_a_clip_that_is_too_long_is_refused(client, tmp_path):
    from tests.video.conftest import make_clip

    long = tmp_path / "long.mp4"
    make_clip(long, frames=60, rate=10, sound=())
    event, answer = run(client, "video", file=sent(client, long)["id"], styles=["scream"])
    assert (event, "the limit is 5" in answer["text"], answer["key"]) == ("error", True, "video_too_long")


# ---- many visitors --------------------------------------------------------------------------------


def test_many_at_once_are_answered_or_politely_refused(client, picture_file):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: apply(client, picture_file), range(20)))
    statuses = {answer.status_code for answer in answers}
    assert 200 in statuses
    assert statuses <= {200, 503}
    assert all("waiting" in answer.json()["detail"] for answer in answers if answer.status_code == 503)
    assert apply(client, picture_file).status_code == 200


def test_nobody_takes_all_places_and_others_come_first(client, picture_file, monkeypatch):
    from impasto.studio import pictures

    go_on, order = threading.Event(), []

    def recorded(_studio, _picture, picture_request, **_options):
        go_on.wait(100)
        order.append(picture_request.styles[0])
        raise InputError("Enough.")

    monkeypatch.setattr(pictures, "paint_picture", recorded)
    file = sent(client, picture_file)["id"]

    def join(visitor, style):
        asked = {"file": file, "styles": [style]}
        return client.post("/api/jobs/picture", json=asked, headers={"x-visitor": visitor})

    with ThreadPoolExecutor(8) as pool:
        waiting = []
        for visitor, style in (*[("ann", "scream")] * 4, ("bob", "udnie")):
            waiting.append(pool.submit(join, visitor, style))
            time.sleep(0.3)
        refused = join("ann", "scream")
        assert (refused.status_code, "3 of your jobs" in refused.json()["detail"]) == (503, True)
        go_on.set()
        assert all(answer.result().status_code == 200 for answer in waiting)
    assert order == ["scream", "scream", "udnie", "scream", "scream"]


def test_a_crash_in_one_job_is_its_visitors_only(client, picture_file, monkeypatch, caplog):
    from impasto.studio import pictures

    file = sent(client, picture_file)["id"]
    with monkeypatch.context() as broken:
        broken.setattr(pictures, "paint_picture", lambda *_, **__: 1 / 0)
        event, answer = run(client, "picture", file=file, styles=["scream"])
    assert event == "error"
    assert "Something went wrong" in answer["text"]
    assert "ZeroDivisionError" in caplog.text  # the terminal has the details, the visitor does not
    assert "ZeroDivision" not in str(answer)
    assert run(client, "picture", file=file, styles=["scream"])[0] == "result"


def endless(begun, ended):
    def work(studio, *_args, **_options):
        begun.set()
        job = next(iter(studio.jobs._running.values()))
        while not job._stopped.wait(0.05):
            pass
        ended.set()
        raise KeyboardInterrupt

    return work


def wait_until_idle(server):
    for _ in range(50):
        if not server.studio.jobs.busy:
            break
        time.sleep(0.1)
    assert server.studio.jobs.busy == 0


def test_who_leaves_ends_their_job(server, client, picture_file, monkeypatch):
    from impasto.studio import pictures

    begun, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(pictures, "paint_picture", endless(begun, ended))
    asked = {"file": sent(client, picture_file)["id"], "styles": ["scream"]}
    with client.stream("POST", "/api/jobs/picture", json=asked):
        assert begun.wait(10)
    assert ended.wait(5)
    wait_until_idle(server)


def test_a_program_that_leaves_ends_its_job_too(server, client, picture_file, monkeypatch):
    import httpx2

    from impasto.studio import pictures

    begun, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(pictures, "paint_picture", endless(begun, ended))
    with picture_file.open("rb") as file, pytest.raises(httpx2.ReadTimeout):
        client.post("/api/apply", files={"picture": file}, timeout=1)
    assert begun.is_set()
    assert ended.wait(5)
    wait_until_idle(server)


def test_a_job_can_be_stopped_by_its_id(server, client, picture_file, monkeypatch):
    from impasto.studio import pictures

    begun, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(pictures, "paint_picture", endless(begun, ended))
    asked = {"file": sent(client, picture_file)["id"], "styles": ["scream"]}
    with client.stream("POST", "/api/jobs/picture", json=asked) as answer:
        lines = answer.iter_lines()
        job = json.loads(next(lines))["job"]
        assert client.post(f"/api/jobs/{job}/stop").json() == {"stopped": True}
        assert json.loads(next(lines)) == {"stopped": True}
    assert client.post("/api/jobs/unknown/stop").json() == {"stopped": False}
    wait_until_idle(server)
