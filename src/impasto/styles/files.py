"""Reading style files.

A style is a safetensors file of about 10 KB that names its network by an id, because the same numbers mean nothing to
another network. A style that embeds a network has it in the file, or beside it as ``impasto train`` writes it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import StyleError
from impasto.styles.kinds import PICTURE, read_style_file
from impasto.styles.style import CONVERTED, NETWORK_FILE, PHOTOGRAPH, SUFFIX, EmbeddedNetwork, Style, Vector

log = logging.getLogger(__name__)

_LARGEST = 100.0  # the largest number that is taken for a style's; the package's styles and their likes stay below 10
_TYPES = ("F16", "F32", "F64")  # safetensors' names of the types that a style's numbers may have
_LONGEST_NAME = 100  # letters of the longest name that is taken for a style's or a network's


def bundled_network() -> bytes:
    """The package's network, an ONNX model."""
    return (resources.files("impasto.assets") / NETWORK_FILE).read_bytes()


@cache
def bundled_network_id() -> str:
    """Id of the package's network, as its styles name it: reading that of one takes less time than the network."""
    from safetensors import safe_open

    with (
        resources.as_file(resources.files("impasto.assets") / "styles" / f"{PHOTOGRAPH}{SUFFIX}") as path,
        safe_open(path, framework="numpy") as file,
    ):
        return str(file.metadata()["network"])


def read_style(path: Path) -> Style:
    """Read a style file.

    Raises:
        StyleError: it cannot be read, is no style of this version, or is damaged.
    """
    tensors, metadata = read_style_file(path, PICTURE, _check_types)
    scale, shift = check_vectors(path, *(tensors.get(name, np.empty(0)) for name in ("scale", "shift")))
    name, network = metadata.pop("name", path.stem), metadata.pop("network", "")
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise StyleError(f"{path} is damaged: the name in it cannot be a style's; take the file from its source again.")
    if len(network) > _LONGEST_NAME or not network.isprintable():
        raise StyleError(
            f"{path} is damaged: what it says of its network cannot be; take the file from its source again."
        )
    embedded = None
    if "onnx" in tensors:
        embedded = EmbeddedNetwork(network, tensors["onnx"].tobytes(), str(path))
    elif network != bundled_network_id():
        embedded = _beside(path, network)
    sees_grain = name != PHOTOGRAPH and CONVERTED not in metadata  # no other program trained with grain
    return Style(name, scale, shift, network, metadata, embedded, grain_share=float(sees_grain))


def kept_style(path: Path) -> Style | None:
    """The style of a file in the cache; ``None`` where there is none, or a damaged one, which is to be made anew."""
    try:
        return read_style(path) if path.is_file() else None
    except StyleError as error:
        log.info("%s", error)
        return None


def _check_types(path: Path, types: Mapping[str, str]) -> None:
    """Refuse a style whose numbers are of a type that rounds too coarsely, or that NumPy does not know.

    Args:
        path: the file, for the error's sentence.
        types: safetensors' names of the types, by the tensors' names.

    Raises:
        StyleError: names the type.
    """
    for name, kind in types.items():
        if kind not in _TYPES and name != "onnx":
            raise StyleError(
                f"{path} has its {name} as numbers of the type {kind}, as quantised files do; take the style from its "
                "source again, where they are F32."
            )


def check_vectors(path: Path, scale: NDArray[Any], shift: NDArray[Any]) -> tuple[Vector, Vector]:
    """Scale and shift as float32, once they are what a style can have.

    Raises:
        StyleError: they are not two vectors of one length, or have numbers that no style has.
    """
    if scale.ndim != 1 or scale.shape != shift.shape or not scale.size or {scale.dtype.kind, shift.dtype.kind} != {"f"}:
        raise StyleError(
            f"{path} is damaged: its scale and shift are not two vectors of one length; take it from its source again."
        )
    # A network that is given NaN or very large numbers paints black, or one colour, without a word.
    if not (np.abs(scale).max() <= _LARGEST and np.abs(shift).max() <= _LARGEST):
        raise StyleError(
            f"{path} is damaged: it has numbers that no style has (not finite, or beyond {_LARGEST:g}); take it from "
            "its source again, or learn it again."
        )
    return scale.astype(np.float32), shift.astype(np.float32)


def _beside(path: Path, network: str) -> EmbeddedNetwork | None:
    """The network in whose folder the style lies: ``impasto train`` writes network.onnx and styles/NAME."""
    model = path.resolve().parent.parent / NETWORK_FILE
    return EmbeddedNetwork(network, model.read_bytes(), str(model)) if model.is_file() else None
