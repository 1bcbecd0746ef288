"""Distil the builtin perceptual network from VGG-19 (``impasto distill``).

Knowledge distillation by features (Hinton, Vinyals and Dean 2015, arXiv 1503.02531; Romero et al. 2015, arXiv
1412.6550). The student (:mod:`impasto.training.student`) has the teacher's layers at a tenth of its multiplications.
Its weights are solved for at first (:mod:`impasto.training.solve`), or taken over from a student of before, and then
learn together. The loss is the share of the teacher's variance that stays unexplained, and the distance of the Gram
matrices of what is predicted from the teacher's, since styles are compared by these, both summed over the taps. The
layers between the taps count, too, but less, since an optimiser is led astray less by what a student misses than by
where its way is not the teacher's (auxiliary supervision: Lee et al. 2015, arXiv 1409.5185).

Some of the crops to learn from are painted under the student itself (:mod:`impasto.training.painted_crops`).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import TrainingError
from impasto.files import atomic_path, optional
from impasto.networks import losses
from impasto.networks.perceptual import PerceptualNetwork, load_features
from impasto.networks.speed import channels_last, has_bfloat16
from impasto.training.muon import Muon
from impasto.training.painted_crops import PaintedCrops
from impasto.training.photographs import Photographs
from impasto.training.schedules import learning_rate_factor, optimiser_step, set_learning_rates, smoothed
from impasto.training.settings import DistillSettings
from impasto.training.solve import solve
from impasto.training.student import PLAN, TAPS, Student, relu_of, save_folded
from impasto.training.teacher import BATCH, FeaturePool, Teacher

FIRST_CROPS = 32  # crops in the pool before the first step, so that few are not seen too often
MIN_PAINTED_CROPS = 8  # crops that are painted under the student at the same time, at least
HELD_OUT_CROPS = 64  # held-out photographs that the result is measured on

log = logging.getLogger(__name__)

Progress = Callable[[int, int, dict[str, float]], None]
"""Called with (step, steps, unexplained share by tap, smoothed)."""


def distill(
    photographs: Photographs,
    teacher_file: str | Path,
    output: Path,
    settings: DistillSettings | None = None,
    *,
    start: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Make a student, with a checkpoint beside ``output`` to resume from, and write it folded.

    Args:
        photographs: pictures to learn from; paintings may be among them.
        teacher_file: the network to learn from, as :func:`impasto.networks.perceptual.load_features` takes it.
        output: Safetensors file for the folded student.
        settings: see :class:`impasto.training.settings.DistillSettings`.
        start: a network to begin with, as ``load_features`` takes it: one that was distilled is gone on from, a VGG
            takes the teacher's place in solving. Default: the teacher itself.
        resume: go on from the checkpoint, which is called as ``output`` is but ends in ``.checkpoint``.
        progress: called with (step, steps, unexplained share by tap, smoothed).

    Returns:
        Unexplained share by tap on the held-out photographs.

    Raises:
        TrainingError: ``output`` does not end in .safetensors, the photographs have another crop than the settings,
            there is a checkpoint and it is not to be resumed, or it is and there is none; a network is of no use for
            what it was given.
        InputError: a network cannot be read, or the teacher lacks a layer of :data:`TAPS`.
        DownloadError: a teacher is not at hand and cannot be fetched.
    """
    settings = settings or DistillSettings()
    checkpoint = output.with_suffix(".checkpoint")
    _check_request(photographs, output, checkpoint, settings, resume)
    torch.manual_seed(settings.seed)
    teacher = Teacher(load_features(teacher_file), half=has_bfloat16(torch.device("cpu")))
    run = _Run(photographs, teacher, settings)
    if progress:
        progress(0, settings.steps, run.smooth)
    if resume:
        run.load(checkpoint)
    else:
        run.begin(None if start is None else load_features(start))
    started = time.monotonic()
    for step in run.steps():
        if progress:
            progress(step, settings.steps, run.smooth)
        last = step == settings.steps
        if step % settings.checkpoint_every == 0 or last:
            with nullcontext() if last else optional(output):  # the next one may be written
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
    """

    def __init__(self, photographs: Photographs, teacher: Teacher, settings: DistillSettings) -> None:
        self.photographs, self.teacher, self.settings = photographs, teacher, settings
        network = teacher.network
        network.check_taps(TAPS)
        widths = {layer: network.channels(layer) for layer in map(relu_of, PLAN) if layer in network.taps}
        self.student = channels_last(Student(widths))
        parameters = list(self.student.parameters())
        kernels = [x for x in self.student.convolutions.parameters() if x.ndim == 4]
        rest = [x for x in parameters if not any(x is kernel for kernel in kernels)]
        self.optimisers = Muon(kernels, 0), torch.optim.Adam(rest, 0, betas=(0.9, 0.99))
        self.pool = FeaturePool(teacher, list(widths), settings.pool)
        self.painted_crops = PaintedCrops(photographs, max(MIN_PAINTED_CROPS, settings.batch))
        self.step, self.smooth = 0, dict.fromkeys(TAPS, 1.0)

    def crops(self, count: int) -> Tensor:
        """Draw crops of the photographs, N x 3 x H x W in [0, 1]."""
        return torch.from_numpy(self.photographs.batch(count))

    def begin(self, start: PerceptualNetwork | None) -> None:
        """Solve for the student's weights, or take them over, and fill the pool with the first crops."""
        solve(self.student, self.teacher, self.crops, start)
        while len(self.pool.kept) < min(FIRST_CROPS, self.settings.pool):
            self.pool.add(self.crops(BATCH))

    def steps(self) -> Iterator[int]:
        """Learn until the settings' steps are done; yields after each how many were done."""
        settings, student, pool = self.settings, self.student, self.pool
        groups = [group for optimiser in self.optimisers for group in optimiser.param_groups]
        while self.step < settings.steps:
            factor = learning_rate_factor(self.step, settings.warmup, self.step / settings.steps)
            set_learning_rates(groups, [settings.learning_rate] * len(groups), factor)
            pool.add(self.crops(pool.missing(settings.batch, settings.fresh)))
            for _ in range(settings.painted_batches_due(self.step) if self.step >= settings.warmup else 0):
                pool.add(self.painted_crops.paint(student.as_network(), settings.batch))
            images, starts, target = pool.draw(settings.batch)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.teacher.half):
                predicted = student(images.contiguous(memory_format=torch.channels_last), starts)
            predicted = {layer: x.float() for layer, x in predicted.items()}
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
            "pool": self.pool.state_dict(),
            "painted_crops": self.painted_crops.state_dict(),
            "step": self.step,
            "smooth": self.smooth,
            "torch": torch.get_rng_state(),
            "photographs": json.dumps(self.photographs.state()),
        }
        with atomic_path(path) as temporary:
            torch.save(state, temporary)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            TrainingError: it is of another edition, or of another teacher.
        """
        state = torch.load(path, weights_only=True)
        shapes = {name: x.shape for name, x in self.student.state_dict().items()}
        alike = {name: x.shape for name, x in state["student"].items()} == shapes
        if not (alike and {"optimisers", "painted_crops"} <= state.keys()):
            raise TrainingError(f"{path} was written by an older Impasto; begin anew with another -o.")
        self.student.load_state_dict(state["student"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.pool.load_state_dict(state["pool"])
        self.painted_crops.load_state_dict(state["painted_crops"])
        self.step, self.smooth = state["step"], state["smooth"]
        torch.set_rng_state(state["torch"])
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
    for start in range(0, len(images), BATCH):
        batch = torch.from_numpy(images[start : start + BATCH])
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
