"""Distil the builtin perceptual network from VGG-19 (``impasto distill``).

Knowledge distillation (Hinton, Vinyals and Dean 2015, arXiv 1503.02531; by features: Romero et al. 2015, arXiv
1412.6550). The student (:mod:`impasto.training.student`) has VGG's shape with fewer channels. It begins with random
weights, or with those of another network, pruned (:mod:`impasto.training.prune`). A linear head per tap predicts the
teacher's features. The loss is the share of the teacher's variance that stays unexplained, and the distance of the Gram
matrices of what is predicted from the teacher's, since styles are compared by these, both summed over the taps. Heads
travel with the student: they carry the teacher's metric (see :mod:`impasto.networks.perceptual`).

Some of the crops to learn from are painted under the student itself (:mod:`impasto.training.painted_crops`).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
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
from impasto.training.student import TAPS, Student, save_folded
from impasto.training.teacher import FeaturePool, Teacher

# Peak learning rates of the convolutions (Muon) and of all else (Adam): for random weights, and for pruned ones.
LEARNING_RATES = (8e-3, 3e-3)
PRUNED_LEARNING_RATES = (3e-4, 3e-4)
PRUNING_CROPS = 96  # crops that a pruned student's weights are solved on
FIRST_CROPS = 32  # crops in the pool before the first step, also after a resume, so that few are not seen too often
MIN_PAINTED_CROPS = 8  # crops that are painted under the student at the same time, at least
TEACHER_BATCH = 8  # crops that the teacher looks at together
HELD_OUT_CROPS = 64  # held-out photographs that the result is measured on

log = logging.getLogger(__name__)


def distill(
    photographs: Photographs,
    teacher_files: Sequence[str | Path],
    output: Path,
    settings: DistillSettings | None = None,
    *,
    start: str | Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int, dict[str, float]], None] | None = None,
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
    first = torch.from_numpy(photographs.batch(2))
    student = channels_last(Student({tap: x.shape[1] for tap, x in teacher(first).items()}))
    pruned = start is not None
    if start is not None and not resume:
        _prune(student, load_features(start), teacher, torch.from_numpy(photographs.batch(PRUNING_CROPS)))
    rest = [*student.norms.parameters(), *student.heads.parameters()]
    optimisers = (Muon(student.convolutions.parameters(), 0), torch.optim.Adam(rest, 0, betas=(0.9, 0.99)))
    step, smooth = 0, dict.fromkeys(TAPS, 1.0)
    if resume:
        state = torch.load(checkpoint, weights_only=True)
        shapes = {name: x.shape for name, x in student.state_dict().items()}
        alike = {name: x.shape for name, x in state["student"].items()} == shapes
        if not (alike and {"optimisers", "pruned"} <= state.keys()):
            raise TrainingError(f"{checkpoint} was written by an older Impasto; begin anew with another -o.")
        student.load_state_dict(state["student"])
        for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        step, smooth, pruned = state["step"], state["smooth"], state["pruned"]
        photographs.set_state(json.loads(state["photographs"]))
        log.info("resumed from %s at step %d", checkpoint, step)

    pool = FeaturePool(teacher, settings.pool)
    painted_crops = PaintedCrops(photographs, max(MIN_PAINTED_CROPS, settings.batch))
    if resume:
        torch.set_rng_state(state["torch"])
    while len(pool.kept) < min(FIRST_CROPS, settings.pool):
        pool.add(torch.from_numpy(photographs.batch(TEACHER_BATCH)))
    usual = PRUNED_LEARNING_RATES if pruned else LEARNING_RATES
    given = (settings.learning_rate, settings.head_learning_rate)
    peaks = [by_default if peak is None else peak for peak, by_default in zip(given, usual, strict=True)]
    groups = [group for optimiser in optimisers for group in optimiser.param_groups]
    settled_from = 0 if pruned else (1 - settings.settled) * settings.steps
    started = time.monotonic()
    while step < settings.steps:
        set_learning_rates(groups, peaks, learning_rate_factor(step, settings.warmup, step / settings.steps))
        pool.add(torch.from_numpy(photographs.batch(pool.missing(settings.batch, settings.fresh))))
        for _ in range(settings.painted_batches_due(step) if step >= settings.warmup else 0):
            pool.add(painted_crops.paint(student.as_network(), settings.batch))
        if step >= settled_from:
            student.norms.eval()  # from here on the student that learns is the one that will be used
        images, starts, target = pool.draw(settings.batch)
        loss, shares = distillation_loss(student(images, starts), target, settings.gram_weight)
        optimiser_step(loss, *optimisers)
        step += 1
        smooth = {tap: smoothed(smooth[tap], shares[tap].item()) for tap in TAPS}
        if progress:
            progress(step, settings.steps, smooth)
        if step % settings.checkpoint_every == 0 or step == settings.steps:
            with atomic_path(checkpoint) as temporary:
                torch.save(
                    {
                        "student": student.state_dict(),
                        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
                        "step": step,
                        "smooth": smooth,
                        "pruned": pruned,
                        "torch": torch.get_rng_state(),
                        "photographs": json.dumps(photographs.state()),
                    },
                    temporary,
                )
            save_folded(student, output, _metadata(settings, step, photographs))
            log.info("step %d, %.0f s, unexplained %s", step, time.monotonic() - started, smooth)
    return measure_unexplained(load_features(output), teacher, photographs.val_batch(HELD_OUT_CROPS))


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


def _prune(student: Student, source: PerceptualNetwork, teacher: Teacher, crops: Tensor) -> None:
    """Let a student begin with the source's weights, its heads solved for the teacher's features of the crops."""
    features = [teacher(crops[index : index + TEACHER_BATCH]) for index in range(0, len(crops), TEACHER_BATCH)]
    targets = {tap: torch.cat([part[tap] for part in features]) for tap in TAPS}
    prune_into(student, source, crops, targets)


def distillation_loss(
    predicted: Mapping[str, Tensor], target: Mapping[str, Tensor], gram_weight: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss, and the unexplained shares that it is made of beside the Gram matrices' distances.

    Args:
        predicted: the student's features by tap, N x C x h x w.
        target: the teacher's features by tap, N x C x h x w.
        gram_weight: weight of the Gram matrices' distances.
    """
    shares = unexplained_variance(predicted, target)
    grams = [losses.style_loss(losses.gram(predicted[tap]), losses.gram(wide)).mean() for tap, wide in target.items()]
    return torch.stack(list(shares.values())).sum() + gram_weight * torch.stack(grams).sum(), shares


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
