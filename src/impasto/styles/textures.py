"""Textures of the bundled styles: what paintings in them are refined towards, since the package has no painting.

A texture is a small picture that our own optimiser made of noise, with the style statistics of the pictures that a
style was learnt from; ``examples/make_textures.py`` makes them.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from impasto.styles.catalogue import bundled_names

SUFFIX = ".webp"
"""End of a texture's file name, which begins with the style's name."""


def has_texture(name: str) -> bool:
    """Whether a style of that name is a bundled one of which there is a texture: all but the photograph."""
    return name in bundled_names() and _file(name).is_file()


def bundled_texture(name: str) -> bytes:
    """The texture of a bundled style that has one, an encoded picture."""
    return _file(name).read_bytes()


def _file(name: str) -> Traversable:
    """The file of a bundled style's texture."""
    return resources.files("impasto.assets") / "textures" / f"{name}{SUFFIX}"
