"""The loss terms of a batch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from impasto.networks import losses  # noqa: E402
from impasto.training import batch_losses  # noqa: E402
from impasto.training.batch_losses import bounded_style_loss, equivariance_loss, update_spreads  # noqa: E402
from impasto.training.fit import NetworkTraining  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402
from impasto.training.style_sources import StyleSource  # noqa: E402

from .tiny_run import TINY, tiny_run, tiny_settings  # noqa: E402


@pytest.mark.parametrize("count", [1, 3])
def test_equivariance_is_what_noise_and_moves_change(monkeypatch, count):
    seen, scale, shift = torch.rand(count, 4, 64, 64), torch.ones(count, 2), torch.zeros(count, 2)

    def distances(painting, draws=40):
        monkeypatch.setattr(batch_losses, "paint_with_margin", lambda network, seen, scale, shift: painting(seen))
        return [equivariance_loss(None, seen, painting(seen), scale, shift, 0.02).item() for _ in range(draws)]

    def flat(seen):
        return torch.full_like(seen[:, :3], 0.5)

    def even(seen):
        return seen[:, :3]

    def woven(seen):  # stays where it is, whatever moves
        return seen[:, :3] + torch.arange(64) % 2

    def rough(seen):
        return seen[:, 3:].expand(-1, 3, -1, -1)

    assert max(distances(flat)) == 0
    noise = 0.02 * (2 / np.pi) ** 0.5  # mean distance of the picture that gets it; the other one only moves
    allowed = [noise / 2] if count > 1 else [0.0, noise]
    assert all(any(found == pytest.approx(value, rel=0.1) for value in allowed) for found in distances(even))
    assert max(distances(woven)) > 0.2
    assert max(distances(rough)) > 0.02  # grain that stayed
    monkeypatch.setattr(batch_losses, "MAX_SHIFT_GRAIN_FIXED", 0)
    assert max(distances(rough)) == 0  # else it is carried along


def test_the_first_batch_weighs_no_more_than_the_others(run_folder, tmp_path):
    run = tiny_run(run_folder, tmp_path)
    pictures = torch.rand(6, 2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    pictures[0] *= 0.1
    with torch.no_grad():
        features = [run.objective.features(pair) for pair in pictures]
        each = torch.stack([losses.content_spread(one["relu3_1"]) for one in features])
        for wanted in features:
            spreads = update_spreads(run.spreads, wanted, run.step)
            run.step += 1
    assert torch.allclose(spreads["relu3_1"], each.mean(dim=0))


@pytest.mark.parametrize(("name", "styles"), [("content", (1, 2)), ("photograph", (0, 0))])
def test_an_even_batch_counts_no_more_than_a_rough_one(run_folder, tmp_path, name, styles):
    run = tiny_run(run_folder, tmp_path)
    rough = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    even, which = 0.5 + 0.02 * (rough - 0.5), torch.tensor(styles)
    with torch.no_grad():
        wanted = run.objective.features(even)
        alone = run.losses.terms(even, wanted, which, rough)[name]
        update_spreads(run.spreads, run.objective.features(rough), run.step)
        run.step += 1
        among_others = run.losses.terms(even, wanted, which, rough, update_spreads(run.spreads, wanted, run.step))[name]
    assert among_others < 0.2 * alone


@pytest.mark.parametrize("term", ["repetition", "weave"])
def test_what_is_painted_all_over_is_a_loss_unless_its_weight_is_0(run_folder, tmp_path, term):
    assert term in tiny_run(run_folder, tmp_path / "with", steps=1).run()
    assert term not in tiny_run(run_folder, tmp_path / "without", steps=1, **{f"{term}_weight": 0.0}).run()


def test_several_pictures_of_an_artist_are_averaged(run_folder, tmp_path):
    run = tiny_run(run_folder, tmp_path)
    both = [StyleSource("both", (run_folder / "stripes.png", run_folder / "checks.png"))]
    photographs = Photographs(run_folder / "photos", crop=64)
    mixed = NetworkTraining(photographs, both, tmp_path, tiny_settings(run_folder), architecture=TINY)
    grams, each = (one.losses.style_grams["relu1_1"] for one in (mixed, run))
    assert torch.allclose(grams[0], each.mean(dim=0), atol=1e-6)


def test_the_bounded_style_loss_is_the_usual_one_near_its_target_and_never_beyond_two():
    torch.manual_seed(0)
    target = torch.rand(1, 5, 5)
    near = target * (1 + 1e-3 * torch.randn(1, 5, 5))
    usual = ((near - target) ** 2).sum() / (target**2).sum()
    found = bounded_style_loss({"a": near}, {"a": target}, {"a": 1.0})
    torch.testing.assert_close(found[0], usual, rtol=0.01, atol=0)
    assert bounded_style_loss({"a": 1000 * target}, {"a": target}, {"a": 1.0}) <= 2
