import numpy as np
import pytest

torch = pytest.importorskip("torch")

from impasto.optimisation.temporal_loss import temporal_loss  # noqa: E402


def test_the_gradient_of_the_temporal_loss_is_the_true_one():
    rng = np.random.default_rng(0)
    content, target, certainty = (rng.random(s, np.float32) for s in ((4, 5, 3), (4, 5, 3), (4, 5)))
    x = torch.rand(1, 3, 4, 5, requires_grad=True)
    temporal_loss(content, [(target, certainty)], weight=2.0, criterion="mse")(x).backward()
    wanted = 2 * 2.0 / content.var() / 60 * certainty[None] * (x.detach().numpy()[0] - target.transpose(2, 0, 1))
    np.testing.assert_allclose(x.grad[0], wanted, rtol=1e-4, atol=1e-6)
    assert temporal_loss(content, [], weight=2.0, criterion="mse") is None
