import json
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from impasto.studio import guard as guard_module
from impasto.studio.api import files
from impasto.studio.api.answers import add_error_answers
from impasto.studio.guard import Guard
from impasto.studio.settings import ServerSettings
from impasto.studio.uploads import Uploads

URL = "http://127.0.0.1:7860"


class Behind:
    """What the guard guards: remembers what came through."""

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
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"through"})


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


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:abc", "127.0.0.1:99999", "127.0.0.1:-1", "me@127.0.0.1:7860", "127.0.0.1/x", "127.0.0.1?x", "[x]"],
)
def test_a_host_or_an_origin_that_is_no_address_is_refused(make, host):
    visitor, behind = make()
    for headers in ({"host": host}, {"origin": f"http://{host}"}):
        answer = visitor.get("/", headers=headers)
        assert (answer.status_code, answer.text[:26]) == (400, "The header Host or Origin ")
    assert behind.bodies == []


def test_open_to_others_addresses_pass_and_names_do_not(make):
    visitor, _ = make(host="0.0.0.0", open_to_all=True)
    assert visitor.get("/", headers={"host": "192.168.1.7:7860"}).status_code == 200
    assert visitor.get("/", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:7860"])
def test_pages_of_others_are_refused(make, origin):
    visitor, behind = make()
    for method in ("GET", "POST", "OPTIONS"):
        assert visitor.request(method, "/api/jobs/picture", headers={"origin": origin}).status_code == 403
    assert behind.bodies == []


def test_the_own_page_passes(make):
    visitor, behind = make()
    own = {"origin": URL, "sec-fetch-site": "same-origin"}
    assert visitor.post("/api/jobs/picture", json={"data": [1]}, headers=own).text == "through"
    assert json.loads(behind.bodies[0]) == {"data": [1]}


def test_pictures_in_pages_of_others_are_refused_and_links_are_not(make):
    visitor, _ = make()
    for site in ("cross-site", "same-site"):
        seen = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert visitor.get("/example.jpg", headers=seen).status_code == 403
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
        ("GET", "/api/info"),
        ("GET", "/app.js"),
        ("POST", "/api/jobs/picture"),
        ("POST", "/api/files"),
        ("POST", "/api/live"),
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
    assert visitor.get("/api/info").text == "through"


def test_programs_log_in_without_a_page(locked):
    visitor, _ = locked
    answer = visitor.post("/login", data={"username": "anyone", "password": "geheim"})
    assert answer.json() == {"success": True}
    assert visitor.get("/api/info").status_code == 200


def test_basic_authentication(locked):
    visitor, _ = locked
    assert visitor.get("/api/info", auth=("anyone", "geheim")).status_code == 200
    assert visitor.get("/api/info", auth=("anyone", "x")).status_code == 401
    assert visitor.get("/api/info", headers={"authorization": "Basic !!"}).status_code == 401
    assert visitor.get("/api/info", headers={"cookie": "impasto_session=x"}).status_code == 401


def test_guessing_is_slowed_down(locked):
    visitor, _ = locked
    for _ in range(10):
        visitor.post("/login", data={"password": "x"})
    assert visitor.post("/login", data={"password": "geheim"}).status_code == 429
    assert visitor.get("/api/info", auth=("a", "geheim")).status_code == 401


def test_a_pointed_name_is_of_no_use_with_a_password(locked):
    assert locked[0].get("/api/info", headers={"host": "studio.example"}).status_code == 401


# ---- what is sent ---------------------------------------------------------------------------------


def test_a_body_without_end_is_refused(make):
    application = FastAPI()
    add_error_answers(application)

    @application.post("/api/jobs/picture")
    async def picture(request: Request):
        return len(await request.body())

    visitor, behind = make()
    guarded = TestClient(Guard(application, behind.uploads.settings, behind.uploads), base_url=URL)
    assert guarded.post("/api/jobs/picture", content=b"{}").text == "2"
    assert guarded.post("/api/jobs/picture", content=(b"x" * 1_000_000 for _ in range(20))).status_code == 413
    assert visitor.post("/api/jobs/picture", content=b"x" * 9_000_000).status_code == 413


def test_an_upload_that_is_too_large_is_refused_announced_or_not(make):
    _, behind = make()
    studio = SimpleNamespace(uploads=behind.uploads)
    application = FastAPI()
    add_error_answers(application)
    application.include_router(files.routes(studio))
    guarded = TestClient(Guard(application, behind.uploads.settings, behind.uploads), base_url=URL)
    announced = guarded.post("/api/files", content=b"x" * 1_200_000)
    hidden = guarded.post("/api/files", content=(b"x" * 500_000 for _ in range(3)))
    for answer in (announced, hidden):
        assert answer.status_code == 413
        assert answer.json()["detail"].startswith("The upload is larger than 1 MB")
        assert (answer.json()["key"], answer.json()["values"]) == ("upload_too_large", {"limit": 1})
    assert list(behind.uploads.folder.iterdir()) == []


def test_no_upload_is_taken_while_the_folder_is_full(make):
    visitor, behind = make()
    behind.uploads.new_path("much.bin").write_bytes(bytes(10_000_001))
    answer = visitor.post("/api/files", content=b"x")
    assert (answer.status_code, "no room" in answer.text) == (507, True)
