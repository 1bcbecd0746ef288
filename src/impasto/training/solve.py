"""Begin a student without training: its weights are solved for, layer by layer, by least squares.

Each layer is solved for on the features that the student itself computes below, so that it makes up for what these
miss (response reconstruction: Zhang et al. 2015, arXiv 1505.06798). What is sought are the teacher's values before its
ReLU. A convolution of low rank is found in two steps. Its 1x1 below keeps those directions of the features below that
matter most to the teacher's kernels. Its 3x3 and its 1x1 above are a least squares fit from there, cut to the first
principal components of what it predicts (reduced-rank regression). Of a dense convolution, those channels are chosen
that together tell most of what the teacher's next convolution reads, and then some that tell the head most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.errors import TrainingError
from impasto.networks.perceptual import PerceptualNetwork, WeightAndBias, stage_and_index
from impasto.training.student import DenseConvolution, LowRankConvolution, Student, copy_pair, relu_of
from impasto.training.teacher import BATCH, Teacher

# Crops that a stage is solved on. The deep ones have most unknowns, up to 1,728 for each channel, and fewest positions.
CROPS = {1: 200, 2: 200, 3: 200, 4: 1_000, 5: 1_000}
MEASURED_CROPS = 32  # crops that the constants between the factors are measured on
POSITIONS = 200  # positions of a layer that are looked at in a crop, at most
RIDGE = 1e-4  # ridge penalty (Tikhonov regularisation) of each input's weights, relative to its variance
_MIN_VARIANCE = 1e-7  # share of the largest variance below which a direction of the features counts as this share

Layer = dict[str, WeightAndBias]
"""Weights of a convolution by the names that they have in a network's file: one, or those of its factors."""


