import numpy as np
import pytest

torch = pytest.importorskip("torch")

from impasto.networks import losses  # noqa: E402


def test_gram_is_the_mean_of_products_of_channels():
    features = torch.rand(2, 3, 4, 5)
    expected = np.zeros((2, 3, 3))
    for n in range(2):
        for i in range(3):
            for j in range(3):
                expected[n, i, j] = (features[n, i] * features[n, j]).mean()
    assert torch.allclose(losses.gram(features), torch.from_numpy(expected).float(), atol=1e-6)


def test_the_gradient_of_gram_is_right_and_of_channels_last_features_comes_without_a_copy():
    features = torch.rand(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    for wanted in (torch.rand(2, 3, 3, dtype=torch.float64), torch.ones(2, 3, 3, dtype=torch.float64)):
        assert torch.autograd.gradcheck(lambda x, wanted=wanted: (losses.gram(x) * wanted).sum(), features)
    lying = torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last).requires_grad_()
    losses.gram(lying).sum().backward()
    assert lying.grad.is_contiguous(memory_format=torch.channels_last)


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


def test_the_spread_is_the_variance_over_batch_and_positions_but_for_flat_features():
    target = 3 + torch.randn(4, 5, 8, 8)
    wanted = target.var(dim=(0, 2, 3), unbiased=False).sum()
    assert losses.content_spread(target).item() == pytest.approx(wanted.item(), rel=1e-4)
    assert losses.content_spread(torch.full((4, 5, 8, 8), 2.0)).item() == pytest.approx(0.05 * 5 * 4)


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


def moments(seed, channels=4):
    features = torch.rand(50, channels, generator=torch.Generator().manual_seed(seed)).double()
    sums = losses.moment_sums(features, torch.ones(50).double())
    return losses.Moments(sums.mean / 50, sums.second / 50)


@pytest.mark.parametrize("kind", ["gram", "mean", "covariance", "wasserstein"])
@pytest.mark.parametrize("loss", ["l2", "smooth-l1"])
def test_style_distances_are_0_at_the_target_and_about_1_at_nothing(kind, loss):
    target, other = moments(0), moments(1)
    nothing = losses.Moments(torch.zeros(4).double(), torch.zeros(4, 4).double())
    distance = losses.style_distance(target, kind, loss)
    assert distance(target).item() == pytest.approx(0, abs=1e-3)
    assert distance(other).item() > 1e-4
    assert distance(nothing).item() == pytest.approx(1, abs=0.35)


def test_wasserstein_of_one_channel_is_that_of_two_bells():
    """(m - m')^2 + (s - s')^2 for standard deviations s."""
    a, b = (losses.Moments(torch.tensor([m]), torch.tensor([[m * m + s * s]])) for m, s in ((1.0, 0.5), (3.0, 2.0)))
    expected = ((1 - 3) ** 2 + (0.5 - 2) ** 2) / (9 + 4)
    assert losses.style_distance(b, "wasserstein")(a).item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("kind", ["gram", "mean", "covariance", "wasserstein"])
def test_style_distances_have_the_right_slopes(kind):
    target, start = moments(0), moments(1)

    def loss(mean, second):
        return losses.style_distance(target, kind)(losses.Moments(mean, (second + second.T) / 2))

    inputs = start.mean.clone().requires_grad_(), start.second.clone().requires_grad_()
    assert torch.autograd.gradcheck(loss, inputs, atol=1e-3, rtol=1e-3)


def test_distances_are_the_same_after_a_rotation_into_more_channels():
    """Why a narrow network with heads can be judged in its teacher's metric."""
    rotation = torch.linalg.qr(torch.randn(7, 4, generator=torch.Generator().manual_seed(2)).double())[0]

    def wide(m):
        return losses.Moments(rotation @ m.mean, rotation @ m.second @ rotation.T)

    for kind in ("gram", "mean", "covariance", "wasserstein"):
        narrow = losses.style_distance(moments(0), kind)(moments(1))
        found = losses.style_distance(wide(moments(0)), kind)(wide(moments(1)))
        assert found.item() == pytest.approx(narrow.item(), rel=1e-2)


