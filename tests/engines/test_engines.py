import importlib.util
import subprocess
import sys
from importlib.resources import files

import numpy as np
import onnxruntime as ort
import pytest

from impasto.engines import loading
from impasto.engines.base import Statistics
from impasto.engines.loading import load_engine
from impasto.engines.onnxruntime import OnnxruntimeEngine
from impasto.errors import InputError, MissingExtraError, OutOfMemoryError, StyleError
from impasto.foreign.readers.onnx_file import read_onnx
from impasto.styles.catalogue import load_style
from impasto.styles.style import EmbeddedNetwork

LEVEL = 1 / 255


@pytest.fixture
def nothing_loaded():
    """No engine is left over from another test, nor for the next."""
    load_engine.cache_clear()
    yield
    load_engine.cache_clear()


def batch_of(image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 255)


@pytest.fixture(scope="module", params=["onnx", "torch"])
def engine(request):
    if request.param == "onnx":
        return OnnxruntimeEngine()
    pytest.importorskip("torch")
    from impasto.engines.torch import TorchEngine

    return TorchEngine()


@pytest.fixture
def style():
    return load_style("starry-night")


def test_a_painting_has_the_size_of_the_picture_and_is_within_range(engine, style, photo):
    painted, statistics = engine.paint(batch_of(photo), style.scale, style.shift)
    assert painted.shape == (1, 3, 128, 192)
    assert painted.dtype == np.float32
    assert painted.min() >= 0
    assert painted.max() <= 1
    assert statistics.mean.shape == statistics.variance.shape == (engine.channels,)
    assert (statistics.variance >= 0).all()


def test_the_smallest_picture_can_be_painted(engine, style):
    least = np.full((1, 3, engine.minimum, engine.minimum), 0.5, np.float32)
    painted, _ = engine.paint(least, style.scale, style.shift)
    assert painted.shape == least.shape
    assert np.isfinite(painted).all()
    assert engine.minimum % engine.multiple == 0


