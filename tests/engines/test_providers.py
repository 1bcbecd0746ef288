"""Providers of onnxruntime other than the CPU's; stand-ins for them, as no test machine has one."""

import logging
import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime as ort
import pytest

from impasto.engines import providers
from impasto.engines.loading import engines_there, load_engine
from impasto.engines.onnxruntime import OnnxruntimeEngine
from impasto.engines.providers import PROVIDERS
from impasto.errors import InputError, OutOfMemoryError
from impasto.styles.catalogue import load_style

Session = ort.InferenceSession
BUILT_IN = ("cuda", "directml", "coreml")


@pytest.fixture
def style():
    return load_style("scream")


@pytest.fixture
def image(small):
    return np.ascontiguousarray(np.asarray(small, np.float32).transpose(2, 0, 1)[None] / 255)


@pytest.fixture
def provider(monkeypatch):
    """A provider for each device, in truth the CPU's; ``starts`` and ``runs`` are called before it does either."""
    what = SimpleNamespace(starts=lambda: None, runs=lambda: None, left_out=False, asked=[], sizes=[])

    class Provided:
        def __init__(self, model, options, providers=None, enable_fallback=1):
            asked = [one if isinstance(one, str) else one[0] for one in providers or ()]
            self.names = asked or ["WebGpuExecutionProvider"]
            if self.names != ["CPUExecutionProvider"]:
                assert not enable_fallback  # onnxruntime would print, and hide the failure
                what.asked.append(providers)
                what.starts()
            self.session = Session(model, options, providers=["CPUExecutionProvider"])
            what.sizes.append(self.session.get_inputs()[0].shape[2:])

        def get_providers(self):
            return ["CPUExecutionProvider"] if what.left_out else self.names

        def run(self, outputs, inputs):
            if self.names != ["CPUExecutionProvider"]:
                what.runs()
            return self.session.run(outputs, inputs)

    names = [PROVIDERS[device].name for device in BUILT_IN]
    monkeypatch.setattr(ort, "get_available_providers", lambda: [*names, "CPUExecutionProvider"])
    monkeypatch.setattr(ort, "InferenceSession", Provided)
    load_engine.cache_clear()
    yield what
    load_engine.cache_clear()


def fail(message):
    def raises():
        raise RuntimeError(message)

    return raises


@pytest.mark.parametrize("device", BUILT_IN)
def test_a_device_that_is_asked_for_paints_through_its_provider(device, provider, style, image, caplog):
    engine = load_engine(device)
    expected = OnnxruntimeEngine().paint(image, style.scale, style.shift)
    painted, statistics = engine.paint(image, style.scale, style.shift)
    for given in (None, statistics):
        alone = engine.paint_only(image, style.scale, style.shift, given)
        assert np.abs(alone - expected[0]).max() < 0.05 / 255
    assert np.array_equal(painted, expected[0])
    assert provider.asked[0][0][0] == PROVIDERS[device].name
    assert engine.name.endswith(device)
    assert not engine.failure
    assert not caplog.records


def test_a_provider_that_wants_one_size_gets_it(provider, style, image):
    load_engine("coreml").paint(image, style.scale, style.shift)
    assert provider.sizes == [[32, 48]]
    load_engine("directml").paint(image, style.scale, style.shift)
    assert provider.sizes[1:] == [["height", "width"]]


@pytest.mark.parametrize("fault", ["starts", "runs", "left_out"])
def test_where_a_provider_fails_the_cpu_takes_over_and_that_is_one_sentence(fault, provider, style, image, caplog):
    setattr(provider, fault, True if fault == "left_out" else fail("no adapter\nat line 7"))
    engine = load_engine("directml")
    with caplog.at_level(logging.WARNING):
        painted = [engine.paint_only(image, style.scale, style.shift) for _ in range(2)]
        engine.paint(image, style.scale, style.shift)
    expected = OnnxruntimeEngine().paint_only(image, style.scale, style.shift)
    assert all(np.array_equal(one, expected) for one in painted)
    (said,) = (record.getMessage() for record in caplog.records)
    reason = "onnxruntime leaves it out" if fault == "left_out" else "no adapter"
    assert said.startswith(f"onnxruntime cannot paint on directml here ({reason}")
    assert said.endswith("); the CPU does it instead.")
    assert len(provider.asked) == 1  # it is not tried again
    assert engine.name.endswith("cpu")


