import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from impasto import stylize  # noqa: E402
from impasto.errors import InputError  # noqa: E402
from impasto.networks import losses
from impasto.networks.files import load_bundled  # noqa: E402
from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.training.painting import paint_with_margin, read_painting, read_style, with_grain  # noqa: E402
from impasto.training.perceptual_loss import PerceptualLoss
from impasto.training.schedules import Plateau


@pytest.fixture(scope="module")
def objective():
    return PerceptualLoss(load_features("builtin"), {"relu3_1": 1.0}, {"relu1_1": 1.0, "relu2_1": 3.0})


def test_training_paints_as_the_product_does():
    image = np.random.default_rng(0).random((96, 136, 3), dtype=np.float32)
    network, styles = load_bundled()
    scale, shift = styles["scream"]
    with torch.no_grad():
        seen = with_grain(torch.from_numpy(image).permute(2, 0, 1)[None], 0.0)
        found = paint_with_margin(network, seen, scale[None], shift[None])[0].permute(1, 2, 0).numpy()
    assert found.shape == image.shape
    assert np.abs(found - stylize(image, "scream", grain=0)).max() < 1e-4


def test_a_picture_has_no_loss_against_itself(objective, photo, tmp_path):
    photo.save(tmp_path / "photo.png")
    image = read_style(tmp_path / "photo.png", 512)
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


@pytest.mark.parametrize(("size", "scale", "expected"), [(512, 1, 128), (64, 1, 64), (64, 2, 128), (512, 2, 256)])
def test_paintings_are_shrunk_to_a_size_and_scaled_from_there(photo, tmp_path, size, scale, expected):
    photo.save(tmp_path / "photo.png")
    assert read_painting(tmp_path / "photo.png", size, scale).shape[2] == expected


def test_styles_have_nothing_that_the_network_cannot_paint(tmp_path):
    y, x = np.mgrid[:64, :64]
    for pattern, left in (((x + y) % 2, 0), (x % 2, 0), (x % 4 // 2, 0.5), (x % 32 // 16, 0.9)):
        Image.fromarray((pattern * 255).astype(np.uint8)).convert("RGB").save(tmp_path / "pattern.png")
        whole, seen = (read(tmp_path / "pattern.png", 64) for read in (read_painting, read_style))
        assert seen.shape == whole.shape
        assert seen.std() / whole.std() == pytest.approx(left, abs=0.07)


def test_transparent_paintings_and_none_at_all(cutout, tmp_path):
    cutout.save(tmp_path / "cutout.png")
    assert torch.isfinite(read_painting(tmp_path / "cutout.png", 64)).all()
    (tmp_path / "bad.png").write_bytes(b"bad")
    with pytest.raises(InputError):
        read_painting(tmp_path / "bad.png", 64)


def test_a_plateau_is_reached_when_nothing_is_gained_for_long_enough():
    plateau = Plateau(patience=2, gain=0.01)
    assert [plateau.reached(loss) for loss in (10, 5, 4.99, 4.9, 4.89, 4.88)] == [
        False,
        False,
        False,
        False,
        False,
        True,
    ]
    assert np.isclose(plateau.best, 4.9)
