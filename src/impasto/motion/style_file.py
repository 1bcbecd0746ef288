"""Files of motion styles: a safetensors file of under 10 KB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import StyleError
from impasto.files import atomic_path, printable
from impasto.motion import quaternions
from impasto.motion.body import DIRECTIONS
from impasto.motion.gait import HARMONICS
from impasto.motion.style import Direction, MotionStyle
from impasto.styles.kinds import KEY, MOTION, format_of, read_header, read_style_file

_LARGEST = 100.0  # the largest number that is taken for a style's; those of real ones stay below 10
_RESERVED = (KEY, "name", "directions")  # keys of the header that the file gives itself
_WAVES = 1 + 2 * HARMONICS


def save_motion_style(style: MotionStyle, path: str | Path) -> None:
    """Write a motion style to a file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    from safetensors.numpy import save

    tensors, metadata = _contents(style)
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors, metadata=metadata))


def holds_motion_style(path: Path, style: MotionStyle) -> bool:
    """Whether a file holds just this style."""
    from safetensors.numpy import load_file

    tensors, metadata = _contents(style)
    if read_header(path) != metadata:
        return False
    try:
        held = load_file(path)
    except Exception:  # safetensors' own, and the system's
        return False
    return held.keys() == tensors.keys() and all(np.array_equal(held[name], tensors[name]) for name in tensors)


def _contents(style: MotionStyle) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The tensors and the metadata of a motion style's file."""
    names = [name for name in DIRECTIONS if name in style.directions]
    all_of = [style.directions[name] for name in names]
    nothing = np.zeros((_WAVES, 3))
    tensors = {
        "mean": np.stack([one.mean for one in all_of]),
        "covariance": np.stack([one.covariance for one in all_of]),
        "residual": np.array([one.residual for one in all_of]),
        "gait": np.array([style.frequency, style.coherence, style.speed]),
    }
    if style.frequency:
        tensors["harmonics"] = np.stack([nothing if one.harmonics is None else one.harmonics for one in all_of])
    metadata = {**style.metadata, KEY: format_of(MOTION), "name": style.name, "directions": ",".join(names)}
    return (
        {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()},
        {key: printable(str(value)) for key, value in metadata.items()},
    )


def load_motion_style(path: str | Path) -> MotionStyle:
    """Read the file of a motion style.

    Raises:
        StyleError: it cannot be read, is a style of another kind, or is damaged.
    """
    path = Path(path)
    tensors, metadata = read_style_file(path, MOTION)
    names = [name for name in metadata.get("directions", "").split(",") if name]
    if not names or len(set(names)) < len(names) or not set(names) <= set(DIRECTIONS):
        raise _damaged(path, "it does not say what its numbers are of")
    count = len(names)
    shapes: dict[str, tuple[int, ...]] = {
        "mean": (count, 3),
        "covariance": (count, 3, 3),
        "residual": (count,),
        "gait": (3,),
    }
    frequency, coherence, speed = map(float, _tensor(path, tensors, "gait", shapes["gait"]))
    values = {name: _tensor(path, tensors, name, shape) for name, shape in shapes.items()}
    harmonics = _tensor(path, tensors, "harmonics", (count, _WAVES, 3)) if frequency else None
    means = quaternions.normalised(values["mean"])
    if not means.any(axis=1).all() or min(frequency, coherence, speed, float(values["residual"].min())) < 0:
        raise _damaged(path, "it has numbers that no style has")
    directions = {}
    for index, name in enumerate(names):
        spread, axes = np.linalg.eigh((values["covariance"][index] + values["covariance"][index].T) / 2)
        covariance = axes @ np.diag(np.maximum(spread, 0.0)) @ axes.T
        waves = None if harmonics is None else harmonics[index]
        directions[name] = Direction(means[index], covariance, waves, float(values["residual"][index]))
    name = metadata.get("name", path.stem)
    own = {key: value for key, value in metadata.items() if key not in _RESERVED}
    return MotionStyle(name, directions, frequency, coherence, speed, own)


def _tensor(path: Path, tensors: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A tensor of a style file, checked.

    Raises:
        StyleError: it is missing, or has another shape, or numbers that no style has.
    """
    found = tensors.get(name)
    if found is None or found.shape != shape or found.dtype.kind != "f":
        raise _damaged(path, f"its {name} is not {' x '.join(map(str, shape))} numbers")
    if not np.abs(found.astype(np.float64)).max() <= _LARGEST:
        raise _damaged(path, f"it has numbers that no style has (not finite, or beyond {_LARGEST:g})")
    return found.astype(np.float64)


def _damaged(path: Path, why: str) -> StyleError:
    """The error about a file that cannot be a motion style."""
    return StyleError(
        f"{path} is damaged: {why}; take it from its source again, or learn it again.",
        key="style_damaged_file",
        name=path.name,
    )
