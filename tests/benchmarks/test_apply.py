"""The peer is measured on equal terms."""

import pytest

pytest.importorskip("torch")

import apply
from impasto.engines.onnxruntime import OnnxruntimeEngine


def test_the_peer_has_the_memory_option_of_our_own_session(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    if not apply.export_peer(tmp_path / "peer.onnx"):
        pytest.skip("torch cannot export here")
    theirs, ours = apply.session(tmp_path / "peer.onnx"), OnnxruntimeEngine()._runner("plain", (16, 16))
    assert theirs.get_session_options().enable_mem_pattern == ours.get_session_options().enable_mem_pattern
