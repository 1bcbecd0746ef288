"""Content and style as one number a picture."""

import pytest

torch = pytest.importorskip("torch")

from impasto.networks import losses  # noqa: E402
from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.training.perceptual_loss import PerceptualLoss  # noqa: E402
from impasto.training.style_sources import read_style_picture  # noqa: E402


@pytest.fixture(scope="module")
def objective():
    return PerceptualLoss(load_features("builtin"), {"relu3_1": 1.0}, {"relu1_1": 1.0, "relu2_1": 3.0})


def test_a_picture_has_no_loss_against_itself(objective, photo, tmp_path):
    photo.save(tmp_path / "photo.png")
    image = read_style_picture(tmp_path / "photo.png", 512)
    found = objective.features(image)
    assert objective.content(found, found).item() == 0
    assert objective.style(found, objective.style_targets([tmp_path / "photo.png"], 512)).item() < 1e-9
    assert objective.style(objective.features(1 - image), objective.style_targets([tmp_path / "photo.png"], 512)) > 0.01


def test_weights_are_proportions(photo, tmp_path, objective):
    photo.save(tmp_path / "photo.png")
    found = objective.features(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    targets = objective.style_targets([tmp_path / "photo.png"], 64)
    ten = PerceptualLoss(objective.network, {"relu3_1": 10.0}, {"relu1_1": 10.0, "relu2_1": 30.0})
    assert torch.allclose(objective.style(found, targets), ten.style(found, targets))


def test_given_spreads_make_a_picture_independent_of_its_batch(objective):
    images = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    wanted, found = objective.features(images), objective.features(images.flip(3))
    spreads = {tap: losses.content_spread(x) for tap, x in wanted.items()}
    together = objective.content(found, wanted, spreads)
    assert torch.allclose(together, objective.content(found, wanted))
    for index in range(3):
        one = ({tap: x[index : index + 1] for tap, x in features.items()} for features in (found, wanted))
        assert torch.allclose(objective.content(*one, spreads), together[index])


def test_several_pictures_are_averaged(objective, photo, tmp_path):
    photo.save(tmp_path / "a.png")
    photo.rotate(180).resize((100, 120)).save(tmp_path / "b.png")
    one, other, both = (
        objective.style_targets([tmp_path / name for name in names], 128)
        for names in (["a.png"], ["b.png"], ["a.png", "b.png"])
    )
    for tap in one:
        assert torch.allclose(both[tap], (one[tap] + other[tap]) / 2, rtol=1e-4)
