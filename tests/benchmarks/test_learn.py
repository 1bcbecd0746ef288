"""What is measured of learnt styles, and that only like is kept beside like."""

import json
import sys

import pytest

pytest.importorskip("torch")

import torch

import learn
from impasto.training.perceptual_loss import PerceptualLoss

ROW = {"content": 1.0, "style": 0.1, "total": 2.2, "moved": 0.02, "minutes": 1.5, "curve": [(1.0, 50, 2.0)]}


@pytest.fixture
def photographs(tmp_path, photo):
    folder = tmp_path / "test"
    folder.mkdir()
    photo.resize((300, 280)).save(folder / "one.png")
    return folder


def test_warping_by_a_whole_number_of_pixels_shifts():
    images = torch.rand(1, 2, 12, 14)
    flow = torch.zeros(1, 2, 12, 14)
    flow[:, 0], flow[:, 1] = 3, -2  # to the right, up
    warped = learn.warp(images, flow)
    assert torch.allclose(warped[:, :, 2:, :-3], images[:, :, :-2, 3:], atol=1e-4)


def test_the_random_flow_is_smooth_and_repeatable():
    first, second = (learn.moving(2, 64, 80, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (2, 2, 64, 80)
    assert (first[..., 1:] - first[..., :-1]).abs().max() < 1.5
    assert not torch.equal(first[0], first[1])


def test_what_moves_under_fixed_grain_counts(photographs, monkeypatch):
    judge = learn.Judge(photographs, "builtin")
    monkeypatch.setattr(PerceptualLoss, "features", lambda *_: {})
    monkeypatch.setattr(PerceptualLoss, "content", lambda *_: torch.zeros(1))
    monkeypatch.setattr(PerceptualLoss, "style", lambda *_: torch.zeros(1))
    monkeypatch.setattr(PerceptualLoss, "style_targets", lambda *_: {})

    def shows_grain(x, scale, shift):
        return x[:, :3] + x[:, 3:].sum(dim=1, keepdim=True), None

    none = torch.zeros(1)
    moved = judge(shows_grain, none, none, [])["moved"]
    # All that moves is the picture; the grain that is painted stands still, so the two differ by it.
    assert moved > 0.02 * judge.settings.grain
    judge.seen, judge.moved = judge.images, judge.warp(judge.images)
    assert judge(shows_grain, none, none, [])["moved"] == 0


@pytest.fixture
def call(tmp_path, photographs, monkeypatch):
    """Run the script with options; returns the names that were learnt by it."""
    picture = tmp_path / "kelp.png"
    picture.write_bytes(b"kelp")
    monkeypatch.setattr(learn, "Judge", lambda *_: Still())
    monkeypatch.setattr(learn, "draw_all", lambda _: [picture])

    def run(*options):
        done = []
        monkeypatch.setattr(learn, "learnt", lambda judge, picture, target, *_, **__: done.append(target.stem) or ROW)
        arguments = ["--test", photographs, "-o", tmp_path, "--no-pictures", *options]
        monkeypatch.setattr(sys, "argv", ["learn.py", *map(str, arguments)])
        learn.main()
        return done

    return run


class Still:
    """A judge to whom nothing moves."""

    images = (0,)

    def __call__(self, *_):
        return {"moved": 0.0}


def test_a_result_is_kept_until_it_would_be_measured_otherwise(call, photographs, photo):
    assert call() == ["kelp"]
    assert call() == []
    assert call("--steps", 10) == ["kelp"]
    assert call("--steps", 10) == []
    assert call("--steps", 10, "--photos", photographs) == ["kelp-photos"]
    assert call("--steps", 10, "--judge", "vgg19") == ["kelp"]
    photo.save(photographs / "two.png")
    assert call("--steps", 10, "--judge", "vgg19") == ["kelp"]
    assert call("--steps", 10, "--judge", "vgg19", "--deep", 5) == ["kelp-deep-5"]
    assert call("--steps", 10, "--judge", "vgg19", "--deep", 12) == ["kelp-deep-12"]
    assert call("--steps", 10, "--judge", "vgg19", "--deep", 5) == []


def test_only_results_measured_alike_stand_in_one_table(call, capsys):
    call("--deep", 5)
    capsys.readouterr()
    call("--steps", 10)
    assert "kelp-deep-5" not in capsys.readouterr().out
    call("--deep", 12)
    assert "kelp-deep-5" in capsys.readouterr().out


def test_results_of_an_older_form_are_measured_again(call, tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({"network": "before", "styles": {"kelp": ROW}}))
    assert call() == ["kelp"]


def test_minutes_are_those_of_the_whole(tmp_path, monkeypatch):
    left = tmp_path / "kelp.learning"
    left.mkdir()
    seen = []

    def stopped(*_, **__):
        seen.append(left.exists())
        raise KeyboardInterrupt

    monkeypatch.setattr(learn, "learn_style", stopped)
    with pytest.raises(KeyboardInterrupt):
        learn.learnt(None, tmp_path / "kelp.png", tmp_path / "kelp.safetensors", 0)
    assert seen == [False]
