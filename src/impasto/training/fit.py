"""Fit the transformer network: many styles jointly, or one alone (``impasto train``).

One step paints a batch of photograph crops, each in a random style, and judges the results by a perceptual
network: content against the photograph, Gram matrices against the painting (Johnson, Alahi and Fei-Fei 2016,
arXiv 1603.08155; many styles: Dumoulin, Shlens and Kudlur 2017, arXiv 1610.07629). Four more terms:

* **photograph**, a style like the others whose painting is the photograph itself: an identity, towards which
  ``--strength`` interpolates;
* **repetition**: a network that sees the same thing paints the same thing, so that skies and water became patterns;
  peaks of the autocorrelation are a loss (:func:`impasto.networks.losses.repetition`);
* **weave**: so is the finest pattern that the network can paint all over (:func:`impasto.networks.losses.weave`);
* **equivariance**: the painting of a moved photograph shall be the moved painting, that of a slightly noisy one the
  same as without (compound regularisation, Wang et al. 2020), so that video is steady although no video was seen.

The weights that are kept are an exponential moving average of the trained ones.
"""

from __future__ import annotations

import copy
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.errors import TrainingError
from impasto.files import atomic_path
from impasto.networks import files, losses
from impasto.networks.perceptual import load_features
from impasto.networks.speed import channels_last, has_bfloat16
from impasto.networks.transformer import Architecture, TransformerNetwork
from impasto.pictures.conversion import from_array
from impasto.pictures.writing import write_picture
from impasto.styles.catalogue import load_style
from impasto.styles.style import PHOTOGRAPH
from impasto.training.muon import Muon
from impasto.training.painting import paint_with_margin, window, with_grain
from impasto.training.perceptual_loss import Features, PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.schedules import Plateau, learning_rate_factor, optimiser_step, update_averages
from impasto.training.settings import FitSettings

log = logging.getLogger(__name__)

LEARNING_RATE = 8e-3
"""Of a network that is trained from nothing; of one that was trained before, a quarter (lab book, 2026-11-25)."""
REACH = 7
"""Pixels that the equivariance term moves a photograph by at most: to every place in the network's coarsest grid."""
NUDGE = 2
"""The same where the grain stays, as it does where nothing steadies a video."""
CARRIED = 0.25
"""How often the grain moves along instead, as in a video that is steadied: of the two the easier to learn."""


@dataclass(frozen=True)
class Painting:
    """A style to learn: its pictures (several by one artist are averaged) and what is known of them."""

    name: str
    pictures: tuple[Path, ...]
    title: str = ""
    artist: str = ""
    year: str = ""
    licence: str = ""


@dataclass
class TrainingProgress:
    """Where a run is; handed to the progress callback after each step."""

    step: int
    share: float  # of the run that is done
    seconds: float
    losses: dict[str, float]


