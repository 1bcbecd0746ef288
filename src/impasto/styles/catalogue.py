"""Styles by name: those of the package, the user's catalogue, and the styles that go with a style.

Names are looked up in the package first, then in the user's catalogue (:func:`catalogue_folder`).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from impasto.errors import StyleError
from impasto.files import atomic_path, is_file
from impasto.folders import catalogue_folder
from impasto.options import say_value
from impasto.pictures.formats import READ_SUFFIXES
from impasto.styles.files import bundled_network_id, read_style
from impasto.styles.kinds import PICTURE, kind_of
from impasto.styles.style import PHOTOGRAPH, SUFFIX, EmbeddedNetwork, Style, StyleLike, StyleSource

STEADY = "steady"
"""File name of the steady network, and the end of its id; see :func:`video_style`."""


_MOST_NAMES = 6  # styles that are suggested in place of a name that none has


def bundled_names() -> list[str]:
    """Names of the styles in the package, sorted, the photograph last."""
    folder = resources.files("impasto.assets") / "styles"
    names = sorted(item.name.removesuffix(SUFFIX) for item in folder.iterdir() if item.name.endswith(SUFFIX))
    return [name for name in names if name != PHOTOGRAPH] + [PHOTOGRAPH]


def catalogue_names(kind: str = PICTURE) -> list[str]:
    """Names of the styles of one kind in the user's catalogue, sorted.

    Args:
        kind: as in :mod:`impasto.styles.kinds`; files of no kind, which are damaged, count as styles of pictures.
    """
    files = catalogue_folder().glob(f"*{SUFFIX}")
    return sorted(path.name.removesuffix(SUFFIX) for path in files if (kind_of(path) or PICTURE) == kind)


def catalogue_file(name: str) -> Path | None:
    """The file of a style in the user's catalogue, of whatever kind; ``None``: it has none of that name."""
    if not name or len(Path(name).parts) != 1:
        return None
    path = catalogue_folder() / f"{name}{SUFFIX}"
    return path if is_file(path) else None


def keep_file(path: Path, name: str | None = None, *, overwrite: bool = False) -> Path:
    """Keep a style file as it is in the user's catalogue: one of sound or motion.

    Args:
        path: the style file.
        name: the name to keep it by; default: the file's.
        overwrite: as for :func:`add_to_catalogue`.

    Raises:
        StyleError: the name cannot be one or is taken, or the file cannot be read.
    """
    target = catalogue_path(name or path.stem, overwrite=overwrite)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)
    return target


def add_to_catalogue(style: Style, name: str | None = None, *, overwrite: bool = False) -> Path:
    """Keep a style in the user's catalogue, so that its name is enough everywhere.

    Args:
        style: the style.
        name: the name to keep it by; default: the name that the style has.
        overwrite: whether it may replace a style of that name.

    Raises:
        StyleError: the name cannot be one, or is taken.
    """
    name = name or style.name
    target = catalogue_path(name, overwrite=overwrite)
    replace(style, name=name).save(target)
    return target


def catalogue_path(name: str, *, overwrite: bool = False) -> Path:
    """The file that :func:`add_to_catalogue` writes for a style of this name.

    Whoever learns a style asks this first, so that a name that is refused does not cost minutes.

    Args:
        name: name of the style.
        overwrite: whether it may replace a style of that name.

    Raises:
        StyleError: the name cannot be one, or is taken.
    """
    if not re.fullmatch(r"[^\W_][\w. +-]*", name) or name.endswith(SUFFIX):
        raise StyleError(
            f"{name!r} cannot be a style's name; give one of letters, digits, - and _ with --name.",
            key="bad_style_name",
            name=name,
        )
    if name in bundled_names():
        raise StyleError(f"{name} is a bundled style; give another name with --name.", key="bundled_style", name=name)
    target = catalogue_folder() / f"{name}{SUFFIX}"
    if target.exists() and not overwrite:
        raise StyleError(
            f"There is a style {name} in your catalogue already; give another --name, or --overwrite.",
            key="style_exists",
            name=name,
        )
    return target


