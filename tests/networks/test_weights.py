"""Downloads, from a real server on the loopback interface."""

import errno
import hashlib
import os
import re
import socket
import struct
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from impasto.errors import DownloadError, OutputError
from impasto.networks import weights as downloads
from impasto.networks.weights import WEIGHTS, Weights, fetch

BODY = bytes(range(251)) * 1200  # about 300 KB, without a period that divides a block
SHA256 = hashlib.sha256(BODY).hexdigest()
HALF = 123_457


@dataclass
class Reply:
    """How the server answers one request."""

    status: int = 200
    body: bytes = BODY
    send: int | None = None  # close the connection after so many bytes of the body
    ranges: bool = True
    length: bool = True
    content_range: str | None = None
    reset: bool = False  # hang up rudely instead of answering


@dataclass
class Server:
    url: str
    replies: list[Reply] = field(default_factory=list)  # once they are used up: the default one
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # path and range
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def ranges(self):
        return [asked for _, asked in self.requests]


@contextmanager
def serving():
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            with lock:
                server.requests.append((self.path, asked))
                server.headers.append(dict(self.headers))
                reply = server.replies.pop(0) if server.replies else Reply()
            if reply.reset:  # lingering for zero seconds makes close send RST
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            body, status, extra = reply.body, reply.status, {}
            if asked and reply.ranges and status == 200:
                start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
                if start >= len(body):
                    status, body = 416, b""
                else:
                    status = 206
                    extra["Content-Range"] = reply.content_range or f"bytes {start}-{len(body) - 1}/{len(body)}"
                    body = body[start:]
            self.send_response(status)
            if reply.length:
                extra["Content-Length"] = str(len(body))
            for name, value in extra.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: reply.send])

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = Server(f"http://127.0.0.1:{http.server_address[1]}/models/")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