class NetworkTraining:
    """A training run: all that a checkpoint holds, and the step.

    Args:
        photographs: what to paint.
        paintings: the styles to learn; the photograph style is added.
        folder: gets ``checkpoint.pt``, ``log.jsonl``, ``preview-*.png`` and ``model/`` (network and styles).
        settings: see :class:`FitSettings`.
        architecture: of the network.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Raises:
        TrainingError: two styles have the same name.
        InputError: a painting or the perceptual network cannot be read.
    """

    def __init__(
        self,
        photographs: Photographs,
        paintings: Sequence[Painting],
        folder: Path,
        settings: FitSettings,
        *,
        architecture: Architecture | None = None,
        device: str = "cpu",
    ) -> None:
        self.names = [PHOTOGRAPH, *(painting.name for painting in paintings)]
        for name, count in Counter(self.names).items():
            if count > 1:  # files are named after styles
                raise TrainingError(
                    f"Two styles are called {name}; give each painting a name of its own, and none {PHOTOGRAPH}, "
                    "which is the style that changes nothing."
                )
        if settings.threads:
            torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        self.photographs, self.paintings, self.folder = photographs, list(paintings), folder
        self.settings, self.device = settings, torch.device(device)
        judge = load_features(settings.features).to(self.device)
        half = has_bfloat16(self.device)
        self.objective = PerceptualLoss(judge, settings.content_layers, settings.style_layers, half=half)
        self.targets = self._style_targets()
        self.network = channels_last(TransformerNetwork(architecture).to(self.device))
        count = self.network.architecture.normalised_channels
        self.scale = nn.Parameter(torch.ones(len(self.names), count, device=self.device))
        self.shift = nn.Parameter(torch.zeros(len(self.names), count, device=self.device))
        parameters = list(self.network.parameters())
        rest = [{"params": [p for p in parameters if p.ndim < 4]}, {"params": [self.scale, self.shift]}]
        self.optimisers = (
            Muon([p for p in parameters if p.ndim == 4], LEARNING_RATE),
            torch.optim.Adam(rest, betas=(0.9, 0.99)),
        )
        self._set_peaks(LEARNING_RATE)
        self.averaged = {name: value.detach().clone() for name, value in self._weights().items()}
        self.plateau = Plateau(settings.patience, gain=0.002)
        self.spreads: Features = {}
        self.step = 0
        self.seconds = 0.0

    # ---- one step -------------------------------------------------------------------------------------

    def _weights(self) -> dict[str, Tensor]:
        """All that is learnt, by name."""
        return {
            **dict(self.network.named_parameters()),
            "styles.scale": self.scale,
            "styles.shift": self.shift,
        }

    def _groups(self) -> list[dict[str, Any]]:
        """Those of both optimisers; each has a learning rate and the peak of it."""
        return [group for optimiser in self.optimisers for group in optimiser.param_groups]

    def _set_peaks(self, usual: float) -> None:
        """Say how high the learning rates go: the network's as the settings have it, or else the usual one."""
        given = self.settings.learning_rate
        *network, styles = self._groups()
        for group in network:
            group["peak"] = usual if given is None else given
        styles["peak"] = self.settings.style_learning_rate

    def _style_targets(self) -> dict[str, Tensor]:
        """Gram matrices by layer, S x C x C; several pictures of a style are averaged."""
        size, scale = self.settings.style_size, self.settings.style_scale
        found = [self.objective.style_targets(painting.pictures, size, scale) for painting in self.paintings]
        return {
            layer: torch.cat([targets[layer] for targets in found]) if found else torch.empty(0)
            for layer in self.settings.style_layers
        }

    def _spreads(self, wanted: Features) -> Features:
        """What content is relative to, by layer: a mean over the batches so far, from the fiftieth on a moving one.

        Few pictures differ widely in theirs: against its own, a batch of even scenes would count for ten of rough ones.
        """
        share = max(0.02, 1 / (self.step + 1))
        for tap, features in wanted.items():
            spread = losses.content_spread(features)
            self.spreads[tap] = self.spreads[tap].lerp(spread, share) if tap in self.spreads else spread
        return self.spreads

    def _losses(
        self, images: Tensor, wanted: Features, which: Tensor, painted: Tensor, spreads: Features | None = None
    ) -> dict[str, Tensor]:
        """Content, style, repetition, photograph and total variation, each averaged over the pictures that it concerns.

        Args:
            wanted: features of the images.
            spreads: what content is relative to; default: the spread of these pictures.
        """
        found = self.objective.features(painted)
        is_style = which > 0
        result = {"tv": losses.total_variation(painted).mean()}
        if is_style.any():
            targets = {layer: grams[which[is_style] - 1] for layer, grams in self.targets.items()}
            result["content"] = self.objective.content(found, wanted, spreads)[is_style].mean()
            result["style"] = self.objective.style({tap: x[is_style] for tap, x in found.items()}, targets).mean()
            if self.settings.repetition_weight:
                result["repetition"] = losses.repetition(painted[is_style]).mean()
            if self.settings.weave_weight:
                result["weave"] = losses.weave(painted[is_style]).mean()
        if not is_style.all():
            plain = ~is_style
            same = [
                losses.content_loss(x, wanted[tap], spreads[tap] if spreads else None)[plain].mean()
                for tap, x in found.items()
            ]
            pixels = (painted[plain] - images[plain]).abs().mean() * 10
            result["photograph"] = torch.stack(same).mean() + pixels
        return result

    def _equivariance(self, seen: Tensor, which: Tensor, painted: Tensor) -> Tensor:
        """Mean distance between the painting of what became of a photograph and what became of its painting.

        Of two pictures one gets noise, the other is moved. Not both at once: distances add up as the sides of a right
        angle do, so that the larger change would leave the smaller one without weight. And by whole pixels: between
        them a painting that is moved gets blurred, the painting of what was moved does not, and what is learnt from
        that is blur (lab book, 2026-11-26).
        """
        h, w = seen.shape[-2:]
        before, after = [], []
        for index, moves in enumerate(torch.randperm(2)[: len(seen)].tolist()):
            one, painting = seen[index : index + 1], painted[index : index + 1]
            colours, rough = one[:, :3], one[:, 3:]
            if moves:
                carried = bool(torch.rand(()) < CARRIED)
                reach = REACH if carried else NUDGE
                box = (*torch.randint(-reach, reach + 1, (2,)).tolist(), h, w)
                colours, painting = window(colours, *box), window(painting, *box)
                rough = window(rough, *box) if carried else rough
            else:
                # Drawn on the CPU, as all chance is: a checkpoint holds the state of its generator alone.
                colours = colours + self.settings.noise * torch.randn(colours.shape).to(colours)
            before.append(painting)
            after.append(torch.cat([colours, rough], dim=1))
        chosen = which[: len(after)]
        repainted = paint_with_margin(self.network, torch.cat(after), self.scale[chosen], self.shift[chosen])
        inner = (..., slice(16, h - 16), slice(16, w - 16))  # what came in over the border is not known
        distance: Tensor = (torch.cat(before) - repainted)[inner].abs().mean()
        return distance

    def _step(self) -> dict[str, float]:
        s = self.settings
        images = torch.from_numpy(self.photographs.batch(s.batch)).to(self.device)
        which = torch.randint(1, len(self.names), (s.batch,)) if self.paintings else torch.zeros(s.batch).long()
        which = torch.where(torch.rand(s.batch) < s.photograph_share, 0, which).to(self.device)
        # Any amount of grain, so that video can do with less of it; the photograph itself has none.
        amounts = s.grain * torch.rand(s.batch).to(which.device) * (which > 0)
        seen = with_grain(images, amounts, torch.randint(1 << 22, (s.batch, 2)).tolist())
        painted = paint_with_margin(self.network, seen, self.scale[which], self.shift[which])
        with torch.no_grad():
            wanted = self.objective.features(images)
            spreads = self._spreads(wanted)
        parts = self._losses(images, wanted, which, painted, spreads)
        if s.equivariance_weight:
            parts["equivariance"] = self._equivariance(seen, which, painted)
        weights = {
            "content": s.content_weight,
            "style": s.style_weight,
            "tv": s.tv_weight,
            "equivariance": s.equivariance_weight,
            "repetition": s.repetition_weight,
            "weave": s.weave_weight,
            "photograph": 1.0,
        }
        loss = torch.stack([weights[name] * value for name, value in parts.items()]).sum()
        if not torch.isfinite(loss):
            broken = [name for name, value in parts.items() if not torch.isfinite(value)]
            raise TrainingError(
                f"Training stopped at step {self.step}: the {' and '.join(broken)} loss is not a number. "
                "The last checkpoint is intact; resume with a lower --learning-rate."
            )
        part = learning_rate_factor(self.step, s.warmup, self.share())
        for group in self._groups():
            group["lr"] = part * group["peak"]
        if not optimiser_step(loss, *self.optimisers):
            log.warning("step %d left out: its gradient is not finite", self.step)
        update_averages(self.averaged.values(), list(self._weights().values()), self.step, s.average)
        self.step += 1
        return {name: value.item() for name, value in parts.items()}

    # ---- the run --------------------------------------------------------------------------------------

    def share(self) -> float:
        """How much of the run is done, in [0, 1]."""
        by_time = self.seconds / (60 * self.settings.minutes) if self.settings.minutes else 0.0
        return min(1.0, max(self.step / self.settings.steps, by_time))

    def run(self, progress: Callable[[TrainingProgress], None] | None = None) -> dict[str, float]:
        """Train to the end, or until Ctrl-C; a checkpoint is written in both cases.

        Returns:
            The validation losses at the end.
        """
        s = self.settings
        self.folder.mkdir(parents=True, exist_ok=True)
        validation: dict[str, float] = {}
        smooth: dict[str, float] = {}
        started = time.monotonic() - self.seconds
        try:
            while self.share() < 1:
                for name, value in self._step().items():
                    smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
                self.seconds = time.monotonic() - started  # with the previews and checkpoints so far
                if progress:
                    progress(TrainingProgress(self.step, self.share(), self.seconds, smooth))
                if self.step % s.preview_every == 0 or self.share() >= 1:
                    self.preview()
                if self.step % s.checkpoint_every == 0 or self.share() >= 1:
                    validation = self.validate()
                    self._log(
                        {
                            "step": self.step,
                            "seconds": round(self.seconds),
                            "train": smooth,
                            "val": validation,
                        }
                    )
                    weights = {"content": s.content_weight, "style": s.style_weight}
                    total = sum(weight * validation.get(name, 0) for name, weight in weights.items())
                    flat = self.plateau.reached(total)  # before the checkpoint, which is to know of it
                    self.save()
                    if flat and s.patience:
                        break
        except KeyboardInterrupt:
            self.save()
            raise
        return validation or self.validate()  # a resumed run may have been at its end

    def _log(self, record: dict[str, Any]) -> None:
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        with SummaryWriter(self.folder / "tensorboard") as writer:
            for kind in ("train", "val"):
                for name, value in record[kind].items():
                    writer.add_scalar(f"{kind}/{name}", value, record["step"])

    def averaged_network(self) -> tuple[TransformerNetwork, Tensor, Tensor]:
        """The averaged network with all styles' scale and shift, S x C, on the CPU."""
        network = copy.deepcopy(self.network).cpu()  # a new one would draw random numbers, and the run would differ
        network.load_state_dict({k: v.cpu() for k, v in self.averaged.items() if not k.startswith("styles.")})
        network.eval().requires_grad_(False)
        return network, self.averaged["styles.scale"].cpu(), self.averaged["styles.shift"].cpu()

    def _seen(self, images: Tensor, style: int) -> Tensor:
        """What the network sees of photographs when it is tried: all of the grain, the same every time."""
        return with_grain(images, 0.0 if self.names[style] == PHOTOGRAPH else self.settings.grain)

    @torch.no_grad()
    def validate(self, count: int = 8) -> dict[str, float]:
        """Losses of the averaged network on held-out photographs, each in every style, by loss and by style."""
        network, scale, shift = self.averaged_network()
        network = network.to(self.device)
        images = torch.from_numpy(self.photographs.val_batch(count)).to(self.device)
        wanted = self.objective.features(images)
        sums: dict[str, list[float]] = {}
        for index, name in enumerate(self.names):
            which = torch.full((len(images),), index, device=self.device)
            seen = self._seen(images, index)
            painted = paint_with_margin(network, seen, scale[which].to(images), shift[which].to(images))
            for kind, value in self._losses(images, wanted, which, painted).items():
                sums.setdefault(kind, []).append(value.item())
                if kind in ("content", "style"):
                    sums[f"{kind}/{name}"] = [value.item()]
        return {name: round(float(np.mean(values)), 5) for name, values in sums.items()}

    @torch.no_grad()
    def preview(self, count: int = 3) -> Path:
        """Write held-out photographs, a row each, in every style."""
        network, scale, shift = self.averaged_network()
        images = torch.from_numpy(self.photographs.val_batch(count))
        rows = []
        for image in images[:, None]:
            row = [
                paint_with_margin(network, self._seen(image, i), scale[i : i + 1], shift[i : i + 1])[0]
                for i in range(len(self.names))
            ]
            rows.append(torch.cat([image[0], *row], dim=2))
        sheet = (torch.cat(rows, dim=1).permute(1, 2, 0) * 255).round().byte().numpy()
        path = self.folder / f"preview-{self.step:06d}.png"
        write_picture(from_array(sheet), path)
        return path

    def save(self) -> None:
        """Write the checkpoint, and ``model/``, so that a style can be tried while its training goes on."""
        network, scale, shift = self.averaged_network()
        styles = {name: (scale[index], shift[index]) for index, name in enumerate(self.names)}
        files.export(network, styles, self.folder / "model", self.style_metadata())
        if len(self.paintings) == 1:  # a style alone is one file that needs nothing beside it
            style = load_style(self.folder / "model" / "styles" / f"{self.paintings[0].name}.safetensors")
            style.save(self.folder / f"{self.paintings[0].name}.safetensors")
        with atomic_path(self.folder / "checkpoint.pt") as temporary:
            torch.save(
                {
                    "step": self.step,
                    "seconds": self.seconds,
                    "names": self.names,
                    "settings": json.dumps(asdict(self.settings)),
                    "architecture": self.network.describe(),
                    "weights": {name: value.detach() for name, value in self._weights().items()},
                    "averaged": self.averaged,
                    "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                    "plateau": (self.plateau.best, self.plateau.waited),
                    "spreads": self.spreads,
                    "torch": torch.get_rng_state(),
                    "photographs": json.dumps(self.photographs.state()),
                },
                temporary,
            )

    def resume(self) -> None:
        """Go on from the checkpoint in the folder.

        Raises:
            TrainingError: there is none, or it is of other styles or an older Impasto.
        """
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            raise TrainingError(f"There is no checkpoint in {self.folder} to resume; leave --resume out.")
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["names"] != self.names or state["architecture"] != self.network.describe():
            raise TrainingError(f"{path} was trained on other styles or another network; start in a new folder.")
        if "optimisers" not in state or state["weights"]["stem.weight"].shape != self.network.stem.weight.shape:
            raise TrainingError(
                f"{path} was written by an older Impasto; go on from its result: --from {self.folder / 'model'} -o NEW."
            )
        self.load_weights(state["weights"], state["averaged"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self._set_peaks(self._groups()[0]["peak"])  # that of the checkpoint, where no other is asked for
        self.step, self.seconds = state["step"], state["seconds"]
        self.spreads = state["spreads"]
        self.plateau.best, self.plateau.waited = state["plateau"]
        torch.set_rng_state(state["torch"].cpu())
        self.photographs.set_state(json.loads(state["photographs"]))

    @torch.no_grad()
    def load_weights(self, weights: Mapping[str, Tensor], averaged: Mapping[str, Tensor] | None = None) -> None:
        """Take over weights by name; ``averaged`` ones, too, or the same again."""
        for name, value in self._weights().items():
            value.copy_(weights[name])
            self.averaged[name].copy_((averaged or weights)[name])

    def start_from(self, network: TransformerNetwork, styles: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        """Begin with a trained network; a style that it does not know begins as the mean of those it does.

        Unless the settings say otherwise, the learning rate is a quarter of the usual one from here on.
        """
        self._set_peaks(LEARNING_RATE / 4)
        known = [pair for name, pair in styles.items() if name != PHOTOGRAPH] or list(styles.values())
        mean = tuple(torch.stack([pair[i] for pair in known]).mean(dim=0) for i in (0, 1))
        pairs = [styles.get(name, mean) for name in self.names]
        weights = dict(network.named_parameters())
        self.load_weights(
            {
                **weights,
                "styles.scale": torch.stack([pair[0] for pair in pairs]),
                "styles.shift": torch.stack([pair[1] for pair in pairs]),
            }
        )

    def style_metadata(self) -> dict[str, dict[str, str]]:
        """What a style file says of its origin, by style name."""
        s = self.settings
        trained = {
            "trained": f"{self.step} steps of {s.batch} pictures, {s.crop} px",
            "loss": f"content {s.content_weight:g}, style {s.style_weight:g}, features {Path(s.features).name}",
        }
        facts = {PHOTOGRAPH: {"title": "the photograph itself", **trained}}
        for painting in self.paintings:
            about = {key: getattr(painting, key) for key in ("title", "artist", "year", "licence")}
            facts[painting.name] = {key: value for key, value in about.items() if value} | trained
        return facts
