"""The teacher's features."""

import pytest

torch = pytest.importorskip("torch")

from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.training.student import TAPS  # noqa: E402
from impasto.training.teacher import Teacher  # noqa: E402


def test_each_tap_comes_from_the_first_teacher_that_has_it(distill_folder):
    network = load_features(distill_folder / "teacher.safetensors")
    images = torch.rand(1, 3, 32, 32)
    assert torch.equal(Teacher([network, network])(images)["relu5_1"], network(images, TAPS)["relu5_1"])