@pytest.fixture
def server():
    with serving() as it:
        yield it


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own, no proxies, and no waiting."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IMPASTO_OFFLINE", raising=False)
    monkeypatch.delenv("IMPASTO_MIRROR", raising=False)
    monkeypatch.setattr(downloads, "_WAITS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(downloads, "_LOCK_POLL", 0.01)
    monkeypatch.setattr(downloads, "_CHUNK", 40_000)
    return tmp_path / "cache"


@pytest.fixture
def weights(server):
    return Weights(server.url + "net-01234567.pth", "net.pth", SHA256[:8], "MIT", len(BODY))


def part_of(cache, content):
    cache.mkdir(exist_ok=True)
    part = cache / "net.pth.part"
    part.write_bytes(content)
    return part


class TestTransfer:
    def test_ok(self, server, weights, cache):
        path = fetch(weights)
        assert path == cache / "net.pth"
        assert path.read_bytes() == BODY
        assert server.requests == [("/models/net-01234567.pth", None)]
        assert server.headers[0]["User-Agent"].startswith("impasto")
        assert not (cache / "net.pth.part").exists()

    def test_progress_rises_to_the_total(self, weights):
        seen = []
        fetch(weights, progress=lambda done, total: seen.append((done, total)))
        counts = [done for done, _ in seen]
        assert len(counts) > 3
        assert counts == sorted(set(counts))
        assert counts[-1] == len(BODY)
        assert {total for _, total in seen} == {len(BODY)}

    def test_length_that_the_server_does_not_say(self, server, weights):
        server.replies = [Reply(length=False)]
        totals = set()
        assert fetch(weights, progress=lambda done, total: totals.add(total)).read_bytes() == BODY
        assert totals == {None}

    def test_cut_off_is_resumed_from_there(self, server, weights):
        server.replies = [Reply(send=HALF)]
        counts = []
        assert fetch(weights, progress=lambda done, total: counts.append(done)).read_bytes() == BODY
        assert server.ranges == [None, f"bytes={HALF}-"]
        assert counts == sorted(set(counts))

    def test_part_of_an_earlier_call_is_used(self, server, weights, cache):
        part_of(cache, BODY[:HALF])
        assert fetch(weights).read_bytes() == BODY
        assert server.ranges == [f"bytes={HALF}-"]

    def test_many_cuts_that_each_bring_something(self, server, weights):
        server.replies = [Reply(send=20_000) for _ in range(9)]
        assert fetch(weights).read_bytes() == BODY
        assert server.ranges[-1] == "bytes=180000-"

    def test_cuts_that_bring_nothing_end(self, server, weights, cache):
        part_of(cache, BODY[:HALF])
        server.replies = [Reply(send=0) for _ in range(9)]
        with pytest.raises(DownloadError, match=f"ended after {HALF} of {len(BODY)} bytes.*is kept"):
            fetch(weights)
        assert len(server.requests) == 4
        assert (cache / "net.pth.part").read_bytes() == BODY[:HALF]

    def test_server_that_ignores_the_range(self, server, weights, cache):
        part_of(cache, b"x" * HALF)
        server.replies = [Reply(ranges=False)]
        assert fetch(weights).read_bytes() == BODY
        assert server.ranges == [f"bytes={HALF}-"]

    def test_server_that_cannot_resume_and_cuts_off_at_the_same_place(self, server, weights):
        server.replies = [Reply(ranges=False, send=HALF) for _ in range(20)]
        with pytest.raises(DownloadError, match="try again later"):
            fetch(weights)
        assert len(server.requests) == 4

    def test_another_range_than_asked_for(self, server, weights, cache):
        part_of(cache, BODY[:HALF])
        server.replies = [Reply(content_range=f"bytes 0-{len(BODY) - 1}/{len(BODY)}")]
        assert fetch(weights).read_bytes() == BODY
        assert server.ranges == [f"bytes={HALF}-", None]

    def test_416_for_a_part_that_is_complete(self, server, weights, cache):
        part_of(cache, BODY)
        seen = []
        assert fetch(weights, progress=lambda *both: seen.append(both)).read_bytes() == BODY
        assert server.ranges == [f"bytes={len(BODY)}-"]
        assert seen == [(len(BODY), len(BODY))]

    def test_416_for_a_part_of_something_else(self, server, weights, cache):
        part_of(cache, b"x" * (len(BODY) + 5))
        assert fetch(weights).read_bytes() == BODY
        assert server.ranges == [f"bytes={len(BODY) + 5}-", None]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
    def test_what_progress_raises_comes_through_and_the_part_stays(self, server, weights, cache, error):
        def stop(done, total):
            if done > HALF:
                raise error("stop")

        with pytest.raises(error, match="stop"):
            fetch(weights, progress=stop)
        kept = (cache / "net.pth.part").read_bytes()
        assert HALF < len(kept) < len(BODY)
        assert BODY.startswith(kept)
        assert fetch(weights).read_bytes() == BODY
        assert server.ranges == [None, f"bytes={len(kept)}-"]


class TestErrors:
    def test_wrong_hash(self, server, weights, cache):
        other = b"<html>Sign in</html>"
        server.replies = [Reply(body=other)]
        with pytest.raises(DownloadError) as caught:
            fetch(weights)
        assert f"SHA-256 {SHA256[:8]} expected, got {hashlib.sha256(other).hexdigest()[:8]}" in str(caught.value)
        assert [path.name for path in cache.iterdir()] == ["net.pth.lock"]
        assert fetch(weights).read_bytes() == BODY

    def test_whole_hashes_are_compared_whole(self, server, cache):
        weights = Weights(server.url + "net.pth", "net.pth", SHA256[:-1] + "x", "MIT")
        with pytest.raises(DownloadError, match=SHA256):
            fetch(weights)

    @pytest.mark.parametrize("status", [403, 404])
    def test_refused_at_once(self, server, weights, cache, status):
        server.replies = [Reply(status)]
        with pytest.raises(DownloadError, match=f"answered {status}.*by hand") as caught:
            fetch(weights)
        assert len(server.requests) == 1
        assert str(cache / "net.pth") in str(caught.value)

    @pytest.mark.parametrize("status", [408, 429, 500, 503])
    def test_trouble_that_passes(self, server, weights, status):
        server.replies = [Reply(status)]
        assert fetch(weights).read_bytes() == BODY
        assert len(server.requests) == 2

    def test_trouble_that_stays(self, server, weights):
        server.replies = [Reply(500) for _ in range(9)]
        with pytest.raises(DownloadError, match=r"answered 500.*try again later"):
            fetch(weights)
        assert len(server.requests) == 4

    def test_waits_before_each_retry(self, server, weights, monkeypatch):
        slept = []
        monkeypatch.setattr(downloads, "_WAITS", (1.0, 3.0))
        monkeypatch.setattr(downloads.time, "sleep", slept.append)
        server.replies = [Reply(500), Reply(500)]
        fetch(weights)
        assert slept == [1.0, 3.0]

    def test_connection_refused(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(DownloadError, match=r"cannot be reached .*connect to the network, or put http"):
            fetch(Weights(f"http://127.0.0.1:{port}/net.pth", "net.pth", SHA256, "MIT"))

    def test_connection_reset(self, server, weights):
        server.replies = [Reply(reset=True), Reply(reset=True)]
        assert fetch(weights).read_bytes() == BODY
        assert len(server.requests) == 3

    def test_server_that_stays_silent(self, monkeypatch):
        monkeypatch.setattr(downloads, "_TIMEOUT", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as mute:  # its backlog accepts, nobody answers
            url = f"http://127.0.0.1:{mute.getsockname()[1]}/net.pth"
            with pytest.raises(DownloadError, match="timed out"):
                fetch(Weights(url, "net.pth", SHA256, "MIT"))

    def test_answer_that_is_not_http(self, weights):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(10)

            def answer():
                for _ in range(4):
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(1000)
                        connection.sendall(b"220 mail ready\r\n")

            thread = threading.Thread(target=answer)
            thread.start()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/net.pth"
            with pytest.raises(DownloadError, match="could not be downloaded"):
                fetch(Weights(url, "net.pth", SHA256, "MIT"))
            thread.join()

    def test_unusable_address(self):
        with pytest.raises(DownloadError, match="not a usable address"):
            fetch(Weights("net.pth", "net.pth", SHA256, "MIT"))

    def test_unknown_name(self):
        with pytest.raises(DownloadError, match="no weights named 'vgg'; known are vgg16, vgg19"):
            fetch("vgg")

    def test_cache_that_is_a_file(self, weights, cache):
        cache.write_text("")
        with pytest.raises(OutputError, match="set IMPASTO_CACHE"):
            fetch(weights)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_full_disk(self, server, weights, cache):
        cache.mkdir()
        (cache / "net.pth.part").symlink_to("/dev/full")
        with pytest.raises(OutputError, match="the disk is full"):
            fetch(weights)
        assert len(server.requests) == 1

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for root")
    def test_read_only_cache(self, server, weights, cache):
        cache.mkdir(0o500)
        with pytest.raises(OutputError, match="set IMPASTO_CACHE"):
            fetch(weights)
        cache.chmod(0o700)
        (cache / "net.pth").write_bytes(BODY)
        cache.chmod(0o500)
        assert fetch(weights).read_bytes() == BODY  # a file that is there needs no writing
        assert not server.requests
        cache.chmod(0o700)

    @pytest.mark.skipif(sys.platform == "win32", reason="the lock is another")
    def test_file_system_without_locks(self, weights, monkeypatch):
        def unsupported(*arguments):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr("fcntl.flock", unsupported)
        assert fetch(weights).read_bytes() == BODY


class TestCache:
    def test_second_call_makes_no_request(self, server, weights):
        seen = []
        assert fetch(weights) == fetch(weights, progress=lambda *both: seen.append(both))
        assert len(server.requests) == 1
        assert not seen

    def test_is_not_hashed_again(self, weights, monkeypatch):
        fetch(weights)
        monkeypatch.setattr(downloads, "_sha256", lambda path: pytest.fail("hashed"))
        fetch(weights)

    def test_file_put_there_by_hand(self, server, weights, cache):
        cache.mkdir()
        (cache / "net.pth").write_bytes(BODY)
        assert fetch(weights).read_bytes() == BODY
        assert not server.requests

    def test_changed_file_is_replaced(self, server, weights):
        path = fetch(weights)
        path.write_bytes(BODY[:-1])
        assert fetch(weights).read_bytes() == BODY
        assert len(server.requests) == 2

    def test_changed_file_stays_until_the_right_one_has_arrived(self, server, weights, cache):
        cache.mkdir()
        (cache / "net.pth").write_bytes(b"mine")
        server.replies = [Reply(404)]
        with pytest.raises(DownloadError):
            fetch(weights)
        assert (cache / "net.pth").read_bytes() == b"mine"

    def test_own_folder(self, weights, cache, tmp_path):
        assert fetch(weights, folder=tmp_path / "a" / "b") == tmp_path / "a" / "b" / "net.pth"
        assert not cache.exists()

    def test_two_threads_at_once(self, server, weights):
        paths = []
        threads = [threading.Thread(target=lambda: paths.append(fetch(weights))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [path.read_bytes() == BODY for path in paths] == [True, True]
        assert len(server.requests) == 1


class TestSwitches:
    @pytest.mark.parametrize("value", ["1", "true", " YES "])
    def test_offline(self, server, weights, cache, monkeypatch, value):
        monkeypatch.setenv("IMPASTO_OFFLINE", value)
        with pytest.raises(DownloadError, match="IMPASTO_OFFLINE forbids") as caught:
            fetch(weights)
        assert str(cache / "net.pth") in str(caught.value)
        assert weights.url in str(caught.value)
        assert not server.requests
        assert not cache.exists()

    def test_offline_with_a_wrong_file(self, weights, cache, monkeypatch):
        monkeypatch.setenv("IMPASTO_OFFLINE", "1")
        cache.mkdir()
        (cache / "net.pth").write_bytes(b"wrong")
        with pytest.raises(DownloadError, match="does not have the right SHA-256"):
            fetch(weights)

    def test_offline_with_the_file(self, weights, monkeypatch):
        path = fetch(weights)
        monkeypatch.setenv("IMPASTO_OFFLINE", "1")
        assert fetch(weights) == path

    @pytest.mark.parametrize("value", ["", "0", "no"])
    def test_not_offline(self, weights, monkeypatch, value):
        monkeypatch.setenv("IMPASTO_OFFLINE", value)
        assert fetch(weights).exists()

    @pytest.mark.parametrize("end", ["", "/"])
    def test_mirror(self, server, monkeypatch, end):
        monkeypatch.setenv("IMPASTO_MIRROR", server.url + "mirror" + end)
        fetch(Weights("https://example.invalid/models/net.pth", "net.pth", SHA256, "MIT"))
        assert server.requests == [("/models/mirror/net.pth", None)]

    def test_mirror_that_is_no_address(self, weights, monkeypatch):
        monkeypatch.setenv("IMPASTO_MIRROR", "/mnt/mirror")
        with pytest.raises(DownloadError, match="must begin with http"):
            fetch(weights)


@pytest.mark.parametrize("name", WEIGHTS)
def test_published_weights(name):
    weights = WEIGHTS[name]
    assert weights.url.startswith("https://")
    assert weights.url.endswith("/" + weights.file)
    assert weights.sha256 in weights.file
