"""Styles: reading, writing, blending, and the catalogue.

A style is the scale and shift of every normalised channel of one network
(:mod:`impasto.networks.transformer`), a safetensors file of about 10 KB. It names its network by an id,
because the same numbers mean nothing to another network. Most styles belong to the package's network; one that was
trained with a network of its own carries it along (:class:`OwnNetwork`).

Names are looked up in the package, then in the user's catalogue (:func:`catalogue`).
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, StyleError
from impasto.files import atomic_path
from impasto.images import READ_SUFFIXES

Vector = NDArray[np.float32]

PHOTOGRAPH = "photograph"
STEADY = "steady"
"""The steady twin of the package's network, by file name and in its id: see :func:`steadied`."""
SUFFIX = ".safetensors"
RESERVED = ("format", "name", "network")
"""What a style file says of itself beside the style's metadata."""
_FORMAT = "impasto-style-1"


@dataclass(frozen=True)
class OwnNetwork:
    """A network that a style brings along, instead of using the package's.

    Attributes:
        id: names its weights.
        onnx: the model, as :func:`impasto.training.export.onnx_model` makes it.
        photograph: scale and shift of its identity, towards which strength goes; ``None`` where it has none.
    """

    id: str
    onnx: bytes = field(compare=False, repr=False)
    photograph: tuple[Vector, Vector] | None = field(compare=False, repr=False, default=None)


@dataclass(frozen=True, eq=False)
class Style:
    """Scale and shift of a network's normalisations, and where they come from.

    Attributes:
        name: for people and for the command line.
        scale, shift: C numbers each, C as the network has normalised channels.
        network: id of the network that they belong to.
        metadata: title, artist, year, licence, and how the style was trained.
        own: the network itself where it is not the package's.
        painted: how far it is from the photograph style, which has 0: the share of the grain that it wants.
    """

    name: str
    scale: Vector
    shift: Vector
    network: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    own: OwnNetwork | None = None
    painted: float = 1.0

    def save(self, path: Path) -> None:
        """Write a style file (safetensors), with the network in it where the style has its own."""
        from safetensors.numpy import save

        metadata = {key: str(value) for key, value in self.metadata.items()}
        metadata |= {"format": _FORMAT, "name": self.name, "network": self.network}  # after what may be called so
        tensors: dict[str, NDArray[Any]] = {"scale": self.scale, "shift": self.shift}
        if self.own is not None:
            tensors["onnx"] = np.frombuffer(self.own.onnx, np.uint8)
            if self.own.photograph is not None:
                tensors["photograph_scale"], tensors["photograph_shift"] = self.own.photograph
        with atomic_path(path) as temporary:
            temporary.write_bytes(save(tensors, metadata=metadata))

    def towards(self, other: Style, share: float) -> Style:
        """A straight line in scale and shift: 0 is this style, 1 the other."""
        return replace(
            self,
            scale=(self.scale + share * (other.scale - self.scale)).astype(np.float32),
            shift=(self.shift + share * (other.shift - self.shift)).astype(np.float32),
            painted=self.painted + share * (other.painted - self.painted),
        )


StyleLike = str | Path | Style
"""A style, a name, a style file's path, or a picture's, from which a style is learnt."""


def bundled() -> list[str]:
    """Names of the styles in the package, sorted, the photograph last."""
    folder = resources.files("impasto.assets") / "styles"
    names = sorted(item.name.removesuffix(SUFFIX) for item in folder.iterdir() if item.name.endswith(SUFFIX))
    return [name for name in names if name != PHOTOGRAPH] + [PHOTOGRAPH]


def catalogue() -> Path:
    """The folder of the user's own styles; it may not exist yet.

    ``IMPASTO_STYLES`` names another; without it the folder is ``impasto/styles`` where the system keeps the data
    of applications (``XDG_DATA_HOME``, else ``~/.local/share``; the like on Windows and macOS).
    """
    if own := os.environ.get("IMPASTO_STYLES"):
        return Path(own).expanduser()
    xdg = os.environ.get("XDG_DATA_HOME", "")
    if Path(xdg).is_absolute():  # the XDG specification has relative paths ignored
        base = Path(xdg)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Application Support"
    else:
        base = Path.home() / ".local/share"
    return base / "impasto" / "styles"


def added() -> list[str]:
    """Names of the styles in the user's catalogue, sorted."""
    return sorted(path.name.removesuffix(SUFFIX) for path in catalogue().glob(f"*{SUFFIX}"))


def add(style: Style, name: str | None = None, *, overwrite: bool = False) -> Path:
    """Keep a style in the user's catalogue, so that its name is enough everywhere.

    Args:
        name: default: the style's own.

    Raises:
        StyleError: the name cannot be one, or is taken.
    """
    name = name or style.name
    target = place_for(name, overwrite=overwrite)
    replace(style, name=name).save(target)
    return target


