"""A file of another program as a network that our engines run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.foreign.architectures.table import gathered, gathered_files, recognised
from impasto.foreign.contents import DamagedError
from impasto.foreign.onnx_network import onnx_model
from impasto.foreign.readers.opening import files_of_model, read

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class ForeignNetwork:
    """A network of another program, converted.

    Attributes:
        title: whose network it is.
        id: stands for its layers and weights.
        onnx: the model; see :func:`impasto.foreign.onnx_network.onnx_model`.
        styles: scale and shift of each style that it has, C numbers each.
    """

    title: str
    id: str
    onnx: bytes = field(repr=False)
    styles: tuple[tuple[Vector, Vector], ...] = field(repr=False)


def files_of(path: Path) -> list[Path]:
    """The files that a network lies in, by the path of any of them, what they begin with, or their folder.

    Returns:
        An empty list where there is none.
    """
    try:
        return gathered_files(path) or files_of_model(path)
    except (OSError, ValueError):  # a name that none can have, or a folder that cannot be looked into
        return []


def convert(path: Path, style_picture: Path | None = None) -> ForeignNetwork:
    """Convert a file of another program.

    Args:
        path: the file; of a checkpoint of several files any of them, what they begin with, or their folder.
        style_picture: the picture whose style a network is to paint that takes any.

    Raises:
        ForeignError: it cannot be converted; the text is the reason, as a part of a sentence.
    """
    try:
        contents = gathered(path, read)
        module = recognised(contents)
        if hasattr(module, "describe_style"):
            layers = module.describe_style(contents, style_picture)
        else:
            layers = module.describe(contents)
    except (ValueError, IndexError, TypeError, OverflowError) as error:  # shapes that no module has looked for
        raise DamagedError("its weights do not fit together") from error
    metadata = layers.metadata(module.TITLE)
    return ForeignNetwork(module.TITLE, metadata["id"], onnx_model(layers, metadata), tuple(layers.styles))