@torch.no_grad()
def solve(
    student: Student, teacher: Teacher, draw: Callable[[int], Tensor], start: PerceptualNetwork | None = None
) -> None:
    """Replace a student's weights by solved ones.

    Crops are looked at anew for each stage, and only a stage's features are kept, the teacher's at some positions
    alone: 1.3 GB at most for crops of 160 pixels.

    Args:
        student: the student.
        teacher: the teacher that it was made for.
        draw: gives so many crops, N x 3 x H x W in [0, 1].
        start: a network whose layers are taken over instead, from the first one up, as long as they have the student's
            sizes. Where not even the first one has, it takes the teacher's place, for which it must have its sizes.

    Raises:
        TrainingError: ``start`` has neither the student's layers nor the teacher's.
    """
    taken = {} if start is None else _layers_alike(student, start)
    if start is not None and not taken:
        shapes = [[_shape(network, name) for name in student.names] for network in (start, teacher.network)]
        if start.heads or start.factors or shapes[0] != shapes[1]:
            raise TrainingError(
                "The network to begin with has neither the student's layers nor the teacher's; give one that was "
                "distilled from such a teacher, or none."
            )
        teacher = Teacher(start, half=teacher.half)
    heads = {} if start is None or not taken else start.heads
    for stage, group in groupby(student.names, key=lambda name: stage_and_index(name)[0]):
        names = list(group)
        sought = [name for name in names if name not in taken or relu_of(name) in student.heads.keys() - heads]
        batches = _look(student, teacher, draw, names[0], sought, CROPS[stage] if sought else MEASURED_CROPS)
        for name in names:
            convolution, layer = student.convolution(name), relu_of(name)
            if name in taken:
                solved = taken[name]
            elif isinstance(convolution, LowRankConvolution):
                solved = _solve_low_rank(convolution, name, teacher.network, batches)
            else:
                solved = _solve_dense(convolution, student.passed[name], name, teacher.network, batches)
            measured = torch.cat([one.below for one in batches[: MEASURED_CROPS // BATCH]]).float()
            convolution.take_over(name, solved, measured)
            for one in batches:
                one.below = F.relu(convolution(one.below.float())).half()
            if layer in student.heads:
                weight, bias = heads[layer] if layer in heads else _solve_head(layer, batches)
                copy_pair(cast(nn.Conv2d, student.heads[layer]), (weight[:, :, None, None], bias))
            for one in batches:
                one.below = one.below[:, : student.passed[name]]


@dataclass
class _Batch:
    """A batch of crops, as the layers of a stage see it.

    Attributes:
        below: the student's features below the layer that is solved next, N x C x H x W in fp16.
        positions: what is looked at: picture, row and column, M numbers each.
        values: the teacher's values before the ReLU there, layer to M x C', in fp16.
    """

    below: Tensor
    positions: tuple[Tensor, Tensor, Tensor]
    values: dict[str, Tensor]

    def features(self) -> Tensor:
        """The student's features at the positions, M x C."""
        picture, row, column = self.positions
        return self.below.permute(0, 2, 3, 1)[picture, row, column].float()

    def patches(self, before: WeightAndBias | None = None) -> Tensor:
        """The features around the positions, 3x3 in the order of a kernel's weights, after a 1x1 convolution if given.

        Returns:
            M x 9 C.
        """
        x = self.below.float() if before is None else F.conv2d(self.below.float(), *before)
        picture, row, column = self.positions
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect").permute(0, 2, 3, 1)
        around = [padded[picture, row + dy, column + dx] for dy in range(3) for dx in range(3)]
        return torch.stack(around, dim=2).flatten(1)


def _look(
    student: Student, teacher: Teacher, draw: Callable[[int], Tensor], first: str, sought: list[str], crops: int
) -> list[_Batch]:
    """Look at crops with the student up to a stage, and with the teacher at the layers that are sought.

    Args:
        student: the student, whose layers below are settled.
        teacher: the teacher.
        draw: gives so many crops.
        first: first convolution of the stage.
        sought: convolutions whose values are sought.
        crops: how many crops.
    """
    batches = []
    for _ in range(-(-crops // BATCH)):
        images = draw(BATCH)
        below = student.features_below(first, images)
        count, _, height, width = below.shape
        places = torch.rand(count, height * width).argsort(dim=1)[:, :POSITIONS]
        picture = torch.arange(count).repeat_interleave(places.shape[1])
        row, column = torch.unravel_index(places.flatten(), (height, width))
        values = teacher.before_relu(images, [relu_of(name) for name in sought]) if sought else {}
        chosen = {layer: x.permute(0, 2, 3, 1)[picture, row, column].half() for layer, x in values.items()}
        batches.append(_Batch(below.half(), (picture, row, column), chosen))
    return batches


def _solve_low_rank(
    convolution: LowRankConvolution, name: str, teacher: PerceptualNetwork, batches: list[_Batch]
) -> Layer:
    """Solve for a convolution of low rank; see the module."""
    solved: Layer = {}
    kernel = teacher.get_buffer(f"{name}_weight")
    before = None
    if convolution.before is not None:
        mean, covariance = moments(one.features() for one in batches)
        directions = important_directions(covariance, _importance(kernel), convolution.before.out_channels)
        before = directions.T[:, :, None, None].float(), -(mean @ directions).float()
        solved[f"{name}_in"] = before
    inputs, outputs = 9 * convolution.kernel.in_channels, len(kernel)
    joint = moments(torch.cat([one.patches(before), one.values[relu_of(name)].float()], dim=1) for one in batches)
    matrix, offset = least_squares(*joint, inputs)
    mean, covariance = joint
    predicted = matrix.T @ covariance[:inputs, :inputs] @ matrix
    components = torch.linalg.eigh(predicted)[1][:, outputs - convolution.kernel.out_channels :]
    weight = (matrix @ components).T.reshape(convolution.kernel.weight.shape)
    left_out = mean[:inputs] @ matrix
    solved[name] = weight.float(), torch.zeros(len(weight))
    after_bias = offset + left_out - left_out @ components @ components.T
    solved[f"{name}_out"] = components[:, :, None, None].float(), after_bias.float()
    return solved


def _solve_dense(
    convolution: DenseConvolution, passed: int, name: str, teacher: PerceptualNetwork, batches: list[_Batch]
) -> Layer:
    """Choose a dense convolution's channels out of the teacher's, and solve for them.

    Args:
        convolution: the convolution.
        passed: how many of its channels the next convolution reads.
        name: its name.
        teacher: the teacher.
        batches: what it is solved on.
    """
    layer, size = relu_of(name), convolution.out_channels
    _, covariance = moments(F.relu(one.values[layer].float()) for one in batches)
    reader = teacher.get_buffer(f"{teacher.names[teacher.names.index(name) + 1]}_weight")
    channels = most_telling(covariance, _importance(reader), passed)
    channels = most_telling(covariance, torch.eye(len(covariance)), size, channels)
    inputs = 9 * convolution.in_channels
    joint = moments(torch.cat([one.patches(), one.values[layer][:, channels].float()], dim=1) for one in batches)
    matrix, offset = least_squares(*joint, inputs)
    return {name: (matrix.T.reshape(convolution.weight.shape).float(), offset.float())}


def _solve_head(layer: str, batches: list[_Batch]) -> WeightAndBias:
    """Solve for a head, C' x C and C', from the student's features to the teacher's."""
    joint = moments(torch.cat([one.features(), F.relu(one.values[layer].float())], dim=1) for one in batches)
    matrix, offset = least_squares(*joint, batches[0].below.shape[1])
    return matrix.T.float(), offset.float()


def moments(batches: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """The mean, C, and the covariance, C x C, of the rows of M x C values, which come in batches."""
    count, shift = 0, torch.zeros(())
    total, products = torch.zeros(()).double(), torch.zeros(()).double()
    for rows in batches:
        if not count:
            shift = rows.mean(dim=0)  # what varies little around a large mean would be lost in rounding
        centred = rows - shift
        count += len(rows)
        total = total + centred.sum(dim=0).double()
        products = products + (centred.T @ centred).double()
    mean = total / count
    return mean + shift, products / count - torch.outer(mean, mean)


def least_squares(mean: Tensor, covariance: Tensor, inputs: int, ridge: float = RIDGE) -> tuple[Tensor, Tensor]:
    """Solve for the linear map from the first of some numbers to the others with the least squared error.

    Args:
        mean: mean of all, C + C'.
        covariance: covariance of all.
        inputs: C, how many come first.
        ridge: see :data:`RIDGE`.

    Returns:
        The matrix, C x C', and the offset, C'.
    """
    own, cross = covariance[:inputs, :inputs], covariance[:inputs, inputs:]
    variance = own.diagonal()
    penalty = ridge * variance.clamp_min(float(_MIN_VARIANCE * variance.max())).clamp_min(1e-12)
    matrix = torch.linalg.solve(own + torch.diag(penalty), cross)
    return matrix, mean[inputs:] - mean[:inputs] @ matrix


def important_directions(covariance: Tensor, importance: Tensor, count: int) -> Tensor:
    """Directions on which features are to be projected so that a linear map of them changes least.

    They are the first principal components of the features in a metric: the importance G of a map W is W^T W, summed
    over a kernel's positions.

    Args:
        covariance: covariance of the features, C x C.
        importance: G, C x C.
        count: how many directions.

    Returns:
        C x count, orthonormal.
    """
    variances, axes = torch.linalg.eigh(covariance)
    deviations = variances.clamp_min(float(_MIN_VARIANCE * variances.max())).sqrt()
    root, inverse = axes * deviations @ axes.T, axes / deviations @ axes.T
    first = torch.linalg.eigh(root @ importance.double() @ root)[1][:, -count:]
    directions: Tensor = torch.linalg.qr(inverse @ first)[0]
    return directions


def most_telling(covariance: Tensor, importance: Tensor, count: int, known: Tensor | None = None) -> Tensor:
    """Choose features from which all others are predicted best, one after the other.

    Args:
        covariance: covariance of the features, C x C.
        importance: metric in which the prediction's error counts, C x C; see :func:`important_directions`.
        count: how many are chosen in all.
        known: those that were chosen before, which come first.

    Returns:
        ``count`` numbers below C.
    """
    chosen = torch.zeros(0, dtype=torch.long) if known is None else known
    least = float(_MIN_VARIANCE * covariance.diagonal().max()) + 1e-12
    while len(chosen) < count:
        own = covariance[chosen][:, chosen] + least * torch.eye(len(chosen))
        left = covariance - covariance[:, chosen] @ torch.linalg.solve(own, covariance[chosen])
        gain = (left @ importance.double() @ left).diagonal() / left.diagonal().clamp_min(least)
        gain[chosen] = -1
        chosen = torch.cat([chosen, gain.argmax()[None]])
    return chosen


def _importance(kernel: Tensor) -> Tensor:
    """How much each pair of channels matters to a kernel, C' x C x 3 x 3: W^T W, summed over its positions; C x C."""
    weights = kernel.transpose(0, 1).flatten(1)
    return weights @ weights.T


def _layers_alike(student: Student, start: PerceptualNetwork) -> dict[str, Layer]:
    """The layers of a network that have the student's sizes, from the first one up to the first that has not."""
    alike: dict[str, Layer] = {}
    for name in student.names:
        parts = start.parts(name) if name in start.names else []
        layer = {part: (start.get_buffer(f"{part}_weight"), start.get_buffer(f"{part}_bias")) for part in parts}
        wanted = student.convolution(name).folded(name)
        if {part: weight.shape for part, (weight, _) in layer.items()} != {
            part: weight.shape for part, (weight, _) in wanted.items()
        }:
            break
        alike[name] = layer
    return alike


def _shape(network: PerceptualNetwork, name: str) -> torch.Size | None:
    """The shape of a convolution's weight; ``None`` where the network has no such convolution."""
    return network.get_buffer(f"{name}_weight").shape if name in network.names else None
