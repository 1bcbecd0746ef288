"""Give a learnt style a network of its own: fit the network to it, too (``impasto learn --deep``).

Training goes on from the bundled network with the learnt style and the photograph style, by
:class:`impasto.training.fit.NetworkTraining`. The result carries its network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import torch

from impasto.learning.fit import ScaleAndShift
from impasto.learning.settings import LearnSettings
from impasto.networks.files import with_network
from impasto.networks.transformer import TransformerNetwork
from impasto.styles.style import PHOTOGRAPH, Style
from impasto.training.fit import NetworkTraining, TrainingProgress
from impasto.training.photographs import Photographs
from impasto.training.settings import FitSettings, Settings
from impasto.training.style_sources import StyleSource


def fit_own_network(
    style: Style,
    pictures: tuple[Path, ...],
    network: TransformerNetwork,
    photograph: ScaleAndShift,
    photographs: Photographs,
    settings: LearnSettings,
    minutes: float,
    folder: Path,
    *,
    device: str = "cpu",
    progress: Callable[[TrainingProgress], None] | None = None,
) -> Style:
    """Fit a network to a style that was learnt for it, and return the style with that network.

    Args:
        style: the style, learnt for ``network``.
        pictures: files that the style was learnt from.
        network: the network to begin with.
        photograph: scale and shift of the network's photograph style, which changes nothing.
        photographs: what is painted meanwhile, of the same crop as ``settings``.
        settings: those that the style was learnt with; objective, crop and seed stay the same.
        minutes: fit for at most so long; it ends before once the validation loss is flat.
        folder: where checkpoint, log and previews go; a checkpoint in it is resumed.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
        progress: called after each step.

    Raises:
        TrainingError: a loss is not a number, or the checkpoint is of another style.
    """
    chosen = FitSettings(
        **{item.name: getattr(settings, item.name) for item in fields(Settings)},
        steps=1_000_000,
        minutes=minutes,
        learning_rate=4e-3,  # the best of rates from 1e-3 to 8e-3 in the same steps (lab book, 2026-11-25)
        style_learning_rate=2e-2,
        equivariance_weight=0.5,  # a little is enough to be steadier than the style alone, which is fitted without
        patience=6,
        checkpoint_every=200,
        preview_every=200,
    )
    training = NetworkTraining(
        photographs,
        [StyleSource(style.name, pictures)],
        folder,
        chosen,
        architecture=network.architecture,
        device=device,
    )
    scale_and_shift = (torch.from_numpy(style.scale), torch.from_numpy(style.shift))
    training.state.start_from(network.cpu(), {PHOTOGRAPH: photograph, style.name: scale_and_shift})
    if (folder / "checkpoint.pt").exists():
        training.resume()
    losses = training.run(progress)
    trained, scale, shift = training.state.averaged_network()
    facts = {
        "deepened": f"{training.step} steps of {chosen.batch} pictures, {chosen.crop} px, {training.seconds:.0f} s",
        "measured": ", ".join(f"{name} {losses[name]:.4f}" for name in ("content", "style") if name in losses),
    }
    own = replace(style, scale=scale[1].numpy(), shift=shift[1].numpy(), metadata={**style.metadata, **facts})
    return with_network(own, trained)
