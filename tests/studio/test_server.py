import os
import re
import shutil
import signal
import ssl
import subprocess
import sys

import pytest
from tests.studio.asking import apply

from impasto.studio.settings import ServerSettings
from impasto.version import install_command

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
    httpx2 = pytest.importorskip("httpx2")
    request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    made = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"]
    subprocess.run(["openssl", *request.split(), *made], check=True, capture_output=True)
    tls = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    process, url = start("--host", "0.0.0.0", *tls, IMPASTO_STUDIO_PASSWORD="geheim")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with httpx2.Client(base_url=url, timeout=60, verify=trusted) as client:
        assert client.get("/api/info").status_code == 401
        answer = client.post("/login", data={"password": "geheim"})
        assert "secure" in answer.headers["set-cookie"].lower()
        assert client.get("/").status_code == 200
        assert apply(client, picture_file).status_code == 200
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

    monkeypatch.setitem(sys.modules, "python_multipart", None)
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
