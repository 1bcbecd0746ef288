"""How fast the engines are here: ``impasto doctor`` measures and keeps it, and the choice of an engine goes by it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from impasto.engines.base import Array, Engine
from impasto.files import atomic_path
from impasto.folders import cache_folder
from impasto.styles.style import Style
from impasto.threads import core_count

SIDE = 512
"""Pixels: side of the picture that is painted."""
_ROUNDS = 7  # timed; one before them warms up
_LEAST_GAIN = 0.9  # share of the time of onnxruntime below which another engine is worth its start


def measure(engines: Mapping[str, Engine], style: Style) -> dict[str, float]:
    """Seconds that each engine takes for a picture: the least of some rounds in which they take turns.

    Args:
        engines: by name.
        style: of the network that the engines run.
    """
    image = _image()
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(_ROUNDS + 1):
        for name, engine in engines.items():
            started = time.perf_counter()
            engine.paint_only(image, style.scale, style.shift)
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return {name: min(values) for name, values in seconds.items()}


def closeness(engines: Mapping[str, Engine], style: Style) -> dict[str, float]:
    """How close each engine's painting is to that of the first one, in dB; infinite: the same.

    Args:
        engines, style: as for :func:`measure`.
    """
    image, paintings = _image(), {}
    for name, engine in engines.items():
        paintings[name] = engine.paint_only(image, style.scale, style.shift).astype(np.float64)
    expected = next(iter(paintings.values()))
    with np.errstate(divide="ignore"):
        return {name: float(-10 * np.log10(np.mean((one - expected) ** 2))) for name, one in paintings.items()}


def keep(seconds: Mapping[str, float]) -> None:
    """Keep what was measured on the CPU, by the names of the engines, for :func:`measured_fastest`.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_path(_file()) as temporary:
        temporary.write_text(json.dumps({"here": _here(), "seconds": dict(seconds)}), encoding="utf-8")


def measured_fastest() -> str:
    """The engine that is the fastest on this CPU, ``"onnxruntime"`` or ``"openvino"``.

    It is onnxruntime as long as nothing has been measured with what is installed.
    """
    try:
        kept = json.loads(_file().read_text(encoding="utf-8"))
        seconds = kept["seconds"] if kept["here"] == _here() else {}
        is_faster = seconds["openvino"] < _LEAST_GAIN * seconds["onnxruntime"]
    except (OSError, ValueError, KeyError, TypeError):
        return "onnxruntime"
    return "openvino" if is_faster else "onnxruntime"


def _image() -> Array:
    """The picture that is painted, 1 x 4 x H x W."""
    return np.random.default_rng(0).random((1, 4, SIDE, SIDE), np.float32)


def _file() -> Path:
    """Where it is kept."""
    return cache_folder() / "engines.json"


def _here() -> dict[str, Any]:
    """What the times hold for: the cores and the versions of the engines.

    Not the threads: the processes of a job, which have one each, choose the engine that one process chooses.
    """
    import importlib.metadata  # late: it takes a while to import, and one picture needs no choice of an engine

    versions = {}
    for package in ("onnxruntime", "openvino"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = ""
    return {"cores": core_count(), **versions}
