import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.studio.guard import Guard
from impasto.studio.settings import ServerSettings
from impasto.version import install_command

DOCS = Path(__file__).parents[2] / "docs/studio-server.md"
FILE = {"_type": "gradio.FileData"}


def uploaded(client, path):
    with path.open("rb") as file:
        answer = client.post("/gradio_api/upload", files={"files": (path.name, file)})
    assert answer.status_code == 200, answer.text
    return {"path": answer.json()[0], "meta": FILE}


def call(client, name, **values):
    """An API call; gives the event and its data."""
    joined = client.post(f"/gradio_api/call/v2/{name}", json=values)
    if joined.status_code != 200:
        return joined.status_code, joined.json()
    with client.stream("GET", f"/gradio_api/call/v2/{name}/{joined.json()['event_id']}") as answer:
        text = "".join(answer.iter_text())
    event, data = re.findall(r"event: (\w+)\ndata: (.*)\n", text)[-1]
    return event, json.loads(data)


# ---- the API --------------------------------------------------------------------------------------


def example(name):
    return re.search(rf"<!-- test: {name} -->\n```\w+\n(.*?)```", DOCS.read_text(), re.DOTALL)[1]


@pytest.fixture
def working_folder(tmp_path, monkeypatch, small, clip):
    monkeypatch.chdir(tmp_path)
    small.save("photo.jpg")
    shutil.copy(clip, "clip.mp4")
    return tmp_path


def test_the_documents_example_in_python(server, working_folder):
    pytest.importorskip("gradio_client")
    names = {}
    exec(example("client").replace("http://127.0.0.1:7860", server.url), names)
    assert Path(names["painted"]).name == "photo-scream+udnie.jpg"
    with Image.open(names["painted"]) as painted:
        assert painted.size == (48, 32)
    assert Path(names["clip"]).name == "clip-starry-night.mp4"
    names["studio"].close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_documents_example_with_curl(server, working_folder):
    script = example("curl").replace("http://127.0.0.1:7860", server.url)
    subprocess.run(["bash", "-euc", script], check=True, cwd=working_folder, timeout=60)
    with Image.open(working_folder / "painted.jpg") as painted:
        assert (painted.format, painted.size) == ("JPEG", (48, 32))
        assert "style=scream" in painted.getexif()[305]


def test_the_api_is_documented(client):
    described = client.get("/gradio_api/openapi.json").json()["paths"]
    assert {"/gradio_api/call/v2/apply", "/gradio_api/call/v2/video"} <= set(described)
    assert set(client.get("/gradio_api/info").json()["unnamed_endpoints"]) == set()


def test_its_page_of_documents_asks_nobody_else(visit):
    page = visit()
    page.get_by_text("Use via API").click()
    page.get_by_text("/apply").first.wait_for()
    for language in ("JavaScript", "cURL"):
        page.get_by_role("button", name=language, exact=False).or_(page.get_by_text(language, exact=True)).first.click()
    page.wait_for_timeout(300)


def test_apply_takes_grain(client, picture_file, monkeypatch):
    from impasto.studio import pictures

    def recorded(_studio, _picture, picture_request, **_options):
        raise InputError(f"The grain is {picture_request.options['grain']:.1f}.")

    monkeypatch.setattr(pictures, "paint_picture", recorded)
    picture = uploaded(client, picture_file)
    assert "grain is 0.5" in call(client, "apply", picture=picture, styles=["scream"], grain=0.5)[1]["error"]


# ---- untrusted ------------------------------------------------------------------------------------


def test_no_file_of_the_machine_can_be_had(client, picture_file):
    for path in ("/etc/passwd", str(picture_file), "/proc/self/environ", "../../../../etc/passwd"):
        assert client.get(f"/gradio_api/file={path}").status_code in (403, 404)
        status, answer = call(client, "apply", picture={"path": path, "meta": FILE}, styles=["scream"])
        assert status == 400
        assert "not uploaded" in answer["error"]


def test_without_the_guard_gradio_would_refuse_such_paths_too(server, client, monkeypatch):
    """The second line of defence: a mounted page checks paths only since we say that it is launched."""
    monkeypatch.setattr(Guard, "_check_file_reference", lambda *_: None)
    event, answer = call(client, "apply", picture={"path": "/etc/passwd", "meta": FILE}, styles=["scream"])
    assert event == "error"
    assert "root:" not in str(answer)
    assert not list(server.studio.uploads.folder.rglob("passwd"))


def test_a_style_cannot_be_a_path(client, picture_file):
    picture = uploaded(client, picture_file)
    for style in (str(picture_file), picture["path"], "../scream", {"path": picture["path"], "meta": FILE}):
        event, answer = call(client, "apply", picture=picture, styles=[style])
        assert event == "error"
        assert "choose one" in answer["error"]


