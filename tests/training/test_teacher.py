"""The teacher's features, and the pool of them."""

import pytest

torch = pytest.importorskip("torch")

from impasto.errors import TrainingError  # noqa: E402
from impasto.networks.perceptual import PerceptualNetwork, load_features  # noqa: E402
from impasto.training.student import TAPS  # noqa: E402
from impasto.training.teacher import FeaturePool, Teacher  # noqa: E402


def test_its_features_are_those_of_the_network(distill_folder):
    network = load_features(distill_folder / "teacher.safetensors")
    images = torch.rand(1, 3, 32, 32)
    found, values = Teacher(network)(images), Teacher(network).before_relu(images, TAPS)
    for tap, expected in network(images, TAPS).items():
        assert torch.equal(found[tap], expected)
        assert torch.equal(values[tap].relu(), expected)
        assert values[tap].min() < 0


def test_a_network_that_was_distilled_is_no_teacher():
    convolution = torch.rand(4, 3, 3, 3), torch.rand(4)
    network = PerceptualNetwork(
        {"conv1_1": convolution},
        (torch.eye(3)[:, :, None, None], torch.zeros(3)),
        {"relu1_1": (torch.rand(8, 4, 1, 1), torch.rand(8))},
    )
    with pytest.raises(TrainingError, match="itself a network that was distilled; give what it learnt from"):
        Teacher(network)


def test_a_pool_is_the_same_after_it_was_kept(distill_folder):
    teacher = Teacher(load_features(distill_folder / "teacher.safetensors"))
    pool, other = (FeaturePool(teacher, TAPS, 10) for _ in range(2))
    for count in (8, 4):
        pool.add(torch.rand(count, 3, 64, 64))
    other.load_state_dict(pool.state_dict())
    assert len(other.kept) == 10
    for (image, start, sample), (image_again, start_again, sample_again) in zip(pool.kept, other.kept, strict=True):
        assert torch.equal(image, image_again)
        assert start == start_again
        for tap, x in sample.items():
            assert torch.allclose(x, sample_again[tap], atol=1e-3)
