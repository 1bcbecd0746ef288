import pytest
from click.testing import CliRunner
from PIL import Image

from impasto.cli import cli
from impasto.engines.devices import torch_device, torch_devices
from impasto.errors import InputError
from impasto.optimisation.recipe import Recipe

pytest.importorskip("torch")

from impasto.engines import torch as module


@pytest.mark.parametrize(
    ("there", "asked", "chosen"),
    [
        ([], "auto", "cpu"),
        ([], "cpu", "cpu"),
        (["mps"], "auto", "mps"),
        (["cuda", "mps"], "auto", "cuda"),
        (["cuda"], "cpu", "cpu"),
        (["cuda", "mps"], "mps", "mps"),
    ],
)
def test_auto_is_the_best_device_and_another_one_is_itself(there, asked, chosen, monkeypatch):
    monkeypatch.setattr(module, "available_gpus", lambda: there)
    assert torch_device(asked) == chosen


def test_a_device_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(module, "available_gpus", lambda: ["mps"])
    with pytest.raises(InputError, match="This machine has no cuda device that torch can use; take --device auto"):
        torch_device("cuda")


def test_several_devices_are_named_one_by_one(monkeypatch):
    monkeypatch.setattr(module, "available_gpus", lambda: ["cuda"])
    monkeypatch.setattr(module, "cuda_count", lambda: 2)
    assert torch_devices("cuda:0, cuda:1") == ["cuda:0", "cuda:1"]
    assert torch_devices("cuda,cuda:1") == ["cuda:0", "cuda:1"]
    assert torch_devices("cuda") == torch_devices("auto") == ["cuda"]
    assert torch_devices("cpu,cpu") == ["cpu", "cpu"]
    with pytest.raises(InputError, match="This machine has no cuda:2 device that torch can use"):
        torch_devices("cuda:0,cuda:2")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("gpu", "There is no device gpu; did you mean cpu"),
        ("cuda:0,", "There is no device cuda:0,; give one of auto, cpu"),
        ("cuda:first", "There is no device cuda:first"),
        ("auto,cpu", "The device auto is one device; name each, as in --device cuda:0,cuda:1"),
    ],
)
def test_what_is_no_device_is_one_sentence(given, said):
    with pytest.raises(InputError, match=said):
        Recipe(device=given)


@pytest.mark.parametrize("command", [["paint"], ["apply"]])
def test_the_slow_path_and_the_fast_one_refuse_it_with_the_same_sentence(command, small, tmp_path, monkeypatch):
    from impasto.engines.onnxruntime import OnnxruntimeEngine

    monkeypatch.setattr(module, "available_gpus", list)
    monkeypatch.setattr(OnnxruntimeEngine, "devices", staticmethod(lambda: ["cpu"]))
    small.save(tmp_path / "a.png")
    Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 50).convert("RGB").save(tmp_path / "style.png")
    style = str(tmp_path / "style.png") if command == ["paint"] else "scream"
    arguments = [*command, str(tmp_path / "a.png"), "--style", style, "-o", str(tmp_path / "o.png")]
    result = CliRunner().invoke(cli, [*arguments, "--device", "cuda"])
    error = result.exception if isinstance(result.exception, InputError) else result.stderr
    assert "This machine has no cuda device that torch can use; take --device auto." in str(error)
    assert not (tmp_path / "o.png").exists()
