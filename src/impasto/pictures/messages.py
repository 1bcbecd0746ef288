"""Every message of this room names the file that it is about: warnings, and errors that stand where no name is known.

Where a file is read or written stands ``with about(name)``; what is logged through :func:`logger` or raised within
begins with that name, unless it has it already. What :func:`warn` says is also given to a block of :func:`heard`, such
as that of a page, whose visitor does not see the log.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType

from PIL import Image

from impasto.errors import ImpastoError
from impasto.files import printable

_warnings_lock = threading.RLock()  # the hooks of ``warnings`` belong to the process
_SAID = "said"  # where it keeps what has been said of it
_NOTICES = "notices"  # where the ``info`` of a Pillow image keeps what is to be said of it
_heard: ContextVar[list[str] | None] = ContextVar("what is said of files, for who listens", default=None)
_name: ContextVar[str] = ContextVar("name of the file that messages are about", default="")
_other_names: ContextVar[Mapping[str, str]] = ContextVar("names of temporary files", default=MappingProxyType({}))


@contextmanager
def about(name: str | Path) -> Iterator[None]:
    """Have messages name a file.

    Args:
        name: how they call it; empty for what has no name.

    Raises:
        ImpastoError: the block raised it; its sentence names the file.
    """
    token = _name.set(_other_names.get().get(str(name), str(name)))
    try:
        yield
    except ImpastoError as error:
        add_name(error, name)
        raise
    finally:
        _name.reset(token)


@contextmanager
def called(path: Path, name: str) -> Iterator[None]:
    """Have messages call a temporary file by the name of what it is a copy of.

    Args:
        path: the file.
        name: how messages call it.

    Raises:
        ImpastoError: the block raised it; its sentence has the name in the place of the path.
    """
    token = _other_names.set({**_other_names.get(), str(path): name})
    try:
        yield
    except ImpastoError as error:
        error.args = (str(error).replace(printable(str(path)), printable(name)), *error.args[1:])
        raise
    finally:
        _other_names.reset(token)


def add_name(error: ImpastoError, name: str | Path) -> None:
    """Put the name of a file in front of an error's sentence, unless the sentence has it."""
    sentence = str(error)
    shown = printable(str(name))
    if str(name) not in sentence and shown not in sentence:
        error.args = (f"{shown}: {sentence}", *error.args[1:])


def logger(module: str) -> logging.Logger:
    """The logger of a module whose messages name the file that they are about."""
    log = logging.getLogger(module)
    log.addFilter(_put_name_in_front)
    return log


def _put_name_in_front(record: logging.LogRecord) -> bool:
    """Put the name of the file in front of a log record's message; it is always logged."""
    if name := _name.get():
        record.msg, record.args = f"{printable(name)}: {record.getMessage()}", None
    return True


@contextmanager
def heard() -> Iterator[list[str]]:
    """Collect what is said of files in the block, by this thread: a :class:`impasto.errors.Sentence` each, mostly."""
    said: list[str] = []
    token = _heard.set(said)
    try:
        yield said
    finally:
        _heard.reset(token)


def hear(*notices: str) -> None:
    """Give sentences to the block of :func:`heard` around, each once."""
    said = _heard.get()
    if said is not None:
        said += [notice for notice in dict.fromkeys(notices) if notice not in said]


def warn(log: logging.Logger, notice: str) -> None:
    """Say something of the file: to the log, and to who listens."""
    hear(notice)
    log.warning("%s", notice)


def note(image: Image.Image, notice: str) -> None:
    """Keep what is to be said of a file once its pixels are read: it may be opened more often than that."""
    notices = image.info.setdefault(_NOTICES, [])
    if notice not in notices:
        notices.append(notice)


def say_once(image: Image.Image, log: logging.Logger, notice: str) -> None:
    """Say what concerns a file, unless it was said of another frame of the same image."""
    said = image.info.setdefault(_SAID, set())
    if notice not in said:
        said.add(notice)
        warn(log, notice)


def say_notices(image: Image.Image, log: logging.Logger) -> None:
    """Say what was noted about a file, which is then forgotten."""
    for notice in image.info.pop(_NOTICES, ()):
        warn(log, notice)


@contextmanager
def pillow_warnings() -> Iterator[list[str]]:
    """Collect what Pillow warns of in the block, such as damaged EXIF, instead of having it printed by ``warnings``."""
    said: list[str] = []
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
        said += dict.fromkeys(" ".join(str(warning.message).split()).rstrip(".") for warning in caught)
