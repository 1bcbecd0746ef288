"""What requests are answered with: errors as sentences, files, and the events of a job as lines of JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import mimetypes
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from impasto.errors import ImpastoError
from impasto.studio.jobs import Job, JobCancelledError, JobResult, Jobs, JobUpdate, JobWaiting, QueueFullError
from impasto.studio.state import Studio
from impasto.studio.texts import as_note

log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
Visitor = Annotated[
    str, Header(alias="x-visitor", max_length=64, description="Any text of your own: visitors take turns.")
]
"""The visitor of a request; empty for one of its own."""
UNEXPECTED = {
    "text": "Something went wrong that should not have; the terminal that runs the studio has the details.",
    "key": "unexpected",
    "values": {},
}
"""The note on an error that nobody expected, whose details the visitor is not told."""
# Keys of refused uploads.
_UNREADABLE = ("no_picture_or_video", "video_unknown", "video_not_picture", "sound_unknown", "motion_unknown")
_LOOK_INTERVAL = 0.5  # seconds between two looks at whether a visitor has left
_MAX_SHOWN = 200  # characters of what is wrong with a request, or of a notice, that an answer repeats
_MAX_NOTES = 16  # notices that a header holds at most


class Refusal(BaseModel):
    """The answer to a request that is refused.

    Attributes:
        detail: one sentence that says what is wrong and what to do.
        key: names the sentence, for translations.
        values: what the sentence speaks of.
    """

    detail: str
    key: str = ""
    values: dict[str, Any] = {}


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "The request makes no sense."},
    413: {"model": Refusal, "description": "Too large."},
    415: {"model": Refusal, "description": "Nothing that can be read here."},
    503: {"model": Refusal, "description": "Too many jobs wait."},
    507: {"model": Refusal, "description": "There is no room for more uploads."},
}
"""The refusals that a request for a job may get, for the documentation."""


class BodyTooLargeError(HTTPException):
    """The body of a request is larger than the limit.

    Args:
        limit: the limit in bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


def refusal(status: int, note: dict[str, Any]) -> JSONResponse:
    """The answer to a request that is refused, from a note as :func:`as_note` makes it."""
    return JSONResponse({"detail": note["text"], "key": note["key"], "values": note["values"]}, status)


def too_large(limit: int) -> JSONResponse:
    """The answer to a body that is larger than a limit in bytes."""
    megabytes = limit // 1_000_000
    text = f"The upload is larger than {megabytes} MB, the limit here: give a smaller file."
    return refusal(413, {"text": text, "key": "upload_too_large", "values": {"limit": megabytes}})


def status_of(error: ImpastoError) -> int:
    """The HTTP status of an error of the library."""
    if isinstance(error, QueueFullError):
        return 503
    return 415 if error.key in _UNREADABLE else 400


def add_error_answers(app: FastAPI) -> None:
    """Have an application answer each error with one sentence in JSON."""

    async def library(_request: Request, error: Exception) -> Response:
        assert isinstance(error, ImpastoError)
        return refusal(status_of(error), as_note(error))

    async def wrong_values(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "body"
        said = f"The request makes no sense at {where}: {first['msg'].removeprefix('Value error, ')}."
        return refusal(400, as_note(said[:_MAX_SHOWN].encode("utf-8", "replace").decode()))

    async def by_status(_request: Request, error: Exception) -> Response:
        if isinstance(error, BodyTooLargeError):
            return too_large(error.limit)
        assert isinstance(error, StarletteHTTPException)
        said = "There is nothing here." if error.status_code == 404 else str(error.detail)
        return refusal(error.status_code, as_note(said))

    async def unexpected(_request: Request, error: Exception) -> Response:
        return refusal(500, UNEXPECTED)

    app.add_exception_handler(ImpastoError, library)
    app.add_exception_handler(RequestValidationError, wrong_values)
    app.add_exception_handler(StarletteHTTPException, by_status)
    app.add_exception_handler(Exception, unexpected)


def file_facts(studio: Studio, path: Path) -> dict[str, str]:
    """What the page is told of a file in the studio's folder: its ``id``, ``name`` and ``url``."""
    identifier = studio.uploads.identifier(path)
    return {"id": identifier, "name": path.name, "url": f"api/files/{identifier}"}


def file_answer(path: Path, notices: Sequence[str] = ()) -> FileResponse:
    """A file, under its name; what is said of it stands in the header ``X-Notes``, a list of sentences in JSON."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": "private, max-age=3600"}
    if notices:
        headers["X-Notes"] = json.dumps([str(notice)[:_MAX_SHOWN] for notice in notices[:_MAX_NOTES]])
    return FileResponse(path, media_type=kind, filename=path.name, headers=headers)


def event_lines(jobs: Jobs, job: Job[ResultT], as_result: Callable[[ResultT], dict[str, Any]]) -> StreamingResponse:
    """What becomes of a job, a line of JSON for each event; the job ends when the receiver leaves.

    Args:
        jobs: where the job runs.
        job: the job.
        as_result: makes of the job's result what the receiver is told.
    """

    async def lines() -> AsyncIterator[str]:
        try:
            yield _line({"job": job.id})
            async for event in job.events():
                match event:
                    case JobWaiting(before):
                        yield _line({"waiting": before})
                    case JobUpdate(value):
                        yield _line({"update": value})
                    case JobResult(result, notices):
                        told = as_result(result)
                        notes = [*told.get("notes", ()), *(as_note(notice) for notice in notices)]
                        yield _line({"result": {**told, "notes": notes}})
                        return
            yield _line({"stopped": True})
        except ImpastoError as error:
            yield _line({"error": as_note(error)})
        except Exception:
            log.exception("a job in the studio failed")
            yield _line({"error": UNEXPECTED})
        finally:
            jobs.stop(job.id)

    return StreamingResponse(lines(), media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


def _line(event: dict[str, Any]) -> str:
    """An event as a line of JSON."""
    return json.dumps(event, ensure_ascii=False) + "\n"


async def answer_unless_gone(request: Request, result: Coroutine[Any, Any, ResultT]) -> ResultT:
    """What a coroutine returns, which is cancelled when the visitor leaves meanwhile.

    Args:
        request: The visitor's request, whose body was read.
        result: The coroutine, as :meth:`Jobs.result` makes it.

    Raises:
        JobCancelledError: The visitor has left.
    """

    async def gone() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(_LOOK_INTERVAL)

    working, leaving = asyncio.ensure_future(result), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
    finally:
        working.cancel()
        leaving.cancel()
    raise JobCancelledError("The visitor has left.")
