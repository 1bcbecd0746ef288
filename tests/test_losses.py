import numpy as np
import pytest

torch = pytest.importorskip("torch")

from impasto import losses  # noqa: E402


def test_gram_is_the_mean_of_products_of_channels():
    features = torch.rand(2, 3, 4, 5)
    expected = np.zeros((2, 3, 3))
    for n in range(2):
        for i in range(3):
            for j in range(3):
                expected[n, i, j] = (features[n, i] * features[n, j]).mean()
    assert torch.allclose(losses.gram(features), torch.from_numpy(expected).float(), atol=1e-6)


def test_style_loss_is_0_at_the_target_and_1_at_nothing():
    target = losses.gram(torch.rand(2, 4, 6, 6))
    assert losses.style_loss(target, target).max() == 0
    assert torch.allclose(losses.style_loss(torch.zeros_like(target), target), torch.ones(2))
    assert torch.allclose(losses.style_loss(0.5 * target, target), losses.style_loss(50 * target, 100 * target))


def test_content_loss_is_relative_to_the_spread_of_the_target():
    target = torch.randn(2, 4, 16, 16)
    assert losses.content_loss(target, target).max() == 0
    mean = target.mean(dim=(0, 2, 3), keepdim=True).expand_as(target)
    assert losses.content_loss(mean, target).mean() == pytest.approx(1, abs=1e-3)
    assert torch.isfinite(losses.content_loss(target, torch.ones_like(target))).all()  # a flat batch


def test_total_variation_gradient_is_right():
    images = torch.rand(1, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: losses.total_variation(x).sum(), images)
    assert losses.total_variation(torch.full((1, 3, 4, 4), 0.3)).item() == 0


def test_total_variation_is_the_ancestors_but_for_its_scale():
    """Half the sum of squared differences, each direction over all of its pairs (ancestors.md 0.8)."""
    image = torch.rand(1, 1, 6, 6)
    rows = ((image[:, :, 1:] - image[:, :, :-1]) ** 2).mean()
    columns = ((image[..., 1:] - image[..., :-1]) ** 2).mean()
    assert losses.total_variation(image).item() == pytest.approx((rows + columns).item())


def test_warping_by_a_whole_number_of_pixels_shifts():
    images = torch.rand(1, 2, 12, 14)
    flow = torch.zeros(1, 2, 12, 14)
    flow[:, 0], flow[:, 1] = 3, -2  # to the right, up
    warped = losses.warp(images, flow)
    assert torch.allclose(warped[:, :, 2:, :-3], images[:, :, :-2, 3:], atol=1e-4)


def test_random_flow_is_smooth_and_repeatable():
    first, second = (losses.random_flow(2, 64, 80, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (2, 2, 64, 80)
    assert (first[..., 1:] - first[..., :-1]).abs().max() < 1.5
    assert not torch.equal(first[0], first[1])
