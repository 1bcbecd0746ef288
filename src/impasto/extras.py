"""The optional packages, imported when first needed; one function says which extra brings a missing one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from impasto.errors import MissingExtraError

EXTRAS = {
    "train": {"torch": "torch", "h5py": "h5py"},
    "heic": {"pillow_heif": "pillow-heif"},
    "sound": {"av": "av"},
    "video": {"av": "av", "cv2": "opencv-contrib-python-headless"},
    "webcam": {"pygame": "pygame", "pyvirtualcam": "pyvirtualcam"},
    "studio": {"fastapi": "fastapi", "uvicorn": "uvicorn", "python_multipart": "python-multipart"},
    "cloud": {"fsspec": "fsspec", "s3fs": "s3fs"},
    "ray": {"ray": "ray", "pyarrow": "pyarrow"},
    "openvino": {"openvino": "openvino"},
}
"""By extra: the modules that it brings, and the packages that they come in."""

_EXTRA_OF_MODULE = {module: extra for extra, modules in EXTRAS.items() for module in modules}


def import_extra(module: str, what: str, extra: str | None = None) -> Any:
    """Import a module of an optional package.

    Args:
        module: one of :data:`EXTRAS`.
        what: what needs it, as the beginning of a sentence.
        extra: the extra to name, where several bring the module; ``None``: the last of them.

    Raises:
        MissingExtraError: it is not installed.
    """
    with needing_extra(extra or _EXTRA_OF_MODULE[module], what):
        return import_module(module)


@contextmanager
def needing_extra(extra: str, what: str) -> Iterator[None]:
    """A context whose imports need an extra.

    Args:
        extra: its name.
        what: what needs it, as the beginning of a sentence.

    Raises:
        MissingExtraError: something that is imported in the context is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(what, extra) from error


@cache
def opencv(what: str = "Optical flow") -> Any:
    """The module ``cv2``; see :func:`import_extra`."""
    return import_extra("cv2", what)


@cache
def pyav(what: str = "Video", extra: str = "video") -> Any:
    """The module ``av``, its log kept off the terminal: what matters reaches the user as our own sentence."""
    av = import_extra("av", what, extra)
    av.logging.set_level(None)
    return av


def h5py() -> Any:
    """The module ``h5py``, which reads and writes packs of photographs; see :func:`import_extra`."""
    return import_extra("h5py", "Reading HDF5")


def pillow_heif() -> Any:
    """The module ``pillow_heif``; see :func:`import_extra`."""
    return import_extra("pillow_heif", "Reading HEIC")


def pygame() -> Any:
    """The module ``pygame``, which shows a window; see :func:`import_extra`."""
    return import_extra("pygame", "A window")


def pyvirtualcam() -> Any:
    """The module ``pyvirtualcam``, a camera to other programs; see :func:`import_extra`."""
    return import_extra("pyvirtualcam", "--virtual-camera")


def fsspec() -> Any:
    """The module ``fsspec``, which reads and writes at URLs; see :func:`import_extra`."""
    return import_extra("fsspec", "Reading and writing at URLs")


def ray() -> Any:
    """The module ``ray``, which runs work on many machines; see :func:`import_extra`."""
    return import_extra("ray", "--on ray")


def openvino() -> Any:
    """The module ``openvino``, which runs networks; see :func:`import_extra`.

    When it is imported it reports that to its maker, unless the package of its telemetry is missing; so it is as long.
    """
    telemetry = "openvino_telemetry"
    there = sys.modules.get(telemetry)
    sys.modules[telemetry] = None  # type: ignore[assignment]  # which makes its import fail
    try:
        return import_extra("openvino", "--engine openvino")
    finally:
        del sys.modules[telemetry]
        if there is not None:
            sys.modules[telemetry] = there
