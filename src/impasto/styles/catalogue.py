"""TODO: say what this module is for."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from impasto.errors import StyleError
from impasto.folders import catalogue_folder
from impasto.pictures.formats import READ_SUFFIXES
from impasto.styles.files import bundled_network_id, read_style
from impasto.styles.style import PHOTOGRAPH, SUFFIX, EmbeddedNetwork, Style, StyleLike

STEADY = "steady"
"""The steady twin of the package's network, by file name and in its id: see :func:`steadied`."""


def bundled_names() -> list[str]:
    """Names of the styles in the package, sorted, the photograph last."""
    folder = resources.files("impasto.assets") / "styles"
    names = sorted(item.name.removesuffix(SUFFIX) for item in folder.iterdir() if item.name.endswith(SUFFIX))
    return [name for name in names if name != PHOTOGRAPH] + [PHOTOGRAPH]


def catalogue_names() -> list[str]:
    """Names of the styles in the user's catalogue, sorted."""
    return sorted(path.name.removesuffix(SUFFIX) for path in catalogue_folder().glob(f"*{SUFFIX}"))


def add_to_catalogue(style: Style, name: str | None = None, *, overwrite: bool = False) -> Path:
    """Keep a style in the user's catalogue, so that its name is enough everywhere.

    Args:
        name: default: the style's own.

    Raises:
        StyleError: the name cannot be one, or is taken.
    """
    name = name or style.name
    target = catalogue_path(name, overwrite=overwrite)
    replace(style, name=name).save(target)
    return target


def catalogue_path(name: str, *, overwrite: bool = False) -> Path:
    """Where :func:`add` puts a style of this name; asked before one is learnt, it spares the minutes.

    Raises:
        StyleError: the name cannot be one, or is taken.
    """
    if not re.fullmatch(r"[^\W_][\w. +-]*", name) or name.endswith(SUFFIX):
        raise StyleError(f"{name!r} cannot be a style's name; give one of letters, digits, - and _ with --name.")
    if name in bundled_names():
        raise StyleError(f"{name} is a bundled style; give another name with --name.")
    target = catalogue_folder() / f"{name}{SUFFIX}"
    if target.exists() and not overwrite:
        raise StyleError(f"There is a style {name} in your catalogue already; give another --name, or --overwrite.")
    return target


def remove_from_catalogue(name: str) -> Path:
    """Take a style out of the user's catalogue.

    Raises:
        StyleError: there is no such style in it.
    """
    if name not in catalogue_names():
        if name in bundled_names():
            raise StyleError(f"{name} comes with Impasto and cannot be removed; yours are in {catalogue_folder()}.")
        near = difflib.get_close_matches(name, catalogue_names(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "impasto styles list shows all."
        raise StyleError(f"There is no style {name} in your catalogue; {hint}")
    target = catalogue_folder() / f"{name}{SUFFIX}"
    try:
        target.unlink()
    except OSError as error:
        raise StyleError(f"{target} cannot be removed ({error.strerror}); check its folder's permissions.") from error
    return target


def is_picture_path(name: StyleLike) -> bool:
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
    if isinstance(name, str) and text in bundled_names():
        return _bundled_style(text)
    path = Path(text)
    if isinstance(name, str) and len(path.parts) == 1 and text in catalogue_names():
        return read_style(catalogue_folder() / f"{text}{SUFFIX}")
    if is_picture_path(path):
        from impasto.learning.api import learn_cached_style

        if not path.is_file():
            raise StyleError(f"There is no picture {path} to take a style from; check the path.")
        return learn_cached_style(path)
    if path.is_file():
        return read_style(path)
    if path.suffix == SUFFIX or len(path.parts) > 1:
        raise StyleError(f"There is no style file {path}; check the path, or take one of: impasto styles list.")
    typed = text.lower().replace("_", "-").replace(" ", "-")
    near = difflib.get_close_matches(typed, [*bundled_names(), *catalogue_names()], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "impasto styles list shows all."
    raise StyleError(f"There is no style {text}; {hint}")


def photograph_style(style: Style) -> Style:
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


def video_style(style: Style) -> Style:
    """The style as video is painted in: by the network's steady twin, where there is one.

    The twin is the package's network trained on with much more weight on equivariance, while all styles rested: so
    every style is one of the twin's, too, and what it paints flickers less and has a little less detail. A network
    that a style brings along has no twin.
    """
    if style.own is not None or style.network != bundled_network_id():
        return style
    twin = _twin()
    return replace(style, network=twin.id, own=twin)


@cache
def _twin() -> EmbeddedNetwork:
    photograph = load_style(PHOTOGRAPH)
    model = (resources.files("impasto.assets") / f"{STEADY}.onnx").read_bytes()
    return EmbeddedNetwork(steady_network_id(), model, (photograph.scale, photograph.shift))


def steady_network_id() -> str:
    """Id of the steady twin of the package's network."""
    return f"{bundled_network_id()}-{STEADY}"


@cache
def _bundled_style(name: str) -> Style:
    with resources.as_file(resources.files("impasto.assets") / "styles" / f"{name}{SUFFIX}") as path:
        return read_style(path)
