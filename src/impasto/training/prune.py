"""Structured pruning: begin a student with a trained network's channels, its weights solved layer by layer.

From random kernels a student needs hours to come to where a wider network can be cut down to in a minute. Each
convolution of the student is given those channels of the source that tell the layers above most, and its kernels are
solved for by least squares, so that they compute from the student's features below what the source computes there
before its ReLU (channel pruning: He, Zhang and Sun 2017, arXiv 1707.06168). Channels that the source never uses are
left out. Where the student has more channels than the source, the rest begin as those of the teacher's channels that
the layer's head would explain worst without them, or with random kernels where there is no head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.errors import TrainingError
from impasto.networks.perceptual import PerceptualNetwork, WeightAndBias, stage_and_index
from impasto.training.student import Student

_SAMPLES = 40_000  # positions that a layer is solved on
_ROUNDS = 16  # rounds of solving for the values below zero where a teacher's channel is silent
_RIDGE = 1e-4  # ridge penalty of the least squares for kernels, relative to the features' mean square
_HEAD_RIDGE = 1e-5  # ridge penalty of the least squares for heads, relative to the features' mean square
# Share of the channels' median root mean square; features that are weaker are not scaled up all the way to 1.
_MIN_STRENGTH = 0.05


@torch.no_grad()
def prune_into(
    student: Student,
    source: PerceptualNetwork,
    images: Tensor,
    targets: Mapping[str, Tensor],
    *,
    keep: Student | None = None,
) -> None:
    """Replace a student's weights by those of a trained network, pruned.

    Args:
        student: its normalisations hold statistics of the images afterwards, and are to stay as they are.
        source: a network with at least as many convolutions in each stage.
        images: N x 3 x H x W, in [0, 1].
        targets: the teacher's features of the images, layer to N x C x h x w, which the heads are solved for.
        keep: a student that has learnt already: its layers are taken over as they are, and the layers above are solved
            for on its features.

    Raises:
        TrainingError: the source has fewer convolutions in a stage.
    """
    matches = _match_convolutions(student.names, source.names)
    source_features = source.narrow(images, source.taps)
    x, source_x = student.preprocess(images), _preprocess(source, images)
    stage, _ = stage_and_index(student.names[0])
    for name in student.names:
        match = matches[name]
        below = source.names.index(match) - 1
        if below >= 0:
            source_x = source_features[source.taps[below]]
        if stage_and_index(name)[0] != stage:
            stage, x = stage_and_index(name)[0], F.max_pool2d(x, 2)
        if keep is not None and name in keep.names:
            _take_over(student, keep, name)
            x = student.layer(name, x)[:, : student.passed[name]]
            continue
        if source_x.shape[-1] > x.shape[-1]:
            source_x = F.max_pool2d(source_x, 2) if source.pooling == "max" else F.avg_pool2d(source_x, 2)
        positions = _random_positions(x)
        weight, bias = _weights(source, match)
        source_x = source_x[:, : weight.shape[1]]
        chosen = _most_informative(source, source_features, match, student.passed[name])
        wanted = _patches_at(source_x, positions) @ weight[chosen].flatten(1).T + bias[chosen]
        inputs, tap = _patches_at(x, positions), name.replace("conv", "relu")
        if tap in student.heads:
            taught = _features_at(targets[tap], positions)
            if missing := student.width(name) - len(chosen):
                wanted = torch.cat([wanted, _worst_explained(inputs, wanted, taught, missing)], dim=1)
        x = _solve_layer(student, name, x, inputs, wanted)
        if tap in student.heads:
            head = student.heads[tap]
            assert isinstance(head, nn.Conv2d)
            assert head.bias is not None
            solution, offset = least_squares(_features_at(x, positions), taught, _HEAD_RIDGE)
            head.weight.copy_(solution.T[:, :, None, None])
            head.bias.copy_(offset)
        x = x[:, : student.passed[name]]


def _take_over(student: Student, other: Student, name: str) -> None:
    """Copy a convolution, its normalisation, which is settled from then on, and its head from another student."""
    for ours, theirs, key in (
        (student.convolutions, other.convolutions, name),
        (student.norms, other.norms, name),
        (student.heads, other.heads, name.replace("conv", "relu")),
    ):
        if key in ours and key in theirs:
            ours[key].load_state_dict(theirs[key].state_dict())
    student.norms[name].eval()


def _match_convolutions(names: Sequence[str], source_names: Sequence[str]) -> dict[str, str]:
    """The source's convolution for each of the student's: of a stage the first, and the last ones."""
    matches: dict[str, str] = {}
    for stage in sorted({stage_and_index(name)[0] for name in names}):
        ours, theirs = ([name for name in each if stage_and_index(name)[0] == stage] for each in (names, source_names))
        if len(theirs) < len(ours):
            raise TrainingError(
                f"The network to begin with has {len(theirs)} convolutions in stage {stage} and the student "
                f"{len(ours)}; give a deeper one, as vgg19 is, or none."
            )
        matches |= dict(zip(ours, [theirs[0], *theirs[len(theirs) - len(ours) + 1 :]], strict=True))
    return matches


def _weights(network: PerceptualNetwork, name: str) -> WeightAndBias:
    """Weight and bias of a convolution."""
    return network.get_buffer(f"{name}_weight"), network.get_buffer(f"{name}_bias")


def _preprocess(network: PerceptualNetwork, images: Tensor) -> Tensor:
    """The input of a network's first convolution for pictures in [0, 1]."""
    return F.conv2d(images, *_weights(network, "preprocess"))


