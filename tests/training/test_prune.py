import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from impasto.errors import TrainingError  # noqa: E402
from impasto.networks.perceptual import PerceptualNetwork  # noqa: E402
from impasto.training import prune  # noqa: E402
from impasto.training.distill import unexplained_variance  # noqa: E402
from impasto.training.student import TAPS, Student  # noqa: E402

NAMES = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv5_1")


def network(width=8, names=NAMES, dead=0):
    """By chance, with heads of 12 channels; ``dead``: so many channels of each convolution never fire."""
    generator = torch.Generator().manual_seed(0)
    convolutions, heads, channels = {}, {}, 3
    for name in names:
        bias = 0.2 * torch.randn(width, generator=generator)
        bias[:dead] = -100
        weight = torch.randn(width, channels, 3, 3, generator=generator) * (2 / (9 * channels)) ** 0.5
        convolutions[name], channels = (weight, bias), width
        tap = name.replace("conv", "relu")
        if tap in TAPS:
            heads[tap] = (torch.randn(12, width, 1, 1, generator=generator), torch.zeros(12))
    preprocess = (2 * torch.eye(3)[:, :, None, None], -torch.ones(3))
    return PerceptualNetwork(convolutions, preprocess, heads, padding="reflect").requires_grad_(False)


def pruned(source, plan):
    """A student that begins with the source, and what stays unexplained of the source's wide features, by tap."""
    torch.manual_seed(0)
    images = sum(F.interpolate(torch.rand(20, 3, side, side), (128, 128), mode="bilinear") for side in (6, 20, 64)) / 3
    student = Student(dict.fromkeys(TAPS, 12), plan)
    prune.prune_into(student, source, images[:16], source.wide(images[:16], TAPS))
    with torch.no_grad():
        found = student.eval().as_network().wide(images[16:], TAPS)
    shares = unexplained_variance(found, source.wide(images[16:], TAPS))
    return student, {tap: float(share) for tap, share in shares.items()}


def plan(width):
    return [(int(name[4]), width) for name in NAMES]


def test_a_student_as_wide_as_the_source_is_the_source():
    _, shares = pruned(network(), plan(8))
    assert max(shares.values()) < 0.01


def test_channels_that_never_fire_are_left_out():
    _, shares = pruned(network(width=11, dead=3), plan(8))
    assert max(shares.values()) < 0.01


def test_fewer_channels_explain_most_and_more_do_no_harm():
    _, narrow = pruned(network(), plan(6))
    _, wide = pruned(network(), plan(10))
    assert max(wide.values()) < 0.02
    assert max(wide.values()) < narrow["relu1_1"] < 0.5


def test_channels_for_the_head_alone_tell_it_more_and_change_nothing_else():
    whole, below, above = network(), plan(8)[:2], plan(8)[3:]
    few, narrow = pruned(whole, [*below, (2, 4), *above])
    more, beside = pruned(whole, [*below, (2, 4, 3), *above])
    assert beside["relu2_1"] < 0.6 * narrow["relu2_1"]
    assert more.width("conv2_1") == 7
    assert more.convolutions["conv2_2"].in_channels == few.convolutions["conv2_2"].in_channels == 4
    assert beside["relu5_1"] == pytest.approx(narrow["relu5_1"], rel=0.2)


def test_a_source_with_such_channels_is_begun_with_too():
    source, _ = pruned(network(), [*plan(6)[:2], (2, 6, 3), *plan(6)[3:]])
    _, shares = pruned(source.eval().as_network(), plan(9))
    assert max(shares.values()) < 0.02


def test_stages_with_fewer_convolutions_keep_the_first_and_the_last():
    assert prune._match_convolutions(
        ["conv1_1", "conv3_1", "conv3_2", "conv3_3"],
        ["conv1_1", "conv1_2", "conv3_1", "conv3_2", "conv3_3", "conv3_4"],
    ) == {"conv1_1": "conv1_1", "conv3_1": "conv3_1", "conv3_2": "conv3_3", "conv3_3": "conv3_4"}


def test_a_source_that_is_too_shallow_is_refused():
    with pytest.raises(TrainingError, match="has 1 convolutions in stage 4 and the student 2; give a deeper one"):
        pruned(network(), [*plan(8)[:-1], (4, 8), (5, 8)])


def test_features_and_kernels_are_of_one_size():
    student, _ = pruned(network(), plan(8))
    for name in student.names:
        kernels = student.convolutions[name].weight.detach()
        assert torch.allclose(kernels.flatten(1).norm(dim=1), torch.ones(8), atol=1e-4)


def test_least_squares_finds_what_is_there():
    given = torch.rand(200, 5)
    matrix, offset = torch.rand(5, 3), torch.rand(3)
    solution, constant = prune.least_squares(given, given @ matrix + offset, 1e-9)
    assert torch.allclose(solution, matrix, atol=1e-3)
    assert torch.allclose(constant, offset, atol=1e-3)
