"""The measure itself: its losses are the training's, what it keeps comes back, and stale references are not used."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

import impasto
import judge as judging
import quality
import quality_report
from impasto.training.style_sources import read_style_picture


@pytest.fixture
def judge(tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "KEPT", tmp_path / "references")
    found = judging.Judge("builtin")
    found.settings = replace(found.settings, style_size=96)
    found.recipe["style"] = [style for style in found.recipe["style"] if style["name"] in ("mosaic", "charcoal")]
    return found


@pytest.fixture
def small(photo):
    return np.asarray(photo.resize((96, 64)), dtype=np.float32) / 255


def test_equivalent_iterations_lie_between_those_of_the_curve():
    curve = [10.0, 6.0, 7.0, 4.0, 3.0]
    assert judging.equivalent_iterations(curve, 12) == (0, False)
    assert judging.equivalent_iterations(curve, 8) == (0.5, False)
    assert judging.equivalent_iterations(curve, 5) == (2.5, False)
    assert judging.equivalent_iterations(curve, 3) == (4, False)
    assert judging.equivalent_iterations(curve, 2) == (4, True)


def test_the_total_is_what_training_minimises(judge, small):
    painting = judge.paintings(None)["mosaic"]
    rng = np.random.default_rng(0)
    noisy = np.clip(small + rng.normal(0, 0.1, small.shape), 0, 1)
    found = judge.measure(noisy, small, painting)
    s = judge.settings
    assert (s.style_weight, s.content_weight) == (12, 1)
    assert found["total"] == pytest.approx(found["content"] + 12 * found["style"] + 0.2 * found["tv"], rel=1e-4)
    assert found["style"] == pytest.approx(np.mean([found[f"style {tap}"] for tap in s.style_layers]), rel=1e-4)


def test_the_identities(judge, small):
    painting = judge.paintings(None)["mosaic"]
    assert judge.measure(small, small, painting)["content"] == pytest.approx(0, abs=1e-6)
    own = read_style_picture(judging.DRAWN / "mosaic.jpg", 96)[0].permute(1, 2, 0).numpy()
    assert judge.measure(own, own, painting)["style"] == pytest.approx(0, abs=1e-5)


def test_gram_matrices_are_kept_where_the_painting_is_absent(judge, monkeypatch, tmp_path):
    full = judge.paintings(None)
    judge._store(full)
    monkeypatch.setattr(judging, "DRAWN", tmp_path)
    kept = judge.paintings(None)
    assert set(kept) == {"mosaic", "charcoal"}
    assert kept["mosaic"].picture is None
    assert kept["mosaic"].hash == full["mosaic"].hash
    for layer, target in full["mosaic"].targets.items():
        assert torch.allclose(kept["mosaic"].targets[layer], target, atol=1e-3 * target.abs().max().item())


def test_optimising_lowers_the_loss_and_logs_it(judge, small):
    painting = judge.paintings(None)["charcoal"]
    painted, curve = judge.optimise(small, painting, 24)
    assert painted.shape == small.shape
    assert len(curve) == 25
    assert curve[-1] == pytest.approx(judge.measure(painted, small, painting)["total"], rel=1e-4)
    assert curve[-1] < 0.5 * curve[0]


def test_references_of_other_settings_or_pictures_are_not_used(judge, small):
    painting = judge.paintings(None)["charcoal"]
    photo = quality.Photograph("harbour", "abc", small)
    pair = {"photo_hash": "abc", "style": "charcoal", "style_hash": painting.hash, "curve": [1, 0]}
    judge.keep(pairs=[pair])
    assert quality.find(judge.references()["pairs"], photo, painting) == pair
    assert quality.find([{**pair, "photo_hash": "abd"}], photo, painting) is None
    path = judging.KEPT / "builtin.json"
    changed = json.loads(path.read_text())
    changed["setting"]["style"]["weight"] = 5
    path.write_text(json.dumps(changed))
    assert judge.references() == {}


def test_flicker_of_the_unchanged_photograph_is_the_noise_alone(small):
    found = quality.flicker(quality.painter(None), small)
    assert found["shift"] == 0
    assert 1 < found["noise"] < 4


def test_a_table_has_empty_cells_and_says_at_least():
    text = quality_report.table({"a": {"total": 1.5}, "b": {"iterations": 120, "beyond": 1.0}}, ("total", "iterations"))
    assert "1.5" in text
    assert ">= 120" in text


def test_flicker_is_judged_beside_the_network_without_the_term():
    row = dict.fromkeys(quality_report.MARGINS, 0.0)
    rows = {
        "all styles": row,
        quality_report.IN_VIDEO: {"style": 0.0525, "noise": 0.4, "shift": 4.0},
        "scream": row | {"is style": 1.0},
        "photographs unchanged": row,
        quality_report.WITHOUT: {"style": 0.05, "noise": 0.8, "shift": 8.0},
    }
    assert quality_report.bar(rows)[-1].startswith("met     flicker in video: noise 0.50, shift 0.50")
    for name in ("style", "noise", "shift"):
        worse = rows | {
            quality_report.IN_VIDEO: rows[quality_report.IN_VIDEO] | {name: 1.02 * rows[quality_report.IN_VIDEO][name]}
        }
        assert quality_report.bar(worse)[-1].startswith("MISSED")


def test_own_pictures_are_there_at_512_and_some_at_1024():
    assert [photo.name for photo in quality.photographs(None, 512)] == ["harbour", "houses", "mountain", "penguin"]
    large = quality.photographs(None, 1024)
    assert [photo.name for photo in large] == ["harbour"]
    assert max(large[0].rgb.shape) == 1024


def test_the_whole_measure_end_to_end(tmp_path, monkeypatch, capsys):
    arguments = ["--styles", "mosaic", "--size", "96", "--sheet", str(tmp_path), "--json", str(tmp_path / "all.json")]
    arguments += ["--without", str(Path(impasto.__file__).parent / "assets")]
    monkeypatch.setattr("sys.argv", ["quality.py", *arguments])
    quality.main()
    printed = capsys.readouterr().out
    assert "photographs unchanged" in printed
    assert "grid 8: " in printed
    means = json.loads((tmp_path / "all.json").read_text())["96"]["means"]
    moving, still = means[quality_report.IN_VIDEO], means[quality_report.WITHOUT]  # beside itself
    assert max(moving[name] / still[name] for name in ("noise", "shift")) < 1
    assert f"flicker in video: noise {moving['noise'] / still['noise']:.2f}, shift" in printed
    rows = json.loads((tmp_path / "all.json").read_text())["96"]["rows"]
    assert [row["photo"] for row in rows["mosaic"]] == list(quality.OWN)
    assert all(0 < row["style"] < unchanged["style"] for row, unchanged in zip(*list(rows.values())[:2], strict=True))
    assert (tmp_path / "mosaic-96.jpg").is_file()
