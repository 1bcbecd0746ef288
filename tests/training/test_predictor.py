import dataclasses

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

torch = pytest.importorskip("torch")

from impasto.cli import cli  # noqa: E402
from impasto.errors import TrainingError  # noqa: E402
from impasto.networks.predictor_files import load_predictor  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402
from impasto.training.predictor import (  # noqa: E402
    CHECKPOINT,
    PredictorTraining,
    train_predictor,
)
from impasto.training.settings import PredictorSettings  # noqa: E402
from impasto.training.style_crops import StyleCrops  # noqa: E402

TINY = PredictorSettings(crop=64, style_crop=64, batch=2, minutes=1, learning_rate=5e-3, warmup=1)


@pytest.fixture
def pictures(tmp_path):
    """A folder of noisy pictures of one colour each."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index, colour in enumerate(((200, 40, 30), (30, 60, 190), (60, 160, 60))):
        pixels = np.array(colour) + random.normal(0, 30, (96, 96, 1))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{index}.png")
    return folder


def training(pictures, folder, **changes):
    settings = dataclasses.replace(TINY, **changes)
    styles = StyleCrops(pictures, side=settings.style_crop)
    photographs = Photographs(pictures, crop=settings.crop, few=0)
    return PredictorTraining(styles, photographs, folder, settings)


@pytest.fixture(autouse=True)
def few_first_pieces(monkeypatch):
    monkeypatch.setattr("impasto.training.predicted_styles._FIRST_PIECES", 16)


def test_the_loss_falls(pictures, tmp_path):
    run = training(pictures, tmp_path)
    run._step()
    first = run.loss
    for _ in range(40):
        run._step()
    assert run.loss < 0.9 * first


def test_a_run_goes_on_from_its_checkpoint_and_writes_a_predictor(pictures, tmp_path):
    minutes = {"minutes": 1e-3, "checkpoint_every": 1}
    settings = dataclasses.replace(TINY, **minutes)
    styles, photographs = StyleCrops(pictures, side=64), Photographs(pictures, crop=64, few=0)
    out, seen = tmp_path / "out", []
    train_predictor(styles, photographs, out, settings, progress=seen.append)
    assert seen[-1].share == 1
    assert sorted(path.name for path in out.iterdir()) == [
        "perceptual.safetensors", CHECKPOINT, "predictor.onnx", "predictor.safetensors",
    ]  # fmt: skip
    run = training(pictures, out, **minutes)
    run.resume()
    assert run.step == seen[-1].step
    for one, other in zip(run.styles.averaged.parameters(), load_predictor(out).parameters(), strict=True):
        torch.testing.assert_close(one.detach(), other, atol=0.03, rtol=0.03)
    with pytest.raises(TrainingError, match="add --resume"):
        train_predictor(styles, photographs, out, settings)
    (out / CHECKPOINT).write_bytes(b"bad")
    with pytest.raises(TrainingError, match="damaged or of another edition"):
        run.resume()
    with pytest.raises(TrainingError, match="leave --resume out"):
        train_predictor(styles, photographs, tmp_path / "none", settings, resume=True)


def test_the_command_trains_and_leaves_out_what_is_held_out(pictures, tmp_path, monkeypatch):
    (tmp_path / "list.txt").write_text("0.png\n")
    arguments = ["predictor", pictures, "--photos", pictures, "--held-out", tmp_path / "list.txt"]
    more = ["--minutes", "0.001", "--crop", "64", "--style-crop", "64", "--batch", "1", "-q"]
    given = [str(item) for item in (*arguments, "-o", tmp_path / "out", *more)]
    assert CliRunner().invoke(cli, given, catch_exceptions=False).exit_code == 0
    assert (tmp_path / "out" / "predictor.onnx").is_file()