@pytest.mark.parametrize("kind", ["gram", "mean", "covariance", "wasserstein"])
def test_a_distance_through_a_metric_is_that_of_the_moments_in_it(kind):
    metric = torch.randn(5, 5, generator=torch.Generator().manual_seed(3)).double().triu()
    target = losses.moments_in_metric(moments(0), metric)
    through = losses.style_distance(target, kind, metric=metric)
    own = losses.Moments(*(value.requires_grad_() for value in moments(1)))
    expected = losses.style_distance(target, kind)(losses.moments_in_metric(own, metric))
    found = through(own)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    slopes, wanted = (torch.autograd.grad(value, own, allow_unused=True) for value in (found, expected))
    for slope, right in zip(slopes, wanted, strict=True):
        assert (slope is None) == (right is None)
        # Only the symmetric part moves a symmetric matrix.
        if slope is not None and slope.ndim == 2:
            slope, right = slope + slope.T, right + right.T
        assert slope is None or torch.allclose(slope, right, atol=1e-8)


def test_moments_in_a_metric_are_those_of_the_features_after_it():
    features = torch.rand(50, 4, generator=torch.Generator().manual_seed(1)).double()
    metric = torch.randn(6, 5, generator=torch.Generator().manual_seed(3)).double()
    sums = losses.moment_sums(features @ metric[:, :4].T + metric[:, 4])
    found = losses.moments_in_metric(moments(1), metric)
    assert torch.allclose(found.mean, sums.mean / 50)
    assert torch.allclose(found.second, sums.second / 50)


def test_wasserstein_towards_a_style_of_fewer_directions_than_channels():
    """A small style picture's; by a root of the whole matrix."""
    few = torch.randn(3, 8, generator=torch.Generator().manual_seed(4)).double()
    sums = losses.moment_sums(few)
    target, found = losses.Moments(sums.mean / 3, sums.second / 3), moments(5, channels=8)
    values, vectors = torch.linalg.eigh(target.covariance)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    coupling = torch.linalg.eigvalsh(root @ found.covariance @ root).clamp_min(0).sqrt().sum()
    spread = torch.trace(found.covariance) + torch.trace(target.covariance)
    expected = ((found.mean - target.mean) ** 2).sum() + spread - 2 * coupling
    expected /= torch.trace(target.second)
    assert losses.style_distance(target, "wasserstein")(found).item() == pytest.approx(expected.item(), rel=1e-3)


def test_gram_is_the_ancestors_but_for_the_number_of_channels():
    """fast-neural-style and neural-style divide by C x H x W; the relative loss is the same."""
    features = torch.rand(1, 3, 4, 5)
    flat = features.view(3, 20)
    assert torch.allclose(losses.gram(features)[0] / 3, flat @ flat.T / (3 * 4 * 5))


def test_the_gradient_of_total_variation_without_autograd():
    image = torch.rand(1, 3, 6, 7, requires_grad=True)
    value = losses.total_variation(image).sum()
    value.backward()
    ours, gradient = losses.variation_gradient(image.detach()[0])
    assert torch.allclose(gradient, image.grad[0], atol=1e-6)
    assert ours == pytest.approx(value.item(), rel=1e-5)


def test_the_gradient_of_total_variation_is_the_ancestors_inside():
    """Golden: for 0.5 (dx^2 + dy^2) over rows 0..H-2 and columns 0..W-2, +dx+dy here, -dx right, -dy below."""
    side = 6
    image = torch.rand(1, side, side)
    wanted = torch.zeros(side, side)
    for y in range(side - 1):
        for x in range(side - 1):
            dx, dy = image[0, y, x] - image[0, y, x + 1], image[0, y, x] - image[0, y + 1, x]
            wanted[y, x] += dx + dy
            wanted[y, x + 1] -= dx
            wanted[y + 1, x] -= dy
    _, gradient = losses.variation_gradient(image)
    scale = 2 / (side * (side - 1))  # ours is twice that, a mean over the differences of each direction
    assert torch.allclose(gradient[0, :-1, :-1] / scale, wanted[:-1, :-1], atol=1e-5)
