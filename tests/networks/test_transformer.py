import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from impasto.networks.transformer import Architecture, TensorStatistics, TransformerNetwork, UpsamplingConv  # noqa: E402

SMALL = Architecture(half=4, quarter=8, eighth=8, blocks=2)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return TransformerNetwork(SMALL).eval().requires_grad_(False)


@pytest.fixture
def style():
    torch.manual_seed(1)
    count = SMALL.normalised_channels
    return 1 + 0.3 * torch.randn(1, count), 0.3 * torch.randn(1, count)


def test_output_has_the_size_of_the_input_and_lies_in_0_to_1(network, style):
    for height, width in ((16, 16), (24, 40), (64, 16)):
        painted, statistics = network(torch.rand(1, 3, height, width), *style)
        assert painted.shape == (1, 3, height, width)
        assert 0 <= painted.min() <= painted.max() <= 1
        assert statistics.mean.shape == (1, SMALL.normalised_channels)


def test_statistics_given_back_give_the_same_picture(network, style):
    images = torch.rand(1, 3, 48, 40)
    painted, statistics = network(images, *style)
    again, _ = network(images, *style, statistics)
    assert torch.allclose(painted, again, atol=1e-5)
    other, _ = network(torch.rand(1, 3, 48, 40) * 0.5, *style)
    assert not torch.allclose(other, network(torch.rand(1, 3, 48, 40) * 0.5, *style, statistics)[0], atol=1e-3)


def test_measured_share_goes_from_the_given_to_the_measured_statistics(network, style):
    images = torch.rand(1, 3, 32, 32)
    measured, _ = network(images, *style)
    _, foreign = network(torch.rand(1, 3, 32, 32) ** 3, *style)
    at = {share: network(images, *style, foreign, torch.tensor(share))[0] for share in (0.0, 0.5, 1.0)}
    assert torch.allclose(at[1.0], measured, atol=1e-5)
    assert torch.allclose(at[0.0], network(images, *style, foreign)[0], atol=1e-6)
    assert 0 < (at[0.5] - measured).abs().mean() < (at[0.0] - measured).abs().mean()


def test_a_batch_equals_its_pictures_one_by_one(network, style):
    images = torch.rand(3, 3, 32, 48)
    together, _ = network(images, *style)
    for index in range(3):
        assert torch.allclose(together[index], network(images[index : index + 1], *style)[0][0], atol=1e-5)


def test_receptive_radius_holds_every_influence(network, style):
    """With given statistics a pixel reaches no further than the stated radius, and the radius is not idle."""
    side = 2 * (network.receptive_radius() // 8 + 2) * 8
    images = torch.rand(1, 3, side, side)
    _, statistics = network(images, *style)
    farthest = 0
    for offset in range(8):  # strides make the reach depend on where in a cell the pixel lies
        at = side // 2 + offset
        images.requires_grad_(True)
        painted, _ = network(images, *style, statistics)
        (gradient,) = torch.autograd.grad(painted[0, :, at, at].sum(), images)
        images.requires_grad_(False)
        rows = np.flatnonzero(gradient[0].abs().sum(dim=(0, 2)).numpy())
        farthest = max(farthest, int(np.abs(rows - at).max()))
    assert farthest == network.receptive_radius()


def test_a_shift_by_the_stride_shifts_the_painting(network, style):
    margin = (network.receptive_radius() // 8 + 1) * 8
    images = torch.rand(1, 3, 2 * margin + 32, 2 * margin + 32)
    _, statistics = network(images, *style)
    whole, _ = network(images, *style, statistics)
    part, _ = network(images[:, :, 8:, 8:], *style, statistics)
    inner = slice(margin, margin + 16)
    assert torch.allclose(whole[:, :, 8:, 8:][:, :, inner, inner], part[:, :, inner, inner], atol=1e-5)


def test_the_head_cannot_draw_a_checkerboard(network, style):
    """Energy at the Nyquist frequency is nothing beside the rest, whatever the weights."""
    painted, _ = network(torch.rand(1, 3, 64, 64), *style)
    spectrum = torch.fft.fft2(
        painted[0, :, 8:-8, 8:-8] - painted[0, :, 8:-8, 8:-8].mean(dim=(1, 2), keepdim=True)
    ).abs()
    assert spectrum[:, 24, 24].max() < 0.02 * spectrum.max()
    # The binomial filter itself is what does it:
    response = torch.fft.fft2(network.binomial[0, 0], (8, 8)).abs()
    assert response[4, 4] < 1e-6
    assert response[4, 0] < 1e-6
    assert response[0, 0] == pytest.approx(1)


def test_macs_are_counted_as_the_convolutions_run():
    network = TransformerNetwork().eval().requires_grad_(False)
    counted = 0

    def count(module, _inputs, output):
        nonlocal counted
        counted += module.weight.numel() * output.shape[-1] * output.shape[-2]

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    channels = network.architecture.normalised_channels
    network(torch.rand(1, 3, 64, 64), torch.ones(1, channels), torch.zeros(1, channels))
    assert network.macs(64, 64) == counted + 27 * 64 * 64  # the fixed filter is no module
    assert network.macs(512, 512) <= 4.07e9


def test_flat_pictures_give_finite_paintings(network, style):
    for value in (0.0, 0.5, 1.0):
        painted, statistics = network(torch.full((1, 3, 32, 32), value), *style)
        assert torch.isfinite(painted).all()
        assert torch.isfinite(statistics.variance).all()
    assert isinstance(statistics, TensorStatistics)


def test_doubling_is_bilinear_doubling_and_a_convolution():
    doubling = UpsamplingConv(5, 7)
    x = torch.randn(2, 5, 10, 12, generator=torch.Generator().manual_seed(0))
    large = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
    expected = F.conv2d(large, doubling.weight)
    found = doubling(x)
    assert found.shape == (2, 7, 20, 24)
    assert torch.allclose(found[..., 1:-1, 1:-1], expected, atol=1e-5)  # at the border the outermost pixel repeats
