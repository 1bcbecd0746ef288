"""Train the style predictor (``impasto predictor``), end to end through the transformer network, which is frozen.

A step paints photographs in the predicted styles of pieces of style pictures, and follows the gradient of the objective
of learning (:mod:`impasto.training.perceptual_loss`) back into the predictor. Fitted styles are no targets: pictures
that look alike get styles that are far apart when each is fitted for itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from impasto.errors import TrainingError
from impasto.files import atomic_path
from impasto.networks.files import load_bundled
from impasto.networks.perceptual import load_features
from impasto.networks.predictor_files import save_predictor
from impasto.networks.speed import channels_last, has_bfloat16
from impasto.styles.files import bundled_network_id
from impasto.styles.style import PHOTOGRAPH
from impasto.training.batch_losses import predicted_loss, update_spreads
from impasto.training.fit import TrainingProgress
from impasto.training.painting import with_grain
from impasto.training.perceptual_loss import Features, PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.predicted_styles import PredictedStyles, stacked
from impasto.training.schedules import learning_rate_factor, optimiser_step, smoothed
from impasto.training.settings import PredictorSettings
from impasto.training.style_crops import StyleCrops

CHECKPOINT = "predictor.checkpoint"  # file in the output folder from which the same call goes on
_GRAIN = (0.6, 1.0)  # range of the grain


class PredictorTraining:
    """A predictor while it is trained.

    Args:
        pieces: style pictures.
        photographs: what is painted.
        folder: gets the checkpoint and the predictor.
        settings: those of the run.
    """

    def __init__(self, pieces: StyleCrops, photographs: Photographs, folder: Path, settings: PredictorSettings) -> None:
        self.photographs, self.folder, self.settings = photographs, folder, settings
        network, known = load_bundled()
        self.network = channels_last(network).eval().requires_grad_(False)
        self.half = has_bfloat16(torch.device("cpu"))
        self.objective = PerceptualLoss(load_features(), settings.content_layers, settings.style_layers, half=self.half)
        self.random = np.random.default_rng(settings.seed)
        torch.manual_seed(settings.seed)
        self.styles = PredictedStyles(pieces, self.objective, settings.learning_rate)
        self.styles.begin(stacked(pair for name, pair in known.items() if name != PHOTOGRAPH))
        self.spreads: Features = {}
        self.step, self.seconds, self.loss = 0, 0.0, 0.0

    @property
    def share(self) -> float:
        """Share of the run that is done, in [0, 1]."""
        return min(1.0, self.seconds / (60 * self.settings.minutes))

    def run(self, progress: Callable[[TrainingProgress], None] | None = None) -> None:
        """Train until the time is over; writes the checkpoint and the predictor every so many steps, and at the end.

        Raises:
            OutputError: they cannot be written.
        """
        while self.share < 1:
            started = time.monotonic()
            self._step()
            self.seconds += time.monotonic() - started
            if progress is not None:
                progress(TrainingProgress(self.step, self.share, self.seconds, {"total": self.loss}))
            if self.step % self.settings.checkpoint_every == 0:
                self.save()
        self.save()

    def _step(self) -> None:
        """Take one step of the optimiser."""
        s = self.settings
        self.styles.set_learning_rates(learning_rate_factor(self.step, s.warmup, self.share))
        scale, shift, grams = self.styles.draw(s.batch)
        photographs = torch.from_numpy(self.photographs.batch(s.batch))
        with torch.no_grad():
            wanted = self.objective.features(photographs)
            update_spreads(self.spreads, {tap: wanted[tap] for tap in s.content_layers}, self.step)
        grain = torch.from_numpy(self.random.uniform(*_GRAIN, s.batch).astype(np.float32))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            painted, _ = self.network(with_grain(photographs, grain), scale, shift)
        painted = painted.float()
        weights = {"content": s.content_weight, "style": s.style_weight, "tv": s.tv_weight}
        found = self.objective.features(painted)
        each = predicted_loss(self.objective, found, wanted, self.spreads, painted, grams, weights)
        optimiser_step(2 * each.sqrt().mean(), *self.styles.optimisers)
        self.styles.update_averages(self.step, s.average)
        self.step += 1
        mean = each.mean().item()
        self.loss = mean if self.step == 1 else smoothed(self.loss, mean)

    def save(self) -> None:
        """Write the checkpoint and the averaged predictor."""
        state = {
            "styles": self.styles.state_dict(),
            "spreads": self.spreads,
            "step": self.step,
            "seconds": self.seconds,
            "loss": self.loss,
            "photographs": json.dumps(self.photographs.state()),
        }
        with atomic_path(self.folder / CHECKPOINT) as temporary:
            torch.save(state, temporary)
        made = {"settings": json.dumps(asdict(self.settings)), "step": str(self.step)}
        save_predictor(self.styles.averaged, bundled_network_id(), self.folder, made)

    def resume(self) -> None:
        """Go on from the folder's checkpoint.

        Raises:
            TrainingError: there is none, or it is damaged or of another edition.
        """
        path = self.folder / CHECKPOINT
        if not path.exists():
            raise TrainingError(f"There is no checkpoint {path} to resume; leave --resume out.")
        try:
            state = torch.load(path, weights_only=True)
            self.styles.load_state_dict(state["styles"])
            self.spreads, self.step = state["spreads"], state["step"]
            self.seconds, self.loss = state["seconds"], state["loss"]
            self.photographs.set_state(json.loads(state["photographs"]))
        except Exception as error:  # a damaged file raises almost anything
            raise TrainingError(f"{path} is damaged or of another edition; begin anew with another -o.") from error


def train_predictor(
    pieces: StyleCrops,
    photographs: Photographs,
    folder: Path,
    settings: PredictorSettings | None = None,
    *,
    resume: bool = False,
    progress: Callable[[TrainingProgress], None] | None = None,
) -> None:
    """Train a predictor for the package's network, and write it to a folder with the package's perceptual network.

    Args:
        pieces: style pictures.
        photographs: what is painted.
        folder: where to write; is made where it is missing.
        settings: those of the run.
        resume: go on from the folder's checkpoint.
        progress: called after each step.

    Raises:
        TrainingError: there is a checkpoint and it is not to be resumed, or it is and there is none.
        OutputError: the folder cannot be written to.
    """
    if (folder / CHECKPOINT).exists() and not resume:
        raise TrainingError(f"There is a checkpoint in {folder} already; add --resume to go on, or give another -o.")
    training = PredictorTraining(pieces, photographs, folder, settings or PredictorSettings())
    if resume:
        training.resume()
    training.run(progress)
