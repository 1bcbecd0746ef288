"""Begin a student with what a trained network knows: its channels picked, the weights solved layer by layer.

From random kernels a student needs hours to come to where a wider network can be cut down to in a minute. Each
convolution of the student is given those channels of the source that tell the layers above most, and its kernels are
solved for by least squares, so that they compute from what the student has below what the source has there before its
ReLU (channel pruning: He, Zhang and Sun 2017, arXiv 1707.06168). Channels that the source never uses are left out;
where the student has more than the source, the rest begin as those of the teacher's channels that the layer's head
would else tell least of, or where there is no head by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.errors import TrainingError
from impasto.networks.perceptual import PerceptualNetwork, WeightAndBias
from impasto.training.student import Student

_SAMPLES = 40_000  # positions that a layer is solved on
_ROUNDS = 16  # of solving for what lies below zero where a teacher's channel is silent
_RIDGE, _HEAD_RIDGE = 1e-4, 1e-5  # relative to the features' mean square
_WEAK = 0.05  # of the median strength: weaker features are not made as strong as the others


@torch.no_grad()
def begin(student: Student, source: PerceptualNetwork, images: Tensor, targets: Mapping[str, Tensor]) -> None:
    """Replace a student's weights.

    Args:
        student: its normalisations hold statistics of the images afterwards, and are to stay as they are.
        source: with at least as many convolutions in each stage.
        images: N x 3 x H x W, in [0, 1].
        targets: the teacher's features of the images, tap to N x C x h x w, which the heads are solved for.

    Raises:
        TrainingError: the source has fewer convolutions in a stage.
    """
    matches = _matches(student.names, source.names)
    known = source.narrow(images, source.taps)
    x, theirs, stage = student.prepared(images), _preprocessed(source, images), student.names[0][4]
    for name in student.names:
        match = matches[name]
        below = source.names.index(match) - 1
        if below >= 0:
            theirs = known[source.taps[below]]
        if name[4] != stage:
            stage, x = name[4], F.max_pool2d(x, 2)
        if theirs.shape[-1] > x.shape[-1]:
            theirs = F.max_pool2d(theirs, 2) if source.pooling == "max" else F.avg_pool2d(theirs, 2)
        at = _positions(x)
        weight, bias = _weights(source, match)
        theirs = theirs[:, : weight.shape[1]]
        chosen = _telling(source, known, match, student.passed[name])
        wanted = _patches(theirs, at) @ weight[chosen].flatten(1).T + bias[chosen]
        given, tap = _patches(x, at), name.replace("conv", "relu")
        if tap in student.heads:
            goal = _at(targets[tap], at)
            if missing := student.width(name) - len(chosen):
                wanted = torch.cat([wanted, _untold(given, wanted, goal, missing)], dim=1)
        x = _solved(student, name, x, given, wanted)
        if tap in student.heads:
            head = student.heads[tap]
            assert isinstance(head, nn.Conv2d)
            assert head.bias is not None
            solution, offset = least_squares(_at(x, at), goal, _HEAD_RIDGE)
            head.weight.copy_(solution.T[:, :, None, None])
            head.bias.copy_(offset)
        x = x[:, : student.passed[name]]


def _matches(names: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Which of the source's convolutions each of the student's is to be: of a stage the first and the last ones."""
    found: dict[str, str] = {}
    for stage in sorted({name[4] for name in names}):
        ours, theirs = ([name for name in some if name[4] == stage] for some in (names, known))
        if len(theirs) < len(ours):
            raise TrainingError(
                f"The network to begin with has {len(theirs)} convolutions in stage {stage} and the student "
                f"{len(ours)}; give a deeper one, as vgg19 is, or none."
            )
        found |= dict(zip(ours, [theirs[0], *theirs[len(theirs) - len(ours) + 1 :]], strict=True))
    return found


def _weights(network: PerceptualNetwork, name: str) -> WeightAndBias:
    return network.get_buffer(f"{name}_weight"), network.get_buffer(f"{name}_bias")


def _preprocessed(network: PerceptualNetwork, images: Tensor) -> Tensor:
    return F.conv2d(images, *_weights(network, "preprocess"))


def _telling(source: PerceptualNetwork, known: Mapping[str, Tensor], name: str, count: int) -> Tensor:
    """The channels of a convolution, at most so many, that tell the next one and the tap's head most.

    Those that the head alone reads are left out.
    """
    index = source.names.index(name)
    tap = source.taps[index]
    readers = [_weights(source, following)[0] for following in source.names[index + 1 : index + 2]]
    readers += [source.heads[tap][0]] if tap in source.heads else []
    spread = known[tap].var(dim=(0, 2, 3))
    spread = spread[: min((reader.shape[1] for reader in readers), default=len(spread))]
    shares = torch.zeros_like(spread)
    for reader in readers:
        read = reader[:, : len(spread)]
        told = spread * read.reshape(*read.shape[:2], -1).square().sum(dim=(0, 2))
        shares += told / told.sum().clamp_min(1e-12)
    used = int((spread > 0).sum()) if readers else len(spread)
    order = (shares if readers else spread).topk(max(1, min(count, used))).indices
    return order.sort().values