def test_the_same_picture_is_painted_the_same_twice(engine, style, small):
    first, second = (engine.paint(batch_of(small), style.scale, style.shift)[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_statistics_given_back_reproduce_the_untouched_run(engine, style, photo):
    image = batch_of(photo)
    free, measured = engine.paint(image, style.scale, style.shift)
    held, again = engine.paint(image, style.scale, style.shift, measured)
    assert np.abs(held - free).max() < 0.5 * LEVEL
    # What is measured on the way is the same, too.
    assert np.allclose(again.mean, measured.mean, atol=1e-2)


def test_the_measured_share_goes_from_the_given_statistics_to_the_measured_ones(engine, style, photo, small):
    image = batch_of(photo)
    free, measured = engine.paint(image, style.scale, style.shift)
    _, others = engine.paint(batch_of(small), style.scale, style.shift)
    other = Statistics(others.mean + 0.3 * np.abs(others.mean).max(), others.variance * 2)
    runs = [engine.paint(image, style.scale, style.shift, other, share)[0] for share in (0.0, 0.5, 0.9, 1.0)]
    distances = [float(np.abs(run - free).mean()) for run in runs]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 2 * LEVEL
    assert distances[-1] < 0.1 * LEVEL
    # 0 is the default: nothing measured matters.
    assert np.array_equal(engine.paint(image, style.scale, style.shift, other)[0], runs[0])
    assert measured.mean.shape == other.mean.shape


@pytest.mark.parametrize("name", ["starry-night", "scream", "udnie", "photograph"])
def test_engines_agree_within_two_levels_on_a_real_picture(name, photo):
    pytest.importorskip("torch")
    from impasto.engines.torch import TorchEngine

    style = load_style(name)
    onnx, torch = OnnxruntimeEngine(), TorchEngine()
    assert (onnx.network, onnx.channels, onnx.multiple, onnx.minimum) == (
        torch.network,
        torch.channels,
        torch.multiple,
        torch.minimum,
    )
    (one, seen), (two, also) = (e.paint(batch_of(photo), style.scale, style.shift) for e in (onnx, torch))
    assert np.abs(one - two).max() < 2 * LEVEL
    (one, _), (two, _) = (
        e.paint(batch_of(photo)[..., ::-1].copy(), style.scale, style.shift, seen, 0.3) for e in (onnx, torch)
    )
    assert np.abs(one - two).max() < 2 * LEVEL
    assert np.allclose(seen.mean, also.mean, atol=2e-2)


def test_the_default_is_onnxruntime_and_loaded_once():
    assert "onnxruntime" in load_engine("cpu").name
    assert load_engine("cpu") is load_engine("cpu")


def test_without_a_gpu_auto_is_onnxruntime_and_imports_no_torch():
    script = (
        "import sys\nfrom impasto.engines import loading\nloading._may_have_gpu = lambda: False\n"
        "print(loading.load_engine('auto').name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("onnxruntime")
    assert done.stdout.split()[-1] == "False"


@pytest.mark.parametrize("name", ["starry-night", "scream", "photograph"])
def test_a_painting_alone_is_the_one_with_statistics(engine, name, photo):
    style, image = load_style(name), batch_of(photo)
    painted, statistics = engine.paint(image, style.scale, style.shift)
    for given in (None, statistics):
        alone = engine.paint_only(image, style.scale, style.shift, given)
        assert np.abs(alone - painted).max() < 0.05 * LEVEL


def test_given_statistics_are_what_a_painting_alone_is_normalised_with(engine, style, photo, small):
    _, others = engine.paint(batch_of(small), style.scale, style.shift)
    other = Statistics(others.mean + 0.3 * np.abs(others.mean).max(), others.variance * 2)
    expected, _ = engine.paint(batch_of(photo), style.scale, style.shift, other)
    for _ in range(2):
        alone = engine.paint_only(batch_of(photo), style.scale, style.shift, other)
        assert np.abs(alone - expected).max() < 0.05 * LEVEL


def test_a_graph_is_made_when_it_is_first_asked_for_and_few_folded_ones_are_kept(style, small, monkeypatch):
    made, engine, image = [], OnnxruntimeEngine(), batch_of(small)
    session = ort.InferenceSession
    monkeypatch.setattr(ort, "InferenceSession", lambda *a, **more: made.append(a[0]) or session(*a, **more))
    engine.paint_only(image, style.scale, style.shift)
    _, first = engine.paint(image, style.scale, style.shift)
    others = [Statistics(first.mean, first.variance * factor) for factor in (2, 3)]
    for given in (first, first, others[0], first, others[1], first, others[0]):
        engine.paint_only(image, style.scale, style.shift, given)
    engine.paint_only(image, style.scale, style.shift)
    kinds = [{node.kind for node in read_onnx(memoryview(model)).tree} for model in made]
    assert "InstanceNormalization" in kinds[0]
    assert "ReduceMean" in kinds[1]
    assert "ReduceMean" not in kinds[0]
    assert len(kinds) == 6  # only the graph that was not used for the longest time had to be made twice
    assert all(not kind & {"InstanceNormalization", "BatchNormalization", "ReduceMean"} for kind in kinds[2:])


def test_what_is_prepared_is_not_made_again(style, small, monkeypatch):
    engine, made = OnnxruntimeEngine(), []
    prepared = engine._prepared
    monkeypatch.setattr(engine, "_prepared", lambda *rest: (made.append(rest), prepared(*rest))[1])
    engine.prepare()
    engine.paint_only(batch_of(small), style.scale, style.shift)
    assert len(made) == 1


def test_what_is_released_is_made_anew(style, small):
    engine, image = OnnxruntimeEngine(), batch_of(small)
    painted = engine.paint_only(image, style.scale, style.shift)
    engine.release()
    assert not engine._ready
    assert np.array_equal(engine.paint_only(image, style.scale, style.shift), painted)


WAYS_TO_SAY_THAT_MEMORY_IS_SHORT = [
    "Non-zero status code returned while running Conv node. BFCArena::AllocateRawInternal(size_t, bool) "
    "Failed to allocate memory for requested buffer of size 1",
    "std::bad_alloc",
    "bad allocation",
    "CUDNN failure 2: CUDNN_STATUS_ALLOC_FAILED",
    "CUDA failure 2: out of memory",
    "Available memory of 1 is smaller than requested bytes of 2",
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
    "allocate 1 bytes. Error code 12 (Cannot allocate memory)",
    "[enforce fail at alloc_cpu.cpp:127] data. DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes.",
    "MPS backend out of memory (MPS allocated: 1 GB)",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    None,
]


@pytest.mark.parametrize("message", WAYS_TO_SAY_THAT_MEMORY_IS_SHORT)
def test_all_ways_to_say_that_memory_is_short_are_one_error_in_every_engine(engine, style, message, monkeypatch):
    def fail(*_):
        if message is not None:
            raise RuntimeError(message)
        raise sys.modules["torch"].OutOfMemoryError("CUDA") if hasattr(engine, "module") else MemoryError

    failing = ("module", fail) if hasattr(engine, "module") else ("_runner", lambda *_: Failing(fail))
    monkeypatch.setattr(engine, *failing)
    with pytest.raises(OutOfMemoryError, match="Painting 48 x 32 pixels at once needs more memory than there is"):
        engine.paint(np.zeros((1, 4, 32, 48), np.float32), style.scale, style.shift)


def test_other_failures_of_an_engine_are_one_sentence_that_names_the_network(engine, style, monkeypatch):
    def fail(*_):
        raise RuntimeError("no such kernel for an allocation type")

    failing = ("module", fail) if hasattr(engine, "module") else ("_runner", lambda *_: Failing(fail))
    monkeypatch.setattr(engine, *failing)
    with pytest.raises(StyleError, match=r"network of Impasto itself cannot be used \(no such kernel"):
        engine.paint(np.zeros((1, 4, 32, 48), np.float32), style.scale, style.shift)


def test_a_network_that_is_damaged_or_foreign_is_one_sentence_that_names_its_file(style, monkeypatch):
    pytest.importorskip("onnx")
    from onnx import helper, load_model_from_string

    whole = (files("impasto.assets") / "network.onnx").read_bytes()
    undescribed, foreign = load_model_from_string(whole), load_model_from_string(whole)
    helper.set_model_props(undescribed, {"id": "x", "architecture": '{"blocks": 1e9}'})
    next(weights for weights in foreign.graph.initializer if weights.name == "down1.weight").name = "other"
    models = [b"nothing", whole[:1000], whole[: len(whole) // 2], undescribed.SerializeToString()]
    for model in [*models, foreign.SerializeToString()]:
        with pytest.raises(
            StyleError, match=r"^The network of my.safetensors cannot be used \([^\n]+\): it is damaged"
        ):
            OnnxruntimeEngine("cpu", EmbeddedNetwork("x", model, source="my.safetensors"))
    if importlib.util.find_spec("torch"):
        from impasto.engines.torch import TorchEngine

        with pytest.raises(
            StyleError, match=r"^The network of my.safetensors cannot be used \([^\n]+\): it is damaged"
        ):
            TorchEngine("cpu", EmbeddedNetwork("x", b"nothing", source="my.safetensors"))


def test_results_of_another_size_are_refused(style):
    engine = OnnxruntimeEngine()
    right, wrong = np.zeros((1, 3, 32, 48)), np.zeros((1, 3, 8, 8))
    for results in ((wrong, style.scale, style.scale), (right, style.scale[1:], style.scale)):
        engine._runner = lambda *_, results=results: Failing(lambda *_: results)
        with pytest.raises(StyleError, match="results are of a wrong size"):
            engine.paint(np.zeros((1, 4, 32, 48), np.float32), style.scale, style.shift)


def test_two_networks_that_claim_one_id_are_two_engines():
    own = (files("impasto.assets") / "network.onnx").read_bytes()
    first = load_engine("cpu", EmbeddedNetwork("x", own))
    assert load_engine("cpu", EmbeddedNetwork("x", bytes(bytearray(own)))) is first
    with pytest.raises(StyleError):
        load_engine("cpu", EmbeddedNetwork("x", own[:-1000]))


class Failing:
    """An onnxruntime session that fails."""

    def __init__(self, run):
        self.run = run


def test_a_device_without_torch_names_the_extra(monkeypatch, nothing_loaded):
    monkeypatch.setattr(OnnxruntimeEngine, "devices", staticmethod(lambda: ["cpu"]))
    monkeypatch.setattr(loading, "_has", lambda module: False)
    for device in ("cuda", "mps"):
        with pytest.raises(MissingExtraError, match="pip install") as raised:
            load_engine(device)
        assert raised.value.extra == "train"
    assert "onnxruntime" in load_engine("auto").name


def test_a_device_that_is_not_there_is_refused(monkeypatch, nothing_loaded):
    pytest.importorskip("torch")
    from impasto.engines import torch as module

    monkeypatch.setattr(module, "available_gpus", list)
    monkeypatch.setattr(OnnxruntimeEngine, "devices", staticmethod(lambda: ["cpu"]))
    with pytest.raises(InputError, match="no mps device"):
        load_engine("mps")
    monkeypatch.setattr(loading, "_may_have_gpu", lambda: True)
    assert "onnxruntime" in load_engine("auto").name


@pytest.fixture
def loaded(monkeypatch, nothing_loaded):
    """The kinds of engines that are loaded; OpenVINO and torch are stand-ins."""
    kinds = []
    monkeypatch.delenv("IMPASTO_ENGINE", raising=False)
    monkeypatch.setattr(loading, "_has", lambda module: True)
    monkeypatch.setattr(loading, "_may_have_gpu", lambda: False)
    monkeypatch.setattr(loading, "measured_fastest", lambda: "openvino")
    monkeypatch.setattr(OnnxruntimeEngine, "devices", staticmethod(lambda: ["cpu"]))
    monkeypatch.setattr(OnnxruntimeEngine, "__init__", lambda *rest: kinds.append(("onnxruntime", rest[1])))
    monkeypatch.setattr("impasto.engines.openvino.OpenvinoEngine", lambda *rest: kinds.append(("openvino", "cpu")))
    monkeypatch.setattr(loading, "_torch", lambda device, *_: kinds.append(("torch", device)))
    monkeypatch.setattr(loading, "torch_device", lambda device: {"auto": "cpu"}.get(device, device))
    return kinds


@pytest.mark.parametrize(
    ("device", "engine", "many", "named", "expected"),
    [
        ("auto", "auto", False, "", ("onnxruntime", "cpu")),
        ("auto", "auto", True, "", ("openvino", "cpu")),
        ("cpu", "auto", True, "", ("openvino", "cpu")),
        ("auto", "onnxruntime", True, "openvino", ("onnxruntime", "cpu")),
        ("auto", "auto", True, "onnxruntime", ("onnxruntime", "cpu")),
        ("auto", "auto", False, "openvino", ("openvino", "cpu")),
        ("auto", "openvino", False, "", ("openvino", "cpu")),
        ("auto", "torch", False, "", ("torch", "cpu")),
        ("cuda", "auto", True, "", ("torch", "cuda")),
        ("mps", "torch", False, "openvino", ("torch", "mps")),
    ],
)
def test_one_rule_says_which_engine_paints(device, engine, many, named, expected, loaded, monkeypatch):
    monkeypatch.setenv("IMPASTO_ENGINE", named)
    load_engine(device, None, 1, engine, many)
    assert loaded == [expected]


def test_many_pictures_are_painted_by_onnxruntime_until_another_is_measured_to_be_faster(loaded, monkeypatch):
    monkeypatch.setattr(loading, "measured_fastest", lambda: "onnxruntime")
    load_engine("auto", None, 1, "auto", True)
    assert loaded == [("onnxruntime", "cpu")]


@pytest.mark.parametrize(
    ("device", "engine", "named", "words"),
    [
        ("cuda", "openvino", "", "OpenVINO runs on the CPU alone; leave out --device cuda"),
        ("mps", "onnxruntime", "", "The onnxruntime that is installed has no mps"),
        (
            "auto",
            "auto",
            "onnx",
            "IMPASTO_ENGINE names the engine onnx; take one of auto, onnxruntime, openvino",
        ),
    ],
)
def test_an_engine_that_cannot_be_had_is_one_sentence(device, engine, named, words, loaded, monkeypatch):
    monkeypatch.setenv("IMPASTO_ENGINE", named)
    with pytest.raises(InputError, match=words):
        load_engine(device, None, 1, engine)
    assert not loaded


def test_an_engine_without_its_package_names_the_extra(monkeypatch, nothing_loaded):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(loading, "_has", lambda module: False)
    for engine, extra in (("openvino", "openvino"), ("torch", "train")):
        with pytest.raises(MissingExtraError, match=f"--engine {engine} needs an optional package") as raised:
            load_engine("auto", None, 1, engine)
        assert raised.value.extra == extra
