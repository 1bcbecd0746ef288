"""Distil the builtin perceptual network from VGG-19 (``impasto distill``).

The student (:mod:`impasto.training.student`) has VGG's shape with fewer channels. It begins by chance, or with what
another network knows (:mod:`impasto.training.prune`). A linear head per tap predicts the teacher's features; the loss
is the share of the teacher's variance that stays unexplained, and the distance of the Gram matrices of what is
predicted from the teacher's, since styles are compared by these, both summed over the taps. Heads travel with the
student: they carry the teacher's metric (see :mod:`impasto.networks.perceptual`).

Whoever optimises a picture under the student drives it to where the student is wrong. Some of the pictures to
learn from are therefore painted under the student itself while it learns (:class:`Canvases`).
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.errors import TrainingError
from impasto.files import atomic_path
from impasto.networks import losses
from impasto.networks.perceptual import PerceptualNetwork, load_features
from impasto.networks.speed import channels_last, has_bfloat16
from impasto.training import prune
from impasto.training.muon import Muon
from impasto.training.perceptual_loss import PerceptualLoss
from impasto.training.photographs import Photographs
from impasto.training.schedules import learning_rate_factor, optimiser_step
from impasto.training.settings import DistillSettings
from impasto.training.student import TAPS, Place, Student, sampled, save_folded

log = logging.getLogger(__name__)


_BEGUN_ON = 96  # crops that a student is solved on


class Teacher:
    """One or several perceptual networks: each tap is taken from the first that has it.

    A network's heads are followed by a ReLU, as the 16-times smaller VGG-19 has it, so that every tap has
    the wide network's channels. ``half``: in bfloat16.
    """

    def __init__(self, networks: Sequence[PerceptualNetwork], *, half: bool = False) -> None:
        self.networks = list(networks)
        self.half = half

    def __call__(self, images: Tensor, taps: Sequence[str] = TAPS) -> dict[str, Tensor]:
        """Tap name to N x C x h x w wide features of N x 3 x H x W pictures in [0, 1]."""
        features: dict[str, Tensor] = {}
        for network in self.networks:
            here = [tap for tap in taps if tap in network.taps and tap not in features]
            if here:
                with torch.autocast(images.device.type, torch.bfloat16, enabled=self.half):
                    features |= {tap: F.relu(x).float() for tap, x in network.wide(images, here).items()}
        missing = [tap for tap in taps if tap not in features]
        if missing:
            self.networks[-1].check(missing)
        return features


class Pool:
    """Crops with the teacher's features, kept for several steps: the teacher costs many times what the student does.

    Args:
        teacher: gives the features.
        size: crops that are kept; the oldest go first.
    """

    def __init__(self, teacher: Teacher, size: int) -> None:
        self.teacher = teacher
        self.kept: deque[tuple[Tensor, Place, dict[str, Tensor]]] = deque(maxlen=size)

    def wanted(self, count: int, fresh: int) -> int:
        """How many crops to add before ``count`` are drawn: more than ``fresh`` until the pool is full."""
        return fresh if len(self.kept) == self.kept.maxlen else fresh + count

    @torch.no_grad()
    def add(self, images: Tensor) -> None:
        """Take in N x 3 x H x W pictures in [0, 1]."""
        features, places = self.teacher(images), torch.randint(4, (len(images), 2)).tolist()
        for index, (image, place) in enumerate(zip(images, places, strict=True)):
            few = {tap: sampled(tap, x[index], place).half() for tap, x in features.items()}
            self.kept.append((image.half(), place, few))

    def draw(self, count: int) -> tuple[Tensor, list[Place], dict[str, Tensor]]:
        """Some crops by chance.

        Returns:
            N x 3 x H x W pictures; where the grids of each start; the teacher's features on these by tap.
        """
        drawn = [self.kept[index] for index in torch.randint(len(self.kept), (count,)).tolist()]
        targets = {tap: torch.stack([few[tap] for _, _, few in drawn]).float() for tap in drawn[0][2]}
        return torch.stack([image for image, _, _ in drawn]).float(), [place for _, place, _ in drawn], targets


class Canvases:
    """Pictures that are painted under the student while it learns.

    Each is a crop that is optimised in the style of another for some rounds, with a content weight of its own,
    and then begun anew.

    Args:
        photographs: give the crops.
        count: pictures that are under work.
    """

    ITERATIONS, ROUNDS, LEARNING_RATE, STYLE_WEIGHT = 6, 16, 0.03, 10.0

    def __init__(self, photographs: Photographs, count: int = 8) -> None:
        self.photographs = photographs
        self.canvases = [self._begun(rounds) for rounds in torch.randint(1, self.ROUNDS, (count,)).tolist()]

    def _begun(self, rounds: int = ROUNDS) -> _Canvas:
        content, style = torch.from_numpy(self.photographs.batch(2)).unbind()
        picture = nn.Parameter(content.clone())
        optimiser = torch.optim.Adam([picture], lr=self.LEARNING_RATE)
        return _Canvas(content, style, picture, optimiser, 10 ** float(torch.rand(()) * 1.5 - 0.5), rounds)

    def painted(self, network: PerceptualNetwork, count: int) -> Tensor:
        """``count`` of the pictures after another round under the student as it is now, in [0, 1]."""
        chosen = torch.randperm(len(self.canvases))[:count].tolist()
        canvases = [self.canvases[index] for index in chosen]
        objective = PerceptualLoss(network, {"relu4_1": 1.0}, dict.fromkeys(TAPS, 1.0))
        with torch.no_grad():
            wanted = objective.features(torch.stack([one.content for one in canvases]))
            styles = objective.features(torch.stack([one.style for one in canvases]))
            targets = {tap: losses.gram(x) for tap, x in styles.items()}
        weights = torch.tensor([one.content_weight for one in canvases])
        for _ in range(self.ITERATIONS):
            found = objective.features(torch.stack([one.picture for one in canvases]))
            parts = weights * objective.content(found, wanted) + self.STYLE_WEIGHT * objective.style(found, targets)
            for one in canvases:
                one.optimiser.zero_grad()
            loss = parts.sum()
            loss.backward()  # type: ignore[no-untyped-call]
            for one in canvases:
                one.optimiser.step()
                one.picture.data.clamp_(0, 1)
        pictures = torch.stack([one.picture.detach() for one in canvases])
        for index, one in zip(chosen, canvases, strict=True):
            one.rounds -= 1
            if one.rounds == 0:
                self.canvases[index] = self._begun()
        return pictures


@dataclass(eq=False)
class _Canvas:
    content: Tensor
    style: Tensor
    picture: nn.Parameter
    optimiser: torch.optim.Optimizer
    content_weight: float
    rounds: int  # that are left


def unexplained(predicted: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Share of the teacher's variance (around each channel's mean) that the student does not explain, by tap."""
    shares = {}
    for tap, wide in target.items():
        spread = wide.var(dim=(0, 2, 3), unbiased=False).sum()
        shares[tap] = ((predicted[tap] - wide) ** 2).mean(dim=(0, 2, 3)).sum() / spread
    return shares