def _most_informative(source: PerceptualNetwork, features: Mapping[str, Tensor], name: str, count: int) -> Tensor:
    """The channels of a convolution that tell the next one and the tap's head most, in ascending order.

    A channel tells its variance times the squared weights that read it. Channels that the head alone reads are left
    out, and so are those that never vary.

    Args:
        source: the network.
        features: its features by tap.
        name: name of the convolution.
        count: at most so many channels.
    """
    index = source.names.index(name)
    tap = source.taps[index]
    readers = [_weights(source, following)[0] for following in source.names[index + 1 : index + 2]]
    readers += [source.heads[tap][0]] if tap in source.heads else []
    variance = features[tap].var(dim=(0, 2, 3))
    variance = variance[: min((reader.shape[1] for reader in readers), default=len(variance))]
    shares = torch.zeros_like(variance)
    for reader in readers:
        read = reader[:, : len(variance)]
        told = variance * read.reshape(*read.shape[:2], -1).square().sum(dim=(0, 2))
        shares += told / told.sum().clamp_min(1e-12)
    used = int((variance > 0).sum()) if readers else len(variance)
    order = (shares if readers else variance).topk(max(1, min(count, used))).indices
    return order.sort().values


def _worst_explained(inputs: Tensor, known: Tensor, taught: Tensor, count: int) -> Tensor:
    """The teacher's channels that a head explains worst, as they would be before a ReLU, M x count.

    Where a channel of the teacher is silent, every value below zero is as good. The values there are found by turns:
    solve for all values by least squares, then take over what the solution gives below zero.

    Args:
        inputs: M x 9 C, what the channels are to be computed from.
        known: M x C', other channels before their ReLU, which the head has.
        taught: M x W, the teacher's channels after their ReLU.
        count: at most so many channels.
    """
    known = F.relu(known)
    solution, offset = least_squares(known, taught, _HEAD_RIDGE)
    errors = (known @ solution + offset - taught).square().sum(dim=0)
    wanted = taught[:, errors.topk(min(count, taught.shape[1])).indices]
    values, solve = wanted, _least_squares_solver(inputs, _RIDGE)
    for _ in range(_ROUNDS):
        solution, offset = solve(values)
        values = torch.where(wanted > 0, wanted, (inputs @ solution + offset).clamp_max(0))
    return values


