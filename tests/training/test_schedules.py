import pytest

torch = pytest.importorskip("torch")

from impasto.training.schedules import (  # noqa: E402
    Plateau,
    learning_rate_factor,
    optimiser_step,
    set_learning_rates,
    update_averages,
)


def test_a_step_is_as_long_as_a_gradient_of_five_makes_it_and_left_out_without_a_number():
    value = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([value], lr=1.0)
    assert optimiser_step(-1000 * value.sum(), optimiser)
    assert value.item() == pytest.approx(5)
    assert not optimiser_step((value * torch.inf).sum(), optimiser)
    assert value.item() == pytest.approx(5)


def test_an_average_is_short_at_first():
    kept = torch.zeros(2)
    update_averages([kept], [torch.ones(2)], step=0, max_share=0.998)
    assert kept.tolist() == pytest.approx([0.9, 0.9])
    update_averages([kept], [torch.zeros(2)], step=100_000, max_share=0.5)
    assert kept.tolist() == pytest.approx([0.45, 0.45])


def test_a_rate_warms_up_and_then_falls_along_half_a_cosine():
    assert [learning_rate_factor(step, 4, 0.0) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert learning_rate_factor(100, 4, 0.5) == pytest.approx(0.5)
    assert learning_rate_factor(100, 4, 1.0) == 0.01


def test_each_group_gets_its_own_peak_times_the_factor():
    groups = [{"lr": 1.0}, {"lr": 1.0}]
    set_learning_rates(groups, [8.0, 6.0], 0.5)
    assert [group["lr"] for group in groups] == [4.0, 3.0]


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
    assert plateau.best == pytest.approx(4.9)
