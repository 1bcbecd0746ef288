import json
from importlib.util import find_spec

import onnxruntime as ort
import pytest

from impasto.engines.loading import load_engine
from impasto.engines.onnxruntime import OnnxruntimeEngine
from impasto.engines.providers import CPU, PROVIDERS

from .conftest import process, run


def test_doctor_finds_a_working_engine(capsys):
    assert run("doctor", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["works"] is True
    assert "starry-night" in facts["styles"]


def test_the_command_runs_in_a_process_of_its_own():
    healthy = process("doctor")
    assert healthy.returncode == 0, healthy.stderr
    assert b"works" in healthy.stdout


def test_doctor_names_the_folders_that_hold_files(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "styles"))
    assert run("doctor") == 0
    told = capsys.readouterr().out
    held = "engines.json" if find_spec("openvino") else "empty"  # what it measured, where there is a choice
    assert f"cache       {tmp_path / 'cache'}: {held}" in told
    assert f"own styles  {tmp_path / 'styles'}" in told


@pytest.fixture
def providers(monkeypatch):
    """Providers for CUDA and DirectML; the first one does not start, the other is in truth the CPU's."""

    def session_on(device, model, options):
        if device == "cuda":
            raise RuntimeError("no adapter")
        return ort.InferenceSession(model, options, providers=[CPU])

    names = [PROVIDERS[device].name for device in ("cuda", "directml")]
    monkeypatch.setattr(ort, "get_available_providers", lambda: [*names, CPU])
    monkeypatch.setattr("impasto.engines.onnxruntime.session_on", session_on)
    load_engine.cache_clear()
    yield
    load_engine.cache_clear()


def test_doctor_times_the_providers_that_work_and_says_why_others_do_not(providers, capsys):
    assert run("doctor", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["engines_failed"] == {"onnxruntime on cuda": "no adapter"}
    assert "onnxruntime on cuda" not in facts["engines"]
    assert facts["engines"]["onnxruntime on directml"]["seconds"] > 0
    assert run("doctor") == 0
    assert "onnxruntime on cuda does not work: no adapter" in capsys.readouterr().out


def test_doctor_refuses_an_engine_that_paints_something_else(providers, capsys, monkeypatch):
    paint = OnnxruntimeEngine._run

    def paint_wrongly(self, kind, image, inputs, outputs):
        painted, *rest = paint(self, kind, image, inputs, outputs)
        return [painted * (0.5 if self.device == "directml" else 1), *rest]

    monkeypatch.setattr(OnnxruntimeEngine, "_run", paint_wrongly)
    assert run("doctor", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["engines_failed"]["onnxruntime on directml"].startswith("it paints something else than onnxruntime (")
    assert "onnxruntime on directml" not in facts["engines"]
