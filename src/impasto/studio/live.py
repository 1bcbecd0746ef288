"""The live camera's other end: a picture comes in, the painted one goes out, one after the other.

The page sends its newest picture once the last answer has come, so pictures never wait in line and delay does not
grow. Visitors take turns by the picture.
"""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from anyio import to_thread
from fastapi import FastAPI, Request
from numpy.typing import NDArray
from PIL import Image
from starlette.responses import JSONResponse, Response

from impasto.errors import ImpastoError, InputError
from impasto.extras import opencv
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.pictures.decoding import decode_file
from impasto.pictures.formats import open_bytes
from impasto.studio.chooser import known
from impasto.studio.state import Studio
from impasto.studio.translation import complaint, say
from impasto.video.frame import scaled_size
from impasto.video.stabilise import make_stabilizer
from impasto.video.stabilizer_base import Stabilizer
from impasto.webcam.live import Pace

log = logging.getLogger(__name__)

RATE = 12.0
"""Frames a second that are held by painting smaller."""
LARGEST = 640
"""Longer side of what is painted, in pixels."""

_BYTES = 1_000_000  # of one picture
_PIXELS = 1920 * 1080
_QUALITY = 85
_ON_THE_WAY = 0.01  # seconds that a picture takes to come and go
_IDLE = 10.0  # seconds after which a visitor's place is free again
_PLACES = 4  # visitors at once: with more, all of them would see single pictures


@dataclass(eq=False)
class _Visitor:
    """What is kept between two pictures."""

    seen: float = 0.0
    key: tuple[Any, ...] = ()
    painter: Painter | None = None
    steady: Stabilizer = field(default_factory=lambda: make_stabilizer("light"))
    pace: Pace = field(default_factory=lambda: Pace(RATE, LARGEST))
    turn: threading.Lock = field(default_factory=threading.Lock)

    def paint(self, frame: NDArray[np.uint8], styles: Sequence[str], strength: float) -> NDArray[np.uint8]:
        """Paint one picture (H x W x 3), smaller if it has to be."""
        if self.painter is None or self.key != (*styles, strength):
            self.painter, self.key = (
                Painter(list(styles), Options(strength=strength), for_video=True),
                (*styles, strength),
            )
            self.steady = make_stabilizer("light")  # or the last style would show through for a while
        height, width = frame.shape[:2]
        size = scaled_size(width, height, min(self.pace.size, max(width, height)))
        if size != (width, height):
            frame = opencv().resize(frame, size, interpolation=opencv().INTER_AREA)
        return self.steady.paint(frame, self.painter)


class LiveSessions:
    """The end point ``POST /live``.

    Args:
        studio: whose styles and visitors.
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._visitors: dict[str, _Visitor] = {}
        self._painting = ThreadPoolExecutor(1, "studio-live")

    def add_to(self, app: FastAPI) -> None:
        """Add the end point."""
        app.post("/live")(self.frame)

    async def frame(self, request: Request) -> Response:
        """Paint one picture.

        The body is a JPEG file of at most 1 MB and 1920 x 1080 pixels. The query has ``visitor``, any text that is
        the visitor's own; ``styles``, a JSON list as ``["scream:2", "udnie:1"]``; and ``strength``, 0 to 1.
        The answer is a JPEG file, or JSON with a ``detail``: 400 for a request that cannot be painted, 409 while the
        visitor's last picture is being painted, 503 while too many others are here.
        """
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > _BYTES:
                return _refusal(413, say(request, "live_large"))
        asked = request.query_params
        visitor = self._visitor(asked.get("visitor", "")[:64])
        if visitor is None:
            return _refusal(503, say(request, "live_full", places=_PLACES))
        if not visitor.turn.acquire(blocking=False):
            return _refusal(409, say(request, "live_early"))
        try:
            styles, strength = _choice(asked.get("styles", ""), asked.get("strength", ""))
            painted, size = await to_thread.run_sync(
                lambda: self._painting.submit(_painted, visitor, bytes(data), styles, strength).result()
            )
        except ImpastoError as error:
            return _refusal(400, complaint(request, error))
        finally:
            visitor.seen = time.monotonic()
            visitor.turn.release()
        return Response(painted, media_type="image/jpeg", headers={"Cache-Control": "no-store", "X-Painted": size})

    def _visitor(self, name: str) -> _Visitor | None:
        """What is known of a visitor; nothing if all places are taken."""
        now = time.monotonic()
        for other, visitor in list(self._visitors.items()):
            if now - visitor.seen > _IDLE and not visitor.turn.locked():
                del self._visitors[other]
        if name not in self._visitors:
            if len(self._visitors) >= _PLACES:
                return None
            self._visitors[name] = _Visitor(now)
        return self._visitors[name]


def _choice(styles: str, strength: str) -> tuple[list[str], float]:
    """What a query asks for.

    Raises:
        InputError: it is not in the form that it should have.
        StyleError: there is no such style.
    """
    try:
        names, amount = json.loads(styles), float(strength or 1)
    except (ValueError, RecursionError) as error:
        raise InputError('A live picture needs styles, as ["scream"], and a strength from 0 to 1.') from error
    if not isinstance(names, list) or not 1 <= len(names) <= 8 or not 0 <= amount <= 1:
        raise InputError('A live picture needs styles, as ["scream"], and a strength from 0 to 1.')
    return known(names), amount


def _painted(visitor: _Visitor, data: bytes, styles: Sequence[str], strength: float) -> tuple[bytes, str]:
    """JPEG to JPEG, and the size it was painted at."""
    started = time.perf_counter()
    painted = visitor.paint(_decoded(data), styles, strength)
    file = io.BytesIO()
    Image.fromarray(painted).save(file, "JPEG", quality=_QUALITY)
    visitor.pace.update(time.perf_counter() - started + _ON_THE_WAY)
    return file.getvalue(), f"{painted.shape[1]} x {painted.shape[0]}"


def _decoded(data: bytes) -> NDArray[np.uint8]:
    """A camera's picture: H x W x 3.

    Raises:
        InputError: it is no JPEG file, or too small or too large.
    """
    try:
        image = open_bytes(data, "JPEG")
        if image.width * image.height > _PIXELS or min(image.size) < 16:
            raise InputError("A live picture has from 16 x 16 to 1920 x 1080 pixels; set the camera to fewer.")
        return np.array(decode_file(image, data, compact=True).rgb)
    except InputError:
        raise
    except Exception as error:  # a damaged file can make a decoder raise anything
        raise InputError("A live picture has to be a JPEG file, and this is none that can be read.") from error


def _refusal(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)