def _untold(given: Tensor, known: Tensor, goal: Tensor, count: int) -> Tensor:
    """M x count: those of the teacher's channels before their ReLU that a head tells least of, as what is given allows.

    Args:
        given: M x 9 C, what the channels are to be computed from.
        known: M x C, other channels before their ReLU that the head has.
        goal: M x W, the teacher's channels after it. Where one is silent, all below zero is as good.
    """
    known = F.relu(known)
    solution, offset = least_squares(known, goal, _HEAD_RIDGE)
    untold = (known @ solution + offset - goal).square().sum(dim=0)
    wanted = goal[:, untold.topk(min(count, goal.shape[1])).indices]
    found, solve = wanted, _solver(given, _RIDGE)
    for _ in range(_ROUNDS):
        solution, offset = solve(found)
        found = torch.where(wanted > 0, wanted, (given @ solution + offset).clamp_max(0))
    return found


def _solved(student: Student, name: str, x: Tensor, given: Tensor, wanted: Tensor) -> Tensor:
    """Set a convolution and its normalisation to compute what is wanted, M x C, from what is given, M x 9 C'.

    Returns:
        What it then gives for the maps ``x``.
    """
    convolution, norm = student.convolutions[name], student.norms[name]
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    solution, offset = least_squares(given, wanted, _RIDGE)
    kernels = solution.T.reshape(-1, *convolution.weight.shape[1:])
    missing = len(convolution.weight) - len(kernels)
    if missing:
        more = torch.randn(missing, *kernels.shape[1:]) * kernels.std()
        kernels = torch.cat([kernels, more])
        offset = torch.cat([offset, -(given @ more.flatten(1).T).mean(dim=0)])
    # Kernels of length 1 and features of mean square 1, so that one learning rate suits all layers.
    lengths = kernels.flatten(1).norm(dim=1).clamp_min(1e-12)
    convolution.weight.copy_(kernels / lengths[:, None, None, None])
    raw = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), convolution.weight)
    features = F.relu(raw * lengths[:, None, None] + offset[:, None, None])
    strength = features.square().mean(dim=(0, 2, 3)).sqrt()
    gain = 1 / strength.clamp_min(_WEAK * float(strength.median())).clamp_min(1e-6)
    mean, variance = raw.mean(dim=(0, 2, 3)), raw.var(dim=(0, 2, 3))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(gain * lengths * (variance + norm.eps).sqrt())
    norm.bias.copy_(gain * (offset + lengths * mean))
    return features * gain[:, None, None]


def least_squares(given: Tensor, wanted: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """C x C' and C' that give M x C' from M x C as nearly as can be, with a ridge relative to the mean square."""
    return _solver(given, ridge)(wanted)


def _solver(given: Tensor, ridge: float) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Least squares from the same M x C to whatever is wanted: its matrix, the dear part, is made and factored once."""
    inputs = F.pad(given.double(), (0, 1), value=1.0)
    products = inputs.T @ inputs / len(inputs)
    products += ridge * products.diagonal().mean() * torch.eye(len(products), dtype=products.dtype)
    factors = torch.linalg.lu_factor(products)

    def solve(wanted: Tensor) -> tuple[Tensor, Tensor]:
        solution = torch.linalg.lu_solve(*factors, inputs.T @ wanted.double() / len(inputs)).float()
        return solution[:-1], solution[-1]

    return solve


def _positions(x: Tensor) -> tuple[Tensor, ...]:
    """Pictures, rows and columns of positions by chance."""
    count = min(_SAMPLES, x.shape[0] * x.shape[2] * x.shape[3])
    return tuple(torch.randint(x.shape[dim], (count,)) for dim in (0, 2, 3))


def _at(x: Tensor, at: tuple[Tensor, ...]) -> Tensor:
    """M x C: the features at positions."""
    picture, row, column = at
    return x.permute(0, 2, 3, 1)[picture, row, column]


def _patches(x: Tensor, at: tuple[Tensor, ...]) -> Tensor:
    """M x 9 C: the neighbourhoods of positions, in the order of a kernel's weights."""
    picture, row, column = at
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect").permute(0, 2, 3, 1)
    around = [padded[picture, row + dy, column + dx] for dy in range(3) for dx in range(3)]
    return torch.stack(around, dim=2).flatten(1)
