"""Networks and styles as files for other programs, with a card beside each that says how to use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from impasto.errors import InputError, StyleError, first_line
from impasto.extras import needing_extra
from impasto.files import atomic_path, is_file, printable
from impasto.foreign.contents import ForeignError
from impasto.foreign.readers.onnx_file import metadata_of, shapes_of_inputs
from impasto.networks.architecture import geometry
from impasto.networks.export_card import card
from impasto.networks.export_onnx import exported_onnx
from impasto.networks.export_settings import SUFFIXES, Exported, ExportSettings
from impasto.styles.catalogue import load_style
from impasto.styles.files import bundled_network
from impasto.styles.style import NETWORK_FILE, EmbeddedNetwork, Style
from impasto.version import __version__

NETWORK = "network"
"""What stands for the package's network, without a style."""


def what_of(name: str) -> Exported:
    """What is to be exported.

    Args:
        name: a style, as :func:`impasto.load_style` takes it; the word of :data:`NETWORK`; or a network that
            ``impasto train`` wrote: its folder, or its ``network.onnx``.

    Raises:
        StyleError: there is no such style, or its network cannot be read.
    """
    path = Path(name)
    model = path / NETWORK_FILE if is_file(path / NETWORK_FILE) else path
    if name == NETWORK:
        return _exported("impasto", None, bundled_network())
    if model.suffix == ".onnx" and is_file(model) and "id" in metadata_or_nothing(model):
        return _exported(path.stem, None, model.read_bytes(), str(model))
    style = load_style(name)
    return _exported(style.name, style, bundled_network() if style.embedded is None else style.embedded.onnx, name)


def export(what: Exported, settings: ExportSettings, output: Path) -> Path:
    """Write a model, and beside it ``OUTPUT.md``, which says what goes in and out.

    Args:
        what: see :func:`what_of`.
        settings: the form.
        output: the file.

    Returns:
        The card's path.

    Raises:
        InputError: a network alone cannot be exported so, or the file's name has the end of another format.
        MissingExtraError: the format needs torch, which is not installed.
        OutputError: the file cannot be written.
    """
    if output.suffix != SUFFIXES[settings.to]:
        raise InputError(f"{output} does not end in {SUFFIXES[settings.to]}, as files of --to {settings.to} do.")
    if what.style is None and settings.vectors == "baked":
        if settings.to == "safetensors":
            raise InputError("A network alone is no style file (.safetensors); give a style, or --to onnx.")
        raise InputError("A network has no style that could be baked in; give a style, or --vectors inputs.")
    about = _about(what, settings)
    if settings.to == "safetensors":
        _self_contained(what).save(output)
    else:
        data = exported_onnx(what, settings, about) if settings.to == "onnx" else _torch(what, settings)
        with atomic_path(output) as temporary:
            temporary.write_bytes(data)
    beside = output.with_name(f"{output.name}.md")
    with atomic_path(beside) as temporary:
        temporary.write_text(printable(card(what, settings, output, about)), encoding="utf-8")
    return beside


def _torch(what: Exported, settings: ExportSettings) -> bytes:
    """The bytes of a program of torch."""
    with needing_extra("train", "Exporting to torch"):
        from impasto.networks.export_torch import exported_torch
    return exported_torch(what, settings)


def _exported(name: str, style: Style | None, onnx: bytes, source: str = "Impasto itself") -> Exported:
    """A network and a style, with what is known of them.

    Raises:
        StyleError: the network cannot be read.
    """
    try:
        about = metadata_of(memoryview(onnx))
        shapes = shapes_of_inputs(memoryview(onnx))
        fit = geometry(about)
        return Exported(name, about["id"], onnx, style, fit, shapes["image"][1], shapes["scale"][0])
    except (ForeignError, KeyError, ValueError, IndexError) as error:
        raise StyleError(
            f"The network of {source} cannot be read ({first_line(error)}): it is damaged or not one of Impasto's; "
            "take the file from its source again."
        ) from error


def metadata_or_nothing(path: Path) -> Mapping[str, str]:
    """What an ONNX file says of itself; nothing where it is none."""
    try:
        return metadata_of(memoryview(path.read_bytes()))
    except (ForeignError, OSError):
        return {}


def _self_contained(what: Exported) -> Style:
    """The style with its network in it, which any version of Impasto takes."""
    style = what.style
    assert style is not None
    if style.embedded is not None:
        return style
    return replace(style, embedded=EmbeddedNetwork(what.network, what.onnx))


def _about(what: Exported, settings: ExportSettings) -> dict[str, str]:
    """What an exported model says of itself."""
    facts = {} if what.style is None else dict(what.style.metadata)
    chosen = {"pixels": settings.pixels, "vectors": settings.vectors}
    own = {"made_by": f"impasto {__version__}", "name": what.name, "network": what.network, **chosen}
    return {key: printable(str(value)) for key, value in {**facts, **own}.items()}