def _solve_layer(student: Student, name: str, x: Tensor, inputs: Tensor, wanted: Tensor) -> Tensor:
    """Set a convolution and its batch normalisation by least squares.

    Args:
        student: the student whose layer is set.
        name: name of the convolution.
        x: N x C x H x W features below it.
        inputs: M x 9 C, patches of ``x``.
        wanted: M x C', what the layer shall compute from them before its ReLU.

    Returns:
        The layer's features of ``x``, N x C' x H x W.
    """
    convolution, norm = student.convolutions[name], student.norms[name]
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    solution, offset = least_squares(inputs, wanted, _RIDGE)
    kernels = solution.T.reshape(-1, *convolution.weight.shape[1:])
    missing = len(convolution.weight) - len(kernels)
    if missing:
        more = torch.randn(missing, *kernels.shape[1:]) * kernels.std()
        kernels = torch.cat([kernels, more])
        offset = torch.cat([offset, -(inputs @ more.flatten(1).T).mean(dim=0)])
    # Kernels have length 1 and features mean square 1, so that one learning rate suits all layers.
    lengths = kernels.flatten(1).norm(dim=1).clamp_min(1e-12)
    convolution.weight.copy_(kernels / lengths[:, None, None, None])
    raw = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), convolution.weight)
    features = F.relu(raw * lengths[:, None, None] + offset[:, None, None])
    strength = features.square().mean(dim=(0, 2, 3)).sqrt()
    gain = 1 / strength.clamp_min(_MIN_STRENGTH * float(strength.median())).clamp_min(1e-6)
    mean, variance = raw.mean(dim=(0, 2, 3)), raw.var(dim=(0, 2, 3))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(gain * lengths * (variance + norm.eps).sqrt())
    norm.bias.copy_(gain * (offset + lengths * mean))
    return features * gain[:, None, None]


def least_squares(inputs: Tensor, wanted: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """Solve for the linear map that gives ``wanted`` from ``inputs`` with the least squared error.

    Args:
        inputs: M x C.
        wanted: M x C'.
        ridge: penalty of the ridge regression (Tikhonov regularisation), relative to the mean square of the inputs.

    Returns:
        The matrix, C x C', and the offset, C'.
    """
    return _least_squares_solver(inputs, ridge)(wanted)


def _least_squares_solver(inputs: Tensor, ridge: float) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """A solver from the same inputs to anything; their matrix, the costly part, is made and factored once."""
    extended = F.pad(inputs.double(), (0, 1), value=1.0)
    products = extended.T @ extended / len(extended)
    products += ridge * products.diagonal().mean() * torch.eye(len(products), dtype=products.dtype)
    factors = torch.linalg.lu_factor(products)

    def solve(wanted: Tensor) -> tuple[Tensor, Tensor]:
        solution = torch.linalg.lu_solve(*factors, extended.T @ wanted.double() / len(extended)).float()
        return solution[:-1], solution[-1]

    return solve


def _random_positions(x: Tensor) -> tuple[Tensor, ...]:
    """Draw positions at random: pictures, rows and columns, M numbers each."""
    count = min(_SAMPLES, x.shape[0] * x.shape[2] * x.shape[3])
    return tuple(torch.randint(x.shape[dim], (count,)) for dim in (0, 2, 3))


def _features_at(x: Tensor, positions: tuple[Tensor, ...]) -> Tensor:
    """The features at positions, M x C."""
    picture, row, column = positions
    return x.permute(0, 2, 3, 1)[picture, row, column]


def _patches_at(x: Tensor, positions: tuple[Tensor, ...]) -> Tensor:
    """The 3 x 3 neighbourhoods of positions in the order of a kernel's weights, M x 9 C."""
    picture, row, column = positions
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect").permute(0, 2, 3, 1)
    around = [padded[picture, row + dy, column + dx] for dy in range(3) for dx in range(3)]
    return torch.stack(around, dim=2).flatten(1)
