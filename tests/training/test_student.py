"""The student as it is written."""

import pytest

torch = pytest.importorskip("torch")

from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.training.student import PLAN, TAPS, LowRank, LowRankConvolution, Student, on_grid, save_folded  # noqa: E402

WIDTHS = {"relu1_1": 10, "relu1_2": 10, "relu2_1": 6, "relu3_1": 8, "relu4_1": 8, "relu5_1": 8}


def student_by_chance():
    """A student whose constants are not those of a new one."""
    torch.manual_seed(0)
    student = Student(WIDTHS, PLAN | dict.fromkeys(("conv3_1", "conv4_1"), LowRank(4, 5)))
    for name, constant in student.convolutions.named_buffers():
        constant.copy_(torch.rand(constant.shape) if name.endswith("mean") else 0.5 + torch.rand(constant.shape))
    return student


@pytest.mark.parametrize("large", [8_000, 1])
def test_folding_changes_nothing(tmp_path, monkeypatch, large):
    monkeypatch.setattr("impasto.training.student._MIN_INT8_WEIGHTS", large)
    student = student_by_chance()
    save_folded(student, tmp_path / "folded.safetensors", {})
    images = torch.rand(2, 3, 64, 64)
    folded = load_features(tmp_path / "folded.safetensors").wide(images, TAPS)
    with torch.no_grad():
        found = student(images, [(1, 3), (2, 0)])
    for tap in TAPS:
        sample = torch.stack([on_grid(tap, x, at) for x, at in zip(folded[tap], [(1, 3), (2, 0)], strict=True)])
        close = 0.01 if large > 1 else 0.05
        assert torch.allclose(sample, found[tap], atol=close * float(found[tap].abs().max())), tap


def test_a_student_has_the_layers_and_at_most_the_channels_of_its_teacher():
    student = Student(WIDTHS)
    assert student.names == ["conv1_1", "conv1_2", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
    assert student.passed["conv1_1"] == 10
    assert list(student.heads) == ["relu1_1", "relu1_2"]
    assert isinstance(student.convolution("conv3_1"), LowRankConvolution)
    assert student.convolution("conv3_1").before is None
