"""Styles: reading, writing, blending, and the catalogue.

A style is the scale and shift of every normalised channel of one network
(:mod:`impasto.networks.transformer`), a safetensors file of about 10 KB. It names its network by an id,
because the same numbers mean nothing to another network.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import StyleError
from impasto.files import atomic_path

Vector = NDArray[np.float32]

_ASSETS = Path(str(resources.files("impasto.assets")))
PHOTOGRAPH = "photograph"
SUFFIX = ".safetensors"
_FORMAT = "impasto-style-1"
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".avif", ".heic", ".bmp", ".gif", ".ppm"}


@dataclass(frozen=True, eq=False)
class Style:
    """Scale and shift of a network's normalisations, and where they come from.

    Attributes:
        name: for people and for the command line.
        scale, shift: C numbers each, C as the network has normalised channels.
        network: id of the network that they belong to.
        metadata: title, artist, year, licence, and how the style was trained.
        home: the folder that holds the network, as ``impasto train`` writes it; ``None``: the package.
    """

    name: str
    scale: Vector
    shift: Vector
    network: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    home: Path | None = None

    def save(self, path: Path) -> None:
        """Write a style file (safetensors)."""
        from safetensors.numpy import save

        metadata = {"format": _FORMAT, "name": self.name, "network": self.network, **self.metadata}
        with atomic_path(path) as temporary:
            temporary.write_bytes(save({"scale": self.scale, "shift": self.shift}, metadata=metadata))

    def towards(self, other: Style, share: float) -> Style:
        """A straight line in scale and shift: 0 is this style, 1 the other."""
        return replace(
            self,
            scale=(self.scale + share * (other.scale - self.scale)).astype(np.float32),
            shift=(self.shift + share * (other.shift - self.shift)).astype(np.float32),
        )


StyleLike = str | Path | Style
"""A style, a bundled name, or a style file's path."""


def bundled() -> list[str]:
    """Names of the styles in the package, sorted, the photograph last."""
    folder = resources.files("impasto.assets") / "styles"
    names = sorted(item.name.removesuffix(SUFFIX) for item in folder.iterdir() if item.name.endswith(SUFFIX))
    return [name for name in names if name != PHOTOGRAPH] + [PHOTOGRAPH]


def load_style(name: StyleLike) -> Style:
    """Load a style.

    Args:
        name: a bundled name such as ``"starry-night"``, or the path of a style file.

    Raises:
        StyleError: no such style (the nearest name is suggested), or a file that is no style.
    """
    if isinstance(name, Style):
        return name
    text = str(name)
    if isinstance(name, str) and text in bundled():
        return _bundled_style(text)
    path = Path(text)
    if path.suffix.lower() in _PICTURES:
        if not path.is_file():
            raise StyleError(f"There is no picture {path} to take a style from; check the path.")
        raise StyleError(
            f"{path} is a picture and its style is not learnt yet: impasto train {path} --photos FOLDER "
            f"--from bundled -o {path.stem} learns it; then give --style {path.stem}/model/styles/{path.stem}{SUFFIX}."
        )
    if path.is_file():
        return _read(path)
    if path.suffix == SUFFIX or len(path.parts) > 1:
        raise StyleError(f"There is no style file {path}; check the path, or take one of: impasto styles list.")
    near = difflib.get_close_matches(text.lower().replace("_", "-").replace(" ", "-"), bundled(), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "impasto styles list shows all."
    raise StyleError(f"There is no style {text}; {hint}")


def blend(styles: Sequence[tuple[Style, float]]) -> Style:
    """The weighted mean of styles.

    Args:
        styles: pairs of style and weight; weights are brought to sum 1.

    Raises:
        StyleError: styles of different networks, a negative weight, or weights that sum to 0.
    """
    if not styles:
        raise StyleError("No style is given; name one with --style, for example --style starry-night.")
    total = sum(weight for _, weight in styles)
    if any(weight < 0 for _, weight in styles) or not 0 < total < float("inf"):
        raise StyleError("Style weights must be 0 or more and not all 0, for example --style scream:2 --style udnie:1.")
    first = styles[0][0]
    for style, _ in styles[1:]:
        if style.network != first.network:
            raise StyleError(f"{style.name} and {first.name} belong to different networks and cannot be blended.")
    if len(styles) == 1:
        return first
    shares = np.array([weight / total for _, weight in styles], np.float32)
    return Style(
        name="+".join(style.name for style, _ in styles),
        scale=shares @ np.stack([style.scale for style, _ in styles]),
        shift=shares @ np.stack([style.shift for style, _ in styles]),
        network=first.network,
        home=first.home,
        metadata={"blend": json.dumps({style.name: round(weight / total, 6) for style, weight in styles})},
    )


def parse(text: str) -> tuple[str, float]:
    """``NAME[:WEIGHT]`` to name and weight; only a last colon followed by a number is a weight."""
    head, colon, tail = text.rpartition(":")
    if colon and head:
        try:
            return head, float(tail)
        except ValueError:
            pass
    return text, 1.0


def resolve(styles: StyleLike | Iterable[StyleLike | tuple[StyleLike, float]]) -> Style:
    """One style from whatever names it: a style, ``NAME[:WEIGHT]``, or several of these to blend."""
    if isinstance(styles, (str, Path, Style)):
        styles = [styles]
    pairs: list[tuple[Style, float]] = []
    for item in styles:
        if isinstance(item, tuple):
            pairs.append((load_style(item[0]), float(item[1])))
        elif isinstance(item, str):
            name, weight = parse(item)
            pairs.append((load_style(name), weight))
        else:
            pairs.append((load_style(item), 1.0))
    return blend(pairs)


def photograph_of(style: Style) -> Style:
    """The photograph style of a style's network.

    Raises:
        StyleError: there is none beside a style that has a network of its own.
    """
    return load_style(PHOTOGRAPH if style.home is None else style.home / "styles" / f"{PHOTOGRAPH}{SUFFIX}")


@cache
def _bundled_style(name: str) -> Style:
    with resources.as_file(resources.files("impasto.assets") / "styles" / f"{name}{SUFFIX}") as path:
        return _read(path)


def _read(path: Path) -> Style:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            if metadata.pop("format", None) != _FORMAT:
                raise StyleError(f"{path} is not an Impasto style of this version; learn it again, or update Impasto.")
            scale, shift = file.get_tensor("scale"), file.get_tensor("shift")
    except (SafetensorError, OSError) as error:
        raise StyleError(f"{path} cannot be read as a style ({error}); give a style file or a bundled name.") from error
    if scale.ndim != 1 or scale.shape != shift.shape or not (np.isfinite(scale).all() and np.isfinite(shift).all()):
        raise StyleError(f"{path} is damaged: its scale and shift are not two finite vectors of one length.")
    name, network = metadata.pop("name", path.stem), metadata.pop("network", "")
    # `impasto train` writes FOLDER/network.onnx and FOLDER/styles/NAME: such a style has its network with it.
    folder = path.resolve().parent.parent
    home = folder if (folder / "network.onnx").is_file() and folder != _ASSETS else None
    return Style(name, scale.astype(np.float32), shift.astype(np.float32), network, metadata, home)
