from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from impasto.optimisation.minimise import LBFGS, Adam, Smoothing  # noqa: E402
from impasto.optimisation.tensors import resize_tensor  # noqa: E402


def valley(x):
    """A long narrow valley with its bottom at 0.3."""
    scale = torch.logspace(0, 3, x.numel()).view_as(x)
    return float((scale * (x - 0.3) ** 2).sum()), 2 * scale * (x - 0.3)


def start():
    return torch.linspace(0, 1, 3 * 4 * 5).view(1, 3, 4, 5).clone()


def run(minimiser, steps, evaluate=valley):
    return [minimiser.step(evaluate) for _ in range(steps)]


def test_lbfgs_goes_down_a_narrow_valley_and_never_up():
    minimiser = LBFGS(start())
    losses = run(minimiser, 120)
    assert all(b <= a for a, b in pairwise(losses))
    assert losses[-1] < 1e-3 * losses[0]
    assert valley(minimiser.result)[0] == pytest.approx(losses[-1])


def test_lbfgs_recovers_from_a_step_into_nothing():
    def cliff(x):
        loss, gradient = valley(x)
        return (float("nan"), gradient) if x.min() < -0.5 else (loss, gradient)

    losses = run(LBFGS(start(), learning_rate=50.0), 60, cliff)
    assert losses[-1] < losses[0]


def test_lbfgs_does_not_repeat_a_search_that_failed():
    def kink(x):
        return float((x - 0.3).abs().sum()), (x - 0.3).sign()

    evaluations = []

    def counted(x):
        evaluations.append(x)
        return kink(x)

    minimiser = LBFGS(torch.full((1, 3, 4, 5), 0.3 + 1e-6))
    at_first = run(minimiser, 1, counted)[0]
    again = LBFGS(minimiser.picture.clone())
    again.restore(minimiser.state())
    assert again.first_step == minimiser.first_step < LBFGS.FIRST_STEP
    losses = run(minimiser, 9, counted)
    assert losses[-1] < 0.5 * at_first
    assert len(evaluations) < 3 * 10


def test_adam_goes_down_and_its_average_is_steadier_than_its_iterates():
    torch.manual_seed(0)

    def noisy(x):
        return float(((x - 0.3) ** 2).sum()), 2 * (x - 0.3) + 0.5 * torch.randn_like(x)

    minimiser = Adam(start(), learning_rate=0.05, average=0.9)
    run(minimiser, 200, noisy)
    assert (minimiser.result - 0.3).norm() < 0.85 * (minimiser.picture - 0.3).norm()


@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-6, 1e-8])
def test_adam_steps_as_it_did_before_its_step_was_torchs(size):
    """Also where gradients are as small as epsilon, as in large pictures."""
    torch.manual_seed(0)
    minimiser, picture = Adam(start(), average=0), start()
    first, second = torch.zeros_like(picture), torch.zeros_like(picture)
    (one, two), rate = Adam.BETAS, Adam.LEARNING_RATE
    for step in range(1, 40):
        gradient = size * torch.randn_like(picture)
        minimiser.step(lambda _, gradient=gradient: (0.0, gradient.clone()))
        first.lerp_(gradient, 1 - one)
        second.mul_(two).addcmul_(gradient, gradient, value=1 - two)
        correction = (1 - two**step) ** 0.5
        root = second.sqrt().div_(correction).add_(Adam.EPSILON * correction)
        picture.addcdiv_(first, root, value=-rate / (1 - one**step))
        assert torch.allclose(minimiser.picture, picture, rtol=0, atol=1e-6)
        assert torch.allclose(minimiser.first, first, rtol=1e-6, atol=0)
        assert torch.allclose(minimiser.second, second, rtol=1e-6, atol=0)


def test_adam_is_torchs():
    ours, theirs = Adam(start(), learning_rate=0.02, average=0), start().requires_grad_()
    other = torch.optim.Adam([theirs], lr=0.02, betas=Adam.BETAS)
    for _ in range(20):
        ours.step(valley)
        theirs.grad = valley(theirs.detach())[1]
        other.step()
    assert torch.allclose(ours.picture, theirs, atol=1e-5)


@pytest.mark.parametrize("done", [5, 14])
@pytest.mark.parametrize("kind", [Adam, LBFGS])
def test_a_restored_optimiser_goes_on_as_if_nothing_had_happened(kind, done):
    whole, first = kind(start()), kind(start())
    run(whole, 20)
    run(first, done)
    state = {name: value.clone() for name, value in first.state().items()}
    second = kind(state["picture"])
    second.restore(state)
    run(second, 20 - done)
    assert torch.equal(second.result, whole.result)


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_saved_adam_has_the_tensors_of_earlier_editions(average):
    minimiser = Adam(start(), average=average)
    run(minimiser, 3)
    state = minimiser.state()
    assert state.keys() == {"picture", "first", "second", "counts"} | ({"total"} if average else set())
    assert state["counts"].tolist() == [3, 3]


def test_a_restored_history_may_be_shorter():
    long = LBFGS(start(), history=10)
    run(long, 12)
    assert sum(name.startswith("step.") for name in long.state()) == 10
    short = LBFGS(long.picture.clone(), history=3)
    short.restore(long.state())
    assert len(short.pairs) == 3
    assert all(torch.equal(a[0], b[0]) for a, b in zip(short.pairs, list(long.pairs)[-3:], strict=True))


def test_moments_go_along_to_a_larger_size():
    small = Adam(start())
    run(small, 10)
    large = small.enlarged(torch.zeros(1, 3, 8, 10))
    assert large.first.shape == (1, 3, 8, 10)
    # A pixel's gradient is a quarter: so are the first moments, and a sixteenth the second.
    assert large.first.mean().item() == pytest.approx(small.first.mean().item() / 4, rel=0.05)
    assert large.second.mean().item() == pytest.approx(small.second.mean().item() / 16, rel=0.2)
    assert large.steps == 10


def test_large_areas_are_reached_as_soon_as_pixels():
    """Where the curvature grows with the frequency, as a loss on features has it."""
    torch.manual_seed(0)
    goal = resize_tensor(torch.rand(1, 3, 4, 5), 48, 60)  # large areas alone
    frequency = torch.hypot(torch.fft.fftfreq(48)[:, None], torch.fft.rfftfreq(60)) + 0.005

    def rough(x):
        gradient = torch.fft.irfft2(torch.fft.rfft2(x - goal) * frequency, (48, 60))
        return float((gradient * (x - goal)).sum()) / 2, gradient

    def plain(minimiser):
        minimiser.smoothed = torch.clone
        return minimiser

    begin = torch.full((1, 3, 48, 60), 0.5)
    smoothed, unsmoothed = (run(LBFGS(begin.clone()), 10, rough), run(plain(LBFGS(begin.clone())), 10, rough))
    assert smoothed[-1] < 0.1 * unsmoothed[-1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (16, 9), (31, 20)])
def test_smoothing_is_symmetric_and_positive(shape):
    torch.manual_seed(0)
    a, b = torch.randn(2, 1, 3, *shape)
    smoothed = Smoothing(a)
    assert (smoothed(a) * b).sum().item() == pytest.approx((a * smoothed(b)).sum().item(), abs=1e-3)
    assert (smoothed(a) * a).sum().item() > 0


def test_large_areas_count_as_painted_once_a_coarser_scale_was_painted():
    small, large = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 16, 16)
    assert torch.equal(LBFGS(small).smoothed.gain, Smoothing(small, Smoothing.LEAST).gain)
    assert torch.equal(LBFGS(small).enlarged(large).smoothed.gain, Smoothing(large, Smoothing.LEAST_PAINTED).gain)
