import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

pytest.importorskip("torch")

from impasto.cli import cli
from impasto.errors import InputError, TrainingError


@pytest.fixture
def train(tmp_path):
    """The command on three photographs and a painting, for one step."""
    (tmp_path / "photos").mkdir()
    rng = np.random.default_rng(0)
    for index in range(4):
        noise = Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
        noise.save(tmp_path / ("painting.png" if index == 3 else f"photos/{index}.png"))

    def run(*options):
        arguments = ["train", tmp_path / "painting.png", "--photos", tmp_path / "photos", "-o", tmp_path / "run"]
        given = ["--steps", 1, "--batch", 1, "--crop", 64, "--style-size", 64, *options]
        return CliRunner().invoke(cli, [str(item) for item in [*arguments, *given]], catch_exceptions=False)

    return run


def test_a_painting_is_trained_on_the_device_that_is_there(train, tmp_path):
    result = train("--device", "auto", "--quiet")
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'run' / 'model'}\n"
    assert (tmp_path / "run" / "painting.safetensors").is_file()
    with pytest.raises(TrainingError, match="add --resume"):
        train()


def test_a_device_that_is_not_there_is_refused_before_anything_is_read(train, tmp_path, monkeypatch):
    from impasto.engines import torch as engine
    from impasto.training import photographs

    monkeypatch.setattr(engine, "available_gpus", list)
    monkeypatch.setattr(photographs, "Photographs", None)
    with pytest.raises(InputError, match="no mps device"):
        train("--device", "mps")


def test_a_settings_file_with_a_misspelt_setting_is_told_the_right_one(train, tmp_path):
    settings = tmp_path / "mine.toml"
    settings.write_text("[settings]\nstile_weight = 3\n")
    with pytest.raises(TrainingError, match="did you mean style_weight"):
        CliRunner().invoke(cli, ["train", str(settings), "--photos", "x", "-o", "y"], catch_exceptions=False)


@pytest.mark.parametrize("option", ["--batch", "--minutes", "--crop", "--style-weight", "--limit"])
def test_numbers_are_refused_by_the_library_alone(train, option):
    with pytest.raises(TrainingError, match=r"; (give|ask for) .*(at least|or more)"):
        train(option, -1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[setting]\nsteps = 3", "nothing called setting to set; did you mean settings?"),
        ('[[style]]\nname = "a"\npictures = ["p.png"]\nyaer = 1889', "nothing called yaer to set; did you mean year?"),
        ('[[style]]\nname = "a"\npictures = "p.png"', 'needs a name and pictures, such as ["painting.jpg"].'),
        ('[style]\nname = "a"\npictures = ["p.png"]', "write [settings] once, and [[style]] above each style."),
    ],
)
def test_what_a_settings_file_cannot_mean_is_refused(tmp_path, text, words):
    settings = tmp_path / "mine.toml"
    settings.write_text(text)
    with pytest.raises(TrainingError, match=re.escape(words)):
        CliRunner().invoke(cli, ["train", str(settings), "--photos", "x", "-o", "y"], catch_exceptions=False)
