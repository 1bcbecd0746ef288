"""A style: two vectors for a network, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.files import atomic_path, printable
from impasto.styles.kinds import KEY, PICTURE, format_of

Vector = NDArray[np.float32]

PHOTOGRAPH = "photograph"
"""Name of the style that changes nothing; every network has been trained with one."""
SUFFIX = ".safetensors"
"""End of a style file's name."""
NETWORK_FILE = "network.onnx"
"""Name of a network's file, beside the folder of its styles; torch reads its weights from it, too."""
RESERVED = (KEY, "name", "network")
"""Keys of a style file's header that the style's metadata cannot have, since the file gives them itself."""
CONVERTED = "converted_from"
"""Key of a style's metadata: the program whose network it brings (see :mod:`impasto.styles.converted`)."""


@dataclass(frozen=True)
class EmbeddedNetwork:
    """A network that a style brings along, instead of using the package's.

    Attributes:
        id: the network's id, which stands for its weights.
        onnx: the model, as :func:`impasto.networks.files.onnx_model` makes it.
        source: where it comes from, for messages: a file.
    """

    id: str
    onnx: bytes = field(repr=False)
    source: str = field(compare=False, default="the style")


class StyleSource(NamedTuple):
    """Where a style, or a part of a blend, comes from: what a painting in it can be refined towards.

    Attributes:
        name: the style's name.
        weight: its share in the blend.
        bundled: whether it comes with the package, which has a texture of it (:mod:`impasto.styles.textures`).
        picture: the picture that it was made of for one call, as the caller gave it; ``None``: it is not known.
    """

    name: str
    weight: float = 1.0
    bundled: bool = False
    picture: Any = None


@dataclass(frozen=True, eq=False)
class Style:
    """Scale and shift of a network's normalisations, and where they come from.

    Attributes:
        name: name for people and for the command line.
        scale: C numbers, C as the network has normalised channels.
        shift: C numbers.
        network: id of the network that they belong to.
        metadata: title, artist, year, licence, and how the style was trained.
        embedded: the network itself, where it is not the package's.
        grain_share: the share of the grain that the network is to see with this style: 1, for the photograph style 0,
            and in between for mixtures with it.
        given_as: the picture's path as the caller wrote it, where the style was learnt for one call; masks go by it.
        sources: where it comes from, a part each of a blend; empty where its file is all that is known.
    """

    name: str
    scale: Vector
    shift: Vector
    network: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    embedded: EmbeddedNetwork | None = None
    grain_share: float = 1.0
    given_as: str = ""
    sources: tuple[StyleSource, ...] = field(default=(), repr=False)

    @property
    def parts(self) -> tuple[StyleSource, ...]:
        """What the style is blended of, itself where it is no blend."""
        return self.sources or (StyleSource(self.name),)

    def save(self, path: Path) -> None:
        """Write a style file (safetensors), with the network in it where the style embeds one."""
        from safetensors.numpy import save

        reserved = {KEY: format_of(PICTURE), "name": self.name, "network": self.network}
        metadata = {key: printable(str(value)) for key, value in {**self.metadata, **reserved}.items()}
        tensors: dict[str, NDArray[Any]] = {"scale": self.scale, "shift": self.shift}
        if self.embedded is not None:
            tensors["onnx"] = np.frombuffer(self.embedded.onnx, np.uint8)
        with atomic_path(path) as temporary:
            temporary.write_bytes(save(tensors, metadata=metadata))


StyleLike = str | Path | Style
"""A style, a name, or a style file's path; where pictures are learnt first, a picture's path, too."""
