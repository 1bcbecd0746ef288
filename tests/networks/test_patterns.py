import pytest

torch = pytest.importorskip("torch")

from impasto.networks import patterns  # noqa: E402


def test_repetition_is_that_of_wallpaper_and_not_of_chance():
    chance = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    motif = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(1))
    wallpaper = motif.repeat(1, 1, 6, 4)
    once = torch.zeros(1, 3, 96, 96)
    once[:, :, 30:46, 40:64] = motif
    found = patterns.repetition(torch.cat([chance, wallpaper, once, torch.full_like(once, 0.5)]))
    assert found[1] > 0.8
    assert found[[0, 2, 3]].max() < 0.05


def test_weave_is_what_returns_every_four_pixels_and_neither_chance_nor_edges():
    chance = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    x = torch.arange(96.0)
    wave = (torch.cos(torch.pi / 2 * x) + torch.sin(torch.pi / 2 * x[:, None])).expand(1, 3, 96, 96)
    edge = (x < 50).float().expand(1, 3, 96, 96)
    finer = torch.cos(torch.pi * x).expand(1, 3, 96, 96)
    found = patterns.weave(torch.cat([0.5 + 5 / 255 * wave, chance, edge, finer, 0.5 + 10 / 255 * wave]))
    assert found[0] == pytest.approx(25, rel=0.02)  # two waves of amplitude 5, each with half its square
    assert found[4] == pytest.approx(100, rel=0.02)
    assert found[1:4].max() < 5


@pytest.mark.parametrize("loss", [patterns.repetition, patterns.weave])
@pytest.mark.parametrize("size", [(16, 16), (20, 64), (21, 64), (33, 70)])
def test_what_is_painted_all_over_is_found_in_small_pictures_and_has_a_slope(loss, size):
    images = torch.rand(2, 3, *size, requires_grad=True)
    found = loss(images)
    assert found.shape == (2,)
    found.sum().backward()
    assert torch.isfinite(images.grad).all()
