"""The student as it is written."""

import pytest

torch = pytest.importorskip("torch")

from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.training.student import TAPS, Student, on_grid, save_folded  # noqa: E402

PLAN = ((1, 4), (2, 6), (3, 8), (4, 8), (5, 8))


def test_folding_changes_nothing(tmp_path):
    torch.manual_seed(0)
    student = Student(dict.fromkeys(TAPS, 10), PLAN)
    for _ in range(3):
        student(torch.rand(4, 3, 64, 64), [(0, 0)] * 4)  # running statistics
    student.eval()
    save_folded(student, tmp_path / "folded.safetensors", {})
    images = torch.rand(2, 3, 64, 64)
    folded = load_features(tmp_path / "folded.safetensors").wide(images, TAPS)
    for tap, expected in student(images, [(1, 3), (2, 0)]).items():
        sample = torch.stack([on_grid(tap, x, at) for x, at in zip(folded[tap], [(1, 3), (2, 0)], strict=True)])
        assert torch.allclose(sample, expected, atol=0.01 * expected.abs().max().item()), tap
