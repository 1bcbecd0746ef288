"""The comment at a GIF's end, which says how a result was made; Pillow reads comments only up to the first frame."""

from __future__ import annotations

from pathlib import Path
from typing import IO

_COMMENT, _END = b"!\xfe", b";"  # how a comment begins, and the file's last byte
_MOST = 1 << 13  # bytes before the file's end in which the comment is looked for
_BLOCK = 255  # bytes of a sub-block, at most


def append_comment(path: Path, text: str) -> None:
    """Write a comment at the end of a GIF.

    Raises:
        ValueError: the file does not end as a GIF does.
    """
    content = text.encode()
    blocks = [content[at : at + _BLOCK] for at in range(0, len(content), _BLOCK)]
    with path.open("r+b") as file:
        file.seek(-1, 2)
        if file.read(1) != _END:
            raise ValueError(f"{path} does not end as a GIF does")
        file.seek(-1, 2)
        file.write(_COMMENT + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0" + _END)


def comment_at_end(file: IO[bytes]) -> str:
    """The comment at the end of an opened GIF, where its place in the file stays; empty if there is none."""
    place = file.tell()
    end = file.seek(0, 2)
    file.seek(max(0, end - _MOST))
    tail = file.read()
    file.seek(place)
    start = tail.rfind(_COMMENT)
    while start >= 0:
        content, at = b"", start + 2
        while at < len(tail) and tail[at]:
            content += tail[at + 1 : at + 1 + tail[at]]
            at += 1 + tail[at]
        if tail[at:] == b"\0" + _END:
            return content.decode("utf-8", "replace")
        start = tail.rfind(_COMMENT, 0, start)
    return ""
