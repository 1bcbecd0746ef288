"""Fit the transformer network: many styles jointly, or one alone (``impasto train``).

One step paints a batch of photograph crops, each in a random style, and judges the results by a perceptual network:
content against the photograph, Gram matrices against the style's picture (Johnson, Alahi and Fei-Fei 2016, arXiv
1603.08155; many styles by conditional instance normalisation: Dumoulin, Shlens and Kudlur 2017, arXiv 1610.07629). The
terms of the loss are in :mod:`impasto.training.batch_losses`, what is trained in :mod:`impasto.training.state`.

The photograph style is trained beside the others. It is an identity, which blends can go towards.

With style pictures, thousands of them, a part of each batch is painted in styles that a predictor gives
(:mod:`impasto.training.predicted_styles`), and is trained with the network.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import TrainingError
from impasto.files import atomic_path, explained, optional
from impasto.locks import locked
from impasto.networks import files
from impasto.networks.perceptual import load_features
from impasto.networks.predictor import StylePredictor
from impasto.networks.predictor_files import save_predictor
from impasto.networks.speed import has_bfloat16
from impasto.networks.transformer import Architecture, TransformerNetwork
from impasto.pictures.writing import write_picture
from impasto.styles.catalogue import load_style
from impasto.styles.style import PHOTOGRAPH
from impasto.training.batch_losses import BatchLosses, equivariance_loss, update_spreads
from impasto.training.held_out import HeldOut
from impasto.training.painting import paint_with_margin, with_grain
from impasto.training.perceptual_loss import Features, PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.predicted_styles import PredictedStyles
from impasto.training.ranks import Ranks
from impasto.training.schedules import Plateau, learning_rate_factor, optimiser_step, smoothed
from impasto.training.settings import FitSettings
from impasto.training.state import TrainingState
from impasto.training.style_crops import StyleCrops
from impasto.training.style_sources import StyleSource

MIN_GAIN = 0.002  # share by which the validation loss must fall to count as better
_GRAIN_RANGE = 1 << 22  # pixels of the endless grain, down and across, from which a picture's grain is cut

log = logging.getLogger(__name__)


@dataclass
class TrainingProgress:
    """Where a run is; handed to ``progress`` after each step.

    Attributes:
        step: steps done.
        share: how much of the run is done, in [0, 1].
        seconds: time spent, earlier parts of a resumed run included.
        losses: smoothed training losses by term.
    """

    step: int
    share: float
    seconds: float
    losses: dict[str, float]


class NetworkTraining:
    """A training run: the step, the loop around it, and what it writes.

    Args:
        photographs: what is painted.
        sources: the styles to learn; the photograph style is added.
        folder: gets ``checkpoint.pt``, ``log.jsonl``, ``preview-*.png`` and ``model/`` (network and styles).
        settings: see :class:`impasto.training.settings.FitSettings`.
        architecture: architecture of the network; default: the usual one.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
        pieces: style pictures that a style predictor learns from beside the network; default: there is none.

    Attributes:
        state: the network and the styles, and what else changes by training.
        predicted: the styles that are predicted, if any are.
        step: steps done.
        seconds: time spent, earlier parts of a resumed run included.

    Raises:
        TrainingError: two styles have the same name.
        InputError: a style's picture or the perceptual network cannot be read.
    """

    def __init__(
        self,
        photographs: Photographs,
        sources: Sequence[StyleSource],
        folder: Path,
        settings: FitSettings,
        *,
        architecture: Architecture | None = None,
        device: str = "cpu",
        pieces: StyleCrops | None = None,
    ) -> None:
        self.names = [PHOTOGRAPH, *(source.name for source in sources)]
        for name, count in Counter(self.names).items():
            if count > 1:  # files are named after styles
                raise TrainingError(
                    f"Two styles are called {name}; give each painting a name of its own, and none {PHOTOGRAPH}, "
                    "which is the style that changes nothing."
                )
        if settings.threads:
            torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        self.photographs, self.sources, self.folder = photographs, list(sources), folder
        self.settings, self.device = settings, torch.device(device)
        self.ranks = Ranks.joined(self.device)
        if self.ranks.count > 1 and device == "cuda":
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        perceptual = load_features(settings.features).to(self.device)
        half = has_bfloat16(self.device)
        self.objective = PerceptualLoss(perceptual, settings.content_layers, settings.style_layers, half=half)
        weights = {
            "content": settings.content_weight,
            "style": settings.style_weight,
            "tv": settings.tv_weight,
            "equivariance": settings.equivariance_weight,
            "repetition": settings.repetition_weight,
            "weave": settings.weave_weight,
            "photograph": 1.0,
            "predicted": 1.0,
            "predicted_style": settings.predicted_style_weight,
        }
        self.losses = BatchLosses(self.objective, self._style_grams(), weights)
        self.state = TrainingState(
            self.names, architecture, self.device, settings.learning_rate, settings.style_learning_rate
        )
        self.held_out = HeldOut(photographs, self.losses, self.names, settings.grain, self.device)
        self.predicted: PredictedStyles | None = None
        if pieces is not None:
            self.predicted = PredictedStyles(pieces, self.objective, settings.predictor_learning_rate)
        self.plateau = Plateau(settings.patience, MIN_GAIN)
        self.spreads: Features = {}
        self.step = 0
        self.seconds = 0.0

    def _style_grams(self) -> dict[str, Tensor]:
        """The styles' Gram matrices by layer, S x C x C, without the photograph style."""
        size, scale = self.settings.style_size, self.settings.style_scale
        grams = [self.objective.style_targets(source.pictures, size, scale) for source in self.sources]
        return {
            layer: torch.cat([by_layer[layer] for by_layer in grams]) if grams else torch.empty(0)
            for layer in self.settings.style_layers
        }

    def start_from(
        self, network: TransformerNetwork, styles: Mapping[str, tuple[Tensor, Tensor]], predictor: StylePredictor | None
    ) -> None:
        """Begin with a trained network, its styles, and its predictor if it has one.

        A style that the network does not know begins as the mean of those it does.
        """
        self.state.start_from(network, styles)
        if self.predicted and predictor:
            self.predicted.go_on_from(predictor)

    # ---- one step -------------------------------------------------------------------------------------

    def _step(self) -> dict[str, float]:
        """Take one step of the optimisers and return the loss terms, unweighted."""
        s, state = self.settings, self.state
        # All ranks draw the pictures of all ranks, from the same random numbers, and each paints its own.
        batch, own = s.batch * self.ranks.count, self.ranks.own
        images = torch.from_numpy(self.photographs.batch(batch)[own]).to(self.device)
        styles = torch.randint(1, len(self.names), (batch,)) if self.sources else torch.zeros(batch).long()
        styles = torch.where(torch.rand(batch) < s.photograph_share, 0, styles)[own].to(self.device)
        scale, shift, grams = state.scale[styles], state.shift[styles], None
        if self.predicted:
            count = round(s.predicted_share * s.batch)
            of_pieces = self.predicted.draw(count * self.ranks.count, own)
            scale, shift = torch.cat([of_pieces[0], scale[count:]]), torch.cat([of_pieces[1], shift[count:]])
            styles, grams = torch.cat([torch.full_like(styles[:count], -1), styles[count:]]), of_pieces[2]
        # Any amount of grain, so that video can do with less of it; the photograph style gets none.
        amounts = s.grain * torch.rand(batch)[own].to(styles.device) * (styles != 0)
        places = torch.randint(_GRAIN_RANGE, (batch, 2))[own].tolist()
        inputs = with_grain(images, amounts, places)
        painted = paint_with_margin(state.network, inputs, scale, shift)
        with torch.no_grad():
            content_features = self.objective.features(images)
            spreads = update_spreads(self.spreads, content_features, self.step)
            self.ranks.average(spreads.values())
        terms = self.losses.terms(images, content_features, styles, painted, spreads, grams)
        if s.equivariance_weight:
            two = [0, -1][: len(images)]  # a predicted style and another, where there are both
            terms["equivariance"] = equivariance_loss(
                state.network, inputs[two], painted[two], scale[two], shift[two], s.noise
            )
        loss = self.losses.total(terms)
        if self.ranks.any(not torch.isfinite(loss), self.device):
            broken = [name for name, value in terms.items() if not torch.isfinite(value)] or ["loss of another rank's"]
            raise TrainingError(
                f"Training stopped at step {self.step}: the {' and '.join(broken)} loss is not a number. "
                "The last checkpoint is intact; resume with a lower --learning-rate."
            )
        trained: list[TrainingState | PredictedStyles] = [state, *([self.predicted] if self.predicted else [])]
        for each in trained:
            each.set_learning_rates(learning_rate_factor(self.step, s.warmup, self.share()))
        optimisers = [optimiser for each in trained for optimiser in each.optimisers]
        if not optimiser_step(loss, *optimisers, average=self.ranks.average_gradients):
            log.warning("step %d left out: its gradient is not finite", self.step)
        for each in trained:
            each.update_averages(self.step, s.average)
        self.step += 1
        return {name: value.item() for name, value in terms.items()}

    # ---- the run --------------------------------------------------------------------------------------

    def share(self) -> float:
        """How much of the run is done, in [0, 1]."""
        by_time = self.seconds / (60 * self.settings.minutes) if self.settings.minutes else 0.0
        return min(1.0, max(self.step / self.settings.steps, by_time))

    def run(self, progress: Callable[[TrainingProgress], None] | None = None) -> dict[str, float]:
        """Train to the end, or until Ctrl-C; a checkpoint is written in both cases.

        Returns:
            The validation losses at the end.

        Raises:
            OutputError: the folder cannot be written to, or another run trains in it.
        """
        if not self.ranks.writes:
            return self._run(None)
        with locked(self.folder):
            with explained(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
            return self._run(progress)

    def _run(self, progress: Callable[[TrainingProgress], None] | None) -> dict[str, float]:
        """See :meth:`run`."""
        s = self.settings
        if self.predicted and not self.predicted.begun:
            self.predicted.begin(torch.cat([self.state.scale.detach(), self.state.shift.detach()], dim=1)[1:])
        validation: dict[str, float] = {}
        smooth: dict[str, float] = {}
        started = time.monotonic() - self.seconds
        try:
            while self.share() < 1:
                for name, value in self._step().items():
                    smooth[name] = smoothed(smooth.get(name, value), value)
                # The time includes the previews and checkpoints so far.
                self.seconds = self.ranks.of_first(time.monotonic() - started)
                if progress:
                    progress(TrainingProgress(self.step, self.share(), self.seconds, smooth))
                if self.ranks.writes and (self.step % s.preview_every == 0 or self.share() >= 1):
                    with optional(self.folder):
                        self.preview()
                if self.step % s.checkpoint_every == 0 or self.share() >= 1:
                    validation = self.ranks.of_first(self.validate() if self.ranks.writes else {})
                    if self.ranks.writes:
                        with optional(self.folder):
                            self._log(smooth, validation)
                    weights = {"content": s.content_weight, "style": s.style_weight}
                    total = sum(weight * validation.get(name, 0) for name, weight in weights.items())
                    flat = self.plateau.reached(total)  # before the checkpoint, which keeps the plateau
                    ends = self.share() >= 1 or (flat and bool(s.patience))
                    with nullcontext() if ends else optional(self.folder):  # the next one may be written
                        self.save()
                    if ends:
                        break
        except KeyboardInterrupt:
            self.save()
            raise
        # A resumed run may have been at its end.
        return validation or self.ranks.of_first(self.validate() if self.ranks.writes else {})

    def _log(self, train: Mapping[str, float], val: Mapping[str, float]) -> None:
        """Append the losses to ``log.jsonl``, and to TensorBoard's files where that is installed."""
        record = {"step": self.step, "seconds": round(self.seconds), "train": train, "val": val}
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        with SummaryWriter(self.folder / "tensorboard") as writer:
            for kind, losses in (("train", train), ("val", val)):
                for name, value in losses.items():
                    writer.add_scalar(f"{kind}/{name}", value, self.step)

    def validate(self) -> dict[str, float]:
        """The losses of the averaged network on held-out photographs, see :meth:`HeldOut.terms`."""
        return self.held_out.terms(*self.state.averaged_network())

    def preview(self) -> Path:
        """Write a sheet of held-out photographs in every style, and return its path."""
        path = self.folder / f"preview-{self.step:06d}.png"
        write_picture(self.held_out.sheet(*self.state.averaged_network()), path)
        return path

    # ---- results and checkpoints ----------------------------------------------------------------------

    def save(self) -> None:
        """Have rank 0 write the checkpoint, and ``model/``, so that a style can be tried while its training goes on."""
        if not self.ranks.writes:
            return
        network, scale, shift = self.state.averaged_network()
        styles = {name: (scale[index], shift[index]) for index, name in enumerate(self.names)}
        identity = files.save_folder(network, styles, self.folder / "model", self.style_metadata())
        if self.predicted:
            made = {"settings": json.dumps(asdict(self.settings)), "step": str(self.step)}
            save_predictor(self.predicted.averaged, identity, self.folder / "model", made)
        if len(self.sources) == 1:  # a style alone is one file that needs nothing beside it
            style = load_style(self.folder / "model" / "styles" / f"{self.sources[0].name}.safetensors")
            style.save(self.folder / f"{self.sources[0].name}.safetensors")
        contents = {
            **self.state.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "settings": json.dumps(asdict(self.settings)),
            "plateau": (self.plateau.best, self.plateau.waited),
            "spreads": self.spreads,
            "torch": torch.get_rng_state(),
            "photographs": json.dumps(self.photographs.state()),
            "predicted": self.predicted.state_dict() if self.predicted else None,
        }
        with atomic_path(self.folder / "checkpoint.pt") as temporary:
            torch.save(contents, temporary)

    def resume(self) -> None:
        """Go on from the checkpoint in the folder.

        Raises:
            TrainingError: there is none, or it is of other styles or an older Impasto.
        """
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            raise TrainingError(f"There is no checkpoint in {self.folder} to resume; leave --resume out.")
        checkpoint = torch.load(path, map_location=self.device, weights_only=True)
        if not self.state.is_of_same_network(checkpoint):
            raise TrainingError(f"{path} was trained on other styles or another network; start in a new folder.")
        if not self.state.is_of_same_edition(checkpoint):
            raise TrainingError(
                f"{path} was written by an older Impasto; go on from its result: --from {self.folder / 'model'} -o NEW."
            )
        if (checkpoint.get("predicted") is None) != (self.predicted is None):
            raise TrainingError(
                f"{path} was trained {'without' if self.predicted else 'with'} style pictures; go on in the same way."
            )
        self.state.load_state_dict(checkpoint)
        if self.predicted:
            self.predicted.load_state_dict(checkpoint["predicted"])
        self.step, self.seconds = checkpoint["step"], checkpoint["seconds"]
        self.spreads = checkpoint["spreads"]
        self.plateau.best, self.plateau.waited = checkpoint["plateau"]
        torch.set_rng_state(checkpoint["torch"].cpu())
        self.photographs.set_state(json.loads(checkpoint["photographs"]))

    def style_metadata(self) -> dict[str, dict[str, str]]:
        """What a style file says of its origin, by style name."""
        s = self.settings
        trained = {
            "trained": f"{self.step} steps of {s.batch} pictures, {s.crop} px",
            "loss": f"content {s.content_weight:g}, style {s.style_weight:g}, features {Path(s.features).name}",
        }
        metadata = {PHOTOGRAPH: {"title": "the photograph itself", **trained}}
        for source in self.sources:
            about = {key: getattr(source, key) for key in ("title", "artist", "year", "licence")}
            metadata[source.name] = {key: value for key, value in about.items() if value} | trained
        return metadata
