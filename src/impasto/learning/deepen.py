"""Fit the network to one style, too, after its scale and shift (``impasto learn --deep``).

Training goes on from the bundled network with the learnt style and the photograph style, by
:class:`impasto.training.fit.NetworkTraining`; the result carries its network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import torch

from impasto.learning.fit import LearnSettings, Pair
from impasto.networks.files import with_network
from impasto.networks.transformer import TransformerNetwork
from impasto.styles.style import PHOTOGRAPH, Style
from impasto.training.fit import FitSettings, NetworkTraining, TrainingProgress
from impasto.training.photographs import Photographs
from impasto.training.settings import Settings
from impasto.training.style_pictures import StylePictures


def deepen(
    style: Style,
    pictures: tuple[Path, ...],
    network: TransformerNetwork,
    photograph: Pair,
    photographs: Photographs,
    settings: LearnSettings,
    minutes: float,
    folder: Path,
    *,
    device: str = "cpu",
    progress: Callable[[TrainingProgress], None] | None = None,
) -> Style:
    """A style with a network of its own, fitted from another's.

    Args:
        style: learnt for ``network``.
        network: to begin with.
        photograph: scale and shift of its identity.
        photographs: of the same crop as ``settings``.
        settings: those that the style was learnt with; objective, crop and seed stay the same.
        minutes: how long; it ends before once the validation loss is flat.
        folder: for checkpoint, log and previews; a checkpoint in it is resumed.
    """
    # Measured (lab book, 2026-11-25): of rates from 1e-3 to 8e-3 this one came furthest in the same steps. The fit of
    # the style alone knows no equivariance, so that a little of it is enough to be steadier than that.
    chosen = FitSettings(
        **{item.name: getattr(settings, item.name) for item in fields(Settings)},
        steps=1_000_000,
        minutes=minutes,
        learning_rate=4e-3,
        style_learning_rate=2e-2,
        equivariance_weight=0.5,
        patience=6,
        checkpoint_every=200,
        preview_every=200,
    )
    fit = NetworkTraining(
        photographs,
        [StylePictures(style.name, pictures)],
        folder,
        chosen,
        architecture=network.architecture,
        device=device,
    )
    learnt = (torch.from_numpy(style.scale), torch.from_numpy(style.shift))
    fit.state.start_from(network.cpu(), {PHOTOGRAPH: photograph, style.name: learnt})
    if (folder / "checkpoint.pt").exists():
        fit.resume()
    losses = fit.run(progress)
    trained, scale, shift = fit.state.averaged_network()
    facts = {
        "deepened": f"{fit.step} steps of {chosen.batch} pictures, {chosen.crop} px, {fit.seconds:.0f} s",
        "measured": ", ".join(f"{name} {losses[name]:.4f}" for name in ("content", "style") if name in losses),
    }
    own = replace(style, scale=scale[1].numpy(), shift=shift[1].numpy(), metadata={**style.metadata, **facts})
    return with_network(own, trained, (scale[0], shift[0]))
