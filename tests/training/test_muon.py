import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from impasto.training.muon import Muon, orthogonalise  # noqa: E402


@pytest.mark.parametrize("shape", [(8, 72), (72, 8), (16, 16), (1, 9)])
def test_all_singular_values_become_alike(shape):
    torch.manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(size, min(shape))).Q for size in shape)
    values = torch.logspace(0, -1.5, min(shape))
    found = torch.linalg.svdvals(orthogonalise(left @ torch.diag(values) @ right.T))
    assert found.min() > 0.5
    assert found.max() < 1.3


def test_steps_are_as_large_as_adams_usual_ones():
    torch.manual_seed(0)
    kernel = nn.Parameter(torch.zeros(16, 16, 3, 3))
    optimiser = Muon([kernel], lr=1e-2)
    kernel.grad = 1e3 * torch.randn_like(kernel)  # whatever the gradient's size
    optimiser.step()
    assert kernel.square().mean().sqrt().item() == pytest.approx(0.2e-2, rel=0.2)


def test_a_direction_with_a_small_gradient_is_learnt_as_fast_as_one_with_a_large():
    target = torch.diag(torch.tensor([1.0, 1.0]))[:, :, None, None]
    weights = torch.tensor([1.0, 1e-3])[:, None, None, None]
    kernel = nn.Parameter(torch.zeros(2, 2, 1, 1))
    optimiser = Muon([kernel], lr=0.1)
    for _ in range(60):
        optimiser.zero_grad()
        (weights * (kernel - target) ** 2).sum().backward()
        optimiser.step()
    assert (kernel - target).abs().max() < 0.25


def test_a_kernel_without_a_gradient_stays():
    kernel = nn.Parameter(torch.ones(2, 2, 3, 3))
    Muon([kernel], lr=0.1).step()
    assert torch.equal(kernel.detach(), torch.ones(2, 2, 3, 3))
