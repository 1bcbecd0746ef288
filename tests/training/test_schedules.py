import pytest

torch = pytest.importorskip("torch")

from impasto.training.schedules import learning_rate_factor, optimiser_step, update_averages  # noqa: E402


def test_a_step_is_as_long_as_a_gradient_of_five_makes_it_and_left_out_without_a_number():
    value = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([value], lr=1.0)
    assert optimiser_step(-1000 * value.sum(), optimiser)
    assert value.item() == pytest.approx(5)
    assert not optimiser_step((value * torch.inf).sum(), optimiser)
    assert value.item() == pytest.approx(5)


def test_an_average_is_short_at_first():
    kept = torch.zeros(2)
    update_averages([kept], [torch.ones(2)], step=0, most=0.998)
    assert kept.tolist() == pytest.approx([0.9, 0.9])
    update_averages([kept], [torch.zeros(2)], step=100_000, most=0.5)
    assert kept.tolist() == pytest.approx([0.45, 0.45])


def test_a_rate_warms_up_and_then_falls_along_half_a_cosine():
    assert [learning_rate_factor(step, 4, 0.0) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert learning_rate_factor(100, 4, 0.5) == pytest.approx(0.5)
    assert learning_rate_factor(100, 4, 1.0) == 0.01
