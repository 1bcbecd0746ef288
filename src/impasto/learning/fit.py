"""Learn one style for a trained network: only its scale and shift (Dumoulin, Shlens and Kudlur 2017, section 3.2).

The network is frozen, so what is sought is two thousand numbers: the parameters of its conditional instance
normalisations. They begin as the style predictor gives them (:mod:`impasto.learning.prediction`), and follow the
gradient of the same objective that the network was trained on (:mod:`impasto.training.perceptual_loss`), on a fixed set
of crops whose content features are computed once. The steps are large at first and go to nothing (cosine decay). What
is kept is a short exponential moving average.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.adam import adam

from impasto.errors import TrainingError
from impasto.files import atomic_path, optional
from impasto.learning.settings import CHECKPOINT, LOG, PREVIEW, LearnSettings
from impasto.networks import losses
from impasto.networks.perceptual import load_features
from impasto.networks.speed import channels_last
from impasto.networks.transformer import TransformerNetwork
from impasto.pictures.contact_sheet import contact_sheet
from impasto.pictures.conversion import from_array
from impasto.pictures.writing import write_picture
from impasto.training.painting import with_grain
from impasto.training.perceptual_loss import Features, PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.schedules import MAX_GRADIENT_NORM, learning_rate_factor, update_averages
from impasto.training.style_sources import read_style_picture

log = logging.getLogger(__name__)

ScaleAndShift = tuple[Tensor, Tensor]
"""The parameters of a style, C numbers each."""

WARM_UP = 3  # steps in which the learning rate rises to its peak
BETAS = (0.9, 0.99)  # Adam's decays of the averages of the gradient and of its square, in [0, 1)
CONTENT_BATCH = 8  # crops whose content features are computed together
_PREVIEWED = 3  # held-out photographs that a preview shows


class StyleFit:
    """A style being learnt.

    Args:
        network: a trained network; it is frozen here.
        start: scale and shift that learning begins with.
        pictures: files of the style; several give one style by the mean of their Gram matrices.
        photographs: what is painted meanwhile.
        settings: see :class:`impasto.learning.settings.LearnSettings`.
        fingerprint: tells this learning from others; only a checkpoint with the same is resumed.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Attributes:
        scale: C numbers, being learnt.
        shift: C numbers, being learnt.
        averaged: the averages of both, which are what is learnt in the end.
        rate: the learning rate of the last step.
        step: steps done.
        seconds: time spent, earlier parts of a resumed run included.
        losses: losses on the held-out photographs by term, at the last check.

    Raises:
        InputError: a picture or the perceptual network cannot be read.
    """

    def __init__(
        self,
        network: TransformerNetwork,
        start: ScaleAndShift,
        pictures: Sequence[Path],
        photographs: Photographs,
        settings: LearnSettings,
        *,
        fingerprint: str = "",
        device: str = "cpu",
    ) -> None:
        self.settings, self.fingerprint, self.device = settings, fingerprint, torch.device(device)
        perceptual = load_features(settings.features).to(self.device)
        self.objective = PerceptualLoss(perceptual, settings.content_layers, settings.style_layers)
        self.network = channels_last(network.to(self.device)).eval().requires_grad_(False)
        self.style_grams = self.objective.style_targets(pictures, settings.style_size, settings.style_scale)
        self.style_picture = read_style_picture(pictures[0], settings.style_size, settings.style_scale)
        self.random = np.random.default_rng(settings.seed)
        images = torch.from_numpy(photographs.batch(settings.crops)).to(self.device)
        self.held_out = torch.from_numpy(photographs.val_batch(settings.held_out)).to(self.device)
        self.inputs = with_grain(images, settings.grain)
        self.held_out_inputs = with_grain(self.held_out, settings.grain)
        self.content_features = self._content_features(images)
        self.held_out_features = self._content_features(self.held_out)
        # The spread is that of all crops, because two at a time differ widely in theirs.
        self.spreads = {tap: losses.content_spread(x) for tap, x in self.content_features.items()}
        scale, shift = (value.to(self.device) for value in start)
        self.scale, self.shift = scale.clone().requires_grad_(True), shift.clone().requires_grad_(True)
        self.averaged = (scale.clone(), shift.clone())
        # Adam's averages of the gradients and of their squares, and the steps in them, of scale and of shift.
        self._first, self._second = ([torch.zeros_like(scale), torch.zeros_like(shift)] for _ in range(2))
        self._averaged_steps = [torch.zeros(()), torch.zeros(())]
        self.rate, self.step, self.seconds = 0.0, 0, 0.0
        self.losses: dict[str, float] = {}

    @torch.no_grad()
    def _content_features(self, images: Tensor) -> Features:
        """The features of photographs at the content layers, some photographs at a time."""
        parts = torch.split(images, CONTENT_BATCH)
        features = [self.objective.network(part, self.objective.content_layers) for part in parts]
        return {tap: torch.cat([one[tap] for one in features]) for tap in features[0]}

    # ---- one step -------------------------------------------------------------------------------------

    def _terms(self, inputs: Tensor, content_features: Features, scale: Tensor, shift: Tensor) -> dict[str, Tensor]:
        """Paint photographs and return the loss terms, each averaged over them.

        Args:
            inputs: photographs with grain, N x 4 x H x W.
            content_features: features of the photographs at the content layers.
            scale: scale of the style, C numbers.
            shift: shift of the style, C numbers.
        """
        painted, _ = self.network(inputs, scale[None], shift[None])
        features = self.objective.features(painted)
        return {
            "content": self.objective.content(features, content_features, self.spreads).mean(),
            "style": self.objective.style(features, self.style_grams).mean(),
            "tv": losses.total_variation(painted).mean(),
        }

    def _total(self, terms: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of the loss terms."""
        s = self.settings
        return s.content_weight * terms["content"] + s.style_weight * terms["style"] + s.tv_weight * terms["tv"]

    def _step(self) -> None:
        """Take one step of the optimiser on some of the fixed crops."""
        s = self.settings
        self.rate = s.learning_rate * learning_rate_factor(self.step, WARM_UP, self.share)
        count = len(self.inputs)
        which = torch.from_numpy(self.random.choice(count, min(s.batch, count), replace=False))
        content_features = {tap: x[which] for tap, x in self.content_features.items()}
        loss = self._total(self._terms(self.inputs[which], content_features, self.scale, self.shift))
        if not torch.isfinite(loss):
            raise TrainingError(f"Learning stopped at step {self.step}: a loss is not a number; try a lower rate.")
        self._follow(*torch.autograd.grad(loss, (self.scale, self.shift)))
        update_averages(self.averaged, (self.scale, self.shift), self.step, s.average)
        self.step += 1

    @torch.no_grad()
    def _follow(self, *gradients: Tensor) -> None:
        """Take a step of Adam along the gradients of scale and shift, shortened to ``MAX_GRADIENT_NORM``.

        Where they overflow, through the normalisations of a perfectly flat crop (a burnt-out sky), it is left out.
        """
        norm = torch.cat(gradients).norm()
        if not torch.isfinite(norm):
            return
        shortened = [gradient * torch.clamp(MAX_GRADIENT_NORM / (norm + 1e-6), max=1) for gradient in gradients]
        # ``torch.optim.Adam`` would import torch's compiler, which takes a second.
        adam(
            [self.scale, self.shift], shortened, self._first, self._second, [], self._averaged_steps,
            foreach=False, amsgrad=False, beta1=BETAS[0], beta2=BETAS[1], lr=self.rate, weight_decay=0, eps=1e-8,
            maximize=False,
        )  # fmt: skip

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Return the losses of the averaged style on the held-out photographs, and their weighted sum ``total``."""
        terms = self._terms(self.held_out_inputs, self.held_out_features, *self.averaged)
        return {name: value.item() for name, value in {**terms, "total": self._total(terms)}.items()}

    # ---- the run --------------------------------------------------------------------------------------

    @property
    def share(self) -> float:
        """Share of the steps that is done, in [0, 1]."""
        return self.step / self.settings.steps

    def run(self, folder: Path | None = None, progress: Callable[[StyleFit], None] | None = None) -> None:
        """Take the steps, or those until Ctrl-C.

        Args:
            folder: gets ``checkpoint.pt``, ``log.jsonl`` and ``preview.jpg`` at each check, and the checkpoint at
                Ctrl-C, too.
            progress: called after each step with this object.

        Raises:
            TrainingError: a loss is not a number.
        """
        s = self.settings
        try:
            while self.step < s.steps:
                started = time.monotonic()
                self._step()
                self.seconds += time.monotonic() - started
                if self.step % s.check_every == 0 or self.step >= s.steps:
                    self.losses = self.validate()
                    if folder:
                        self._record(folder)
                if progress:
                    progress(self)
        except KeyboardInterrupt:
            if folder:
                self.save(folder)
            raise

    def _record(self, folder: Path) -> None:
        """Write preview, checkpoint and log; on a full disk, learning goes on without."""
        with optional(folder):
            self.save(folder)
            record = {"step": self.step, "seconds": round(self.seconds, 1), **self.losses}
            with (folder / LOG).open("a") as file:
                file.write(json.dumps(record) + "\n")
            self.preview(folder / PREVIEW)

    def style(self) -> ScaleAndShift:
        """What is learnt so far: the averaged scale and shift, on the CPU."""
        scale, shift = self.averaged
        return scale.cpu(), shift.cpu()

    def facts(self) -> dict[str, str]:
        """What a style file says of how it was learnt."""
        s = self.settings
        return {
            "learnt": f"{self.step} steps of {s.batch} pictures, {s.crop} px, {self.seconds:.0f} s",
            "loss": f"content {s.content_weight:g}, style {s.style_weight:g}, features {Path(s.features).name}",
            "measured": ", ".join(f"{name} {self.losses[name]:.4f}" for name in ("content", "style")),
        }

    @torch.no_grad()
    def preview(self, path: Path) -> None:
        """Write the style picture, and held-out photographs with their paintings, a row each."""
        images = self.held_out[:_PREVIEWED]
        painted, _ = self.network(self.held_out_inputs[:_PREVIEWED], self.averaged[0][None], self.averaged[1][None])
        crop = self.settings.crop
        small = F.interpolate(self.style_picture, size=(crop, crop), mode="area")
        rows = (
            (("the style", small[0]), *(("photograph", x) for x in images)),
            (
                ("its strokes", self.style_picture[0, :, :crop, :crop]),
                *((f"after {self.step} steps", x) for x in painted),
            ),
        )
        cells = [(label, from_array(x.permute(1, 2, 0).cpu().numpy())) for row in rows for label, x in row]
        write_picture(contact_sheet(cells, columns=1 + len(images)), path)

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        with atomic_path(folder / CHECKPOINT) as temporary:
            torch.save(self._state(), temporary)

    def _state(self) -> dict[str, Any]:
        """All that a later run needs to go on."""
        return {
            "mark": self.fingerprint,
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
            "scale": self.scale.detach(),
            "shift": self.shift.detach(),
            "averaged": self.averaged,
            "first": self._first,
            "second": self._second,
            "averaged_steps": self._averaged_steps,
            "random": json.dumps(self.random.bit_generator.state),
        }

    def resume(self, folder: Path) -> bool:
        """Go on from the folder's checkpoint where it is of the same pictures, settings and network.

        Returns:
            Whether there was such a checkpoint.
        """
        path = folder / CHECKPOINT
        if not path.exists():
            return False
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
        except Exception as error:  # a damaged file raises almost anything; beginning anew costs a minute
            log.warning("%s cannot be read (%s); learning begins anew", path, error)
            return False
        same = isinstance(state, dict) and state.keys() == self._state().keys()  # those of other releases need not be
        if not same or state["mark"] != self.fingerprint:
            return False
        with torch.no_grad():
            self.scale.copy_(state["scale"])
            self.shift.copy_(state["shift"])
        self.averaged = tuple(state["averaged"])
        self._first, self._second, self._averaged_steps = state["first"], state["second"], state["averaged_steps"]
        self.random.bit_generator.state = json.loads(state["random"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.losses = state["losses"]
        return True
