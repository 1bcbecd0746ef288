import json

import pytest
from starlette.testclient import TestClient

from impasto.studio import guard as guard_module
from impasto.studio.guard import Guard
from impasto.studio.settings import ServerSettings
from impasto.studio.uploads import Uploads

URL = "http://127.0.0.1:7860"


class Behind:
    """What the guard guards: remembers what came through; stores uploads in the folder as Gradio does."""

    def __init__(self, uploads):
        self.uploads, self.bodies, self.headers = uploads, [], {}

    async def __call__(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        self.headers = dict(scope["headers"])
        answer = b"through"
        if scope["path"] == "/gradio_api/upload":
            stored = self.uploads.new_path("upload.jpg")
            stored.write_bytes(body)
            answer = json.dumps([str(stored)]).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})


@pytest.fixture
def make(tmp_path):
    def made(url=URL, **settings):
        uploads = Uploads(ServerSettings(max_upload=1_000_000, **settings), tmp_path)
        behind = Behind(uploads)
        visitor = TestClient(Guard(behind, uploads.settings, uploads), base_url=url, follow_redirects=False)
        return visitor, behind

    return made


# ---- who asks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "localhost", "[::1]:7860", "LOCALHOST:1"])
def test_own_names_pass(make, host):
    assert make()[0].get("/", headers={"host": host}).text == "through"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:7860", "192.168.1.7", "", "localhost.evil.example"]
)
def test_a_name_that_was_pointed_here_is_refused(make, host):
    visitor, behind = make()
    assert visitor.get("/", headers={"host": host}).status_code == 403
    assert behind.bodies == []


def test_open_to_others_addresses_pass_and_names_do_not(make):
    visitor, _ = make(host="0.0.0.0", open_to_all=True)
    assert visitor.get("/", headers={"host": "192.168.1.7:7860"}).status_code == 200
    assert visitor.get("/", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:7860"])
def test_pages_of_others_are_refused(make, origin):
    visitor, behind = make()
    for method in ("GET", "POST", "OPTIONS"):
        assert visitor.request(method, "/gradio_api/queue/join", headers={"origin": origin}).status_code == 403
    assert behind.bodies == []


def test_the_own_page_passes(make):
    visitor, behind = make()
    own = {"origin": URL, "sec-fetch-site": "same-origin"}
    assert visitor.post("/gradio_api/queue/join", json={"data": [1]}, headers=own).text == "through"
    assert json.loads(behind.bodies[0]) == {"data": [1]}


def test_pictures_in_pages_of_others_are_refused_and_links_are_not(make):
    visitor, _ = make()
    for site in ("cross-site", "same-site"):
        seen = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert visitor.get("/static/x.png", headers=seen).status_code == 403
        assert visitor.get("/", headers={"sec-fetch-site": site, "sec-fetch-mode": "navigate"}).status_code == 200


def test_headers_that_claim_a_proxy_do_not_get_through(make):
    visitor, behind = make()
    visitor.get("/", headers={"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "accept": "text/html"})
    assert not [name for name in behind.headers if name.startswith(b"x-forwarded")]


def test_every_answer_has_the_headers_that_keep_the_page_to_itself(make):
    visitor, _ = make()
    for answer in (visitor.get("/"), visitor.get("/nothing"), visitor.get("/", headers={"host": "evil.example"})):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "http" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


# ---- the password ---------------------------------------------------------------------------------


@pytest.fixture
def locked(make, monkeypatch):
    monkeypatch.setattr(guard_module, "_WRONG_PASSWORD_DELAY", 0)
    return make(password="geheim")


PAGE = {"accept": "text/html"}


def test_without_the_password_nothing_is_given(locked):
    visitor, behind = locked
    for method, path in (
        ("GET", "/config"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/cancel"),
        ("POST", "/live"),
    ):
        assert visitor.request(method, path).status_code == 401
    page = visitor.get("/", headers=PAGE | {"accept-language": "fr"})
    assert (page.status_code, "Mot de passe" in page.text) == (401, True)
    assert behind.bodies == []


def test_the_login_page_lets_in(locked):
    visitor, _ = locked
    wrong = visitor.post("/login", data={"password": "x"}, headers=PAGE)
    assert (wrong.status_code, "not the password" in wrong.text) == (401, True)
    right = visitor.post("/login", data={"password": "geheim"}, headers=PAGE)
    assert (right.status_code, right.headers["location"]) == (303, "/")
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert visitor.get("/config").text == "through"


def test_programs_log_in_as_the_toolkits_client_does(locked):
    visitor, _ = locked
    answer = visitor.post("/login", data={"username": "anyone", "password": "geheim"})
    assert answer.json() == {"success": True}
    assert visitor.get("/config").status_code == 200


def test_basic_authentication(locked):
    visitor, _ = locked
    assert visitor.get("/config", auth=("anyone", "geheim")).status_code == 200
    assert visitor.get("/config", auth=("anyone", "x")).status_code == 401
    assert visitor.get("/config", headers={"authorization": "Basic !!"}).status_code == 401
    assert visitor.get("/config", headers={"cookie": "impasto_session=x"}).status_code == 401


def test_guessing_is_slowed_down(locked):
    visitor, _ = locked
    for _ in range(10):
        visitor.post("/login", data={"password": "x"})
    assert visitor.post("/login", data={"password": "geheim"}).status_code == 429
    assert visitor.get("/config", auth=("a", "geheim")).status_code == 401


def test_a_pointed_name_is_of_no_use_with_a_password(locked):
    assert locked[0].get("/config", headers={"host": "studio.example"}).status_code == 401


# ---- what is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/gradio_api/runs",
            "/gradio_api/run-history/buckets",
            "/gradio_api/proxy=https://evil.example/",
            "/monitoring",
        ),
        *("/gradio_api/file/etc/passwd", "/gradio_api/custom_component/a/client/b/c", "/gradio_api/vibe-code/"),
        *("/gradio_api/dev/reload", "/gradio_api/stream/a/1/2/playlist.m3u8", "/docs", "/openapi.json"),
    ],
)
def test_what_the_studio_does_not_use_is_closed(make, path):
    visitor, behind = make()
    assert visitor.get(path).status_code == 404
    assert visitor.post(path).status_code == 404
    assert behind.bodies == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_closed(make, method):
    assert make()[0].request(method, "/").status_code == 404


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "..//..//etc/passwd", "%2Fetc%2Fpasswd", "http://evil.example/x.png", "C:/x"]
)
def test_files_outside_of_the_folder_are_not_given(make, path):
    visitor, behind = make()
    assert visitor.get(f"/gradio_api/file={path}").status_code == 403
    assert behind.bodies == []