def remove_from_catalogue(name: str) -> Path:
    """Take a style out of the user's catalogue.

    Raises:
        StyleError: there is no such style in it.
    """
    target = catalogue_file(name)
    if target is None:
        if name in bundled_names():
            raise StyleError(f"{name} comes with Impasto and cannot be removed; yours are in {catalogue_folder()}.")
        near = difflib.get_close_matches(name, catalogue_names(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "impasto styles list shows all."
        raise StyleError(f"There is no style {name} in your catalogue; {hint}")
    try:
        target.unlink()
    except OSError as error:
        raise StyleError(f"{target} cannot be removed ({error.strerror}); check its folder's permissions.") from error
    return target


def picture_of_style(name: StyleLike) -> Path | None:
    """The picture file that a style is given as, from which it is still to be learnt.

    Returns:
        ``None`` for a style, a name, a style file, and for a picture that is not there.
    """
    if isinstance(name, Style):
        return None
    path = Path(name)
    if path.suffix.lower() not in READ_SUFFIXES or not is_file(path):
        return None
    is_name = isinstance(name, str) and len(path.parts) == 1 and name in (*bundled_names(), *catalogue_names())
    return None if is_name else path


def load_style(name: StyleLike) -> Style:
    """Load a style. Nothing is learnt: that is for :func:`impasto.learn_style`, or for :func:`impasto.stylize`.

    Args:
        name: a bundled name such as ``"starry-night"``, a name of the user's catalogue, the path of a style file, or of
            a network of another program, which is converted into the cache; ``FILE#2`` is one of several styles in it.

    Raises:
        StyleError: no such style (the nearest name is suggested), a picture, or a file that is no style.
    """
    if isinstance(name, Style):
        return name
    if not isinstance(name, str | Path):
        raise StyleError(f"A style is a name or the path of a style file, not {say_value(name)}; give one.")
    text = str(name)
    if isinstance(name, str) and text in bundled_names():
        return _bundled_style(text)
    path = Path(text)
    if isinstance(name, str) and (kept := catalogue_file(text)):
        return read_style(kept)
    if path.suffix.lower() in READ_SUFFIXES:
        if not is_file(path):
            raise StyleError(f"There is no picture {path} to take a style from; check the path.")
        raise StyleError(
            f"{path} is a picture, not a style; learn its style with impasto learn or impasto.learn_style, or give the "
            "picture to impasto.stylize, which learns it once."
        )
    from impasto.styles.converted import is_convertible, load_converted, split_number  # late: few styles are converted

    source, number = split_number(text)
    if is_convertible(source):
        return load_converted(source, number)
    if is_file(path):
        return read_style(path)
    if path.suffix[1:].isalpha() or len(path.parts) > 1:
        raise StyleError(f"There is no style file {path}; check the path, or take one of: impasto styles list.")
    raise _unknown_style(text)


def _unknown_style(text: str) -> StyleError:
    """The error about a name that no style has, with what was probably meant."""
    names = [*bundled_names(), *catalogue_names()]
    parts = re.split(r"[+,;]", text)
    if len(parts) > 1 and any(part.strip().partition(":")[0] in names for part in parts):
        each = " ".join(f"--style {part.strip()}" for part in parts)
        return StyleError(f"There is no style {text}; to blend styles, name each by itself: {each}.")
    name, colon, weight = text.rpartition(":")
    if colon and (name in names or is_file(name)):
        wrong = f"The weight {weight} of {name} is no number" if weight else f"The weight of {name} is missing"
        return StyleError(f"{wrong}; write it as {name}:2.")
    near = _names_like(text.lower().replace("_", "-").replace(" ", "-"), names)
    hint = f"did you mean {_either(near)}?" if near else "impasto styles list shows all."
    return StyleError(f"There is no style {text}; {hint}", key="unknown_style", name=text)


def _either(names: list[str]) -> str:
    """Names as a choice: ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _names_like(typed: str, names: list[str]) -> list[str]:
    """The styles that were probably meant: by a part of the name, by the artist or title, or by near letters."""
    if len(typed) > 2:
        found = [name for name in names if typed in name]
        for name in bundled_names() if not found else ():
            about = _bundled_style(name).metadata
            if typed in f"{about.get('artist', '')} {about.get('title', '')}".lower().replace(" ", "-"):
                found.append(name)
        if found:
            return found[:_MOST_NAMES]
    return difflib.get_close_matches(typed, names, n=1, cutoff=0.5)


def video_style(style: Style) -> Style:
    """The style as video is painted in: with the steady network, where there is one.

    The steady network is the package's network trained on with much more weight on equivariance, while all styles
    stayed as they were. So every style belongs to it as well. What it paints flickers less and has a little less
    detail. For a network that a style embeds there is no steady one; such a style comes back as it is.
    """
    if style.embedded is not None or style.network != bundled_network_id():
        return style
    steady = _steady_network()
    return replace(style, network=steady.id, embedded=steady)


@cache
def _steady_network() -> EmbeddedNetwork:
    """The steady network, from the package."""
    model = (resources.files("impasto.assets") / f"{STEADY}.onnx").read_bytes()
    return EmbeddedNetwork(steady_network_id(), model, "Impasto itself")


def steady_network_id() -> str:
    """Id of the steady network."""
    return f"{bundled_network_id()}-{STEADY}"


@cache
def _bundled_style(name: str) -> Style:
    """A style of the package, read once."""
    with resources.as_file(resources.files("impasto.assets") / "styles" / f"{name}{SUFFIX}") as path:
        return replace(read_style(path), sources=(StyleSource(name, bundled=True),))
