"""Learn one style for a trained network: only its scale and shift (Dumoulin, Shlens and Kudlur 2017, section 3.2).

The network is frozen, so what is sought is two thousand numbers. They begin as the best blend of the styles that
the network knows, and follow the gradient of the same objective that the network was trained on
(:mod:`impasto.training.objective`), on a fixed set of crops whose content features are computed once. What is
kept is an exponential moving average. Learning ends when the loss on held-out photographs no longer falls.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto import losses
from impasto.errors import TrainingError
from impasto.networks.transformer import TransformerNetwork
from impasto.training.objective import Features, Objective
from impasto.training.photographs import Photographs

log = logging.getLogger(__name__)

Pair = tuple[Tensor, Tensor]
"""Scale and shift, C numbers each."""


@dataclass(frozen=True)
class LearnSettings:
    """How a style is learnt; content, style and total variation are weighed as in training the network."""

    steps: int = 1200  # at most; learning ends before, once the loss is flat
    batch: int = 2
    crop: int = 192
    crops: int = 64  # fixed ones to learn from ...
    held_out: int = 8  # ... and to judge by
    scales: tuple[float, float] = (1.0, 2.0)
    features: str = "builtin"
    content_layers: Mapping[str, float] = field(default_factory=lambda: {"relu3_1": 0.5, "relu4_1": 1.0})
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), 1.0)
    )
    content_weight: float = 1.0
    style_weight: float = 12.0
    tv_weight: float = 0.2
    style_size: int = 512  # shorter side at which paintings are looked at
    style_scale: float = 1.0  # size of the strokes relative to that
    learning_rate: float = 0.02
    average: float = 0.98
    check_every: int = 50
    patience: int = 3  # checks without ...
    gain: float = 0.005  # ... the loss falling by this share end the run
    seed: int = 0


@dataclass(frozen=True)
class Progress:
    """Where learning is: after each step, ``losses`` are those of the last check on held-out photographs."""

    step: int
    steps: int
    seconds: float
    losses: Mapping[str, float]
    preview: Path | None = None  # just written


class Plateau:
    """Tells when a loss has stopped falling.

    Args:
        patience: so many values in a row may be no better than the best by ``gain``, a share of it.
    """

    def __init__(self, patience: int, gain: float) -> None:
        self.patience, self.gain = patience, gain
        self.best, self.waited = float("inf"), 0

    def reached(self, loss: float) -> bool:
        """Take in the next value."""
        if loss < self.best * (1 - self.gain):
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        return self.waited >= self.patience


class Learn:
    """A style being learnt.

    Args:
        network: trained; is frozen here.
        known: its styles by name, without the photograph style; at least one.
        pictures: the style's pictures; several give one style by the mean of their Gram matrices.
        photographs: what is painted meanwhile.
        objective: judges.
        settings: see :class:`LearnSettings`.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
    """

    def __init__(
        self,
        network: TransformerNetwork,
        known: Mapping[str, Pair],
        pictures: Sequence[Path],
        photographs: Photographs,
        objective: Objective,
        settings: LearnSettings,
        device: str = "cpu",
    ) -> None:
        self.settings, self.objective, self.device = settings, objective, torch.device(device)
        self.network = network.to(self.device).eval().requires_grad_(False)
        self.targets = objective.style_targets(pictures, settings.style_size, settings.style_scale)
        self.random = np.random.default_rng(settings.seed)
        self.images = torch.from_numpy(photographs.batch(settings.crops)).to(self.device)
        self.held_out = torch.from_numpy(photographs.val_batch(settings.held_out)).to(self.device)
        self.wanted = self._contents(self.images)
        self.held_out_wanted = self._contents(self.held_out)
        self.start, scale, shift = self._best_blend(known)
        self.scale, self.shift = scale.clone().requires_grad_(True), shift.clone().requires_grad_(True)
        self.averaged = (scale, shift)
        self.optimiser = torch.optim.Adam([self.scale, self.shift], lr=settings.learning_rate, betas=(0.9, 0.99))
        self.plateau = Plateau(settings.patience, settings.gain)
        self.step, self.seconds, self.finished = 0, 0.0, False
        self.losses: dict[str, float] = {}

    @torch.no_grad()
    def _contents(self, images: Tensor) -> Features:
        found = [self.objective.network(part, self.objective.content_layers) for part in images.split(8)]
        return {tap: torch.cat([features[tap] for features in found]) for tap in found[0]}

    # ---- where to begin -------------------------------------------------------------------------------

    @torch.no_grad()
    def _best_blend(self, known: Mapping[str, Pair]) -> tuple[dict[str, float], Tensor, Tensor]:
        """Add known styles one by one, the next of n with weight 1/n, while that lowers the loss."""
        pairs = {name: (scale.to(self.device), shift.to(self.device)) for name, (scale, shift) in known.items()}
        images = self.held_out[:3, :, :128, :128]
        wanted = self._contents(images)

        def loss(pair: Pair) -> float:
            return self._total(self._judge(images, wanted, *pair)).item()

        chosen: list[str] = []
        blend, best = next(iter(pairs.values())), float("inf")
        while len(chosen) < 4:
            share = 1 / (len(chosen) + 1)
            tries = {
                name: tuple(old + share * (new - old) for old, new in zip(blend, pair, strict=True))
                for name, pair in pairs.items()
            }
            found = {name: loss(pair) for name, pair in tries.items()}  # type: ignore[arg-type]
            name = min(found, key=found.__getitem__)
            if not found[name] < 0.99 * best:
                break
            chosen.append(name)
            best, blend = found[name], tries[name]  # type: ignore[assignment]
        log.info("beginning with %s at a loss of %.3f", " + ".join(chosen), best)
        weights = {name: chosen.count(name) / len(chosen) for name in chosen}
        return weights, blend[0].clone(), blend[1].clone()

    # ---- one step -------------------------------------------------------------------------------------

    def _judge(self, images: Tensor, wanted: Features, scale: Tensor, shift: Tensor) -> dict[str, Tensor]:
        painted, _ = self.network(images, scale[None], shift[None])
        found = self.objective.features(painted)
        return {
            "content": self.objective.content(found, wanted).mean(),
            "style": self.objective.style(found, self.targets).mean(),
            "tv": losses.total_variation(painted).mean(),
        }

    def _total(self, parts: Mapping[str, Tensor]) -> Tensor:
        s = self.settings
        return s.content_weight * parts["content"] + s.style_weight * parts["style"] + s.tv_weight * parts["tv"]

    def _step(self) -> None:
        s = self.settings
        which = torch.from_numpy(self.random.choice(len(self.images), min(s.batch, len(self.images)), replace=False))
        parts = self._judge(
            self.images[which], {tap: x[which] for tap, x in self.wanted.items()}, self.scale, self.shift
        )
        loss = self._total(parts)
        if not torch.isfinite(loss):
            raise TrainingError(f"Learning stopped at step {self.step}: a loss is not a number; try a lower rate.")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_([self.scale, self.shift], 5.0)
        if torch.isfinite(norm):  # through the normalisations of a perfectly flat crop it overflows
            self.optimiser.step()
        keep = min(s.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for average, value in zip(self.averaged, (self.scale, self.shift), strict=True):
                average.lerp_(value, 1 - keep)
        self.step += 1

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Losses of the averaged style on the held-out photographs, and their weighted sum ``total``."""
        parts = self._judge(self.held_out, self.held_out_wanted, *self.averaged)
        return {name: value.item() for name, value in {**parts, "total": self._total(parts)}.items()}