def place_for(name: str, *, overwrite: bool = False) -> Path:
    """Where :func:`add` puts a style of this name; asked before one is learnt, it spares the minutes.

    Raises:
        StyleError: the name cannot be one, or is taken.
    """
    if not re.fullmatch(r"[^\W_][\w. +-]*", name) or name.endswith(SUFFIX):
        raise StyleError(f"{name!r} cannot be a style's name; give one of letters, digits, - and _ with --name.")
    if name in bundled():
        raise StyleError(f"{name} is a bundled style; give another name with --name.")
    target = catalogue() / f"{name}{SUFFIX}"
    if target.exists() and not overwrite:
        raise StyleError(f"There is a style {name} in your catalogue already; give another --name, or --overwrite.")
    return target


def remove(name: str) -> Path:
    """Take a style out of the user's catalogue.

    Raises:
        StyleError: there is no such style in it.
    """
    if name not in added():
        if name in bundled():
            raise StyleError(f"{name} comes with Impasto and cannot be removed; yours are in {catalogue()}.")
        near = difflib.get_close_matches(name, added(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "impasto styles list shows all."
        raise StyleError(f"There is no style {name} in your catalogue; {hint}")
    target = catalogue() / f"{name}{SUFFIX}"
    try:
        target.unlink()
    except OSError as error:
        raise StyleError(f"{target} cannot be removed ({error.strerror}); check its folder's permissions.") from error
    return target


def is_picture(name: StyleLike) -> bool:
    """Whether a style is given as a picture to learn it from."""
    return not isinstance(name, Style) and Path(name).suffix.lower() in READ_SUFFIXES


def load_style(name: StyleLike) -> Style:
    """Load a style.

    Args:
        name: a bundled name such as ``"starry-night"``, a name of the user's catalogue, the path of a style file,
            or of a picture: its style is learnt at once (minutes; needs the extra ``train``) and remembered.

    Raises:
        StyleError: no such style (the nearest name is suggested), or a file that is no style.
        MissingExtraError: it is a picture that has to be learnt, and the extra is not installed.
    """
    if isinstance(name, Style):
        return name
    text = str(name)
    if isinstance(name, str) and text in bundled():
        return _bundled_style(text)
    path = Path(text)
    if isinstance(name, str) and len(path.parts) == 1 and text in added():
        return _read(catalogue() / f"{text}{SUFFIX}")
    if is_picture(path):
        from impasto.learning import style_of_picture

        if not path.is_file():
            raise StyleError(f"There is no picture {path} to take a style from; check the path.")
        return style_of_picture(path)
    if path.is_file():
        return _read(path)
    if path.suffix == SUFFIX or len(path.parts) > 1:
        raise StyleError(f"There is no style file {path}; check the path, or take one of: impasto styles list.")
    typed = text.lower().replace("_", "-").replace(" ", "-")
    near = difflib.get_close_matches(typed, [*bundled(), *added()], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "impasto styles list shows all."
    raise StyleError(f"There is no style {text}; {hint}")


def blend(styles: Sequence[tuple[Style, float]]) -> Style:
    """The weighted mean of styles.

    Args:
        styles: pairs of style and weight; weights are brought to sum 1.

    Raises:
        StyleError: styles of different networks, a negative weight, or weights that sum to 0.
    """
    styles = shared_out(styles)
    first = styles[0][0]
    for style, _ in styles[1:]:
        if style.network != first.network:
            own = next((item.name for item, _ in styles if item.own is not None), None)
            why = f"{own} brings a network of its own" if own else "they belong to different networks"
            raise StyleError(
                f"{first.name} and {style.name} cannot be blended because {why}; blend styles of one network, "
                "for example bundled ones and what impasto learn makes without --deep."
            )
    if len(styles) == 1:
        return first
    shares = np.array([share for _, share in styles], np.float32)
    return Style(
        name="+".join(style.name for style, _ in styles),
        scale=shares @ np.stack([style.scale for style, _ in styles]),
        shift=shares @ np.stack([style.shift for style, _ in styles]),
        network=first.network,
        own=first.own,
        painted=sum(share * style.painted for style, share in styles),
        metadata={"blend": "+".join(f"{style.name}:{share:g}" for style, share in styles)},  # two may have one name
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
    return blend(weighted(styles))


def weighted(styles: StyleLike | Iterable[StyleLike | tuple[StyleLike, float]]) -> list[tuple[Style, float]]:
    """Styles and their weights, loaded, from whatever names them: see :func:`resolve`."""
    pairs: list[tuple[Style, float]] = []
    for item in listed(styles):
        if isinstance(item, tuple):
            pairs.append((load_style(item[0]), float(item[1])))
        elif isinstance(item, str):
            name, weight = parse(item)
            pairs.append((load_style(name), weight))
        else:
            pairs.append((load_style(item), 1.0))
    return pairs


def listed(
    styles: StyleLike | Iterable[StyleLike | tuple[StyleLike, float]],
) -> list[StyleLike | tuple[StyleLike, float]]:
    """One or several styles as a list, nothing loaded yet.

    Raises:
        InputError: one is nothing that names a style, or its weight is no number.
    """
    if isinstance(styles, Mapping):
        raise InputError('Styles and weights are not given as a dict, but as [("scream", 3), ("udnie", 1)].')
    several = isinstance(styles, Iterable) and not isinstance(styles, (str, bytes, Path, Style))
    items: list[Any] = list(styles) if several else [styles]  # type: ignore[arg-type]
    for item in items:
        style, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, 1)
        if not isinstance(style, (str, Path, Style)):
            raise InputError(
                "A style is a name, a style file or a picture's path, alone or in a pair with its weight, not "
                f"{type(style).__name__}; write a picture to a file first, or paint with impasto.paint, which takes "
                "it as it is."
            )
        try:
            float(weight)
        except (TypeError, ValueError) as error:
            raise InputError(f"The weight of {style} is {weight!r}; give a number.") from error
    return items


def shared_out(styles: Sequence[tuple[Style, float]]) -> list[tuple[Style, float]]:
    """Styles with their weights brought to sum 1.

    Raises:
        StyleError: no style, a negative weight, or weights that sum to 0.
    """
    if not styles:
        raise StyleError("No style is given; name one with --style, for example --style starry-night.")
    total = sum(weight for _, weight in styles)
    if any(weight < 0 for _, weight in styles) or not 0 < total < float("inf"):
        raise StyleError("Style weights must be 0 or more and not all 0, for example --style scream:2 --style udnie:1.")
    return [(style, weight / total) for style, weight in styles]


def photograph_of(style: Style) -> Style:
    """The photograph style of a style's network.

    Raises:
        StyleError: the style brings a network that has none.
    """
    if style.own is None:
        return load_style(PHOTOGRAPH)
    if style.own.photograph is None:
        raise StyleError(f"The network of {style.name} came without a photograph style; only --strength 1 will do.")
    scale, shift = style.own.photograph
    return Style(PHOTOGRAPH, scale, shift, style.network, own=style.own, painted=0.0)


def steadied(style: Style) -> Style:
    """The style as video is painted in: by the network's steady twin, where there is one.

    The twin is the package's network trained on with much more weight on equivariance, while all styles rested: so
    every style is one of the twin's, too, and what it paints flickers less and has a little less detail. A network
    that a style brings along has no twin.
    """
    if style.own is not None or style.network != bundled_network():
        return style
    twin = _twin()
    return replace(style, network=twin.id, own=twin)


@cache
def _twin() -> OwnNetwork:
    photograph = load_style(PHOTOGRAPH)
    model = (resources.files("impasto.assets") / f"{STEADY}.onnx").read_bytes()
    return OwnNetwork(steady_network(), model, (photograph.scale, photograph.shift))


def steady_network() -> str:
    """Id of the steady twin of the package's network."""
    return f"{bundled_network()}-{STEADY}"


@cache
def bundled_network() -> str:
    """Id of the package's network."""
    from safetensors import safe_open

    with (
        resources.as_file(resources.files("impasto.assets") / "network.safetensors") as path,
        safe_open(path, framework="numpy") as file,
    ):
        return str(file.metadata()["id"])


@cache
def _bundled_style(name: str) -> Style:
    with resources.as_file(resources.files("impasto.assets") / "styles" / f"{name}{SUFFIX}") as path:
        return _read(path)


def _read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            if metadata.pop("format", None) != _FORMAT:
                raise StyleError(f"{path} is not an Impasto style of this version; learn it again, or update Impasto.")
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise StyleError(f"{path} cannot be read as a style ({error}); give a style file or a bundled name.") from error


def _read(path: Path) -> Style:
    tensors, metadata = _read_tensors(path)
    scale, shift = _pair(path, tensors, "")
    name, network = metadata.pop("name", path.stem), metadata.pop("network", "")
    own = None
    if "onnx" in tensors:
        photograph = _pair(path, tensors, "photograph_") if "photograph_scale" in tensors else None
        own = OwnNetwork(network, tensors["onnx"].tobytes(), photograph)
    elif network != bundled_network():
        own = _beside(path, network)
    return Style(name, scale, shift, network, metadata, own, painted=float(name != PHOTOGRAPH))


def _pair(path: Path, tensors: Mapping[str, NDArray[Any]], prefix: str) -> tuple[Vector, Vector]:
    scale, shift = (tensors.get(f"{prefix}{name}", np.empty(0)) for name in ("scale", "shift"))
    is_finite = np.isfinite(scale).all() and np.isfinite(shift).all()
    if scale.ndim != 1 or scale.shape != shift.shape or not scale.size or not is_finite:
        raise StyleError(f"{path} is damaged: its scale and shift are not two finite vectors of one length.")
    return scale.astype(np.float32), shift.astype(np.float32)


def _beside(path: Path, network: str) -> OwnNetwork | None:
    """The network in whose folder the style lies: ``impasto train`` writes network.onnx and styles/NAME."""
    folder = path.resolve().parent
    model, identity = folder.parent / "network.onnx", folder / f"{PHOTOGRAPH}{SUFFIX}"
    if not model.is_file():
        return None
    photograph = None
    if identity.is_file() and identity != path.resolve():
        photograph = _pair(identity, _read_tensors(identity)[0], "")
    return OwnNetwork(network, model.read_bytes(), photograph)
