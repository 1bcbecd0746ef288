"""Downloads, from a real server on the loopback interface."""

import hashlib
import os
import socket
import threading
from pathlib import Path

import pytest

from impasto.errors import DownloadError, OutputError
from impasto.networks import weights as downloads
from impasto.networks.weights import PUBLISHED, WeightsFile, fetch

from .conftest import BODY, SHA256, Reply

pytest.importorskip("requests")

HALF = 123_457


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own, and no proxies."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("IMPASTO_OFFLINE", "IMPASTO_MIRROR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(downloads, "_CHUNK", 40_000)
    return tmp_path / "cache"


@pytest.fixture
def weights(server):
    return WeightsFile(server.url + "net-01234567.pth", "net.pth", SHA256[:8], "MIT", len(BODY))


def at(url, sha256=SHA256):
    return WeightsFile(url, "net.pth", sha256, "MIT")


def test_a_download_is_kept_and_makes_no_second_request(server, weights, cache):
    path, seen = fetch(weights), []
    assert path == cache / "net.pth"
    assert path.read_bytes() == BODY
    ((address, agent),) = server.requests
    assert address == "/models/net-01234567.pth"
    assert agent.startswith("impasto")
    assert [file.name for file in cache.iterdir()] == ["net.pth"]
    assert fetch(weights, progress=lambda *both: seen.append(both)) == path
    assert len(server.requests) == 1
    assert not seen


def test_progress_rises_to_the_total(weights):
    seen = []
    fetch(weights, progress=lambda done, total: seen.append((done, total)))
    counts = [done for done, _ in seen]
    assert len(counts) > 3
    assert counts == sorted(set(counts))
    assert counts[-1] == len(BODY)
    assert {total for _, total in seen} == {len(BODY)}


def test_length_that_the_server_does_not_say(server, weights):
    server.replies, totals = [Reply(length=False)], set()
    assert fetch(weights, progress=lambda done, total: totals.add(total)).read_bytes() == BODY
    assert totals == {None}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_what_progress_raises_comes_through_and_leaves_nothing(weights, cache, error):
    def stop(done, total):
        raise error("stop")

    with pytest.raises(error, match="stop"):
        fetch(weights, progress=stop)
    assert not list(cache.iterdir())


def test_two_at_once_do_no_harm(weights, cache):
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(fetch(weights))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() == BODY for path in paths] == [True, True]
    assert [file.name for file in cache.iterdir()] == ["net.pth"]


OTHER = b"<html>Sign in</html>"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(body=OTHER), f"SHA-256 {SHA256[:8]} expected, got {hashlib.sha256(OTHER).hexdigest()[:8]}"),
        *((Reply(n), rf"answered {n} .*check IMPASTO_MIRROR.* at .*net.pth by hand") for n in (403, 404)),
        *((Reply(n), rf"answered {n} .*; try again later.* at .*net.pth by hand") for n in (408, 429, 500, 503)),
        (Reply(send=HALF), f"ended after {HALF} of {len(BODY)} bytes.*try again later"),
        (Reply(reset=True), "could not be downloaded .*try again later"),
    ],
)
def test_failures_say_why_leave_what_was_there_and_may_pass(server, weights, cache, reply, said):
    cache.mkdir()
    (cache / "net.pth").write_bytes(b"mine")
    server.replies = [reply]
    with pytest.raises(DownloadError, match=said):
        fetch(weights)
    assert len(server.requests) == 1
    assert [file.read_bytes() for file in cache.iterdir()] == [b"mine"]
    assert fetch(weights).read_bytes() == BODY


def test_whole_hashes_are_compared_whole(server):
    with pytest.raises(DownloadError, match=SHA256):
        fetch(at(server.url + "net.pth", SHA256[:-1] + "x"))


def test_servers_that_are_not_there(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DownloadError, match=r"cannot be reached .*refused.*connect to the network, or put http"):
        fetch(at(f"http://127.0.0.1:{port}/net.pth"))
    with pytest.raises(DownloadError, match="not a usable address"):
        fetch(at("net.pth"))
    with pytest.raises(DownloadError, match="no weights named 'vgg'; known are vgg16, vgg19"):
        fetch("vgg")


@pytest.mark.parametrize(("answer", "said"), [(b"", "timed out"), (b"220 mail ready\r\n", "220 mail ready")])
def test_server_that_stays_silent_or_speaks_no_http(monkeypatch, answer, said):
    monkeypatch.setattr(downloads, "_TIMEOUT", 0.2)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)
                done.wait(10)

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(DownloadError, match=f"could not be downloaded .*{said}"):
            fetch(at(f"http://127.0.0.1:{listener.getsockname()[1]}/net.pth"))
        done.set()
        thread.join()


def test_cache_that_is_a_file(weights, cache):
    cache.write_text("")
    with pytest.raises(OutputError, match=f"{cache} cannot be used .*set IMPASTO_CACHE"):
        fetch(weights)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk(weights, monkeypatch):
    monkeypatch.setattr(Path, "open", lambda path, mode: open("/dev/full", "wb"))  # noqa: PTH123, SIM115
    with pytest.raises(OutputError, match="the disk is full"):
        fetch(weights)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for root")
def test_read_only_cache(weights, cache):
    cache.mkdir(0o500)
    with pytest.raises(OutputError, match="set IMPASTO_CACHE"):
        fetch(weights)
    cache.chmod(0o700)


def test_a_file_put_there_by_hand_is_used_and_a_changed_one_replaced(server, weights, cache):
    cache.mkdir()
    (cache / "net.pth").write_bytes(BODY)
    cache.chmod(0o500)  # a file that is there needs no writing
    assert fetch(weights).read_bytes() == BODY
    assert not server.requests
    cache.chmod(0o700)
    (cache / "net.pth").write_bytes(BODY[:-1])
    assert fetch(weights).read_bytes() == BODY
    assert len(server.requests) == 1


@pytest.mark.parametrize("value", ["1", "true", " YES "])
def test_offline(server, weights, cache, monkeypatch, value):
    monkeypatch.setenv("IMPASTO_OFFLINE", value)
    with pytest.raises(DownloadError, match="IMPASTO_OFFLINE forbids") as caught:
        fetch(weights)
    assert str(cache / "net.pth") in str(caught.value)
    assert weights.url in str(caught.value)
    assert not cache.exists()
    cache.mkdir()
    (cache / "net.pth").write_bytes(b"wrong")
    with pytest.raises(DownloadError, match="does not have the right SHA-256"):
        fetch(weights)
    (cache / "net.pth").write_bytes(BODY)
    assert fetch(weights) == cache / "net.pth"
    assert not server.requests


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_not_offline(weights, monkeypatch, value):
    monkeypatch.setenv("IMPASTO_OFFLINE", value)
    assert fetch(weights).exists()


@pytest.mark.parametrize("end", ["", "/"])
def test_mirror(server, monkeypatch, end):
    monkeypatch.setenv("IMPASTO_MIRROR", server.url + "mirror" + end)
    fetch(at("https://example.invalid/models/net.pth"))
    assert [path for path, _ in server.requests] == ["/models/mirror/net.pth"]
    monkeypatch.setenv("IMPASTO_MIRROR", "/mnt/mirror")
    with pytest.raises(DownloadError, match="must begin with http"):
        fetch(at(server.url + "other.pth", "0" * 64))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights(name):
    weights = PUBLISHED[name]
    assert weights.url.startswith("https://")
    assert weights.url.endswith("/" + weights.file)
    assert weights.sha256 in weights.file
