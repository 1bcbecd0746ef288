import pytest

torch = pytest.importorskip("torch")

from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.optimisation.feature_tiles import TiledFeatures  # noqa: E402

NETWORK = load_features()


def picture(height, width, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def test_what_is_mirrored_folds_back():
    """The gradient of the sum of all mirrored pixels is how often each is shown."""
    tiled = TiledFeatures(NETWORK, ["relu5_1"])
    for height, width in ((1, 3), (20, 37), (64, 48)):
        shown = tiled.mirror(picture(height, width))
        assert shown.shape[2] % 16 == shown.shape[3] % 16 == 0
        assert torch.equal(shown[:, :, 16 : 16 + height, 16 : 16 + width], picture(height, width))
        folded = tiled.fold(torch.ones_like(shown), height, width)
        assert folded.shape == (1, 3, height, width)
        assert folded.sum() == shown.numel()


def test_masked_regions_see_only_their_own_part():
    left = torch.zeros(64, 64)
    left[:, :32] = 1
    tiled = TiledFeatures(NETWORK, ["relu1_1"])
    moments = tiled.moments(picture(64, 64), left)["relu1_1"]
    changed = picture(64, 64)
    changed[..., 33:] = 0  # the network's window reaches one pixel over the edge
    assert torch.allclose(tiled.moments(changed, left)["relu1_1"].second, moments.second, atol=1e-5)
    changed[..., :20] = 0
    assert not torch.allclose(tiled.moments(changed, left)["relu1_1"].second, moments.second, atol=1e-2)


def test_features_in_bfloat16_are_nearly_those_in_float32():
    taps = ["relu1_1", "relu5_1"]
    exact, half = (TiledFeatures(NETWORK, taps, half=half).moments(picture(64, 64)) for half in (False, True))
    for tap in taps:
        assert half[tap].second.dtype == exact[tap].second.dtype
        difference = (half[tap].second - exact[tap].second).norm() / exact[tap].second.norm()
        assert 0 < difference < 0.05, tap
