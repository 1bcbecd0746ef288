"""Learn one style for a trained network: only its scale and shift (Dumoulin, Shlens and Kudlur 2017, section 3.2).

The network is frozen, so what is sought is two thousand numbers. They begin as the best blend of the styles that
the network knows, and follow the gradient of the same objective that the network was trained on
(:mod:`impasto.training.perceptual_loss`), on a fixed set of crops whose content features are computed once. What is
kept is an exponential moving average. Learning ends when the loss on held-out photographs no longer falls.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.engines.torch import available_gpus
from impasto.errors import InputError, TrainingError
from impasto.files import atomic_path
from impasto.networks import losses
from impasto.networks.perceptual import load_features
from impasto.networks.speed import channels_last
from impasto.networks.transformer import TransformerNetwork
from impasto.options import Range
from impasto.pictures.contact_sheet import contact_sheet
from impasto.pictures.conversion import from_array
from impasto.pictures.writing import write_picture
from impasto.training.painting import with_grain
from impasto.training.perceptual_loss import Features, PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.schedules import Plateau, optimiser_step, update_averages
from impasto.training.settings import COUNT, NUMBER, SHARE, Settings
from impasto.training.style_pictures import read_style_picture

log = logging.getLogger(__name__)

Pair = tuple[Tensor, Tensor]
"""Scale and shift, C numbers each."""


@dataclass(frozen=True)
class LearnSettings(Settings):
    """How a style is learnt; content, style and total variation are weighed as in training the network."""

    crop: int = 192
    scales: tuple[float, float] = (1.0, 2.0)
    style_weight: float = 12.0
    steps: int = 1200  # at most; learning ends before, once the loss is flat
    batch: int = 2
    crops: int = 64  # fixed ones to learn from ...
    held_out: int = 8  # ... and to judge by
    learning_rate: float = 0.04
    average: float = 0.98
    check_every: int = 50
    patience: int = 3  # checks without ...
    gain: float = 0.005  # ... the loss falling by this share end the run

    ranges: ClassVar[Mapping[str, Range]] = {
        **Settings.ranges,
        **dict.fromkeys(("steps", "batch", "crops", "held_out", "check_every", "patience"), COUNT),
        **dict.fromkeys(("average", "gain"), SHARE),
        "learning_rate": NUMBER,
    }


def torch_device(device: str) -> str:
    """``"auto"`` to the best device that torch has here; another one is checked.

    Raises:
        InputError: the device is not there.
    """
    there = [*available_gpus(), "cpu"]
    if device == "auto":
        return there[0]
    if device not in there:
        raise InputError(f"This machine has no {device} device that torch can use; take --device auto.")
    return device


class StyleFit:
    """A style being learnt.

    Args:
        network: trained; is frozen here.
        known: its styles by name, without the photograph style; at least one.
        pictures: of the style; several give one style by the mean of their Gram matrices.
        photographs: what is painted meanwhile.
        settings: see :class:`LearnSettings`.
        mark: tells this learning from others; only a checkpoint with the same is resumed.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
    """

    def __init__(
        self,
        network: TransformerNetwork,
        known: Mapping[str, Pair],
        pictures: Sequence[Path],
        photographs: Photographs,
        settings: LearnSettings,
        *,
        mark: str = "",
        device: str = "cpu",
    ) -> None:
        self.settings, self.mark, self.device = settings, mark, torch.device(device)
        judge = load_features(settings.features).to(self.device)
        self.objective = objective = PerceptualLoss(judge, settings.content_layers, settings.style_layers)
        self.network = channels_last(network.to(self.device)).eval().requires_grad_(False)
        self.targets = objective.style_targets(pictures, settings.style_size, settings.style_scale)
        self.painting = read_style_picture(pictures[0], settings.style_size, settings.style_scale)
        self.random = np.random.default_rng(settings.seed)
        images = torch.from_numpy(photographs.batch(settings.crops)).to(self.device)
        self.held_out = torch.from_numpy(photographs.val_batch(settings.held_out)).to(self.device)
        self.seen, self.held_out_seen = with_grain(images, settings.grain), with_grain(self.held_out, settings.grain)
        self.wanted = self._contents(images)
        self.held_out_wanted = self._contents(self.held_out)
        # Of all crops, since two at a time differ widely in theirs.
        self.spreads = {tap: losses.content_spread(x) for tap, x in self.wanted.items()}
        self.start, scale, shift = self._best_blend(known)
        self.scale, self.shift = scale.clone().requires_grad_(True), shift.clone().requires_grad_(True)
        self.averaged = (scale, shift)
        self.optimiser = torch.optim.Adam([self.scale, self.shift], lr=settings.learning_rate, betas=(0.9, 0.99))
        self.plateau = Plateau(settings.patience, settings.gain)
        self.step, self.seconds, self.finished = 0, 0.0, False
        self.losses: dict[str, float] = {}

    @torch.no_grad()
    def _contents(self, images: Tensor) -> Features:
        parts = torch.split(images, 8)
        found = [self.objective.network(part, self.objective.content_layers) for part in parts]
        return {tap: torch.cat([features[tap] for features in found]) for tap in found[0]}

    # ---- where to begin -------------------------------------------------------------------------------

    @torch.no_grad()
    def _best_blend(self, known: Mapping[str, Pair]) -> tuple[dict[str, float], Tensor, Tensor]:
        """Add known styles one by one, the next of n with weight 1/n, while that lowers the loss."""
        pairs = {name: (scale.to(self.device), shift.to(self.device)) for name, (scale, shift) in known.items()}
        wanted, seen = self._contents(self.held_out[:3, :, :128, :128]), self.held_out_seen[:3, :, :128, :128]

        def loss(pair: Pair) -> float:
            return self._total(self._judge(seen, wanted, *pair)).item()

        chosen: list[str] = []
        blend, best = next(iter(pairs.values())), float("inf")
        while len(chosen) < 4:
            share = 1 / (len(chosen) + 1)
            tries = {
                name: (blend[0].lerp(scale, share), blend[1].lerp(shift, share))
                for name, (scale, shift) in pairs.items()
            }
            found = {name: loss(pair) for name, pair in tries.items()}
            name = min(found, key=found.__getitem__)
            if not found[name] < 0.99 * best:
                break
            chosen.append(name)
            best, blend = found[name], tries[name]
        log.info("beginning with %s at a loss of %.3f", " + ".join(chosen), best)
        weights = {name: chosen.count(name) / len(chosen) for name in chosen}
        return weights, *blend

    # ---- one step -------------------------------------------------------------------------------------

    def _judge(self, seen: Tensor, wanted: Features, scale: Tensor, shift: Tensor) -> dict[str, Tensor]:
        painted, _ = self.network(seen, scale[None], shift[None])
        found = self.objective.features(painted)
        return {
            "content": self.objective.content(found, wanted, self.spreads).mean(),
            "style": self.objective.style(found, self.targets).mean(),
            "tv": losses.total_variation(painted).mean(),
        }

    def _total(self, parts: Mapping[str, Tensor]) -> Tensor:
        s = self.settings
        return s.content_weight * parts["content"] + s.style_weight * parts["style"] + s.tv_weight * parts["tv"]

    def _step(self) -> None:
        s = self.settings
        which = torch.from_numpy(self.random.choice(len(self.seen), min(s.batch, len(self.seen)), replace=False))
        parts = self._judge(self.seen[which], {tap: x[which] for tap, x in self.wanted.items()}, self.scale, self.shift)
        loss = self._total(parts)
        if not torch.isfinite(loss):
            raise TrainingError(f"Learning stopped at step {self.step}: a loss is not a number; try a lower rate.")
        optimiser_step(loss, self.optimiser)
        update_averages(self.averaged, (self.scale, self.shift), self.step, s.average)
        self.step += 1

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Losses of the averaged style on the held-out photographs, and their weighted sum ``total``."""
        parts = self._judge(self.held_out_seen, self.held_out_wanted, *self.averaged)
        return {name: value.item() for name, value in {**parts, "total": self._total(parts)}.items()}

    # ---- the run --------------------------------------------------------------------------------------

    @property
    def share(self) -> float:
        """How much of the most steps is done, in [0, 1]."""
        return 1.0 if self.finished else self.step / self.settings.steps

    def run(self, folder: Path | None = None, progress: Callable[[StyleFit], None] | None = None) -> None:
        """Learn until the loss is flat, or until Ctrl-C.

        Args:
            folder: gets ``checkpoint.pt``, ``log.jsonl`` and ``preview.jpg`` at each check, and the first of these
                at Ctrl-C.
            progress: called after each step with this object.
        """
        s = self.settings
        try:
            while not self.finished:
                started = time.monotonic()
                self._step()
                self.seconds += time.monotonic() - started
                if self.step % s.check_every == 0 or self.step >= s.steps:
                    self.losses = self.validate()
                    self.finished = self.plateau.reached(self.losses["total"]) or self.step >= s.steps
                    if folder:
                        self.preview(folder / "preview.jpg")
                        self.save(folder)
                        record = {"step": self.step, "seconds": round(self.seconds, 1), **self.losses}
                        with (folder / "log.jsonl").open("a") as file:
                            file.write(json.dumps(record) + "\n")
                if progress:
                    progress(self)
        except KeyboardInterrupt:
            if folder:
                self.save(folder)
            raise

    def style(self) -> Pair:
        """What is learnt so far: the averaged scale and shift, on the CPU."""
        scale, shift = self.averaged
        return scale.cpu(), shift.cpu()

    def facts(self) -> dict[str, str]:
        """What a style file says of how it was learnt."""
        s = self.settings
        return {
            "begun_as": " + ".join(f"{share:.2f} {name}" for name, share in self.start.items()),
            "learnt": f"{self.step} steps of {s.batch} pictures, {s.crop} px, {self.seconds:.0f} s",
            "loss": f"content {s.content_weight:g}, style {s.style_weight:g}, features {Path(s.features).name}",
            "measured": ", ".join(f"{name} {self.losses[name]:.4f}" for name in ("content", "style")),
        }

    @torch.no_grad()
    def preview(self, path: Path, count: int = 3) -> None:
        """Write the style picture, and held-out photographs with their paintings, a row each."""
        images = self.held_out[:count]
        painted, _ = self.network(self.held_out_seen[:count], self.averaged[0][None], self.averaged[1][None])
        crop = self.settings.crop
        small = F.interpolate(self.painting, size=(crop, crop), mode="area")
        rows = (
            (("the style", small[0]), *(("photograph", x) for x in images)),
            (
                ("its strokes", self.painting[0, :, :crop, :crop]),
                *((f"after {self.step} steps", x) for x in painted),
            ),
        )
        cells = [(label, from_array(x.permute(1, 2, 0).cpu().numpy())) for row in rows for label, x in row]
        write_picture(contact_sheet(cells, columns=1 + len(images)), path)

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        state = {
            "mark": self.mark,
            "step": self.step,
            "seconds": self.seconds,
            "finished": self.finished,
            "losses": self.losses,
            "scale": self.scale.detach(),
            "shift": self.shift.detach(),
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
            "random": json.dumps(self.random.bit_generator.state),
            "plateau": (self.plateau.best, self.plateau.waited),
        }
        with atomic_path(folder / "checkpoint.pt") as temporary:
            torch.save(state, temporary)

    def resume(self, folder: Path) -> bool:
        """Go on from the folder's checkpoint where it is of the same pictures, settings and network."""
        path = folder / "checkpoint.pt"
        if not path.exists():
            return False
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
        except Exception as error:  # a damaged file raises almost anything; beginning anew costs a minute
            log.warning("%s cannot be read (%s); learning begins anew", path, error)
            return False
        if state["mark"] != self.mark:
            return False
        with torch.no_grad():
            self.scale.copy_(state["scale"])
            self.shift.copy_(state["shift"])
        self.averaged = tuple(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.random.bit_generator.state = json.loads(state["random"])
        self.plateau.best, self.plateau.waited = state["plateau"]
        self.step, self.seconds, self.finished = state["step"], state["seconds"], state["finished"]
        self.losses = state["losses"]
        return True
