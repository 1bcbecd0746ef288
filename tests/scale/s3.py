"""A server that speaks as much of S3 as s3fs needs, and fails as often as it is told to."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_TIME = "2026-01-01T00:00:00.000Z"


class S3Server:
    """Buckets in memory, on a free port of the loopback interface.

    Args:
        fail_every: answer every n-th request with status 503; 0: none.
        truncate_every: end every n-th answer that has a content in the middle of it; 0: none.
    """

    def __init__(self, fail_every: int = 0, truncate_every: int = 0) -> None:
        self.objects: dict[str, bytes] = {}  # by "bucket/key"
        self.parts: dict[str, dict[int, bytes]] = {}
        self.fail_every, self.truncate_every = fail_every, truncate_every
        self.requests = self.contents = self.failed = self.truncated = 0
        self.written: list[str] = []  # keys in the order in which they became visible
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> S3Server:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    store: S3Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """See the base class; who hangs up is no error."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        """Answer, whole or cut off."""
        store, cut = self.store, False
        if content and self.command == "GET" and status < 300:
            with store.lock:
                store.contents += 1
                cut = bool(store.truncate_every) and store.contents % store.truncate_every == 0
                store.truncated += cut
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.close_connection = True

    def body(self) -> bytes:
        """What was sent, also in signed chunks."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return data
        out, at = b"", 0
        while True:
            end = data.index(b"\r\n", at)
            size = int(data[at:end].split(b";")[0], 16)
            if not size:
                return out
            out += data[end + 2 : end + 2 + size]
            at = end + 4 + size

    def handle_all(self) -> None:
        """Any request."""
        store, url = self.store, urlsplit(self.path)
        key, query = unquote(url.path).lstrip("/"), parse_qs(url.query, keep_blank_values=True)
        data = self.body()
        with store.lock:
            store.requests += 1
            fails = bool(store.fail_every) and store.requests % store.fail_every == 0
            store.failed += fails
        if fails:
            self.answer(503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate</Message></Error>")
            return
        getattr(self, f"on_{self.command.lower()}")(key, query, data)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_all

    def on_head(self, key: str, _query: dict, _data: bytes) -> None:
        """Facts on an object."""
        found = self.store.objects.get(key)
        if found is None:
            self.answer(404 if "/" in key.rstrip("/") else 200)
            return
        self.answer(200, Content_Length=str(len(found)), ETag=_etag(found), Last_Modified=_RFC)

    def on_get(self, key: str, query: dict, _data: bytes) -> None:
        """An object, or a list of them."""
        if "/" not in key.rstrip("/"):
            self.on_list(key.rstrip("/"), query)
            return
        found = self.store.objects.get(key)
        if found is None:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        status, part = 200, found
        if asked := self.headers.get("Range"):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            status, part = 206, found[int(first) : int(last) + 1 if last else None]
        self.answer(status, part, ETag=_etag(found), Last_Modified=_RFC)

    def on_list(self, bucket: str, query: dict) -> None:
        """ListObjectsV2."""
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        keys = sorted(k.partition("/")[2] for k in self.store.objects if k.startswith(f"{bucket}/{prefix}"))
        shown, folders = [], set()
        for key in keys:
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            else:
                data = self.store.objects[f"{bucket}/{key}"]
                shown.append(
                    f"<Contents><Key>{escape(key)}</Key><LastModified>{_TIME}</LastModified>"
                    f"<ETag>{escape(_etag(data))}</ETag><Size>{len(data)}</Size></Contents>"
                )
        common = "".join(f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in sorted(folders))
        text = (
            f'<?xml version="1.0"?><ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>'
            f"<KeyCount>{len(shown) + len(folders)}</KeyCount><IsTruncated>false</IsTruncated>"
            f"{''.join(shown)}{common}</ListBucketResult>"
        )
        self.answer(200, text.encode(), Content_Type="application/xml")

    def on_put(self, key: str, query: dict, data: bytes) -> None:
        """An object, or a part of one."""
        if "uploadId" in query:
            self.store.parts[query["uploadId"][0]][int(query["partNumber"][0])] = data
        elif "/" in key:
            self.store.objects[key] = data
            self.store.written.append(key)
        self.answer(200, ETag=_etag(data))

    def on_post(self, key: str, query: dict, _data: bytes) -> None:
        """Begin or complete an object of several parts."""
        if "uploads" in query:
            upload = f"u{len(self.store.parts)}"
            self.store.parts[upload] = {}
            text = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
        else:
            parts = self.store.parts[query["uploadId"][0]]
            self.store.objects[key] = b"".join(parts[number] for number in sorted(parts))
            self.store.written.append(key)
            text = f"<CompleteMultipartUploadResult><Key>{escape(key)}</Key></CompleteMultipartUploadResult>"
        self.answer(200, text.encode(), Content_Type="application/xml")

    def on_delete(self, key: str, _query: dict, _data: bytes) -> None:
        """Remove an object."""
        self.store.objects.pop(key, None)
        self.answer(204)


_RFC = "Thu, 01 Jan 2026 00:00:00 GMT"


def _etag(data: bytes) -> str:
    """What changes with the content."""
    return f'"{hashlib.md5(data).hexdigest()}"'
