"""The endpoint of the Live tab: it takes a picture of the visitor's camera and answers with the painted one.

The page sends its newest picture when the answer to the last one has come, so pictures never queue and the delay does
not grow. Several visitors are served in turn, one picture each.
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
from typing import Annotated, Any

import numpy as np
from anyio import to_thread
from fastapi import FastAPI, Query, Request
from numpy.typing import NDArray
from PIL import Image
from starlette.responses import Response

from impasto.errors import ImpastoError, InputError
from impasto.extras import opencv
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.pictures.decoding import decode_file
from impasto.pictures.formats import open_bytes
from impasto.studio.api.answers import refusal
from impasto.studio.choices import check_styles
from impasto.studio.state import Studio
from impasto.studio.texts import as_note
from impasto.studio.uploads import Uploads
from impasto.video.frame import scaled_size
from impasto.video.stabilizer_base import Stabilizer
from impasto.video.stabilizers import make_stabilizer
from impasto.webcam.live import Pace

log = logging.getLogger(__name__)

LIVE_FRAME_RATE = 12.0
"""Frames a second that are kept up by painting smaller pictures where the machine is slow."""
LIVE_MAX_SIDE = 640
"""Longer side in pixels at which pictures are painted at most."""

_MAX_FRAME_BYTES = 1_000_000  # bytes of one JPEG file from the camera
_MAX_FRAME_PIXELS = 1920 * 1080  # pixels of one picture from the camera
_JPEG_QUALITY = 85  # quality of the answer, from 1 to 100
_TRANSFER_SECONDS = 0.01  # seconds that sending a picture and its answer takes, added to the time of painting
_IDLE_SECONDS = 10.0  # seconds without a picture after which a visitor's place is free
_MAX_VISITORS = 4  # visitors at once; with more each would get too few pictures for a moving one


@dataclass(eq=False)
class _LiveVisitor:
    """What is kept of a visitor between two pictures.

    Attributes:
        last_seen: when the last picture came, in seconds of the monotonic clock.
        painter_key: the styles and the strength for which ``painter`` was made.
        painter: paints the pictures; ``None`` before the first.
        stabilizer: keeps the strokes still from picture to picture.
        pace: chooses the size that keeps up :data:`LIVE_FRAME_RATE`.
        busy: held while a picture of this visitor is painted.
    """

    last_seen: float = 0.0
    painter_key: tuple[Any, ...] = ()
    painter: Painter | None = None
    stabilizer: Stabilizer = field(default_factory=lambda: make_stabilizer("light"))
    pace: Pace = field(default_factory=lambda: Pace(LIVE_FRAME_RATE, LIVE_MAX_SIDE))
    busy: threading.Lock = field(default_factory=threading.Lock)

    def choose(self, styles: Sequence[str], strength: float, uploads: Uploads) -> None:
        """Take styles and a strength for the next pictures.

        Raises:
            StyleError: there is no such style.
            InputError: a style that was learnt here is not there any more.
        """
        if self.painter is not None and self.painter_key == (*styles, strength):
            return
        self.painter = Painter(check_styles(styles, uploads), Options(strength=strength), for_video=True)
        self.painter_key = (*styles, strength)
        # The old stabilizer remembers pictures in the last style, which would show through for a while.
        self.stabilizer = make_stabilizer("light")

    def paint(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Paint one picture (H x W x 3, 0 to 255), at a smaller size if the machine is slow."""
        assert self.painter is not None
        height, width = frame.shape[:2]
        size = scaled_size(width, height, min(self.pace.size, max(width, height)))
        if size != (width, height):
            frame = opencv().resize(frame, size, interpolation=opencv().INTER_AREA)
        return self.stabilizer.paint(frame, self.painter)


