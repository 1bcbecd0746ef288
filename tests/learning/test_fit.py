from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from impasto.learning.drawn_photographs import draw_photographs  # noqa: E402
from impasto.learning.fit import BETAS, StyleFit  # noqa: E402
from impasto.learning.settings import LearnSettings  # noqa: E402
from impasto.networks.transformer import Architecture, TransformerNetwork  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402

TINY = Architecture(half=4, quarter=8, eighth=8, blocks=1)


@pytest.fixture
def painting(tmp_path) -> Path:
    y, x = np.mgrid[:96, :96]
    stripes = (x + y) // 5 % 2
    Image.fromarray((np.stack([stripes * 230, 90 + 0 * stripes, 200 - stripes * 190], -1)).astype(np.uint8)).save(
        tmp_path / "stripes.png"
    )
    return tmp_path / "stripes.png"


def learn(painting, **changes):
    torch.manual_seed(0)
    network = TransformerNetwork(TINY)
    count = TINY.normalised_channels
    start = 1 + 0.3 * torch.randn(count), 0.3 * torch.randn(count)
    settings = LearnSettings(**{"crop": 64, "crops": 6, "held_out": 4, "check_every": 10, "steps": 60} | changes)
    photographs = Photographs(draw_photographs(8), crop=64, few=0, held_out=0.5)
    return StyleFit(network, start, [painting], photographs, settings)


def test_learning_lowers_the_held_out_loss_and_leaves_the_network_alone(painting, tmp_path):
    run = learn(painting, steps=60)
    before, weights = run.validate(), {k: v.clone() for k, v in run.network.state_dict().items()}
    seen = []
    run.run(tmp_path, lambda at: seen.append((at.step, at.share)))
    assert run.losses["total"] < 0.97 * before["total"]
    assert all(torch.equal(weights[name], value) for name, value in run.network.state_dict().items())
    assert seen[-1][1] == 1
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == run.step // 10
    with Image.open(tmp_path / "preview.jpg") as sheet:
        assert sheet.width > 4 * 64


def test_steps_get_smaller_towards_the_end(painting):
    run = learn(painting, steps=30)
    rates = []
    run.run(progress=lambda at: rates.append(at.rate))
    assert rates[2] == max(rates) == pytest.approx(0.12, rel=0.05)
    assert rates[-1] < 0.002
    assert run.step == 30


def test_a_step_is_adams_along_the_shortened_gradient(painting):
    run = learn(painting)
    other = [value.detach().clone().requires_grad_() for value in (run.scale, run.shift)]
    optimiser = torch.optim.Adam(other, lr=0.05, betas=BETAS)
    run.rate = 0.05
    for length in (1, 100, 0.01):
        gradients = [length * torch.randn_like(value) for value in other]
        run._follow(*gradients)
        for value, gradient in zip(other, gradients, strict=True):
            value.grad = gradient.clone()
        torch.nn.utils.clip_grad_norm_(other, 5.0)
        optimiser.step()
    run._follow(*(torch.full_like(value, torch.inf) for value in other))  # is left out
    assert torch.allclose(run.scale, other[0], atol=1e-6)
    assert torch.allclose(run.shift, other[1], atol=1e-6)


def test_a_damaged_or_foreign_checkpoint_is_left_alone(painting, tmp_path, caplog):
    run = learn(painting)
    assert not run.resume(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"bad")
    assert not run.resume(tmp_path)
    assert "begins anew" in caplog.text
    for other in ({"mark": ""}, [1.0]):
        torch.save(other, tmp_path / "checkpoint.pt")
        assert not run.resume(tmp_path)
    run.save(tmp_path)
    run.fingerprint = "another"
    assert not run.resume(tmp_path)


def test_a_flat_photograph_does_no_harm(painting):
    run = learn(painting, batch=1)
    run.inputs[:] = 1.0
    run.content_features = run._content_features(run.inputs[:, :3])
    for _ in range(5):
        run._step()
    assert all(torch.isfinite(value).all() for value in run.style())
