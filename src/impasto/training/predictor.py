"""Train the style predictor (``impasto predictor``), end to end through the transformer network, which is frozen.

A step paints photographs in the predicted styles of pieces of style pictures, and follows the gradient of the objective
of learning (:mod:`impasto.training.perceptual_loss`) back into the predictor. Fitted styles are no targets: pictures
that look alike get styles that are far apart when each is fitted for itself.

**Every style counts alike.** A layer's style loss is divided by the sum of both Gram matrices' squared norms, its upper
bound (Cheng et al. 2021, arXiv 2104.10064), and of each painting's loss the root is taken: otherwise one dark picture
outweighs ten others.

**Each layer its rate.** The first layer has three thousand inputs and the last is read by no other: with one rate for
all, the first one jumps before the last one moves (Yang et al. 2022, arXiv 2203.03466).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import TrainingError
from impasto.files import atomic_path
from impasto.networks import losses
from impasto.networks.files import load_bundled
from impasto.networks.perceptual import load_features
from impasto.networks.predictor import TAPS, PredictorArchitecture, StylePredictor, style_statistics
from impasto.networks.predictor_files import PERCEPTUAL, save_predictor
from impasto.networks.speed import channels_last, has_bfloat16
from impasto.styles.files import bundled_network_id
from impasto.styles.style import PHOTOGRAPH
from impasto.training.fit import TrainingProgress
from impasto.training.painting import with_grain
from impasto.training.perceptual_loss import Features, PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.schedules import learning_rate_factor, optimiser_step, smoothed, update_averages
from impasto.training.settings import PredictorSettings
from impasto.training.style_crops import StyleCrops

log = logging.getLogger(__name__)

CHECKPOINT = "predictor.checkpoint"  # file in the output folder from which the same call goes on
# What the learning rate is multiplied by, for each parameter.
RATES = {
    "first.weight": 0.03, "first.bias": 1.0, "second.weight": 0.3, "second.bias": 1.0,
    "code.weight": 0.3, "code.bias": 1.0, "last.weight": 3.0, "last.bias": 10.0,
}  # fmt: skip
_FIRST_PIECES = (
    480  # pieces by which statistics are standardised, and whose main directions the first layer begins with
)
_MAIN_DIRECTIONS = 192  # of them
_STRONG = 60  # the direction from whose deviation on weaker ones are not enlarged all the way
_WEAKEST = 0.3  # the share of that deviation that directions count with at least
_LEAST_SPREAD = 0.25  # of scale and shift over the known styles: where these agree, others may yet differ
_GRAIN = (0.6, 1.0)  # range of the grain
_SPREAD_SHARE = 0.02  # share of the newest batch in the photographs' spread


class PredictorTraining:
    """A predictor while it is trained.

    Args:
        styles: style pictures.
        photographs: what is painted.
        folder: gets the checkpoint and the predictor; ``perceptual.safetensors`` lies in it.
        settings: those of the run.
    """

    def __init__(self, styles: StyleCrops, photographs: Photographs, folder: Path, settings: PredictorSettings) -> None:
        self.styles, self.photographs, self.folder, self.settings = styles, photographs, folder, settings
        network, known = load_bundled()
        self.network = channels_last(network).eval().requires_grad_(False)
        self.judge = load_features()
        self.half = has_bfloat16(torch.device("cpu"))
        self.objective = PerceptualLoss(self.judge, settings.content_layers, settings.style_layers, half=self.half)
        self.random = np.random.default_rng(settings.seed)
        torch.manual_seed(settings.seed)
        first = torch.cat([self._statistics(styles.batch(4))[0] for _ in range(_FIRST_PIECES // 4)])
        vectors = torch.stack([torch.cat(pair) for name, pair in known.items() if name != PHOTOGRAPH])
        channels = vectors.shape[1] // 2
        architecture = PredictorArchitecture(first.shape[1], channels=channels)
        self.predictor, self.averaged = StylePredictor(architecture), StylePredictor(architecture)
        _begin(self.predictor, first, vectors)
        self.averaged.load_state_dict(self.predictor.state_dict())
        named = dict(self.predictor.named_parameters())
        groups = [{"params": [value]} for value in named.values()]
        self.rates = [RATES[name] for name in named]
        self.optimiser = torch.optim.Adam(groups, settings.learning_rate, betas=(0.9, 0.99))
        self.spreads: Features = {}
        self.step, self.seconds, self.loss = 0, 0.0, 0.0

    @torch.no_grad()
    def _statistics(self, pieces: Tensor) -> tuple[Tensor, Features]:
        """Statistics of style pictures, N x S, and their Gram matrices by layer."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            narrow = self.judge.narrow(pieces, TAPS)
        narrow = {tap: x.float() for tap, x in narrow.items()}
        grams = {tap: losses.gram(self.judge.in_metric(tap, narrow[tap])) for tap in self.settings.style_layers}
        return style_statistics(self.judge, narrow), grams

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
        factor = learning_rate_factor(self.step, s.warmup, self.share)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = s.learning_rate * rate * factor
        statistics, grams = self._statistics(self.styles.batch(s.batch))
        photographs = torch.from_numpy(self.photographs.batch(s.batch))
        with torch.no_grad():
            wanted = self.objective.features(photographs)
            for tap in s.content_layers:
                spread = losses.content_spread(wanted[tap])
                self.spreads[tap] = self.spreads.get(tap, spread).lerp(spread, _SPREAD_SHARE)
        scale, shift = self.predictor(statistics)
        grain = torch.from_numpy(self.random.uniform(*_GRAIN, s.batch).astype(np.float32))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            painted, _ = self.network(with_grain(photographs, grain), scale, shift)
        painted = painted.float()
        found = self.objective.features(painted)
        content = self.objective.content(found, wanted, self.spreads)
        style = bounded_style_loss({tap: losses.gram(found[tap]) for tap in grams}, grams, s.style_layers)
        variation = losses.total_variation(painted)
        each = s.content_weight * content + s.style_weight * style + s.tv_weight * variation
        optimiser_step(2 * each.sqrt().mean(), self.optimiser)
        update_averages(self.averaged.parameters(), list(self.predictor.parameters()), self.step, s.average)
        self.step += 1
        mean = each.mean().item()
        self.loss = mean if self.step == 1 else smoothed(self.loss, mean)

    def save(self) -> None:
        """Write the checkpoint and the averaged predictor."""
        state = {
            "predictor": self.predictor.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "spreads": self.spreads,
            "step": self.step,
            "seconds": self.seconds,
            "loss": self.loss,
            "random": json.dumps([r.state() for r in (self.styles, self.photographs)]),
        }
        with atomic_path(self.folder / CHECKPOINT) as temporary:
            torch.save(state, temporary)
        made = {"settings": json.dumps(asdict(self.settings)), "step": str(self.step)}
        save_predictor(self.averaged, bundled_network_id(), self.folder, made)

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
            self.predictor.load_state_dict(state["predictor"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.spreads, self.step = state["spreads"], state["step"]
            self.seconds, self.loss = state["seconds"], state["loss"]
            of_styles, of_photographs = json.loads(state["random"])
            self.styles.set_state(of_styles)
            self.photographs.set_state(of_photographs)
        except Exception as error:  # a damaged file raises almost anything
            raise TrainingError(f"{path} is damaged or of another edition; begin anew with another -o.") from error


def bounded_style_loss(grams: Features, targets: Features, weights: Mapping[str, float]) -> Tensor:
    """The style loss of paintings relative to its upper bound, from 0 to 2: near 0 it is the usual one, N numbers.

    Args:
        grams: Gram matrices of the paintings by layer, N x C x C.
        targets: those of their styles.
        weights: of the layers.
    """
    parts = []
    for tap, target in targets.items():
        bound = (grams[tap].detach() ** 2).sum(dim=(1, 2)) + (target**2).sum(dim=(1, 2))
        parts.append(weights[tap] * 2 * ((grams[tap] - target) ** 2).sum(dim=(1, 2)) / bound)
    return torch.stack(parts).sum(dim=0) / sum(weights.values())


@torch.no_grad()
def _begin(predictor: StylePredictor, statistics: Tensor, vectors: Tensor) -> None:
    """Standardise by the first pieces, begin with their main directions, and with the mean of the known styles.

    Args:
        predictor: is changed.
        statistics: of style pictures, N x S.
        vectors: scale and shift of the known styles, K x 2 C.
    """
    predictor.mean.copy_(statistics.mean(dim=0))
    predictor.deviation.copy_(statistics.std(dim=0))
    predictor.middle.copy_(vectors.mean(dim=0))
    predictor.spread.copy_(vectors.std(dim=0).clamp_min(_LEAST_SPREAD))
    standard = predictor.standardised(statistics)
    _, deviations, directions = torch.linalg.svd(standard - standard.mean(dim=0), full_matrices=False)
    deviations = deviations / len(standard) ** 0.5
    count = min(_MAIN_DIRECTIONS, len(deviations) // 2)  # the weakest ones of few pieces are noise
    least = _WEAKEST * deviations[min(count - 1, _STRONG)]
    predictor.first.weight[:count] = directions[:count] / deviations[:count, None].clamp_min(least)
    predictor.first.bias.zero_()


def train_predictor(
    styles: StyleCrops,
    photographs: Photographs,
    folder: Path,
    settings: PredictorSettings | None = None,
    *,
    resume: bool = False,
    progress: Callable[[TrainingProgress], None] | None = None,
) -> None:
    """Train a predictor for the package's network, and write it to a folder with the package's perceptual network.

    Args:
        styles: style pictures.
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
    training = PredictorTraining(styles, photographs, folder, settings or PredictorSettings())
    if resume:
        training.resume()
    perceptual = (resources.files("impasto.assets") / PERCEPTUAL).read_bytes()
    with atomic_path(folder / PERCEPTUAL) as temporary:
        temporary.write_bytes(perceptual)
    training.run(progress)
