"""Styles out of the files of other programs: a network of :mod:`impasto.foreign` and scale and shift, as one style.

Such a style is self-contained. Converted once, it is kept in the cache under a hash of the file's bytes.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import replace
from pathlib import Path

from impasto.errors import StyleError
from impasto.files import atomic_path, exists, printable
from impasto.folders import cache_folder
from impasto.foreign.contents import DamagedError, ForeignError
from impasto.foreign.conversion import ForeignNetwork, convert, files_of
from impasto.locks import locked
from impasto.pictures.formats import media_kind
from impasto.styles.files import check_vectors, kept_style
from impasto.styles.style import CONVERTED, NETWORK_FILE, SUFFIX, EmbeddedNetwork, Style

log = logging.getLogger(__name__)

_CACHE_EDITION = 1  # part of the cache's file names; another number converts every file anew
_LONGEST_HEADER = 100_000_000  # bytes, as safetensors has it
_NUMBERED = re.compile(r"(.+)#(\d{1,6})", re.DOTALL)


def split_number(text: str) -> tuple[Path, int | None]:
    """``FILE#NUMBER`` to file and number of the style in it; where there is a file of the whole name, that file."""
    found = None if exists(text) else _NUMBERED.fullmatch(text)
    return (Path(found[1]), int(found[2])) if found else (Path(text), None)


def is_convertible(path: Path) -> bool:
    """Whether a path may be a network of another program: there are files, and no style's or picture's name."""
    files = files_of(path) if path.suffix != SUFFIX else []
    return bool(files) and not _is_style_file(files[0])


def _is_style_file(path: Path) -> bool:
    """Whether a file begins as style files do, whatever its name: with the length of a header of JSON."""
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError:
        return False
    return head[8:] == b"{" and int.from_bytes(head[:8], "little") < _LONGEST_HEADER


def convert_styles(path: Path, style_picture: Path | None = None) -> list[Style]:
    """All styles of a network of another program, each with the network in it.

    Args:
        path: the file; of a checkpoint of several files any of them, what they begin with, or their folder.
        style_picture: the picture whose style a network is to paint that takes any.

    Raises:
        StyleError: it cannot be converted; says why.
        InputError: the style picture cannot be read.
    """
    try:
        network = convert(path, style_picture)
    except ForeignError as error:
        if kind := _media_kind(path):
            raise StyleError(f"{path} is {kind}, and no style of pictures; give a style file, or a picture.") from error
        text = f"{path} cannot be converted: {error}; give a style, or a network that impasto convert --help names."
        if isinstance(error, DamagedError):
            raise StyleError(text, key="foreign_damaged", name=path.name) from error
        raise StyleError(text, key="foreign_unknown", name=path.name) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    embedded = EmbeddedNetwork(network.id, network.onnx, str(path))
    stem = _stem(path, style_picture)
    count = len(network.styles)
    styles = []
    for number, vectors in enumerate(network.styles):
        name = stem if count == 1 else f"{stem}-{number:0{len(str(count - 1))}}"
        scale, shift = check_vectors(path, *vectors)
        styles.append(Style(name, scale, shift, network.id, _facts(network, path), embedded, grain_share=0.0))
    return styles


def _media_kind(path: Path) -> str | None:
    """What a file is that is no network: a video, a sound or a movement; ``None``: none of these."""
    try:
        with path.open("rb") as file:
            return media_kind(file.read(64))
    except OSError:  # a folder, or the beginning of several files' names
        return None


def choose(styles: list[Style], number: int | None, path: Path) -> Style:
    """One of the styles of a file.

    Args:
        styles: all of them.
        number: which, from 0; ``None``: the only one.
        path: the file, for the error's sentence.

    Raises:
        StyleError: there are several and none is chosen, or there is none of that number.
    """
    if number is None and len(styles) > 1:
        raise StyleError(
            f"{path} holds {len(styles)} styles; add the number of one, {path}#0 to {path}#{len(styles) - 1}, or give "
            "impasto convert a folder for all of them.",
            key="several_styles",
            name=path.name,
            count=len(styles),
        )
    if not 0 <= (number or 0) < len(styles):
        last = len(styles) - 1
        raise StyleError(
            f"{path} has no style {number}; its styles are numbered from 0 to {last}.",
            key="no_style_number",
            name=path.name,
            number=number,
            last=last,
        )
    return styles[number or 0]


def load_converted(path: Path, number: int | None = None) -> Style:
    """A style of a network of another program, from the cache if it has been converted before.

    Args:
        path: as for :func:`convert_styles`.
        number: which of several styles, from 0.

    Raises:
        StyleError: it cannot be converted, or holds several styles, and no number is given.
    """
    target = _cache_file(path, number)
    if (cached := kept_style(target)) is None:
        style = choose(convert_styles(path), number, path)
        with locked(target, wait=True):
            style.save(target)
        log.info("%s is converted (%s).", path, style.metadata[CONVERTED])
        return style
    assert cached.embedded is not None
    return replace(cached, embedded=replace(cached.embedded, source=str(path)))


def save_all(styles: list[Style], folder: Path) -> None:
    """Write the styles of one network into a folder: the network once, and each style without it.

    Raises:
        OutputError: they cannot be written.
    """
    embedded = styles[0].embedded
    assert embedded is not None
    with atomic_path(folder / NETWORK_FILE) as temporary:
        temporary.write_bytes(embedded.onnx)
    for style in styles:
        replace(style, embedded=None).save(folder / "styles" / f"{style.name}{SUFFIX}")


def _cache_file(path: Path, number: int | None) -> Path:
    """The path that a converted style has in the cache."""
    digest = hashlib.sha256(f"{_CACHE_EDITION} {number} {path.stem}".encode("utf-8", "backslashreplace"))
    try:
        for file in files_of(path):
            digest.update(file.name.encode("utf-8", "backslashreplace") + hashlib.sha256(file.read_bytes()).digest())
    except OSError as error:
        raise _unreadable(path, error) from error
    return cache_folder() / "styles" / f"converted-{digest.hexdigest()[:20]}{SUFFIX}"


def _unreadable(path: Path, error: OSError) -> StyleError:
    """The error that a file may not be read."""
    return StyleError(
        f"{path} cannot be read ({error.strerror}); check its permissions.", key="style_unreadable", name=path.name
    )


def _stem(path: Path, style_picture: Path | None) -> str:
    """What to call a style: the file's name without its endings, or the style picture's."""
    if style_picture is not None:
        return style_picture.stem
    name = path.resolve().name
    while (shorter := Path(name).stem) != name and not shorter.startswith("."):
        name = shorter
    return printable(name)[:60] or "converted"


def _facts(network: ForeignNetwork, path: Path) -> dict[str, str]:
    """What is known of a converted style."""
    return {CONVERTED: network.title, "converted_file": printable(path.name)}