class LiveSessions:
    """The endpoint ``POST /live`` and the visitors who use it.

    Args:
        studio: the studio that the endpoint belongs to.
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._visitors: dict[str, _LiveVisitor] = {}
        self._executor = ThreadPoolExecutor(1, "studio-live")

    def add_to(self, app: FastAPI) -> None:
        """Add the endpoint to an application."""
        app.post(
            "/api/live",
            tags=["Live"],
            summary="Paint a picture of a camera",
            response_class=Response,
            responses={200: {"content": {"image/jpeg": {}}}},
            openapi_extra={"requestBody": {"content": {"image/jpeg": {}}, "required": True}},
        )(self.frame)

    async def frame(
        self,
        request: Request,
        visitor: Annotated[str, Query(max_length=64, description="Any text of the visitor's own.")] = "",
        styles: Annotated[str, Query(description='A JSON list: `["scream:2", "udnie:1"]`.')] = "",
        strength: Annotated[str, Query(description="0 to 1.")] = "",
    ) -> Response:
        """Paint one picture: the body is a JPEG file of at most 1 MB and 1920 x 1080 pixels, as is the answer. Send the
        next one after the answer: status 409 says that the last one is still being painted, 503 that there are too many
        other visitors."""
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > _MAX_FRAME_BYTES:
                return _refusal(413, "A live picture has at most 1 MB: set the camera to fewer pixels.", "live_large")
        served = self._visitor(visitor)
        if served is None:
            text = f"{_MAX_VISITORS} visitors are being painted already: wait for one to stop."
            return _refusal(503, text, "live_full", places=_MAX_VISITORS)
        if not served.busy.acquire(blocking=False):
            text = "The last picture is still being painted: send the next one after its answer."
            return _refusal(409, text, "live_early")
        try:
            chosen, amount = _parse_choice(styles, strength)
            served.choose(chosen, amount, self.studio.uploads)
            painted, size = await to_thread.run_sync(
                lambda: self._executor.submit(_paint_jpeg, served, bytes(data)).result()
            )
        except ImpastoError as error:
            return refusal(400, as_note(error))
        finally:
            served.last_seen = time.monotonic()
            served.busy.release()
        return Response(painted, media_type="image/jpeg", headers={"Cache-Control": "no-store", "X-Painted": size})

    def _visitor(self, name: str) -> _LiveVisitor | None:
        """The state of a visitor, new if the visitor is; ``None`` if all places are taken."""
        now = time.monotonic()
        for other, visitor in list(self._visitors.items()):
            if now - visitor.last_seen > _IDLE_SECONDS and not visitor.busy.locked():
                del self._visitors[other]
        if name not in self._visitors:
            if len(self._visitors) >= _MAX_VISITORS:
                return None
            self._visitors[name] = _LiveVisitor(now)
        return self._visitors[name]


def _parse_choice(styles: str, strength: str) -> tuple[list[str], float]:
    """Read styles and strength from the text of a query.

    Raises:
        InputError: they are not in the expected form.
    """
    try:
        names, amount = json.loads(styles), float(strength or 1)
    except (ValueError, RecursionError) as error:
        raise InputError('A live picture needs styles, as ["scream"], and a strength from 0 to 1.') from error
    if not isinstance(names, list) or not 1 <= len(names) <= 8 or not 0 <= amount <= 1:
        raise InputError('A live picture needs styles, as ["scream"], and a strength from 0 to 1.')
    return [str(name) for name in names], amount


def _paint_jpeg(visitor: _LiveVisitor, data: bytes) -> tuple[bytes, str]:
    """Paint a JPEG file; returns the painted JPEG file and its size as text, ``WIDTH x HEIGHT``."""
    started = time.perf_counter()
    painted = visitor.paint(_decode_frame(data))
    file = io.BytesIO()
    Image.fromarray(painted).save(file, "JPEG", quality=_JPEG_QUALITY)
    visitor.pace.update(time.perf_counter() - started + _TRANSFER_SECONDS)
    return file.getvalue(), f"{painted.shape[1]} x {painted.shape[0]}"


def _decode_frame(data: bytes) -> NDArray[np.uint8]:
    """Decode a JPEG file of the camera: H x W x 3, 0 to 255.

    Raises:
        InputError: the data is not a JPEG file, or the picture is too small or too large.
    """
    try:
        image = open_bytes(data, "JPEG")
        if image.width * image.height > _MAX_FRAME_PIXELS or min(image.size) < 16:
            raise InputError("A live picture has from 16 x 16 to 1920 x 1080 pixels; set the camera to fewer.")
        return np.array(decode_file(image, data, compact=True).rgb)
    except InputError:
        raise
    except Exception as error:  # a damaged file can make a decoder raise anything
        raise InputError("A live picture has to be a JPEG file, and this is none that can be read.") from error


def _refusal(status: int, text: str, key: str, **values: int) -> Response:
    """The answer to a request that is not painted: JSON with the reason."""
    return refusal(status, {"text": text, "key": key, "values": values})
