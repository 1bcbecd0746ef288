import importlib.metadata

import numpy as np
import pytest

from impasto.engines import speeds


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    return tmp_path


def test_onnxruntime_paints_until_something_is_measured():
    assert speeds.measured_fastest() == "onnxruntime"


@pytest.mark.parametrize(
    ("seconds", "fastest"),
    [
        ({"onnxruntime": 1.0, "openvino": 0.5}, "openvino"),
        ({"onnxruntime": 1.0, "openvino": 0.95}, "onnxruntime"),
        ({"onnxruntime": 1.0}, "onnxruntime"),
        ({"onnxruntime": 1.0, "torch on cuda": 0.1}, "onnxruntime"),
    ],
)
def test_the_clearly_faster_engine_paints_many_pictures(seconds, fastest):
    speeds.keep(seconds)
    assert speeds.measured_fastest() == fastest


def test_what_was_measured_with_other_versions_or_cores_does_not_count(monkeypatch):
    speeds.keep({"onnxruntime": 1.0, "openvino": 0.5})
    with monkeypatch.context() as other:
        other.setattr(speeds, "core_count", lambda: 77)
        assert speeds.measured_fastest() == "onnxruntime"
    with monkeypatch.context() as other:
        other.setattr(importlib.metadata, "version", lambda package: "0.1")
        assert speeds.measured_fastest() == "onnxruntime"
    assert speeds.measured_fastest() == "openvino"


def test_a_process_of_one_thread_chooses_as_one_of_many(monkeypatch):
    speeds.keep({"onnxruntime": 1.0, "openvino": 0.5})
    for threads in ("1", "7"):  # those of a job's processes have one each, and paint parts of what one would paint
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        assert speeds.measured_fastest() == "openvino"


@pytest.mark.parametrize("content", ["", "[]", '{"here": 1}', "null"])
def test_a_damaged_file_counts_as_none(content, cache):
    (cache / "engines.json").write_text(content)
    assert speeds.measured_fastest() == "onnxruntime"


def test_engines_take_turns(monkeypatch):
    turns, clock = [], iter(np.arange(0.0, 100.0))

    class Engine:
        def __init__(self, name):
            self.name = name

        def paint_only(self, image, scale, shift):
            turns.append(self.name)

    class Style:
        scale = shift = np.zeros(3, np.float32)

    monkeypatch.setattr(speeds.time, "perf_counter", lambda: next(clock))
    assert speeds.measure({"a": Engine("a"), "b": Engine("b")}, Style()) == {"a": 1.0, "b": 1.0}
    assert turns == ["a", "b"] * (len(turns) // 2)
