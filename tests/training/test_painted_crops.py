"""Crops that are painted under the student."""

import copy

import pytest

torch = pytest.importorskip("torch")

from impasto.networks import losses  # noqa: E402
from impasto.training.painted_crops import PaintedCrops  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402
from impasto.training.student import TAPS, Student  # noqa: E402


def test_crops_are_painted_under_the_student(distill_folder):
    torch.manual_seed(0)
    network = Student(dict.fromkeys(TAPS, 10)).as_network()
    painted_crops = PaintedCrops(Photographs(distill_folder / "photos", crop=32), count=3)
    begun = [one.picture.detach().clone() for one in painted_crops.crops]

    def style_loss(pictures):
        with torch.no_grad():
            found = network(pictures, TAPS)
            wanted = network(torch.stack([one.style for one in painted_crops.crops]), TAPS)
        return sum(losses.style_loss(losses.gram(x), losses.gram(wanted[tap])).sum() for tap, x in found.items())

    for one in painted_crops.crops:
        one.rounds, one.content_weight = 100, 0.0
    before = style_loss(torch.stack(begun))
    for _ in range(5):
        pictures = painted_crops.paint(network, 3)
    assert style_loss(torch.stack([one.picture.detach() for one in painted_crops.crops])) < 0.7 * before
    assert pictures.shape == (3, 3, 32, 32)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    for one in painted_crops.crops:
        one.rounds = 1
    old = list(painted_crops.crops)
    painted_crops.paint(network, 2)
    assert sum(one in old for one in painted_crops.crops) == 1  # two were done, and others begun in their place


def test_crops_in_progress_are_gone_on_from(distill_folder):
    torch.manual_seed(0)
    network, photographs = (
        Student(dict.fromkeys(TAPS, 10)).as_network(),
        Photographs(distill_folder / "photos", crop=32),
    )
    painted_crops, others = PaintedCrops(photographs, count=2), PaintedCrops(photographs, count=2)
    painted_crops.paint(network, 2)
    others.load_state_dict(copy.deepcopy(painted_crops.state_dict()))
    for crops in (painted_crops, others):
        torch.manual_seed(1)
        crops.paint(network, 2)
    for one, other in zip(painted_crops.crops, others.crops, strict=True):
        assert torch.allclose(one.picture, other.picture, atol=1e-4)
        assert one.rounds == other.rounds
