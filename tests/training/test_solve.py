"""Weights that are solved for, and weights that are taken over."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from impasto.errors import TrainingError  # noqa: E402
from impasto.networks.perceptual import PerceptualNetwork, load_features  # noqa: E402
from impasto.training import solve  # noqa: E402
from impasto.training.distill import unexplained_variance  # noqa: E402
from impasto.training.student import TAPS, Dense, LowRank, Student, save_folded  # noqa: E402
from impasto.training.teacher import Teacher  # noqa: E402

NAMES = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv5_1")


@pytest.fixture(autouse=True)
def _few_crops(monkeypatch):
    monkeypatch.setattr(solve, "CROPS", dict.fromkeys(range(1, 6), 24))


def network(width=8, rank=None, seed=0, names=NAMES):
    """A teacher by chance; ``rank``: of the kernels from conv2_1 on, in what they read and in what they compute."""
    generator = torch.Generator().manual_seed(seed)
    convolutions, channels = {}, 3
    for name in names:
        weight = torch.randn(width, channels, 3, 3, generator=generator) * (2 / (9 * channels)) ** 0.5
        if rank and name > "conv2":
            for dim in (0, 1):
                axes = torch.linalg.qr(torch.randn(width, rank, generator=generator))[0]
                weight = torch.tensordot(weight, axes @ axes.T, ([dim], [0])).movedim(-1, dim)
        convolutions[name], channels = (weight, 0.2 * torch.randn(width, generator=generator)), width
    preprocess = (8 * torch.eye(3)[:, :, None, None], -4 * torch.ones(3))
    return PerceptualNetwork(convolutions, preprocess, padding="reflect").requires_grad_(False)


def plan(dense, low_rank, **changes):
    """Sizes of all convolutions: alike in the first stage, and above it."""
    return {name: dense if name < "conv2" else low_rank for name in NAMES} | changes


def crops(count):
    """Smooth pictures by chance."""
    return sum(F.interpolate(torch.rand(count, 3, side, side), (64, 64), mode="bilinear") for side in (6, 20, 64)) / 3


def student_of(teacher, sizes, start=None):
    """A student that is solved for or begins with ``start``."""
    torch.manual_seed(0)
    student = Student({layer: teacher.channels(layer) for layer in teacher.taps}, sizes)
    solve.solve(student, Teacher(teacher), crops, start)
    return student


def unexplained(student, teacher):
    """What stays unexplained of the teacher's features of other pictures, by the layers that the student gives."""
    torch.manual_seed(1)
    images, layers = crops(8), [layer for layer in teacher.taps if layer != "relu1_2"]
    shares = unexplained_variance(student.as_network().wide(images, layers), teacher.narrow(images, layers))
    return {layer: float(share) for layer, share in shares.items()}


def test_a_student_of_full_ranks_is_the_teacher():
    teacher = network()
    assert max(unexplained(student_of(teacher, plan(Dense(8, 8), LowRank(None, 8))), teacher).values()) < 0.01


def test_lower_ranks_lose_little_where_the_teacher_is_of_low_rank():
    sizes = plan(Dense(12, 12), LowRank(4, 4), conv2_1=LowRank(None, 4))
    low, full = network(12, rank=4), network(12)
    low_lost, full_lost = (unexplained(student_of(teacher, sizes), teacher) for teacher in (low, full))
    assert max(low_lost.values()) < 0.02
    assert full_lost["relu2_2"] > 0.1


def test_features_below_that_matter_to_no_kernel_are_left_out():
    teacher = network()
    teacher.get_buffer("conv2_2_weight")[:, :5] = 0
    student = student_of(teacher, plan(Dense(8, 8), LowRank(None, 8), conv2_2=LowRank(3, 8)))
    assert unexplained(student, teacher)["relu2_2"] < 0.01
    assert student.convolution("conv2_2").before.weight[:, :5].abs().max() < 0.01


def test_channels_for_the_head_alone_tell_it_more_and_change_nothing_else():
    teacher = network(12)
    few, more = (
        student_of(teacher, plan(Dense(12, 12), LowRank(None, 12), conv1_1=Dense(channels, 4))) for channels in (4, 7)
    )
    narrow, beside = unexplained(few, teacher), unexplained(more, teacher)
    assert beside["relu1_1"] < 0.6 * narrow["relu1_1"]
    assert beside["relu5_1"] == pytest.approx(narrow["relu5_1"], rel=0.2)
    for student in (few, more):
        assert student.convolution("conv1_2").in_channels == 4


STAGES_OF_VGG19 = [(stage, i) for stage, count in enumerate((2, 2, 4, 4, 1), 1) for i in range(1, count + 1)]
SIZES = plan(Dense(6, 5), LowRank(6, 6), conv2_1=LowRank(None, 6))