def test_a_provider_that_does_not_start_is_known_before_anything_is_painted(provider, style, image, caplog):
    provider.starts = fail("no adapter")
    engine = load_engine("directml")
    engine.prepare()
    assert engine.name.endswith("cpu")
    assert "cannot paint on directml here (no adapter)" in caplog.text
    engine.paint_only(image, style.scale, style.shift)
    assert len(caplog.records) == 1


def test_a_provider_that_is_short_of_memory_is_no_failure_of_it(provider, style, image, caplog):
    provider.runs = fail("8007000E Not enough memory resources are available to complete this operation.")
    engine = load_engine("directml")
    with pytest.raises(OutOfMemoryError):
        engine.paint_only(image, style.scale, style.shift)
    assert not engine.failure
    assert not caplog.records


@pytest.mark.parametrize("engine", ["auto", "onnxruntime"])
@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("directml", "pip uninstall onnxruntime, then pip install onnxruntime-directml"),
        ("coreml", "it comes with onnxruntime on macOS"),
        ("webgpu", "pip install onnxruntime-ep-webgpu"),
    ],
)
def test_a_provider_that_is_not_installed_is_one_sentence(device, words, engine, monkeypatch):
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(providers.importlib.util, "find_spec", lambda module: None)
    load_engine.cache_clear()
    with pytest.raises(InputError, match=f"The onnxruntime that is installed has no {device}: {words}"):
        load_engine(device, None, 1, engine)


@pytest.fixture
def plug_in(monkeypatch, provider):
    """The plug-in for WebGPU; ``devices`` are those that onnxruntime lists."""
    module = SimpleNamespace(get_library_path=lambda: "/a/library", __spec__=SimpleNamespace())
    found = SimpleNamespace(registered=[], devices=[SimpleNamespace(ep_name="WebGpuExecutionProvider")], added=[])
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_webgpu", module)
    monkeypatch.setattr(ort, "register_execution_provider_library", lambda *names: found.registered.append(names))
    monkeypatch.setattr(ort, "get_ep_devices", lambda: found.devices)

    class Options(ort.SessionOptions):
        def add_provider_for_devices(self, devices, settings):
            found.added.append((devices, settings))

    monkeypatch.setattr("impasto.engines.onnxruntime.session_options", lambda threads: Options())
    providers._webgpu.cache_clear()
    yield found
    providers._webgpu.cache_clear()


def test_webgpu_is_a_plug_in_that_is_registered_once(plug_in, style, image):
    engine = load_engine("webgpu")
    for _ in range(2):
        painted, _ = engine.paint(image, style.scale, style.shift)
        engine.release()
    assert np.array_equal(painted, OnnxruntimeEngine().paint(image, style.scale, style.shift)[0])
    assert plug_in.registered == [("webgpu", "/a/library")]
    assert plug_in.added == [(plug_in.devices, {})] * 2
    assert not engine.failure


def test_webgpu_without_a_gpu_leaves_the_work_to_the_cpu(plug_in, style, image, caplog):
    plug_in.devices = []
    engine = load_engine("webgpu")
    engine.paint_only(image, style.scale, style.shift)
    assert "cannot paint on webgpu here (WebGPU finds no GPU, or no driver for it" in caplog.text


def test_the_plug_in_is_not_loaded_for_the_cpu(plug_in, style, image):
    load_engine("cpu").paint_only(image, style.scale, style.shift)
    assert "onnxruntime on webgpu" in engines_there()
    assert not plug_in.registered