def test_files_that_are_no_pictures_do_not_stay(server, client, tmp_path):
    page = tmp_path / "evil.png"
    page.write_text("<script>alert(1)</script>")
    with page.open("rb") as file:
        answer = client.post("/gradio_api/upload", files={"files": ("evil.html", file)})
    assert (answer.status_code, "neither a picture" in answer.text) == (415, True)
    assert not list(server.studio.uploads.folder.rglob("evil*"))


def test_a_too_large_upload_is_refused_in_the_visitors_language(client, tmp_path):
    (tmp_path / "large.png").write_bytes(bytes(14_000_000))
    with (tmp_path / "large.png").open("rb") as file:
        answer = client.post("/gradio_api/upload", files={"files": file}, headers={"accept-language": "fr"})
    assert (answer.status_code, "dépasse 5 Mo" in answer.text) == (413, True)


def test_a_clip_that_is_too_long_is_refused(client, tmp_path):
    from tests.video.conftest import make_clip

    long = tmp_path / "long.mp4"
    make_clip(long, frames=60, rate=10, sound=())
    event, answer = call(client, "video", video=uploaded(client, long), styles=["scream"])
    assert (event, "the limit is 5" in answer["error"]) == ("error", True)


# ---- many visitors --------------------------------------------------------------------------------


def test_many_at_once_are_answered_or_politely_refused(client, picture_file):
    picture = uploaded(client, picture_file)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: call(client, "apply", picture=picture, styles=["scream"]), range(20)))
    outcomes = {outcome for outcome, _ in answers}
    assert "complete" in outcomes
    assert outcomes <= {"complete", 503}
    assert all("waiting" in str(answer) for outcome, answer in answers if outcome == 503)
    assert call(client, "apply", picture=picture, styles=["scream"])[0] == "complete"


def test_nobody_takes_all_places_and_others_come_first(client, picture_file, monkeypatch):
    from impasto.studio import pictures

    go_on, order = threading.Event(), []

    def recorded(_studio, _picture, picture_request, **_options):
        go_on.wait(20)
        order.append(picture_request.styles[0])
        raise InputError("Enough.")

    monkeypatch.setattr(pictures, "paint_picture", recorded)
    number = next(d["id"] for d in client.get("/config").json()["dependencies"] if d["api_name"] == "apply")
    parameters = client.get("/gradio_api/info").json()["named_endpoints"]["/apply"]["parameters"]
    picture = uploaded(client, picture_file)

    def join(session, style):
        given = {"picture": picture, "styles": [style]}
        data = [given.get(one["parameter_name"], one["parameter_default"]) for one in parameters]
        body = {"data": data, "fn_index": number, "session_hash": session}
        return client.post("/gradio_api/queue/join", json=body)

    assert join("ann", "scream").status_code == 200
    time.sleep(0.3)  # it runs
    for _ in range(3):
        assert join("ann", "scream").status_code == 200
    refused = join("ann", "scream")
    assert (refused.status_code, "3 of your jobs" in refused.json()["detail"]) == (503, True)
    assert join("bob", "udnie").status_code == 200
    go_on.set()
    for _ in range(100):
        time.sleep(0.1 * (len(order) < 5))
    assert order == ["scream", "scream", "udnie", "scream", "scream"]


def test_a_crash_in_one_job_is_its_visitors_only(client, picture_file, monkeypatch, caplog):
    from impasto.studio import pictures

    picture = uploaded(client, picture_file)
    with monkeypatch.context() as broken:
        broken.setattr(pictures, "paint_picture", lambda *_, **__: 1 / 0)
        event, answer = call(client, "apply", picture=picture, styles=["scream"])
    assert event == "error"
    assert "Something went wrong" in answer["error"]
    assert "ZeroDivisionError" in caplog.text  # the terminal has the details, the visitor does not
    assert "ZeroDivision" not in str(answer)
    assert call(client, "apply", picture=picture, styles=["scream"])[0] == "complete"


def test_who_leaves_ends_their_job(server, client, picture_file, monkeypatch):
    from impasto.studio import pictures

    begun, ended = threading.Event(), threading.Event()

    def endless(studio, *_args, **_options):
        begun.set()
        job = next(iter(next(iter(studio.jobs._running.values()))))
        ended.wait(0.1)
        while not job.stopped.wait(0.05):
            pass
        ended.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(pictures, "paint_picture", endless)
    body = {"picture": uploaded(client, picture_file), "styles": ["scream"]}
    event = client.post("/gradio_api/call/v2/apply", json=body).json()["event_id"]
    with client.stream("GET", f"/gradio_api/call/v2/apply/{event}"):
        assert begun.wait(10)
    assert ended.wait(5)
    for _ in range(50):
        if not server.studio.jobs.busy:
            break
        time.sleep(0.1)
    assert server.studio.jobs.busy == 0