def mixed(student):
    """The student's network with the channels between its factors mixed by chance: the same map by other weights."""
    pairs = student.as_network()
    for name in sorted(pairs.factors):
        weight, bias = (pairs.get_buffer(f"{name}_{kind}") for kind in ("weight", "bias"))
        inner = name.removesuffix("_in").removesuffix("_out")
        kernel = pairs.get_buffer(f"{inner}_weight")
        if name.endswith("_in"):
            mix = torch.randn(len(weight), len(weight)) + 3 * torch.eye(len(weight))
            kernel.copy_(torch.einsum("oihw,ij->ojhw", kernel, torch.linalg.inv(mix)))
            weight.copy_(torch.einsum("ij,johw->iohw", mix, weight))
            bias.copy_(mix @ bias)
        else:
            mix = torch.randn(len(kernel), len(kernel)) + 3 * torch.eye(len(kernel))
            kernel.copy_(torch.einsum("ij,jchw->ichw", mix, kernel))
            pairs.get_buffer(f"{inner}_bias").copy_(mix @ pairs.get_buffer(f"{inner}_bias"))
            weight.copy_(torch.einsum("oihw,ij->ojhw", weight, torch.linalg.inv(mix)))
    return pairs


def test_own_weights_are_gone_on_from_where_they_are_and_conditioned_anew():
    teacher = network()
    start = mixed(student_of(teacher, SIZES))
    student = student_of(teacher, SIZES, start)
    images = crops(4)
    found, expected = (one.wide(images, ["relu1_1", "relu3_2", "relu5_1"]) for one in (student.as_network(), start))
    for layer, x in expected.items():
        assert torch.allclose(found[layer], x, atol=1e-3 * float(x.abs().max())), layer
    convolution = student.convolution("conv3_2")
    assert torch.allclose(convolution.before.weight.flatten(1).norm(dim=1), torch.ones(6), atol=1e-4)
    assert torch.allclose(convolution.after.weight.flatten(1).norm(dim=0), torch.ones(6), atol=1e-4)
    with torch.no_grad():
        read = (
            convolution.before(student.features_below("conv3_2", crops(32)) - convolution.mean)
            * convolution.input_scale
        )
        computed = convolution.kernel(read)
    for values in (read, computed):
        assert 0.7 < float(values.std(dim=(0, 2, 3)).median()) < 1.4


def test_weights_in_int8_are_gone_on_from(tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.training.student._MIN_INT8_WEIGHTS", 1)
    teacher = network()
    save_folded(student_of(teacher, SIZES), tmp_path / "start.safetensors", {})
    start = load_features(tmp_path / "start.safetensors")
    images = crops(4)
    found, expected = (one.wide(images, TAPS) for one in (student_of(teacher, SIZES, start).as_network(), start))
    for layer, x in expected.items():
        assert torch.allclose(found[layer], x, atol=1e-3 * float(x.abs().max())), layer


def test_layers_above_one_of_other_ranks_are_solved_for():
    teacher = network()
    start = student_of(teacher, SIZES).as_network()
    student = student_of(teacher, SIZES | {"conv3_1": LowRank(None, 8), "conv3_2": LowRank(None, 8)}, start)
    images = crops(4)
    found, expected = (one.narrow(images, ["relu2_2"])["relu2_2"] for one in (student.as_network(), start))
    assert torch.allclose(found, expected, atol=1e-3 * float(expected.abs().max()))
    before, after = (unexplained(one, teacher) for one in (student_of(teacher, SIZES), student))
    assert after["relu3_2"] < before["relu3_2"]


def test_the_builtin_network_can_be_gone_on_from():
    widths = {f"relu{stage}_{index}": 64 * 2 ** min(stage - 1, 3) for stage, index in STAGES_OF_VGG19}
    student = Student(widths)
    assert list(solve._layers_alike(student, load_features("builtin"))) == student.names
    assert len(student.names) == 13


def test_a_start_of_the_teachers_layers_is_solved_for_in_its_place():
    teacher, other = network(), network(seed=1)
    student = student_of(teacher, SIZES, other)
    assert unexplained(student, other)["relu3_1"] < 0.5 * unexplained(student, teacher)["relu3_1"]


@pytest.mark.parametrize("start", [network(9), network(names=NAMES[:-1])])
def test_a_start_that_is_of_no_use_is_refused(start):
    with pytest.raises(TrainingError, match="neither the student's layers nor the teacher's; give one"):
        student_of(network(), SIZES, start)


def test_least_squares_finds_what_is_there():
    given = torch.rand(200, 5)
    matrix, offset = torch.rand(5, 3), torch.rand(3)
    rows = torch.cat([given, given @ matrix + offset], dim=1)
    solution, constant = solve.least_squares(*solve.moments(rows.split(60)), 5, ridge=1e-9)
    assert torch.allclose(solution.float(), matrix, atol=1e-3)
    assert torch.allclose(constant.float(), offset, atol=1e-3)


def test_channels_are_chosen_that_tell_most_together():
    a, b, noise = torch.randn(3, 5000)
    _, covariance = solve.moments([torch.stack([2 * a, 2 * a + 0.1 * noise, b, 0 * a], dim=1)])
    assert sorted(solve.most_telling(covariance, torch.eye(4), 2).tolist()) in ([0, 2], [1, 2])
    assert solve.most_telling(covariance, torch.diag(torch.tensor([0.0, 0, 1, 0])), 1).tolist() == [2]
    assert solve.most_telling(covariance, torch.eye(4), 2, torch.tensor([2]))[0] == 2
