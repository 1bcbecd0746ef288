"""Distil the builtin perceptual network from VGG-19 (``impasto distill``).

Knowledge distillation (Hinton, Vinyals and Dean 2015, arXiv 1503.02531; by features: Romero et al. 2015, arXiv
1412.6550). The student (:mod:`impasto.training.student`) has VGG's shape with fewer channels. It begins with random
weights, or with those of another network, pruned (:mod:`impasto.training.prune`). A linear head per tap predicts the
teacher's features. The loss is the share of the teacher's variance that stays unexplained, and the distance of the Gram
matrices of what is predicted from the teacher's, since styles are compared by these, both summed over the taps. Heads
travel with the student: they carry the teacher's metric (see :mod:`impasto.networks.perceptual`).

Some of the crops to learn from are painted under the student itself (:mod:`impasto.training.painted_crops`). The layers
between the taps have heads of their own while the student learns (auxiliary supervision: Lee et al. 2015, arXiv
1409.5185), since an optimiser is led astray less by what a student misses than by where its way is not the teacher's.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import TrainingError
from impasto.files import atomic_path
from impasto.networks import losses
from impasto.networks.perceptual import PerceptualNetwork, load_features
from impasto.networks.speed import channels_last, has_bfloat16
from impasto.training.muon import Muon
from impasto.training.painted_crops import PaintedCrops
from impasto.training.photographs import Photographs
from impasto.training.prune import prune_into
from impasto.training.schedules import learning_rate_factor, optimiser_step, set_learning_rates, smoothed
from impasto.training.settings import DistillSettings
from impasto.training.student import PLAN, SHALLOW_PLAN, TAPS, Student, save_folded
from impasto.training.teacher import FeaturePool, Teacher

# Peak learning rates of the convolutions (Muon) and of all else (Adam): for random weights, for the layers of a pruned
# student up to relu3_1 while they learn alone, and for a pruned student.
LEARNING_RATES = (8e-3, 3e-3)
SHALLOW_LEARNING_RATES = (4e-3, 2e-3)
PRUNED_LEARNING_RATES = (4e-4, 8e-4)
SHALLOW_SETTLED = 0.3  # last share of the steps of the layers up to relu3_1 with settled normalisation
PRUNING_CROPS = 128  # crops that a pruned student's weights are solved on
FIRST_CROPS = 32  # crops in the pool before the first step, also after a resume, so that few are not seen too often
MIN_PAINTED_CROPS = 8  # crops that are painted under the student at the same time, at least
TEACHER_BATCH = 8  # crops that the teacher looks at together
HELD_OUT_CROPS = 64  # held-out photographs that the result is measured on

log = logging.getLogger(__name__)

Progress = Callable[[int, int, dict[str, float]], None]
"""Called with (step, steps, unexplained share by tap, smoothed)."""


def distill(
    photographs: Photographs,
    teacher_files: Sequence[str | Path],
    output: Path,
    settings: DistillSettings | None = None,
    *,
    start: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Train a student, with a checkpoint beside ``output`` to resume from, and write it folded.

    Args:
        photographs: pictures to learn from; paintings may be among them.
        teacher_files: what :func:`impasto.networks.perceptual.load_features` takes; each tap comes from the first
            network that has it.
        output: Safetensors file for the folded student.
        settings: see :class:`impasto.training.settings.DistillSettings`.
        start: a network to begin with, pruned, as ``load_features`` takes it; default: random weights.
        resume: go on from the checkpoint, which is called as ``output`` is but ends in ``.checkpoint``.
        progress: called with (step, steps, unexplained share by tap, smoothed).

    Returns:
        Unexplained share by tap on the held-out photographs.

    Raises:
        TrainingError: ``output`` does not end in .safetensors, the photographs have another crop than the settings,
            there is a checkpoint and it is not to be resumed, or it is and there is none; the network to begin with
            has too few convolutions.
        InputError: a network cannot be read, or no teacher has a layer.
        DownloadError: a teacher is not at hand and cannot be fetched.
    """
    settings = settings or DistillSettings()
    checkpoint = output.with_suffix(".checkpoint")
    _check_request(photographs, output, checkpoint, settings, resume)
    torch.manual_seed(settings.seed)
    teacher = Teacher([load_features(file) for file in teacher_files], half=has_bfloat16(torch.device("cpu")))
    run = _Run(photographs, teacher, settings, PLAN)
    if resume:
        run.load(checkpoint)
    elif start is not None:
        run.begin_pruned(load_features(start), progress)
    started = time.monotonic()
    for step in run.steps():
        if progress:
            progress(step, settings.steps, run.smooth)
        if step % settings.checkpoint_every == 0 or step == settings.steps:
            run.save(checkpoint)
            save_folded(run.student, output, _metadata(settings, step, photographs))
            log.info("step %d, %.0f s, unexplained %s", step, time.monotonic() - started, run.smooth)
    return measure_unexplained(load_features(output), teacher, photographs.val_batch(HELD_OUT_CROPS))


