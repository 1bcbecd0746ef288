"""Styles that carry a network of their own."""

import re

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import impasto  # noqa: E402
from impasto.errors import StyleError  # noqa: E402
from impasto.styles.blending import blend  # noqa: E402
from impasto.styles.catalogue import load_style  # noqa: E402
from impasto.styles.files import bundled_network_id  # noqa: E402

TINY = {"steps": 4, "check_every": 2, "crop": 64, "crops": 4, "held_out": 3}


def test_a_deep_style_carries_its_network_and_runs_alone(waves, photos, tmp_path, photo):
    stages = []
    target = tmp_path / "deep.safetensors"
    impasto.learn_style(
        waves, target, photos=photos, deep=True, minutes=0.03, progress=lambda at: stages.append(at.stage), **TINY
    )
    assert set(stages) == {"style", "network"}
    assert target.stat().st_size < 4_000_000
    (tmp_path / "elsewhere").mkdir()
    moved = target.rename(tmp_path / "elsewhere" / "deep.safetensors")
    style = load_style(moved)
    assert style.embedded is not None
    assert style.network == style.embedded.id != bundled_network_id()
    for strength in (1.0, 0.5):
        assert impasto.stylize(photo, style, strength=strength, device="cpu").size == photo.size
    with pytest.raises(StyleError, match="deep brings a network of its own"):
        blend([(load_style("scream"), 1), (style, 1)])
    assert blend([(style, 1), (load_style(moved), 1)]).embedded == style.embedded


def test_a_deep_style_that_took_longer_than_the_next_call_allows_is_measured(waves, photos, tmp_path):
    def interrupt(at):
        if at.stage == "network" and at.seconds > 0.6:
            raise KeyboardInterrupt

    target = tmp_path / "deep.safetensors"
    with pytest.raises(KeyboardInterrupt):
        impasto.learn_style(waves, target, photos=photos, deep=True, minutes=1, progress=interrupt, **TINY)
    stages = []
    style = impasto.learn_style(
        waves, target, photos=photos, deep=True, minutes=0.01, progress=lambda at: stages.append(at.stage), **TINY
    )
    assert stages == []
    assert re.fullmatch(r"content \d\.\d{4}, style \d\.\d{4}", style.metadata["measured"])


def test_torch_rebuilds_the_network_from_the_file(waves, photos, tmp_path):
    from impasto.engines.onnxruntime import OnnxruntimeEngine
    from impasto.engines.torch import TorchEngine

    style = impasto.learn_style(waves, photos=photos, deep=True, minutes=0.01, **TINY)
    image = np.random.default_rng(0).random((1, 3, 40, 64), np.float32)
    onnx, peer = OnnxruntimeEngine("cpu", style.embedded), TorchEngine("cpu", style.embedded)
    assert onnx.network == peer.network == style.network
    ours, theirs = (engine.paint(image, style.scale, style.shift)[0] for engine in (onnx, peer))
    assert np.abs(ours - theirs).max() < 2e-3