def test_files_in_it_are(make, picture_file):
    visitor, behind = make()
    own = behind.uploads.new_path("a b.jpg")
    own.write_bytes(picture_file.read_bytes())
    assert visitor.get(f"/gradio_api/file={own}").text == "through"


@pytest.mark.parametrize(
    "file",
    [
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"path": "http://127.0.0.1:1/x.png", "meta": {"_type": "gradio.FileData"}},
        {"path": "/etc/passwd", "is_stream": True, "meta": {"_type": "gradio.FileData"}},
        {"path": None, "url": "data:image/png;base64,AAAA"},
        {"path": None, "url": " DATA:image/png;base64,AAAA"},
        {"path": ["/etc/passwd"]},
        {"path": 3},
    ],
)
def test_a_request_may_name_uploads_only(make, file):
    visitor, behind = make()
    for body in ({"data": [file]}, {"data": [{"background": None, "layers": [[file]]}]}, file):
        for path in ("/gradio_api/queue/join", "/gradio_api/call/apply", "/gradio_api/run/predict"):
            assert visitor.post(path, json=body).status_code == 400
    assert behind.bodies == []


def test_a_request_that_names_an_upload_passes(make, picture_file):
    visitor, behind = make()
    own = behind.uploads.new_path("photo.jpg")
    own.write_bytes(picture_file.read_bytes())
    body = {"data": [{"path": str(own), "url": f"{URL}/gradio_api/file={own}"}]}
    assert visitor.post("/gradio_api/queue/join", json=body).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(make, body):
    visitor, behind = make()
    assert visitor.post("/gradio_api/queue/join", content=body).status_code == 400
    assert behind.bodies == []


def test_a_body_without_end_is_refused(make):
    visitor, behind = make()
    assert visitor.post("/gradio_api/queue/join", content=(b"x" * 1_000_000 for _ in range(20))).status_code == 413
    assert behind.bodies == []


def test_an_upload_passes_if_it_is_a_picture(make, picture_file):
    visitor, behind = make()
    answer = visitor.post("/gradio_api/upload", content=picture_file.read_bytes(), headers={"accept-encoding": "br"})
    assert behind.uploads.kind(answer.json()[0]) == "picture"


def test_other_uploads_are_refused_and_removed(make):
    visitor, behind = make()
    answer = visitor.post("/gradio_api/upload", content=b"#!/bin/sh", headers={"accept-language": "en"})
    assert answer.status_code == 415
    assert "neither a picture nor a video" in answer.text
    assert [path for path in behind.uploads.folder.rglob("*") if path.is_file()] == []


def test_an_upload_that_is_too_large_is_refused_announced_or_not(make):
    visitor, _ = make()
    announced = visitor.post("/gradio_api/upload", content=b"x" * 9_500_000)
    hidden = visitor.post("/gradio_api/upload", content=(b"x" * 500_000 for _ in range(30)))
    for answer in (announced, hidden):
        assert answer.status_code == 413
        assert "larger than 1 MB" in answer.text


def test_no_upload_is_taken_while_the_folder_is_full(make):
    visitor, behind = make()
    behind.uploads.new_path("much.bin").write_bytes(bytes(10_000_001))
    answer = visitor.post("/gradio_api/upload", content=b"x")
    assert (answer.status_code, "no room" in answer.text) == (507, True)