class _Run:
    """A student while it learns: all that a checkpoint holds, and the steps.

    Args:
        photographs: give the crops.
        teacher: gives the features that are to be predicted.
        settings: those of the run.
        plan: the student's convolutions.
    """

    def __init__(
        self, photographs: Photographs, teacher: Teacher, settings: DistillSettings, plan: Sequence[tuple[int, ...]]
    ) -> None:
        self.photographs, self.teacher, self.settings = photographs, teacher, settings
        names = [name.replace("conv", "relu") for name in Student({}, plan).names]
        self.taps = [tap for tap in TAPS if tap in names]
        self.layers = [*self.taps, *(layer for layer in teacher.layers(names) if layer not in TAPS)]
        features = teacher(torch.from_numpy(photographs.batch(2)), self.layers)
        self.student = channels_last(Student({layer: x.shape[1] for layer, x in features.items()}, plan))
        rest = [*self.student.norms.parameters(), *self.student.heads.parameters()]
        self.optimisers = Muon(self.student.convolutions.parameters(), 0), torch.optim.Adam(rest, 0, betas=(0.9, 0.99))
        self.first, self.step, self.settled_from = 0, 0, (1 - settings.settled) * settings.steps
        self.rates = LEARNING_RATES
        self.smooth = dict.fromkeys(self.taps, 1.0)
        self.generator: Tensor | None = None  # state of torch's random numbers to go on with

    def begin_pruned(self, source: PerceptualNetwork, progress: Progress | None) -> None:
        """Begin with a trained network, pruned, whose layers up to relu3_1 learn alone at first.

        The layers above are solved for on the features that these have learnt: solved at once, on features that still
        miss much, they miss more from layer to layer.
        """
        crops = torch.from_numpy(self.photographs.batch(PRUNING_CROPS))
        starts = range(0, len(crops), TEACHER_BATCH)
        features = [self.teacher(crops[start : start + TEACHER_BATCH], self.layers) for start in starts]
        targets = {layer: torch.cat([part[layer] for part in features]) for layer in self.layers}
        self.first = self.step = round(self.settings.shallow * self.settings.steps)
        self.rates, self.settled_from = PRUNED_LEARNING_RATES, 0
        shallow = None
        if self.first:
            alone = replace(self.settings, steps=self.first, painted=0.0, settled=SHALLOW_SETTLED)
            run = _Run(self.photographs, self.teacher, alone, SHALLOW_PLAN)
            run.rates, shallow = SHALLOW_LEARNING_RATES, run.student
            prune_into(shallow, source, crops, {layer: targets[layer] for layer in run.layers})
            for step in run.steps():
                if progress:
                    progress(step, self.settings.steps, self.smooth | run.smooth)
            shallow.norms.eval()
        prune_into(self.student, source, crops, targets, keep=shallow)

    def steps(self) -> Iterator[int]:
        """Learn until the settings' steps are done; yields after each how many were done."""
        settings, student = self.settings, self.student
        pool = FeaturePool(self.teacher, self.layers, settings.pool)
        painted_crops = PaintedCrops(self.photographs, max(MIN_PAINTED_CROPS, settings.batch))
        if self.generator is not None:
            torch.set_rng_state(self.generator)
        while len(pool.kept) < min(FIRST_CROPS, settings.pool):
            pool.add(torch.from_numpy(self.photographs.batch(TEACHER_BATCH)))
        given = settings.learning_rate, settings.head_learning_rate
        peaks = [rate if peak is None else peak for peak, rate in zip(given, self.rates, strict=True)]
        groups = [group for optimiser in self.optimisers for group in optimiser.param_groups]
        while self.step < settings.steps:
            done = self.step - self.first
            share = done / (settings.steps - self.first)
            set_learning_rates(groups, peaks, learning_rate_factor(done, settings.warmup, share))
            pool.add(torch.from_numpy(self.photographs.batch(pool.missing(settings.batch, settings.fresh))))
            for _ in range(settings.painted_batches_due(done) if done >= settings.warmup else 0):
                pool.add(painted_crops.paint(student.as_network(), settings.batch))
            if self.step >= self.settled_from:
                student.norms.eval()  # from here on the student that learns is the one that will be used
            images, starts, target = pool.draw(settings.batch)
            predicted = student(images, starts)
            loss, shares = distillation_loss(predicted, target, settings.gram_weight, settings.auxiliary_weight)
            optimiser_step(loss, *self.optimisers)
            self.step += 1
            self.smooth = {tap: smoothed(value, shares[tap].item()) for tap, value in self.smooth.items()}
            yield self.step

    def save(self, path: Path) -> None:
        """Write the checkpoint."""
        state = {
            "student": self.student.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "first": self.first,
            "step": self.step,
            "smooth": self.smooth,
            "pruned": self.rates == PRUNED_LEARNING_RATES,
            "torch": torch.get_rng_state(),
            "photographs": json.dumps(self.photographs.state()),
        }
        with atomic_path(path) as temporary:
            torch.save(state, temporary)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            TrainingError: it is of another edition.
        """
        state = torch.load(path, weights_only=True)
        shapes = {name: x.shape for name, x in self.student.state_dict().items()}
        alike = {name: x.shape for name, x in state["student"].items()} == shapes
        if not (alike and {"optimisers", "pruned", "first"} <= state.keys()):
            raise TrainingError(f"{path} was written by an older Impasto; begin anew with another -o.")
        self.student.load_state_dict(state["student"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.first, self.step, self.smooth, self.generator = (
            state[name] for name in ("first", "step", "smooth", "torch")
        )
        if state["pruned"]:
            self.rates, self.settled_from = PRUNED_LEARNING_RATES, 0
        self.photographs.set_state(json.loads(state["photographs"]))
        log.info("resumed from %s at step %d", path, self.step)


def _check_request(
    photographs: Photographs, output: Path, checkpoint: Path, settings: DistillSettings, resume: bool
) -> None:
    """Refuse what would fail or overwrite something, before any work."""
    if output.suffix != ".safetensors":  # load_features reads it by this suffix
        raise TrainingError(f"{output} does not end in .safetensors; give for example {output.stem}.safetensors.")
    if photographs.crop != settings.crop:
        raise TrainingError(
            f"The photographs are cropped to {photographs.crop} pixels, and the settings say {settings.crop}; "
            "give both the same crop."
        )
    if resume and not checkpoint.exists():
        raise TrainingError(f"There is no checkpoint {checkpoint} to resume; leave --resume out.")
    if checkpoint.exists() and not resume:
        raise TrainingError(f"There is a checkpoint {checkpoint} already; add --resume to go on, or give another -o.")


def distillation_loss(
    predicted: Mapping[str, Tensor], target: Mapping[str, Tensor], gram_weight: float, auxiliary_weight: float = 0.0
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss, and the unexplained shares that it is made of beside the Gram matrices' distances.

    Args:
        predicted: the student's features by layer, N x C x h x w.
        target: the teacher's features by layer, N x C x h x w.
        gram_weight: weight of the Gram matrices' distances, which the taps alone have.
        auxiliary_weight: weight of the shares of the layers between the taps.
    """
    shares = unexplained_variance(predicted, target)
    grams = [
        losses.style_loss(losses.gram(predicted[tap]), losses.gram(wide)).mean()
        for tap, wide in target.items()
        if tap in TAPS
    ]
    weighted = [share if layer in TAPS else auxiliary_weight * share for layer, share in shares.items()]
    return torch.stack(weighted).sum() + gram_weight * torch.stack(grams).sum(), shares