# ---- the command ----------------------------------------------------------------------------------

WATCHED = """
import sys
local = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", None)
def watch(event, arguments):
    address = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0] if arguments else None
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        host = address[0] if isinstance(address, tuple) else address
        if event != "socket.connect" or isinstance(address, tuple):
            if host not in local:
                print("FOREIGN", event, host, file=sys.stderr, flush=True)
sys.addaudithook(watch)
from impasto.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def start(tmp_path):
    """Starts the command in a process of its own; gives it, and the address that it prints."""
    processes = []

    def started(*arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", WATCHED, "studio", "--no-browser", "--port", "0", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(tmp_path)} | environment,
        )
        processes.append(process)
        for line in process.stderr:
            if found := re.search(r"(https?)://\S+:(\d+)", line):
                return process, f"{found[1]}://127.0.0.1:{found[2]}"
        raise AssertionError("the studio did not start")

    yield started
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def test_sigterm_ends_the_server_as_ctrl_c_does_and_cleans_up(start, tmp_path):
    process, _ = start()
    assert list(tmp_path.glob("impasto-studio-*"))
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(20) == 0
    assert not list(tmp_path.glob("impasto-studio-*"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here to make a certificate")
def test_the_command_serves_others_behind_a_password_contacts_nobody_and_cleans_up(start, tmp_path, picture_file):
    httpx = pytest.importorskip("httpx")
    request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    made = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"]
    subprocess.run(["openssl", *request.split(), *made], check=True, capture_output=True)
    tls = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    process, url = start("--host", "0.0.0.0", *tls, IMPASTO_STUDIO_PASSWORD="geheim")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with httpx.Client(base_url=url, timeout=60, verify=trusted) as client:
        assert client.get("/config").status_code == 401
        answer = client.post("/login", data={"password": "geheim"})
        assert "secure" in answer.headers["set-cookie"].lower()
        assert client.get("/").status_code == 200
        assert call(client, "apply", picture=uploaded(client, picture_file), styles=["scream"])[0] == "complete"
    assert list(tmp_path.glob("impasto-studio-*/*/*"))
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(20) == 0
    assert "FOREIGN" not in rest
    assert not list(tmp_path.glob("impasto-studio-*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "IMPASTO_STUDIO_PASSWORD"),
        (["--tls-cert", "PEM"], "give both"),
        (["--port", "PORT"], "cannot listen"),
        (["--port", "0", "--tls-cert", "PEM", "--tls-key", "PEM"], "cannot be used"),
        (["--max-upload", "many"], "no amount"),
    ],
)
def test_the_command_refuses_in_one_sentence(server, tmp_path, monkeypatch, capsys, arguments, words):
    from impasto.cli import main

    monkeypatch.delenv("IMPASTO_STUDIO_PASSWORD", raising=False)
    (tmp_path / "cert.pem").write_text("no certificate")
    given = {"PEM": str(tmp_path / "cert.pem"), "PORT": server.url.rpartition(":")[2]}
    with pytest.raises(SystemExit) as ended:
        main(["studio", "--no-browser", *(given.get(word, word) for word in arguments)])
    message = capsys.readouterr().err
    assert ended.value.code == 3
    assert words in message
    assert len(message.strip().splitlines()) == 1


def test_the_commands_defaults_are_the_librarys():
    from impasto.cli.studio import command

    defaults = {parameter.name: parameter.default for parameter in command.params}
    settings = vars(ServerSettings())
    for name in ("host", "port", "max_pixels", "max_video", "max_queue", "max_seconds"):
        assert defaults[name] == settings[name]


def test_without_the_extra_the_command_names_it(monkeypatch, capsys):
    from impasto.cli import main

    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(SystemExit) as ended:
        main(["studio", "--no-browser"])
    assert ended.value.code == 6
    assert install_command("studio") in capsys.readouterr().err


def test_folders_of_servers_that_were_killed_are_removed_and_others_are_not(tmp_path, monkeypatch):
    from impasto.studio import server as server_module

    monkeypatch.setattr(server_module.tempfile, "tempdir", str(tmp_path))
    left, young = tmp_path / "impasto-studio-left", tmp_path / "impasto-studio-young"
    for folder in (left, young):
        folder.mkdir()
        (folder / "photo.jpg").touch()
    with server_module._temporary_folder() as running:
        for folder in (left, running):
            os.utime(folder, (0, 0))
        with server_module._temporary_folder() as second:
            assert running.exists()
            assert young.exists()
            assert not left.exists()
        assert not second.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["impasto-studio-young"]