def distance(
    predicted: Mapping[str, Tensor], target: Mapping[str, Tensor], gram_weight: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss, and the unexplained shares that it is made of beside the Gram matrices' distances."""
    shares = unexplained(predicted, target)
    grams = [losses.style_loss(losses.gram(predicted[tap]), losses.gram(wide)).mean() for tap, wide in target.items()]
    return torch.stack(list(shares.values())).sum() + gram_weight * torch.stack(grams).sum(), shares


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
        teacher_files: what :func:`load_features` takes; each tap comes from the first network that has it.
        output: safetensors file for the folded student.
        settings: see :class:`DistillSettings`.
        start: a network to begin with, pruned, as :func:`load_features` takes it; default: by chance.
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
    if output.suffix != ".safetensors":  # by which it is read
        raise TrainingError(f"{output} does not end in .safetensors; give for example {output.stem}.safetensors.")
    if photographs.crop != settings.crop:
        raise TrainingError(
            f"The photographs are cropped to {photographs.crop} pixels, and the settings say {settings.crop}; "
            "give both the same crop."
        )
    checkpoint = output.with_suffix(".checkpoint")
    if resume and not checkpoint.exists():
        raise TrainingError(f"There is no checkpoint {checkpoint} to resume; leave --resume out.")
    if checkpoint.exists() and not resume:
        raise TrainingError(f"There is a checkpoint {checkpoint} already; add --resume to go on, or give another -o.")
    torch.manual_seed(settings.seed)
    teacher = Teacher([load_features(file) for file in teacher_files], half=has_bfloat16(torch.device("cpu")))
    first = torch.from_numpy(photographs.batch(2))
    student = channels_last(Student({tap: x.shape[1] for tap, x in teacher(first).items()}))
    if start is not None and not resume:
        crops = torch.from_numpy(photographs.batch(_BEGUN_ON))
        taught = [teacher(crops[index : index + 8]) for index in range(0, len(crops), 8)]
        targets = {tap: torch.cat([features[tap] for features in taught]) for tap in TAPS}
        prune.begin(student, load_features(start), crops, targets)
    pruned = start is not None
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

    pool, canvases = Pool(teacher, settings.pool), Canvases(photographs, max(8, settings.batch))
    if resume:
        torch.set_rng_state(state["torch"])
    # The first steps, also those after a resume, are not to see the same few crops.
    while len(pool.kept) < min(32, settings.pool):
        pool.add(torch.from_numpy(photographs.batch(8)))
    usual = (3e-4, 3e-4) if pruned else (8e-3, 3e-3)
    given = (settings.learning_rate, settings.head_learning_rate)
    peaks = [by_default if peak is None else peak for peak, by_default in zip(given, usual, strict=True)]
    settled_from = 0 if pruned else (1 - settings.settled) * settings.steps
    started = time.monotonic()
    while step < settings.steps:
        part = learning_rate_factor(step, settings.warmup, step / settings.steps)
        for optimiser, peak in zip(optimisers, peaks, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = part * peak
        pool.add(torch.from_numpy(photographs.batch(pool.wanted(settings.batch, settings.fresh))))
        for _ in range(settings.canvases_due(step) if step >= settings.warmup else 0):
            pool.add(canvases.painted(student.as_network(), settings.batch))
        if step >= settled_from:
            student.norms.eval()  # from here on what learns is what will be used
        images, places, target = pool.draw(settings.batch)
        loss, shares = distance(student(images, places), target, settings.gram_weight)
        optimiser_step(loss, *optimisers)
        step += 1
        smooth = {tap: 0.98 * smooth[tap] + 0.02 * shares[tap].item() for tap in TAPS}
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
    return held_out(load_features(output), teacher, photographs.val_batch(64))


def _metadata(settings: DistillSettings, step: int, photographs: Photographs) -> dict[str, str]:
    return {
        "format": "impasto-perceptual",
        "settings": json.dumps(asdict(settings)),
        "step": str(step),
        "photographs": str(len(photographs.train)),
    }


@torch.no_grad()
def held_out(student: PerceptualNetwork, teacher: Teacher, images: np.ndarray) -> dict[str, float]:
    """Unexplained share by tap over N x 3 x H x W held-out pictures in [0, 1]."""
    errors = dict.fromkeys(TAPS, 0.0)
    count = dict.fromkeys(TAPS, 0)
    total: dict[str, Tensor] = {}
    squares: dict[str, Tensor] = {}
    for start in range(0, len(images), 8):
        batch = torch.from_numpy(images[start : start + 8])
        target, predicted = teacher(batch), student.wide(batch, TAPS)
        for tap, wide in target.items():
            errors[tap] += float(((predicted[tap] - wide) ** 2).sum())
            count[tap] += wide.shape[0] * wide.shape[2] * wide.shape[3]
            total[tap] = total.get(tap, 0) + wide.sum(dim=(0, 2, 3)).double()
            squares[tap] = squares.get(tap, 0) + (wide.double() ** 2).sum(dim=(0, 2, 3))
    return {tap: errors[tap] / float((squares[tap] - total[tap] ** 2 / count[tap]).sum()) for tap in TAPS}