def unexplained_variance(predicted: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The share of the teacher's variance (around each channel's mean) that a student misses, by tap."""
    shares = {}
    for tap, wide in target.items():
        spread = wide.var(dim=(0, 2, 3), unbiased=False).sum()
        shares[tap] = ((predicted[tap] - wide) ** 2).mean(dim=(0, 2, 3)).sum() / spread
    return shares


@torch.no_grad()
def measure_unexplained(student: PerceptualNetwork, teacher: Teacher, images: np.ndarray) -> dict[str, float]:
    """Return the unexplained share of the variance by tap, over N x 3 x H x W pictures in [0, 1]."""
    errors = dict.fromkeys(TAPS, 0.0)
    count = dict.fromkeys(TAPS, 0)
    total: dict[str, Tensor] = {}
    squares: dict[str, Tensor] = {}
    for start in range(0, len(images), TEACHER_BATCH):
        batch = torch.from_numpy(images[start : start + TEACHER_BATCH])
        target, predicted = teacher(batch), student.wide(batch, TAPS)
        for tap, wide in target.items():
            errors[tap] += float(((predicted[tap] - wide) ** 2).sum())
            count[tap] += wide.shape[0] * wide.shape[2] * wide.shape[3]
            total[tap] = total.get(tap, 0) + wide.sum(dim=(0, 2, 3)).double()
            squares[tap] = squares.get(tap, 0) + (wide.double() ** 2).sum(dim=(0, 2, 3))
    return {tap: errors[tap] / float((squares[tap] - total[tap] ** 2 / count[tap]).sum()) for tap in TAPS}


def _metadata(settings: DistillSettings, step: int, photographs: Photographs) -> dict[str, str]:
    """What the student's file says of its making."""
    return {
        "format": "impasto-perceptual",
        "settings": json.dumps(asdict(settings)),
        "step": str(step),
        "photographs": str(len(photographs.train)),
    }
